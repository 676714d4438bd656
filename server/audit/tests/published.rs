//! The published log: proofs from its files, damage of every kind, kills at every step.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ed25519_dalek::{Signer as _, SigningKey};
use onmon_audit::{
    AuditError, Event, SCHEMA, Signer, VerifierKey, append, checkpoint, line, prove,
    prove_continuation, publish, verify, verify_consistency, verify_inclusion,
};
use onmon_store::testing::{ENGINES, Scratch};
use onmon_store::{Engine, Store};

const NAME: &str = "onmon.example/audit";

struct Log {
    store: Arc<Store>,
    key: SigningKey,
    dir: tempfile::TempDir,
    _scratch: Scratch,
}

impl Log {
    async fn new(engine: Engine) -> Log {
        let scratch = Scratch::new(engine).await;
        let store = Arc::new(Store::open(&scratch.location, &[SCHEMA]).await.unwrap());
        let key = SigningKey::from_bytes(&[3; 32]);
        Log { store, key, dir: tempfile::tempdir().unwrap(), _scratch: scratch }
    }

    async fn append(&self, count: u64) {
        let mut write = self.store.begin().await.unwrap();
        for _ in 0..count {
            let event = Event { kind: "permit", subject: "prm_1", at_ms: 17, body: "{}" };
            append(&mut write, &event).await.unwrap();
        }
        write.commit().await.unwrap();
    }

    async fn publish(&self) -> Result<onmon_audit::Published, AuditError> {
        let sign = |message: &[u8]| self.key.sign(message).to_bytes();
        let public = self.key.verifying_key().to_bytes();
        publish(&self.store, self.dir.path(), &Signer { name: NAME, public, sign: &sign }).await
    }

    async fn verify(&self) -> Result<onmon_audit::Verified, AuditError> {
        verify(&self.store, self.dir.path(), &self.verifier(), |_| ()).await
    }

    fn verifier(&self) -> VerifierKey {
        VerifierKey { name: NAME.to_owned(), public: self.key.verifying_key().to_bytes() }
    }
}

#[tokio::test]
async fn what_is_published_proves_every_line_and_every_growth() {
    for engine in ENGINES {
        let log = Log::new(engine).await;
        assert!(matches!(
            prove(log.dir.path(), &log.verifier(), 0),
            Err(AuditError::NothingPublished)
        ));
        let mut roots = vec![];
        for more in [1, 0, 5, 250, 1, 300, 700] {
            log.append(more).await;
            let published = log.publish().await.unwrap();
            assert_eq!(published.new_lines, more);
            roots.push(published.checkpoint.clone());
            let size = published.checkpoint.size;
            for at in [0, size / 2, size - 1] {
                let proof = prove(log.dir.path(), &log.verifier(), at).unwrap();
                let row = line(log.store.readers(), at).await.unwrap().unwrap();
                assert_eq!(proof.leaf, row.leaf_anew());
                let root = &published.checkpoint.root;
                assert!(verify_inclusion(&proof.leaf, at, size, &proof.siblings, root), "{at}");
            }
            for old in &roots {
                let found = prove_continuation(log.dir.path(), &log.verifier(), old.size).unwrap();
                let (proof, now) = found;
                assert!(verify_consistency(old.size, &old.root, now.size, &now.root, &proof));
            }
            let gone = prove(log.dir.path(), &log.verifier(), size);
            assert!(matches!(gone, Err(AuditError::NoSuchLine { .. })));
        }
        log.append(3).await;
        let sound = log.verify().await.unwrap();
        assert_eq!((sound.checkpoint.size, sound.unpublished), (1_257, 3));
    }
}

#[tokio::test]
async fn a_flipped_bit_anywhere_is_found_and_named() {
    let log = Log::new(Engine::Sqlite).await;
    log.append(600).await;
    log.publish().await.unwrap();
    log.verify().await.unwrap();
    let mut files = Vec::new();
    collect(log.dir.path(), &mut files);
    // Three tiles of leaves, three of entries, one above, the checkpoint.
    assert_eq!(files.len(), 8);
    for file in files {
        let whole = fs::read(&file).unwrap();
        let step = (whole.len() / 23).max(1);
        for at in (0..whole.len()).step_by(step).chain([whole.len() - 1]) {
            let mut bent = whole.clone();
            bent[at] ^= 0x10;
            fs::write(&file, bent).unwrap();
            let error = log.verify().await.unwrap_err();
            match error {
                AuditError::Damaged { path, .. } => assert!(
                    path.ends_with(file.strip_prefix(log.dir.path()).unwrap())
                        || path.to_string_lossy().contains("tile/1"),
                    "{path:?} {file:?}"
                ),
                AuditError::Disagrees { .. } => assert!(file.to_string_lossy().contains("tile/0")),
                AuditError::BadSignature => assert!(file.ends_with("checkpoint")),
                other => panic!("{other:?}"),
            }
        }
        for shorter in [&whole[..whole.len() - 1], &[]] {
            fs::write(&file, shorter).unwrap();
            assert!(log.verify().await.is_err(), "{file:?}");
        }
        fs::remove_file(&file).unwrap();
        assert!(file.ends_with("checkpoint") || log.verify().await.is_err(), "{file:?}");
        fs::write(&file, whole).unwrap();
    }
    log.verify().await.unwrap();
}

#[tokio::test]
async fn a_database_that_was_altered_or_restored_is_not_published() {
    for engine in ENGINES {
        let log = Log::new(engine).await;
        log.append(300).await;
        log.publish().await.unwrap();
        // The last lines are lost, and others are written in their place.
        let mut write = log.store.begin().await.unwrap();
        sqlx::query("DELETE FROM audit_event WHERE line >= 290")
            .execute(&mut *write)
            .await
            .unwrap();
        write.commit().await.unwrap();
        assert!(matches!(log.publish().await, Err(AuditError::Disagrees { line: 290 })));
        assert!(matches!(log.verify().await, Err(AuditError::Disagrees { line: 290 })));
        log.append(20).await;
        assert!(matches!(log.publish().await, Err(AuditError::Disagrees { line: 290 })));

        // A row that says something else, with or without a hash to match.
        let log = Log::new(engine).await;
        log.append(10).await;
        log.publish().await.unwrap();
        let mut write = log.store.begin().await.unwrap();
        sqlx::query("UPDATE audit_event SET body = '{\"x\":1}' WHERE line = 4")
            .execute(&mut *write)
            .await
            .unwrap();
        write.commit().await.unwrap();
        assert!(matches!(log.verify().await, Err(AuditError::Disagrees { line: 4 })));
        let mut row = line(log.store.readers(), 4).await.unwrap().unwrap();
        row.leaf = row.leaf_anew();
        let mut write = log.store.begin().await.unwrap();
        sqlx::query("UPDATE audit_event SET leaf = $1 WHERE line = 4")
            .bind(&row.leaf[..])
            .execute(&mut *write)
            .await
            .unwrap();
        write.commit().await.unwrap();
        assert!(matches!(log.verify().await, Err(AuditError::Disagrees { line: 4 })));
        log.append(1).await;
        assert!(matches!(log.publish().await, Err(AuditError::Disagrees { line: 4 })));
    }
}

/// A kill leaves the old checkpoint over some of the new files, the last perhaps unfinished.
#[tokio::test]
async fn after_a_kill_at_any_step_the_next_publishing_repairs() {
    let log = Log::new(Engine::Sqlite).await;
    log.append(200).await;
    log.publish().await.unwrap();
    let old = fs::read(log.dir.path().join("checkpoint")).unwrap();
    log.append(400).await;
    log.publish().await.unwrap();
    let whole = checkpoint(log.dir.path(), &log.verifier()).unwrap().unwrap();
    let mut files = Vec::new();
    collect(log.dir.path(), &mut files);
    let new: Vec<PathBuf> =
        files.into_iter().filter(|file| !file.ends_with("checkpoint")).collect();
    for kept in 0..=new.len() {
        fs::write(log.dir.path().join("checkpoint"), &old).unwrap();
        // The ones of the old checkpoint were there before.
        let is_old = |file: &Path| file.to_string_lossy().contains(".p/200");
        for file in new.iter().skip(kept).filter(|file| !is_old(file)) {
            let _ = fs::remove_file(file);
        }
        if let Some(file) = new.get(kept) {
            let mut unfinished = file.clone().into_os_string();
            unfinished.push(".tmp");
            fs::write(unfinished, b"half").unwrap();
        }
        log.verify().await.unwrap();
        let published = log.publish().await.unwrap();
        assert_eq!(published.checkpoint, whole);
        assert_eq!(log.verify().await.unwrap().checkpoint, whole);
    }
}

#[test]
fn a_verifier_key_is_written_and_read() {
    let public = SigningKey::from_bytes(&[3; 32]).verifying_key().to_bytes();
    let key = VerifierKey { name: NAME.to_owned(), public };
    assert_eq!(VerifierKey::from_text(&key.to_text()), Some(key.clone()));
    for text in ["", "a+b", "onmon+00000000+AQ==", &key.to_text().replace("example", "exemple")] {
        assert_eq!(VerifierKey::from_text(text), None, "{text}");
    }
    // golang.org/x/mod/sumdb/note's example: the key's id is made as others make it.
    let text = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    assert_eq!(VerifierKey::from_text(text).unwrap().to_text(), text);
}

fn collect(dir: &Path, files: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> =
        fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.push(path);
        }
    }
}
