//! What earlier releases have kept, as their own `backup` wrote it, opened by this one: nothing is
//! lost, and no step of a schema that was released has been edited.

#[path = "../sharing/tests/music/codes.rs"]
mod codes;

mod desk;
mod running;

use std::fs;
use std::path::{Path, PathBuf};

use codes::{query, song};
use desk::{Desk, bare, path};
use onmon_core::{ENCODER, EncoderId};
use onmon_sharing::SCHEMAS;
use onmon_store::Engine;
use running::Server;
use sha2::{Digest, Sha256};
use tempfile::tempdir;

/// A folder for each release, and for each encoder of one: `backup/`, and what that release said of
/// its ledger.
fn kept() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kept")
}

/// The schemas' steps as they were released, a line each: name, number, SHA-256.
fn steps() -> Vec<String> {
    let mut lines = Vec::new();
    for schema in SCHEMAS {
        for (at, step) in schema.steps.iter().enumerate() {
            let sum: String =
                Sha256::digest(step).iter().map(|byte| format!("{byte:02x}")).collect();
            lines.push(format!("{} {at} {sum}", schema.name));
        }
    }
    lines
}

/// The encoder of the codes that it holds.
fn encoder_of(release: &Path) -> EncoderId {
    let told = fs::read_to_string(release.join("encoder.txt")).unwrap();
    EncoderId(told.trim().parse().unwrap())
}

fn releases() -> Vec<PathBuf> {
    let folders = fs::read_dir(kept()).unwrap().map(|entry| entry.unwrap().path());
    let mut releases: Vec<PathBuf> = folders.filter(|path| path.is_dir()).collect();
    releases.sort();
    assert!(!releases.is_empty());
    releases
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_release_has_kept_is_all_there() {
    for release in releases() {
        let elsewhere = tempdir().unwrap();
        let data = elsewhere.path().join("data");
        let run = |words: &[&str]| {
            let ended = bare(words);
            assert_eq!(ended.code, Some(0), "{release:?} {words:?}: {}{}", ended.out, ended.says);
            ended.out
        };
        run(&["restore", path(&release.join("backup")), "--data", path(&data)]);
        // A command that writes comes first: it brings the tables up to date.
        let server = Server::start(&data, &[]);
        if encoder_of(&release) != ENCODER {
            // Its codes do not compare with today's: kept, not found, until the song comes again.
            assert!(server.ids(&query(&song(1))).is_empty(), "{release:?}");
            desk::enrol_again(&server, 1);
        }
        assert_eq!(server.ids(&query(&song(1))), ["song-1"], "{release:?}");
        desk::enrol(&server, 7);
        assert_eq!(server.ids(&query(&song(7))), ["song-7"], "{release:?}");
        assert!(server.stop().success());
        let accounts = fs::read_to_string(release.join("accounts.txt")).unwrap();
        assert_eq!(run(&["ledger", "accounts", "--data", path(&data)]), accounts, "{release:?}");
        assert!(run(&["ledger", "check", "--data", path(&data)]).contains("sound"));
        assert!(run(&["audit", "verify", "--data", path(&data)]).contains("sound"));
        assert!(run(&["index", "verify", "--data", path(&data)]).contains("sound"));
    }
}

#[test]
fn a_step_that_was_released_is_never_edited() {
    let now = steps();
    for release in releases() {
        let released = fs::read_to_string(release.join("steps.txt")).unwrap();
        for line in released.lines() {
            assert!(now.iter().any(|step| step == line), "{release:?}: {line} is edited or gone");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "writes tests/kept/VERSION+encoderN; run it once for each release, before it is released"]
async fn keep_this_release() {
    let release = kept().join(format!("{}+encoder{}", env!("CARGO_PKG_VERSION"), ENCODER.0));
    if release.exists() {
        fs::remove_dir_all(&release).unwrap();
    }
    fs::create_dir_all(&release).unwrap();
    let site = Desk::new(Engine::Sqlite).await;
    let server = site.serve_song_1(&[]);
    site.sold(3).await;
    site.well(&["audit", "publish"]);
    fs::write(release.join("accounts.txt"), site.well(&["ledger", "accounts"])).unwrap();
    site.well(&["backup", path(&release.join("backup"))]);
    fs::write(release.join("encoder.txt"), format!("{}\n", ENCODER.0)).unwrap();
    fs::write(release.join("steps.txt"), steps().join("\n") + "\n").unwrap();
    assert!(server.stop().success());
}
