//! A process that is killed (SIGKILL) at random moments while it books: what it acknowledged is
//! there, nothing is there by half, and the ledger adds up.
//!
//! The test starts itself again as that process, which acknowledges on its standard output.

mod books;

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use books::{download, held, payable, posting};
use onmon_ledger::{
    AccountId, Entry, Outcome, Posting, SCHEMA, book, by_idempotency, post, reserve, reverse,
};
use onmon_store::{Location, Store};
use sqlx::{AnyConnection, Row};

const ROUNDS: u64 = 60;
const FILE_VARIABLE: &str = "ONMON_LEDGER_FILE";
const ROUND_VARIABLE: &str = "ONMON_LEDGER_ROUND";
/// Before each acknowledgement, among the lines of the test that the process is.
const MARK: &str = "booked ";

/// In memory where there is such a folder: whoever is killed leaves what the system has of his
/// files, and the rounds wait for no disk.
fn new_folder() -> tempfile::TempDir {
    let in_memory = Some(PathBuf::from("/dev/shm")).filter(|folder| folder.is_dir());
    tempfile::tempdir_in(in_memory.unwrap_or_else(std::env::temp_dir)).unwrap()
}

/// What the number stands for, so that whoever reads the ledger knows what should be there.
fn content(number: u64) -> Vec<Posting> {
    let amount = 100 + number as i64 % 900;
    let due = AccountId::user_due(&format!("acc_{}", number % 7)).unwrap();
    vec![posting(&due, &payable(), amount), posting(&due, &held(), 1), posting(&due, &payable(), 2)]
}

/// One step in one transaction; what is acknowledged by it: keys and what is true of each.
async fn live(c: &mut AnyConnection, round: u64, number: u64) -> Vec<String> {
    let (key, postings, usage) = (format!("{round}/{number}"), content(number), download());
    let entry = Entry { usage: Some(&usage), ..books::entry(&key, &postings) };
    match number % 4 {
        0 => {
            book(c, &entry).await.unwrap();
            vec![format!("{key} posted")]
        }
        1 => {
            reserve(c, &entry, None).await.unwrap();
            vec![format!("{key} pending")]
        }
        // What the step before has reserved.
        2 => {
            let before = format!("{round}/{}", number - 1);
            let id = by_idempotency(c, &before).await.unwrap().unwrap().id;
            post(c, &id, 2_000).await.unwrap();
            vec![format!("{before} posted")]
        }
        // Two transfers that are one deed.
        _ => {
            let booked = book(c, &entry).await.unwrap();
            let back = format!("{key}/back");
            reverse(c, &booked.transfer_id, &back, 2_000).await.unwrap();
            vec![format!("{key} posted"), format!("{back} posted")]
        }
    }
}

/// The process that is killed; no test by itself.
#[tokio::test]
#[ignore = "started by the other test"]
async fn lives_until_it_is_killed() {
    let Some(file) = std::env::var_os(FILE_VARIABLE).map(PathBuf::from) else { return };
    let round: u64 = std::env::var(ROUND_VARIABLE).unwrap().parse().unwrap();
    let store = Store::open(&Location::file(&file), &[SCHEMA]).await.unwrap();
    for number in 0.. {
        let mut write = store.begin().await.unwrap();
        let lines = live(&mut write, round, number).await;
        write.commit().await.unwrap();
        let mut out = std::io::stdout().lock();
        for line in lines {
            writeln!(out, "\n{MARK}{line}").unwrap();
        }
        out.flush().unwrap();
    }
}

/// Lets a process live for a moment, kills it, and hears what it acknowledged.
fn acknowledged(file: &Path, round: u64) -> Vec<String> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "lives_until_it_is_killed", "--ignored", "--nocapture"])
        .env(FILE_VARIABLE, file)
        .env(ROUND_VARIABLE, round.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut heard = Vec::new();
    // Some die while they open the ledger, most while they book.
    if !round.is_multiple_of(5) {
        let first = lines.by_ref().map(Result::unwrap).find_map(|line| acknowledgement(&line));
        heard.extend(first);
    }
    // From the round alone, up to 20 ms.
    let moment_us = round.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40;
    std::thread::sleep(Duration::from_micros(moment_us % 20_000));
    child.kill().unwrap();
    // The last line may be a half one: then it was not acknowledged, and no mark or end shows.
    heard.extend(lines.map_while(Result::ok).filter_map(|line| acknowledgement(&line)));
    let end = child.wait_with_output().unwrap();
    let told = String::from_utf8_lossy(&end.stderr);
    assert_eq!(end.status.signal(), Some(9), "round {round}: {told}");
    heard
}

fn acknowledgement(line: &str) -> Option<String> {
    let line = line.strip_prefix(MARK)?;
    (line.ends_with(" posted") || line.ends_with(" pending")).then(|| line.to_owned())
}

async fn check_acknowledged(c: &mut AnyConnection, line: &str) {
    let (key, state) = line.rsplit_once(' ').unwrap();
    let found = by_idempotency(c, key).await.unwrap().unwrap_or_else(|| panic!("{key} is lost"));
    let posted = matches!(found.outcome, Some((Outcome::Posted, _)));
    // What was pending may have been posted since.
    assert!(posted || state == "pending" && found.outcome.is_none(), "{key} {found:?}");
}

/// Every transfer has what its number stands for, and a deed of two is there with both.
async fn check_whole(c: &mut AnyConnection) -> usize {
    let keys = "SELECT idempotency FROM ledger_transfer";
    let rows = sqlx::query(keys).fetch_all(&mut *c).await.unwrap();
    for row in &rows {
        let key: String = row.try_get(0).unwrap();
        let found = by_idempotency(c, &key).await.unwrap().unwrap();
        let mut parts = key.split('/').skip(1);
        let number: u64 = parts.next().unwrap().parse().unwrap();
        if parts.next().is_some() {
            assert_eq!(found.postings.len(), content(number).len(), "{key}");
            continue;
        }
        assert_eq!(found.postings, content(number), "{key}");
        assert_eq!(found.reversed_by.is_some(), number % 4 == 3, "{key}");
    }
    rows.len()
}

#[tokio::test]
async fn what_was_acknowledged_is_there_and_nothing_is_by_half() {
    let folder = new_folder();
    let file = folder.path().join("ledger.sqlite");
    let mut all = Vec::new();
    let mut silent = 0;
    for round in 0..ROUNDS {
        let heard = acknowledged(&file, round);
        silent += u32::from(heard.is_empty());
        let store = Store::open(&Location::file(&file), &[SCHEMA]).await.unwrap();
        let balance = onmon_ledger::check(store.readers()).await.unwrap();
        assert!(balance.is_sound(), "round {round}: {balance:?}");
        let mut connection = store.readers().acquire().await.unwrap();
        for line in &heard {
            check_acknowledged(&mut connection, line).await;
        }
        drop(connection);
        store.close().await;
        all.extend(heard);
    }
    let store = Store::open(&Location::file(&file), &[SCHEMA]).await.unwrap();
    let mut connection = store.readers().acquire().await.unwrap();
    for line in &all {
        check_acknowledged(&mut connection, line).await;
    }
    let transfers = check_whole(&mut connection).await;
    let booked = all.iter().filter(|line| line.starts_with(|c: char| c.is_ascii_digit())).count();
    println!("{ROUNDS} kills, {silent} of them before the first word; {booked} acknowledged");
    assert!(all.len() > ROUNDS as usize, "killed too early to say anything: {booked}");
    // Beyond what was acknowledged, at most the last deed of each round.
    let mut keys: Vec<&str> = all.iter().map(|line| line.rsplit_once(' ').unwrap().0).collect();
    keys.sort_unstable();
    keys.dedup();
    assert!(transfers >= keys.len() && transfers <= keys.len() + 2 * ROUNDS as usize);
}
