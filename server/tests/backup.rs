//! The restore drill: a backup of a server that is written to, a kill -9, another directory, and
//! everything that was acknowledged before the backup began.

#[path = "../sharing/tests/music/codes.rs"]
mod codes;

mod desk;
mod running;

use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use codes::{query, reference, song};
use desk::{Desk, bare, path};
use onmon_store::Engine;
use running::{Ended, Server};
use tempfile::tempdir;

const CLIENTS: u64 = 2;

/// Enrols song after song until the server is gone; notes what it acknowledged.
fn enrol_until_cut_off(server: &Server, first: u64, acknowledged: &Mutex<Vec<u64>>) {
    for seed in first.. {
        let about = format!("recording_id=song-{seed}&rights=entrusted");
        let Ok(answer) = server.enrol(&about, &reference(&song(seed))) else { return };
        assert_eq!(answer.status(), 201);
        acknowledged.lock().unwrap().push(seed);
    }
}

/// Waits until so many more are acknowledged.
fn wait_for_more(acknowledged: &Mutex<Vec<u64>>, more: usize) {
    let (before, begun) = (acknowledged.lock().unwrap().len(), Instant::now());
    while acknowledged.lock().unwrap().len() < before + more {
        assert!(begun.elapsed() < Duration::from_secs(60), "nothing is acknowledged");
        thread::sleep(Duration::from_millis(2));
    }
}

fn backup(site: &Desk, into: &Path, more: &[&str]) -> Ended {
    site.run(&[&["backup", path(into)], more].concat())
}

fn restore(backup: &Path, data: &Path) -> Ended {
    bare(&["restore", path(backup), "--data", path(data)])
}

fn well(ended: &Ended) -> &str {
    assert_eq!(ended.code, Some(0), "{}{}", ended.out, ended.says);
    &ended.out
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_before_the_backup_is_there_after_the_restore() {
    let site = Desk::new(Engine::Sqlite).await;
    let elsewhere = tempdir().unwrap();
    let (kept, restored) = (elsewhere.path().join("kept"), elsewhere.path().join("data"));
    let mut server = site.serve_song_1(&["--audit-publish-s=1"]);
    site.sold(3).await;
    site.well(&["audit", "publish"]);
    let accounts = site.well(&["ledger", "accounts"]);

    let acknowledged = Mutex::new(vec![1]);
    let before = thread::scope(|scope| {
        for client in 0..CLIENTS {
            let (server, acknowledged) = (&server, &acknowledged);
            scope.spawn(move || enrol_until_cut_off(server, 1_000 * (client + 1), acknowledged));
        }
        wait_for_more(&acknowledged, 10);
        let before = acknowledged.lock().unwrap().clone();
        well(&backup(&site, &kept, &[]));
        // It went on meanwhile, and goes on after.
        wait_for_more(&acknowledged, 3);
        server.signal("KILL");
        before
    });
    server.kill();
    fs::remove_dir_all(site.data()).unwrap();

    let told = restore(&kept, &restored);
    assert!(well(&told).contains("every sum right"), "{}", told.out);
    let at = ["--data", path(&restored)];
    let run = |words: &[&str]| well(&bare(&[words, &at].concat())).to_owned();
    assert_eq!(run(&["ledger", "accounts"]), accounts);
    assert!(run(&["ledger", "check"]).contains("sound"));
    let verified = run(&["audit", "verify"]);
    assert!(verified.contains("9 published lines compared\nsound\n"), "{verified}");
    let server = Server::start(&restored, &[]);
    for seed in &before {
        assert_eq!(server.ids(&query(&song(*seed))), [format!("song-{seed}")]);
    }
    desk::enrol(&server, 7);
    assert_eq!(server.ids(&query(&song(7))), ["song-7"]);
    assert!(server.stop().success());
    assert!(run(&["index", "verify"]).contains("sound"));
    run(&["audit", "publish"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_backup_restores_nothing_and_no_directory_is_written_over() {
    let site = Desk::new(Engine::Sqlite).await;
    let server = site.serve_song_1(&[]);
    let elsewhere = tempdir().unwrap();
    let (kept, data) = (elsewhere.path().join("kept"), elsewhere.path().join("data"));
    well(&backup(&site, &kept, &[]));
    let again = backup(&site, &kept, &[]);
    assert_eq!(again.code, Some(3));
    assert!(again.says.contains("not empty; name another directory"), "{}", again.says);
    let over = restore(&kept, site.data());
    assert_eq!(over.code, Some(3), "{}", over.out);
    assert!(server.stop().success());

    let tables = kept.join("platform.sqlite");
    let mut bytes = fs::read(&tables).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&tables, bytes).unwrap();
    fs::remove_file(kept.join("master-key")).unwrap();
    let told = restore(&kept, &data);
    assert_eq!(told.code, Some(1));
    for words in ["platform.sqlite: damaged", "master-key: missing", "nothing was restored"] {
        assert!(told.out.contains(words), "`{words}` is not in {}", told.out);
    }
    assert!(!data.exists());
    let none = restore(site.data(), &data);
    assert_eq!(none.code, Some(3));
    assert!(none.says.contains("is no backup"), "{}", none.says);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_left_out_when_asked_and_the_restored_server_says_what_it_lacks() {
    let site = Desk::new(Engine::Sqlite).await;
    drop(site.serve_song_1(&[]));
    let elsewhere = tempdir().unwrap();
    let (kept, data) = (elsewhere.path().join("kept"), elsewhere.path().join("data"));
    let told = backup(&site, &kept, &["--without-keys"]);
    assert!(well(&told).contains("the master key is not in it"), "{}", told.out);
    assert!(!kept.join("master-key").exists() && !kept.join("admin-token").exists());
    assert!(well(&restore(&kept, &data)).contains("--master-key-file"));
    let key = site.file("master-key");
    let server = Server::start(&data, &["--master-key-file", path(&key)]);
    assert_eq!(server.ids(&query(&song(1))), ["song-1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn beside_postgres_the_rest_is_kept_and_pg_dump_is_asked_for() {
    let site = Desk::new(Engine::Postgres).await;
    drop(site.serve_song_1(&[]));
    let elsewhere = tempdir().unwrap();
    let (kept, data) = (elsewhere.path().join("kept"), elsewhere.path().join("data"));
    let told = backup(&site, &kept, &[]);
    assert!(well(&told).contains("run pg_dump on postgres"), "{}", told.out);
    let told = restore(&kept, &data);
    assert!(well(&told).contains("restore postgres"), "{}", told.out);
    let key = |dir: &Path| fs::read(dir.join("master-key")).unwrap();
    assert_eq!(key(&data), key(site.data()));
}
