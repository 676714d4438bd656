//! More queries than the cores can take: some are turned away at once and told when to come again,
//! who is let in is answered, and nothing of it lasts.

#[path = "../library/tests/songs/mod.rs"]
mod songs;

mod running;

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use running::{Answer, Server, problem};
use songs::{query, reference, song};
use tempfile::tempdir;

/// More than any machine that runs this has cores.
const CALLERS: usize = 64;

/// More than each of them asks: when all ask again, most of them wait.
const ASKED_MAX: usize = 5;

/// Whether it was turned away, which is the only other thing that may happen.
fn was_refused(answer: &Answer) -> bool {
    if answer.status() == 200 {
        return false;
    }
    assert_eq!(problem(answer), (503, "busy".into()));
    let seconds: u64 = answer.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
    true
}

/// Asks until somebody was refused. How many were answered.
fn ask_until(server: &Server, query: &[u8], refused: &AtomicBool) -> usize {
    for answered in 0..ASKED_MAX {
        if refused.load(Ordering::Relaxed) {
            return answered;
        }
        if was_refused(&server.identify(query)) {
            refused.store(true, Ordering::Relaxed);
            return answered;
        }
    }
    refused.store(true, Ordering::Relaxed);
    panic!("nobody was refused");
}

#[test]
fn who_would_wait_too_long_is_turned_away_before_there_are_too_many() {
    let dir = tempdir().unwrap();
    let server = Server::start(dir.path(), &["--wait-max-ms", "1"]);
    let long: Vec<u8> = (0..360).flat_map(song).take(12 * 3_600 * 20).collect();
    assert_eq!(server.enrol("recording_id=long", &reference(&long)).unwrap().status(), 201);
    // Nobody knows it: every tier of the search is gone through.
    let unknown = query(&song(1_000));
    assert!(!was_refused(&server.identify(&unknown)), "alone nobody waits");

    let refused = AtomicBool::new(false);
    let answered: usize = thread::scope(|scope| {
        let ask = || ask_until(&server, &unknown, &refused);
        let callers: Vec<_> = (0..CALLERS).map(|_| scope.spawn(ask)).collect();
        // What waits for no core is not turned away with them.
        while !refused.load(Ordering::Relaxed) {
            assert_eq!(problem(&server.remove("nobody").unwrap()).0, 404);
        }
        callers.into_iter().map(|caller| caller.join().unwrap()).sum()
    });
    assert!(answered > 0);
    assert_eq!(server.ids(&query(&long)), ["long"], "and then it is as before");
}
