//! The audit log on disk: where its files lie, what it is called, by which key it is signed.
//!
//! The server and `onmon-server audit …` both publish; a lock beside the folder lets one go after
//! the other.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use onmon_audit::{AuditError, Published, Signer, VerifierKey, checkpoint, lines, publish};
use onmon_keys::{KeysError, SigningKeys, SigningUse};
use onmon_store::Store;
use tokio::time::sleep;

/// The log's folder in the data directory.
const FOLDER: &str = "audit";

/// Held by whoever publishes; the file itself stays and means nothing.
const LOCK: &str = "audit.lock";

/// The signed note in the log's folder (C2SP tlog-tiles).
const CHECKPOINT: &str = "checkpoint";

/// How long whoever finds the lock taken waits before looking again.
const LOOKED_EVERY: Duration = Duration::from_millis(50);

/// What the audit log is called.
#[derive(Debug, Clone, Args)]
pub struct AuditArgs {
    /// The audit log's name, as its checkpoints carry it: 1 to 64 letters, digits, `.`, `/` and
    /// `-`. Whoever checks the log knows it by this name and a key, so it should stay.
    #[arg(
        long,
        value_name = "NAME",
        help_heading = "Audit log",
        env = "ONMON_AUDIT_NAME",
        default_value = "onmon/audit",
        value_parser = name
    )]
    pub audit_name: String,
}

fn name(text: &str) -> Result<String, AuditError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"./-".contains(&byte);
    match (1..=64).contains(&text.len()) && text.bytes().all(allowed) {
        true => Ok(text.to_owned()),
        false => Err(AuditError::BadName),
    }
}

/// Where a data directory's log lies.
pub fn folder(data: &Path) -> PathBuf {
    data.join(FOLDER)
}

/// The audit log of a data directory.
#[derive(Debug, Clone)]
pub struct AuditLog {
    /// Where its files lie.
    pub folder: PathBuf,
    name: String,
    lock: PathBuf,
}

impl AuditLog {
    /// The log in `data`, whether it was published before or not.
    pub fn new(data: &Path, args: &AuditArgs) -> AuditLog {
        let name = args.audit_name.clone();
        AuditLog { folder: folder(data), name, lock: data.join(LOCK) }
    }

    /// What checkpoints are verified with that are signed from now on.
    pub fn key(&self, signing: &SigningKeys) -> Result<VerifierKey, KeysError> {
        let id = signing.signer(SigningUse::Checkpoint)?.key_id();
        let signs = signing.public().iter().find(|key| key.id == id);
        let public = signs.ok_or(KeysError::NoSigningKey)?.key;
        Ok(VerifierKey { name: self.name.clone(), public })
    }

    /// What the checkpoint that stands is verified with: the key that signs now, or one that was
    /// retired since. Where nothing was published yet, the key that signs now.
    ///
    /// # Errors
    /// [`AuditError::BadSignature`] where no key of ours that still counts has signed it.
    pub fn standing_key(&self, signing: &SigningKeys) -> anyhow::Result<VerifierKey> {
        let now = self.key(signing)?;
        let of_log = signing.public().iter().filter(|key| key.purpose == SigningUse::Checkpoint);
        let others =
            of_log.map(|key| VerifierKey { name: self.name.clone(), public: key.key }).rev();
        for key in std::iter::once(now).chain(others) {
            match checkpoint(&self.folder, &key) {
                Ok(_) => return Ok(key),
                Err(AuditError::BadSignature) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let file = self.folder.join(CHECKPOINT);
        Err(AuditError::BadSignature).with_context(|| {
            format!(
                "no key of this database has signed {} under the name {}: is the log called \
                 otherwise (--audit-name), or was its key revoked?",
                file.display(),
                self.name
            )
        })
    }

    /// The signed note of the checkpoint that stands; none before anything was published.
    pub fn note(&self) -> anyhow::Result<Option<String>> {
        let file = self.folder.join(CHECKPOINT);
        match fs::read_to_string(&file) {
            Ok(note) => Ok(Some(note)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("cannot read {}", file.display())),
        }
    }

    /// Publishes what is new, when nobody else does. May be dropped at any point: the next call
    /// goes on.
    pub async fn publish(&self, store: &Store, signing: &SigningKeys) -> anyhow::Result<Published> {
        let _lock = self.turn().await?;
        let key = self.key(signing)?;
        let standing = self.standing_key(signing)?;
        if standing != key {
            self.hand_over(store, &standing).await?;
        }
        let signs = signing.signer(SigningUse::Checkpoint)?;
        let sign = |message: &[u8]| signs.sign(message);
        let signer = Signer { name: &self.name, public: key.public, sign: &sign };
        Ok(publish(store, &self.folder, &signer).await?)
    }

    /// After a change of keys: the last checkpoint of the old key is put aside under that key's id.
    /// Publishing then begins anew, and finds every file as it is or stops.
    async fn hand_over(&self, store: &Store, standing: &VerifierKey) -> anyhow::Result<()> {
        let published = checkpoint(&self.folder, standing)?.map_or(0, |old| old.size);
        let total = lines(store.readers()).await?;
        if total < published {
            return Err(AuditError::Disagrees { line: total }.into());
        }
        let text = standing.to_text();
        let id = text.split('+').nth(1).unwrap_or("old");
        let aside = self.folder.join(format!("{CHECKPOINT}.{id}"));
        let kept = fs::rename(self.folder.join(CHECKPOINT), &aside);
        kept.with_context(|| format!("cannot write {}", aside.display()))
    }

    /// Waits until nobody publishes; nobody does while the file is held.
    pub async fn turn(&self) -> anyhow::Result<File> {
        let cannot = || format!("cannot lock {}", self.lock.display());
        let mut open = OpenOptions::new();
        let file = open.create(true).truncate(false).write(true).open(&self.lock);
        let file = file.with_context(cannot)?;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::WouldBlock) => sleep(LOOKED_EVERY).await,
                Err(TryLockError::Error(error)) => return Err(error).with_context(cannot),
            }
        }
    }
}
