//! `onmon-server audit …`: the published log: tiles, verification, proofs.

use std::io::Read;
use std::path::PathBuf;

use anyhow::{Context, bail, ensure};
use clap::{Args, Subcommand};
use onmon_audit::{
    AuditError, Checkpoint, Hash, Line, VerifierKey, line, lines, prove, verify, verify_inclusion,
};
use onmon_keys::SigningKeys;
use onmon_store::Store;
use serde::{Deserialize, Serialize};

use super::opened::KeyedPlace;
use super::watched::{Unit, bar};
use super::{Ended, print_json};
use crate::audit_log::{AuditArgs, AuditLog};
use crate::index_tools::{count, open_input, print};

/// What to do with the audit log.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Publishes what is new, as tiles and a signed checkpoint in DIR/audit.
    ///
    /// The server does it every minute. The files are static (C2SP tlog-tiles): any web server can
    /// serve them. They tell when what kind of thing happened, and to whom nothing.
    #[command(after_help = "Example:\n  onmon-server audit publish --data ./data")]
    Publish(LogArgs),

    /// Compares every row, entry, hash and the checkpoint's signature.
    ///
    /// The first thing that is damaged is a line on standard output. Exit code 0: sound; 1:
    /// damaged.
    #[command(after_help = "Example:\n  onmon-server audit verify --data ./data")]
    Verify(LogArgs),

    /// Prints a proof that a line is in the published log, as JSON.
    ///
    /// Whoever has the log's key checks it without the server: `audit check-proof`.
    #[command(after_help = "Example:\n  \
        onmon-server audit proof --data ./data --with-event 17 > proof.json\n  \
        onmon-server audit check-proof proof.json --key \"$(onmon-server audit key --data ./data)\"")]
    Proof(ProofArgs),

    /// Checks a proof against the log's key; needs no server, database or network.
    #[command(after_help = "Example:\n  \
        onmon-server audit check-proof proof.json --key onmon/audit+0123abcd+AbCd...")]
    CheckProof(CheckProofArgs),

    /// Prints the key that the log's checkpoints are verified with, as C2SP's signed notes write
    /// it: to be given to whoever checks.
    #[command(after_help = "Example:\n  onmon-server audit key --data ./data")]
    Key(LogArgs),
}

#[derive(Debug, Args)]
pub struct LogArgs {
    #[command(flatten)]
    place: KeyedPlace,

    #[command(flatten)]
    audit: AuditArgs,

    /// Prints one JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub struct ProofArgs {
    #[command(flatten)]
    log: LogArgs,

    /// Puts the event itself into the proof, with what its published hash was made with: accounts
    /// and permits are named in it. Without it the proof is of a hash.
    #[arg(long)]
    with_event: bool,

    /// The line's number, from 0.
    #[arg(value_name = "LINE")]
    line: u64,
}

#[derive(Debug, Args)]
pub struct CheckProofArgs {
    /// The log's key, as `audit key` prints it.
    #[arg(long, value_name = "TEXT")]
    key: String,

    /// Prints one JSON object.
    #[arg(long)]
    json: bool,

    /// The proof; `-` is standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

pub async fn run(command: &AuditCommand) -> anyhow::Result<Ended> {
    match command {
        AuditCommand::Publish(args) => publish(args).await,
        AuditCommand::Verify(args) => verify_all(args).await,
        AuditCommand::Proof(args) => proof(args).await,
        AuditCommand::CheckProof(args) => check_proof(args),
        AuditCommand::Key(args) => key(args).await,
    }
}

impl LogArgs {
    async fn with<T>(
        &self,
        work: impl AsyncFnOnce(&Store, &AuditLog, &SigningKeys) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        let log = AuditLog::new(&self.place.place.data, &self.audit);
        self.place
            .place
            .with(async |store| {
                let signing = self.place.signing(store).await?;
                work(store, &log, &signing).await
            })
            .await
    }
}

/// What is published, in JSON. Names are a promise; new ones may come.
#[derive(Serialize)]
struct PublishAnswer {
    folder: String,
    lines: u64,
    new_lines: u64,
    root: String,
}

async fn publish(args: &LogArgs) -> anyhow::Result<Ended> {
    let answer = args
        .with(async |store, log, signing| {
            let published = log.publish(store, signing).await?;
            Ok(PublishAnswer {
                folder: log.folder.display().to_string(),
                lines: published.checkpoint.size,
                new_lines: published.new_lines,
                root: hex(&published.checkpoint.root),
            })
        })
        .await?;
    if args.json {
        print_json(&answer)?;
    } else {
        let (lines, new) = (count(answer.lines, "line"), answer.new_lines);
        print(&format!("{}: {lines}, {new} of them new, root {}", answer.folder, answer.root));
    }
    Ok(Ended::Well)
}

/// Whether the log is sound, in JSON. Names are a promise; new ones may come.
#[derive(Serialize, Default)]
struct VerifyAnswer {
    sound: bool,
    /// Published lines that were compared.
    lines: u64,
    unpublished: u64,
    /// What is wrong first: `audit_disagrees`, `audit_damaged`, `audit_bad_signature`,
    code: Option<&'static str>,
    /// in words,
    damage: Option<String>,
    /// with the line
    line: Option<u64>,
    /// or the file.
    file: Option<String>,
}

async fn verify_all(args: &LogArgs) -> anyhow::Result<Ended> {
    let verified = args
        .with(async |store, log, signing| {
            let key = log.standing_key(signing)?;
            let seen = bar(lines(store.readers()).await?, Unit::Lines);
            let verified = verify(store, &log.folder, &key, |done| seen.set_position(done)).await;
            seen.finish_and_clear();
            Ok(verified?)
        })
        .await;
    let answer = match verified {
        Ok(sound) => VerifyAnswer {
            sound: true,
            lines: sound.checkpoint.size,
            unpublished: sound.unpublished,
            ..VerifyAnswer::default()
        },
        Err(error) => VerifyAnswer::damage(error)?,
    };
    if args.json {
        print_json(&answer)?;
    } else if let Some(damage) = &answer.damage {
        print(damage);
        print("damaged: keep a copy of database and folder as they are, and find out what wrote");
    } else {
        let more = match answer.unpublished {
            0 => String::new(),
            unpublished => format!(", {} not published yet", count(unpublished, "line")),
        };
        print(&format!("{} compared{more}", count(answer.lines, "published line")));
        print("sound");
    }
    Ok(if answer.sound { Ended::Well } else { Ended::Damaged })
}

impl VerifyAnswer {
    /// What is damage, and not a failure to look for it.
    fn damage(error: anyhow::Error) -> anyhow::Result<VerifyAnswer> {
        let (mut line, mut file) = (None, None);
        let code = match error.downcast_ref::<AuditError>() {
            Some(found @ AuditError::Disagrees { line: at }) => {
                line = Some(*at);
                found.code()
            }
            Some(found @ AuditError::Damaged { path, .. }) => {
                file = Some(path.display().to_string());
                found.code()
            }
            Some(found @ AuditError::BadSignature) => found.code(),
            _ => return Err(error),
        };
        let damage = Some(format!("{error:#}"));
        Ok(VerifyAnswer { code: Some(code), damage, line, file, ..VerifyAnswer::default() })
    }
}

async fn key(args: &LogArgs) -> anyhow::Result<Ended> {
    let text = args.with(async |_, log, signing| Ok(log.key(signing)?.to_text())).await?;
    match args.json {
        true => print_json(&serde_json::json!({ "key": text }))?,
        false => print(&text),
    }
    Ok(Ended::Well)
}

/// What a proof is called in its JSON, with its version.
const FORMAT: &str = "onmon-audit-proof-v1";

/// Far longer than any proof is: 64 siblings and an event.
const PROOF_BYTES_MAX: u64 = 1 << 20;

/// A proof, as it is handed out. Names are a promise.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProofFile {
    format: String,
    /// The line's number.
    line: u64,
    /// Its hash in the tree, 64 hexadecimal digits.
    leaf: String,
    /// The siblings on its way to the root, from below.
    siblings: Vec<String>,
    /// The signed note of the log that it is in.
    checkpoint: String,
    /// The event, if it is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<EventTold>,
}

/// An event, with the random bytes that its hash was made with.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EventTold {
    kind: String,
    subject: String,
    at_ms: i64,
    body: String,
    salt: String,
}

async fn proof(args: &ProofArgs) -> anyhow::Result<Ended> {
    let proof = args
        .log
        .with(async |store, log, signing| {
            let (proof, note) = proven(log, signing, args.line)?;
            let event = match args.with_event {
                true => Some(event(store, args.line, &proof.leaf).await?),
                false => None,
            };
            Ok(ProofFile {
                format: FORMAT.to_owned(),
                line: proof.line,
                leaf: hex(&proof.leaf),
                siblings: proof.siblings.iter().map(hex).collect(),
                checkpoint: note,
                event,
            })
        })
        .await?;
    print_json(&proof)?;
    Ok(Ended::Well)
}

/// A proof, and the note of the checkpoint that it is for.
fn proven(
    log: &AuditLog,
    signing: &SigningKeys,
    line: u64,
) -> anyhow::Result<(onmon_audit::Proof, String)> {
    // Somebody may publish meanwhile; then once more.
    for _ in 0..10 {
        let key = log.standing_key(signing)?;
        let nothing = "nothing was published yet: `audit publish` does it";
        let note = log.note()?.context(nothing)?;
        let proof = prove(&log.folder, &key, line)?;
        if Checkpoint::verified(&note, &key).is_ok_and(|of_note| of_note == proof.checkpoint) {
            return Ok((proof, note));
        }
    }
    bail!("the log was published anew again and again meanwhile; try again")
}

async fn event(store: &Store, at: u64, leaf: &Hash) -> anyhow::Result<EventTold> {
    let row = line(store.readers(), at).await?;
    let row = row.filter(|row| row.leaf_anew() == *leaf);
    let row = row.ok_or(AuditError::Disagrees { line: at })?;
    let salt = row.salt.iter().map(|byte| format!("{byte:02x}")).collect();
    let Line { kind, subject, at_ms, body, .. } = row;
    Ok(EventTold { kind, subject, at_ms, body, salt })
}

/// What a check found, in JSON. Names are a promise; new ones may come.
#[derive(Serialize)]
struct CheckAnswer {
    holds: bool,
    log: String,
    line: u64,
    /// How long the log was whose checkpoint was signed.
    lines: Option<u64>,
    /// Why it does not hold.
    fault: Option<String>,
}

fn check_proof(args: &CheckProofArgs) -> anyhow::Result<Ended> {
    let key = VerifierKey::from_text(&args.key)
        .context("--key is none: it has the form NAME+8 hexadecimal digits+base64")?;
    let mut text = String::new();
    let (from, _) = open_input(&args.file)?;
    from.take(PROOF_BYTES_MAX).read_to_string(&mut text).context("the proof cannot be read")?;
    let proof: ProofFile = serde_json::from_str(&text).context("this is no proof of onmon")?;
    ensure!(
        proof.format == FORMAT,
        "the proof is a `{}`; this program knows {FORMAT}",
        proof.format
    );
    let checked = holds(&proof, &key);
    let answer = CheckAnswer {
        holds: checked.is_ok(),
        log: key.name.clone(),
        line: proof.line,
        lines: checked.as_ref().ok().copied(),
        fault: checked.err().map(str::to_owned),
    };
    if args.json {
        print_json(&answer)?;
    } else if let Some(fault) = &answer.fault {
        print(&format!("the proof does not hold: {fault}"));
    } else {
        let lines = count(answer.lines.unwrap_or_default(), "line");
        print(&format!("line {} is in the log {} of {lines}", proof.line, key.name));
        if let Some(event) = &proof.event {
            let EventTold { kind, subject, at_ms, body, .. } = event;
            print(&format!("{kind} {subject} at {at_ms} (Unix ms): {body}"));
        }
    }
    Ok(if answer.holds { Ended::Well } else { Ended::Damaged })
}

/// How long the log is that the line is shown to be in, or why it is not shown.
fn holds(proof: &ProofFile, key: &VerifierKey) -> Result<u64, &'static str> {
    let checkpoint = Checkpoint::verified(&proof.checkpoint, key);
    let checkpoint = checkpoint.map_err(|_| "its checkpoint is not signed by this key")?;
    let leaf = unhex(&proof.leaf).ok_or("a hash in it is none")?;
    if let Some(event) = &proof.event {
        let row = Line {
            line: proof.line,
            kind: event.kind.clone(),
            subject: event.subject.clone(),
            at_ms: event.at_ms,
            body: event.body.clone(),
            salt: bytes(&event.salt).ok_or("its salt is none")?,
            leaf,
        };
        if row.leaf_anew() != leaf {
            return Err("the event is not the one that was published");
        }
    }
    let siblings: Option<Vec<Hash>> = proof.siblings.iter().map(|text| unhex(text)).collect();
    let siblings = siblings.ok_or("a hash in it is none")?;
    match verify_inclusion(&leaf, proof.line, checkpoint.size, &siblings, &checkpoint.root) {
        true => Ok(checkpoint.size),
        false => Err("its hashes do not lead from the line to the checkpoint's root"),
    }
}

fn hex(hash: &Hash) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Hash> {
    bytes(text)?.try_into().ok()
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if !digits.len().is_multiple_of(2) || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let byte = |at: usize| u8::from_str_radix(text.get(at..at + 2)?, 16).ok();
    (0..digits.len()).step_by(2).map(byte).collect()
}
