//! kill -9 at any moment: what was acknowledged is there after the restart.

#[path = "../library/tests/songs/mod.rs"]
mod songs;

mod running;

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use onmon_store::Engine;
use onmon_store::testing::ENGINES;
use running::{Kept, Server, TOKEN, problem};
use songs::{id, query, reference, song};
use tempfile::tempdir;

const ROUNDS: u64 = 6;
const CLIENTS: u64 = 3;

/// What the server has acknowledged. A song whose last request was cut off is in neither set: it
/// may be there or not.
#[derive(Default)]
struct Acknowledged {
    enrolled: BTreeSet<u64>,
    removed: BTreeSet<u64>,
}

#[tokio::test]
async fn nothing_acknowledged_is_lost_by_kill_9() {
    for engine in ENGINES {
        let kept = Kept::new(engine).await;
        killed_in_rounds(&kept);
    }
}

fn killed_in_rounds(kept: &Kept) {
    let acknowledged = Mutex::new(Acknowledged::default());
    for round in 0..ROUNDS {
        let mut server = kept.serve();
        let count = AtomicU64::new(0);
        // A different moment in each round; the number of answers, not the clock, decides it.
        let answers_until_kill = 4 + 7 * round;
        thread::scope(|scope| {
            let clients: Vec<_> = (0..CLIENTS)
                .map(|client| {
                    let (server, acknowledged, count) = (&server, &acknowledged, &count);
                    let first_seed = 10_000 * round + 1_000 * client;
                    let enrol =
                        move || enrol_until_cut_off(server, first_seed, acknowledged, count);
                    scope.spawn(enrol)
                })
                .collect();
            let all_failed = || clients.iter().all(|client| client.is_finished());
            while count.load(Ordering::Acquire) < answers_until_kill && !all_failed() {
                thread::sleep(Duration::from_millis(1));
            }
            server.signal("KILL");
        });
        server.kill();
        // Every other time the next round begins from a snapshot that lags behind the catalogue.
        let server = kept.serve();
        assert_as_acknowledged(&server, &acknowledged.lock().unwrap());
        if round % 2 == 0 {
            assert!(server.stop().success());
        }
    }
    let acknowledged = acknowledged.into_inner().unwrap();
    assert!(acknowledged.enrolled.len() as u64 > ROUNDS * 4);
    assert!(!acknowledged.removed.is_empty());
}

#[test]
fn a_disk_that_fails_loses_nothing_and_takes_no_more() {
    let dir = tempdir().unwrap();
    // Files may not grow beyond about a megabyte: a write that fails, as it does on a bad disk.
    let mut command = Command::new("sh");
    let limited = "trap '' XFSZ; ulimit -f 2048; exec \"$@\"";
    let server = running::command(dir.path());
    command.args(["-c", limited, "sh"]).arg(server.get_program()).args(server.get_args());
    command.env("ONMON_ADMIN_TOKEN", TOKEN).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut server = Server::spawn(command);

    let mut acknowledged = Acknowledged::default();
    for seed in 0.. {
        let parameters = format!("recording_id={}", id(seed));
        let answer = server.enrol(&parameters, &reference(&song(seed))).unwrap();
        if answer.status() != 201 {
            assert_eq!(problem(&answer), (503, "write_failed".into()));
            break;
        }
        acknowledged.enrolled.insert(seed);
    }
    assert!(!acknowledged.enrolled.is_empty());
    let answer = server.enrol("recording_id=late", &reference(&song(1))).unwrap();
    assert_eq!(problem(&answer), (503, "library_closed".into()));
    assert_as_acknowledged(&server, &acknowledged);
    server.kill();
    assert_as_acknowledged(&Server::start(dir.path(), &[]), &acknowledged);
}

/// Enrols one song after the other, and removes every third again, until the server is gone.
fn enrol_until_cut_off(
    server: &Server,
    first_seed: u64,
    acknowledged: &Mutex<Acknowledged>,
    count: &AtomicU64,
) {
    for seed in first_seed.. {
        let parameters = format!("recording_id={}", id(seed));
        let Ok(answer) = server.enrol(&parameters, &reference(&song(seed))) else { return };
        assert_eq!(answer.status(), 201);
        acknowledged.lock().unwrap().enrolled.insert(seed);
        count.fetch_add(1, Ordering::AcqRel);
        if seed % 3 == 0 {
            acknowledged.lock().unwrap().enrolled.remove(&seed);
            let Ok(answer) = server.remove(&id(seed)) else { return };
            assert_eq!(answer.status(), 204);
            acknowledged.lock().unwrap().removed.insert(seed);
        }
    }
}

fn assert_as_acknowledged(server: &Server, acknowledged: &Acknowledged) {
    for seed in &acknowledged.enrolled {
        assert_eq!(server.ids(&query(&song(*seed))), [id(*seed)]);
    }
    for seed in &acknowledged.removed {
        assert!(server.ids(&query(&song(*seed))).is_empty(), "song {seed} came back");
    }
}

/// The server of the database, started again under a running onmon-server.
#[tokio::test]
async fn a_database_that_goes_away_for_a_while_loses_nothing() {
    let kept = Kept::new(Engine::Postgres).await;
    let database = kept.database.as_ref().unwrap();
    let server = kept.serve();
    let enrol = |seed: u64| {
        let parameters = format!("recording_id={}", id(seed));
        server.enrol(&parameters, &reference(&song(seed))).unwrap()
    };
    assert_eq!(enrol(1).status(), 201);
    database.cut_off(false).await;
    assert_eq!(enrol(2).status(), 201);
    database.cut_off(true).await;
    let (status, code) = problem(&enrol(3));
    assert_eq!(status, 503, "{code}");
    assert!(["catalogue_unreachable", "catalogue_busy"].contains(&&*code), "{code}");
    database.cut_off(false).await;
    assert_eq!(enrol(4).status(), 201);
    for seed in [1, 2, 4] {
        assert_eq!(server.ids(&query(&song(seed))), [id(seed)]);
    }
}

/// Two machines, one database.
#[tokio::test]
async fn a_second_server_on_the_same_database_does_not_start() {
    let kept = Kept::new(Engine::Postgres).await;
    let server = kept.serve();
    let elsewhere = tempdir().unwrap();
    let mut second = running::command(elsewhere.path());
    let ended = second.args(kept.options()).output().unwrap();
    let says = String::from_utf8(ended.stderr).unwrap();
    assert!(!ended.status.success());
    assert!(says.contains("another process writes to the library postgres://"), "{says}");
    let parameters = format!("recording_id={}", id(1));
    assert_eq!(server.enrol(&parameters, &reference(&song(1))).unwrap().status(), 201);
    assert!(server.stop().success());
    // Its place is free at once, and its index is made from the catalogue.
    let mut second = running::command(elsewhere.path());
    second.args(kept.options()).arg("--master-key-file").arg(kept.path().join("master-key"));
    assert_eq!(Server::spawn(second).ids(&query(&song(1))), [id(1)]);
}
