//! `onmon-server rights import` beside others who write: they go on, and what was kept stays.

mod running;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use onmon_sharing::SCHEMAS;
use onmon_store::testing::ENGINES;
use onmon_store::{Location, Store};
use running::{Kept, ended};
use serde_json::Value;

fn import(site: &Kept, file: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_onmon-server"));
    command.args(["rights", "import", "--data"]).arg(site.path()).args(site.options());
    command.args(arguments).arg(file).env_remove("ONMON_DATABASE").env_remove("ONMON_LOG");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// The same, which must end well; what it said.
fn imported(site: &Kept, file: &Path, arguments: &[&str]) -> String {
    let ended = ended(import(site, file, arguments).spawn().unwrap());
    assert_eq!(ended.code, Some(0), "{}{}", ended.out, ended.says);
    ended.out
}

/// The platform's tables, beside whoever has them open.
async fn store(site: &Kept) -> Store {
    let location = match &site.database {
        Some(scratch) => scratch.location.clone(),
        None => Location::file(&site.path().join("platform.sqlite")),
    };
    Store::open_beside(&location, &SCHEMAS).await.unwrap()
}

/// A catalogue of so many recordings, of a work each.
fn long_catalogue(recordings: u32) -> String {
    let mut lines =
        "recording_id,right,work_id,claimant,share_ppm,forms,territories,state\n".to_owned();
    for n in 0..recordings {
        lines += &format!("r{n},interactive_distribution,w{n},JASRAC,500000,all,world,entrusted\n");
        lines +=
            &format!("r{n},interactive_distribution,w{n},NEXTONE,500000,all,world,entrusted\n");
    }
    lines
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_lets_others_write_and_what_was_kept_when_it_is_killed_stays() {
    for engine in ENGINES {
        let site = Kept::new(engine).await;
        let server = site.serve();
        let file = site.path().join("long.csv");
        let mut text = long_catalogue(3_000);
        fs::write(&file, &text).unwrap();
        let mut child = import(&site, &file, &[]).spawn().unwrap();
        // Others write while it works, and see what it has kept so far.
        let store = store(&site).await;
        let kept = async || {
            let count = sqlx::query("SELECT COUNT(*) FROM rights_recording");
            let row = count.fetch_one(store.readers()).await.unwrap();
            sqlx::Row::get::<i64, _>(&row, 0)
        };
        while kept().await == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        store.begin().await.unwrap().commit().await.unwrap();
        assert!(kept().await < 3_000, "{engine:?}: all of it in one transaction");
        child.kill().unwrap();
        child.wait().unwrap();
        let there = kept().await;
        assert!((1..3_000).contains(&there), "{engine:?}: {there}");
        let done: Value = serde_json::from_str(&imported(&site, &file, &["--json"])).unwrap();
        let counts = (done["recordings_same"].as_i64(), done["recordings_new"].as_i64());
        assert_eq!(counts, (Some(there), Some(3_000 - there)), "{engine:?}");
        let again = imported(&site, &file, &[]);
        assert!(again.contains("nothing changed: "), "{again}");

        // A recording that comes twice is found before anything is kept.
        text = text.replace("500000", "400000") + text.lines().nth(1).unwrap() + "\n";
        fs::write(&file, &text).unwrap();
        let refused = ended(import(&site, &file, &[]).spawn().unwrap());
        assert_eq!(refused.code, Some(3), "{}{}", refused.out, refused.says);
        assert!(refused.says.contains("nothing of"), "{}", refused.says);
        fs::write(&file, long_catalogue(3_000)).unwrap();
        let dry = imported(&site, &file, &["--dry-run"]);
        assert!(dry.contains("recordings: 0 new, 0 changed, 3,000 the same"), "{dry}");
        store.close().await;
        drop(server);
    }
}

/// The import of 100,000 lines and the longest wait of another program's writer beside it; and the
/// same in one transaction. `cargo test -p onmon-server --test rights_import -- --ignored
/// --nocapture an_import_of`
#[tokio::test(flavor = "multi_thread")]
#[ignore = "minutes; a measurement"]
async fn an_import_of_100_000_lines_and_how_long_others_wait() {
    for engine in ENGINES {
        let text = long_catalogue(50_000);
        for in_one in [true, false] {
            let site = Kept::new(engine).await;
            let file = site.path().join("long.csv");
            fs::write(&file, &text).unwrap();
            store(&site).await.close().await;
            let begun = Instant::now();
            let (done, is_done) = tokio::sync::oneshot::channel::<()>();
            let waits = tokio::spawn(waits_of_a_writer(store(&site).await, is_done));
            if in_one {
                let store = store(&site).await;
                let mut write = store.begin().await.unwrap();
                let report = onmon_rights::catalogue::import(&mut write, text.as_bytes());
                assert_eq!(report.await.unwrap().recordings_new, 50_000);
                write.commit().await.unwrap();
            } else {
                let child = import(&site, &file, &[]).spawn().unwrap();
                let ended = tokio::task::spawn_blocking(|| ended(child)).await.unwrap();
                assert_eq!(ended.code, Some(0), "{}{}", ended.out, ended.says);
            }
            let took = begun.elapsed();
            done.send(()).unwrap();
            let (longest, written, refused) = waits.await.unwrap();
            println!(
                "{engine:?}, {}: {:.1} s; another writer waited {longest:.2?} at most, \
                 wrote {written} times, was refused {refused} times",
                if in_one { "one transaction" } else { "batches" },
                took.as_secs_f64(),
            );
            assert!(in_one || (refused == 0 && longest < Duration::from_secs(2)));
        }
    }
}

/// Writes every 20 ms; the longest wait, how often it wrote and how often it was refused.
async fn waits_of_a_writer(
    store: Store,
    mut is_done: tokio::sync::oneshot::Receiver<()>,
) -> (Duration, u64, u64) {
    let (mut longest, mut written, mut refused) = (Duration::ZERO, 0, 0);
    while is_done.try_recv().is_err() {
        let begun = Instant::now();
        match store.begin().await {
            Ok(write) => {
                write.commit().await.unwrap();
                written += 1;
            }
            Err(_) => refused += 1,
        }
        longest = longest.max(begun.elapsed());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    (longest, written, refused)
}
