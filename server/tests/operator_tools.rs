//! `onmon-server rights|tariff|ledger|month|report|retro` on the real program, beside a real
//! server: each command, what it says, how it ends.

#[path = "../sharing/tests/music/codes.rs"]
mod codes;

mod desk;
mod running;

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use codes::{query, song};
use desk::{Desk, bare, enrol, now_ms, path, this_month, words};
use onmon_sharing::{Method, ShareRequest};
use onmon_store::Engine;
use onmon_store::testing::ENGINES;
use running::{ended, json};
use serde_json::Value;
use tempfile::tempdir;

const CATALOGUE: &str = include_str!("../rights/tests/golden/catalogue.csv");

#[tokio::test(flavor = "multi_thread")]
async fn rights_come_in_once_and_go_out_as_they_came() {
    for engine in ENGINES {
        let site = Desk::new(engine).await;
        let (file, out) = (site.file("in.csv"), site.file("out.csv"));
        fs::write(&file, CATALOGUE).unwrap();
        let (file, out) = (path(&file), path(&out));
        let _server = site.serve_song_1(&[]);

        let dry = site.well(&["rights", "import", "--dry-run", file]);
        assert!(dry.contains("dry run, nothing is kept: recordings: 4 new"), "{dry}");
        let first = site.json(&["rights", "import", file]);
        assert_eq!((&first["recordings_new"], &first["works_new"]), (&4.into(), &3.into()));
        assert_eq!(first["changed_nothing"], false);
        let again = site.well(&["rights", "import", file]);
        assert!(again.contains("nothing changed: recordings: 0 new, 0 changed, 4 the same"));

        site.well(&["rights", "export", out]);
        assert_eq!(fs::read_to_string(out).unwrap(), CATALOGUE, "{engine:?}");
        assert_eq!(site.well(&["rights", "export", "-"]), CATALOGUE);
        let mut child = site.command(&["rights", "import", "-"]);
        let mut child = child.stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(CATALOGUE.as_bytes()).unwrap();
        let piped = ended(child);
        assert!(piped.out.contains("nothing changed"), "{}{}", piped.out, piped.says);
        assert!(!site.file("out.csv.part").exists());
        site.ends(&["rights", "export", path(&site.file("no/where.csv"))], 3, "cannot write");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_that_read_wait_for_nobody_who_writes() {
    for engine in ENGINES {
        let site = Desk::new(engine).await;
        let _server = site.serve_song_1(&[]);
        let store = site.store().await;
        let write = store.begin().await.unwrap();
        // Whoever waits would be refused on SQLite after 5 s, and wait for ever on PostgreSQL.
        for arguments in [
            &["ledger", "check"][..],
            &["rights", "export", "-"],
            &["rights", "show", "song-1"],
            &["tariff", "list"],
            &["index", "stats"],
        ] {
            let child = site.command(arguments).spawn().unwrap();
            let ended = tokio::task::spawn_blocking(|| ended(child));
            let ended = tokio::time::timeout(Duration::from_secs(4), ended).await;
            let ended = ended.unwrap_or_else(|_| panic!("{engine:?} {arguments:?}")).unwrap();
            assert_eq!(ended.code, Some(0), "{arguments:?}: {}{}", ended.out, ended.says);
        }
        drop(write);
        store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_lines_are_told_by_number_and_column_and_the_others_are_in() {
    for engine in ENGINES {
        let site = Desk::new(engine).await;
        let file = site.file("bad.csv");
        let lines = "recording_id,right,work_id,claimant,share_ppm,forms,territories,state\n\
            a,interactive_distribution,w1,JASRAC,1000000,all,world,entrusted\n\
            b,interactive_distribution,w2,JASRAC,half,all,world,entrusted\n\
            c,interactive_distribution,w3,JASRAC,1000000,all,world,perhaps\n\
            d,interactive_distribution,w4,NEXTONE,1000000,download,JP,not_entrusted\n";
        fs::write(&file, lines).unwrap();
        for arguments in [&["--dry-run"][..], &[]] {
            let import = [&["rights", "import", path(&file)], arguments].concat();
            let ended = site.run(&import);
            assert_eq!(ended.code, Some(1), "{}{}", ended.out, ended.says);
            for words in ["passed over line 3, share_ppm `half`: ", "line 4, state `perhaps`: "] {
                assert!(ended.says.contains(words), "{}", ended.says);
            }
            let kept = "recordings: 2 new, 0 changed, 0 the same; works: 2 new";
            assert!(ended.out.contains(kept), "{}", ended.out);
            assert!(ended.out.contains("2 of 4 lines bad"), "{}", ended.out);
        }
        let told = site.run(&["rights", "import", path(&file), "--json"]);
        let told: Value = serde_json::from_str(&told.out).unwrap();
        assert_eq!(
            (&told["bad"][0]["line"], &told["bad"][0]["column"]),
            (&3.into(), &"share_ppm".into())
        );
        assert_eq!((&told["recordings_same"], &told["bad_lines"]), (&2.into(), &2.into()));
        let out = site.well(&["rights", "export", "-"]);
        assert_eq!(out.lines().count(), 3, "{out}");

        fs::write(&file, "recording_id,sahre_ppm\na,1\n").unwrap();
        site.ends(&["rights", "import", path(&file)], 3, "unknown column `sahre_ppm`");
        site.ends(&["rights", "import", path(&file)], 3, "nothing of");
        site.ends(&["rights", "import", "none.csv"], 3, "cannot read none.csv");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_of_a_recording_and_what_follows() {
    let site = Desk::new(Engine::Sqlite).await;
    let server = site.serve_song_1(&[]);
    let plain = site.well(&["rights", "show", "song-1"]);
    assert!(plain.contains("song-1: Song 1 by A\nenrolled as entrusted\n"), "{plain}");
    assert!(plain.contains("in JP: permit (R3-all-shares-entrusted)"), "{plain}");
    let file = site.file("in.csv");
    let lines = "recording_id,right,work_id,title,claimant,share_ppm,forms,territories,state\n\
        song-1,interactive_distribution,w1,Dawn,JASRAC,500000,all,world,entrusted\n\
        song-1,interactive_distribution,w1,Dawn,NEXTONE,500000,download,JP,not_entrusted\n";
    fs::write(&file, lines).unwrap();
    site.well(&["rights", "import", path(&file)]);
    let said = site.json(&["rights", "show", "song-1"]);
    assert_eq!((&said["in_register"], &said["works"][0]["title"]), (&true.into(), &"Dawn".into()));
    assert_eq!(said["works"][0]["claims"][1]["share_ppm"], 500_000);
    assert_eq!(said["download"]["decision"], "refuse");
    assert_eq!(said["upload"]["decision"], "unknown_share");
    let shown = site.well(&["rights", "show", "song-1"]);
    assert!(shown.contains("JASRAC           50 %  entrusted  forms all"), "{shown}");
    site.ends(&["rights", "show", "song-9"], 3, "neither the library nor the register knows");
    // The server decides by it at once.
    let answer = json(&server.identify(&query(&song(1))));
    assert_eq!(answer["matches"][0]["recording_id"], "song-1", "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn tariffs_are_added_version_by_version() {
    for engine in ENGINES {
        let site = Desk::new(engine).await;
        let example = site.well(&["tariff", "example", "--valid-from", "2024-01-01"]);
        assert!(example.contains("check the current text"), "{example}");
        let again = site.well(&["tariff", "example"]);
        assert!(again.contains("JASRAC has 4 versions already: nothing was added"), "{again}");
        let _server = site.serve(&[]);
        let add = |from: &str, rate: &[&str]| {
            let from = format!("--valid-from={from}");
            let fixed = ["tariff", "add", "--organisation=JASRAC", "--form=download_paid", &from];
            let arguments = [&fixed, rate, &["--source=a test"]].concat();
            site.run(&arguments)
        };
        let added =
            add("2025-01-01", &["--percent=8", "--floor-yen=8", "--month-minimum-yen=5000"]);
        assert_eq!(added.code, Some(0), "{}", added.says);
        assert!(added.out.contains("8 %, at least 8.00 yen"), "{}", added.out);
        let early = add("2024-06-01", &["--percent=8"]);
        assert_eq!(early.code, Some(3));
        assert!(early.says.contains("2025-01-01 is there already; begin later"), "{}", early.says);
        assert_eq!(add("2199-01-01", &["--closed"]).code, Some(0));
        for wrong in [
            &[][..],
            &["--percent=8", "--flat-yen=1"],
            &["--percent=101"],
            &["--flat-yen=1.234"],
            &["--flat-yen=1", "--floor-yen=1"],
        ] {
            assert_eq!(add("2026-01-01", wrong).code, Some(2), "{wrong:?}");
        }
        let listed = site.json(&["tariff", "list", "--organisation", "jasrac"]);
        let of_form = |form: &str| {
            let all = listed.as_array().unwrap().iter();
            all.filter(|one| one["form"] == form).cloned().collect::<Vec<_>>()
        };
        let paid = of_form("download_paid");
        let froms: Vec<_> = paid.iter().map(|one| one["valid_from"].as_str().unwrap()).collect();
        assert_eq!(froms, ["2024-01-01", "2025-01-01", "2199-01-01"], "{engine:?}");
        assert_eq!(
            (&paid[0]["valid_to"], &paid[0]["valid_today"]),
            (&"2025-01-01".into(), &false.into())
        );
        assert_eq!(
            (&paid[1]["percent_ppm"], &paid[1]["valid_today"]),
            (&80_000.into(), &true.into())
        );
        assert_eq!(of_form("download_free")[0]["flat"]["sen"], 550);
        let table = site.well(&["tariff", "list"]);
        assert!(table.contains("* JASRAC     download_paid          2025-01-01"), "{table}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_is_closed_once() {
    for engine in ENGINES {
        let site = Desk::new(engine).await;
        let _server = site.serve_song_1(&[]);
        site.sold(3).await;
        let open = site.json(&["month", "show", "2024-04"]);
        assert_eq!((&open["downloads"], &open["charged"]["yen"]), (&6.into(), &"46.20".into()));
        let jasrac = &open["organisations"]["JASRAC"];
        assert_eq!((&jasrac["payable"]["sen"], &jasrac["held"]["sen"]), (&4_620.into(), &0.into()));
        assert_eq!(open["decisions"]["permit"], 3);
        assert_eq!((&open["invoices"], &open["statements"]), (&0.into(), &serde_json::json!([])));

        let closed = site.json(&["month", "close", "2024-04"]);
        assert_eq!((&closed["invoices"], &closed["statements"]), (&2.into(), &1.into()));
        // Twice 23.10 yen and tax, each rounded down to whole yen.
        assert_eq!(closed["invoiced"]["yen"], "50.00");
        let again = site.well(&["month", "close", "2024-04"]);
        assert!(again.contains("2024-04: nothing to issue"), "{again}");
        site.ends(&["month", "close", "2199-01"], 3, "the month is not over yet");
        site.ends(&["month", "close", "2024-13"], 2, "no date or month of the calendar");
        let shown = site.json(&["month", "show", "2024-04"]);
        assert_eq!((&shown["invoices"], &shown["invoiced"]["yen"]), (&2.into(), &"50.00".into()));
        let statement = &shown["statements"][0];
        assert_eq!((&statement["uses"], &statement["usage"]["sen"]), (&6.into(), &4_620.into()));
        assert_eq!(statement["minimum"]["yen"], "4953.80");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_come_to_what_the_ledger_has() {
    for engine in ENGINES {
        let site = Desk::new(engine).await;
        let _server = site.serve_song_1(&[]);
        site.sold(3).await;
        let reports = site.file("reports");
        let wanted = [
            "--month=2024-04",
            "--organisation=JASRAC",
            "--licence-number=J123456789",
            "-o",
            path(&reports),
        ];
        let tsv = site.json(&[&["report", "tsv"], &wanted[..]].concat());
        assert_eq!((&tsv["lines"], &tsv["uses"]), (&1.into(), &6.into()));
        assert_eq!(
            (&tsv["royalty"]["yen"], &tsv["ledger_royalty"]["yen"]),
            (&"46.20".into(), &"46.20".into())
        );
        let name = reports.join("J123456789202404.txt");
        assert_eq!(tsv["file"], path(&name));
        let check = bare(&["report", "check", path(&name)]);
        assert_eq!(check.code, Some(0), "{}{}", check.out, check.says);
        assert!(check.out.contains("1 line (jasrac), 6 uses, 0 faults"), "{}", check.out);
        let text = fs::read_to_string(&name).unwrap();
        fs::write(&name, text.replace("\t6\r\n", "\tsix\r\n")).unwrap();
        let check = bare(&["report", "check", path(&name)]);
        assert_eq!(check.code, Some(1), "{}", check.out);
        assert!(check.out.contains("line 1, リクエスト回数"), "{}", check.out);

        let parties = [
            "--sender=PADPIDA2026040101A",
            "--sender-name=Example",
            "--recipient=PADPIDA2008120501W",
        ];
        let dsr = [&["report", "dsr"], &wanted[..], &parties].concat();
        let written = site.json(&dsr);
        assert_eq!((&written["uses"], &written["royalty"]["sen"]), (&6.into(), &4_620.into()));
        let check = bare(&["report", "check", written["file"].as_str().unwrap()]);
        assert_eq!(check.code, Some(0), "{}{}", check.out, check.says);

        // A line that was altered behind everybody's back.
        site.execute("UPDATE purchase_share SET amount = amount + 1 WHERE purchase_id = (SELECT MIN(purchase_id) FROM purchase)").await;
        site.ends(
            &[&["report", "tsv"], &wanted[..]].concat(),
            1,
            "the file comes to 46.21 yen for JASRAC, the ledger to 46.20 yen",
        );
        site.ends(&dsr, 1, "do not send it");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_corrects_the_month_that_it_is_made_in() {
    for engine in ENGINES {
        let site = Desk::new(engine).await;
        let _server = site.serve_song_1(&[]);
        site.sold(3).await;
        let reports = site.file("reports");
        let report = |form: &str, month: &str| -> Vec<String> {
            let mut words = vec!["report", form, "--organisation=JASRAC", "-o", path(&reports)];
            words.push("--licence-number=J123456789");
            if form == "dsr" {
                words.extend(["--sender=PADPIDA2026040101A", "--sender-name=Example"]);
                words.push("--recipient=PADPIDA2008120501W");
            }
            let month = format!("--month={month}");
            words.into_iter().map(str::to_owned).chain([month]).collect()
        };
        let purchase = site.purchase().await;
        let take_back = ["ledger", "refund", &purchase, "--reason=another song"];
        let refunded = site.json(&take_back);
        assert_eq!(refunded["repeated"], false);
        let again = site.json(&take_back);
        assert_eq!(
            (&again["refund_id"], &again["repeated"]),
            (&refunded["refund_id"], &true.into())
        );
        site.ends(&["ledger", "refund", "buy_none", "--reason=x"], 3, "there is no such purchase");

        // April stays as it was.
        assert_eq!(site.json(&words(&report("tsv", "2024-04")))["uses"], 6);
        let now = site.json(&["month", "show", &this_month()]);
        assert_eq!((&now["refunds"], &now["charged"]["yen"]), (&1.into(), &"-7.70".into()));
        let tsv = report("tsv", &this_month());
        site.ends(&words(&tsv), 3, "more was returned than used in this month");
        site.sold_at(now_ms(), 1, &["acc_dave", "acc_erin"]).await;
        for form in ["tsv", "dsr"] {
            let told = site.json(&words(&report(form, &this_month())));
            assert_eq!((&told["uses"], &told["royalty"]["yen"]), (&1.into(), &"7.70".into()));
            assert_eq!(told["ledger_royalty"]["yen"], "7.70");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ledger_is_checked_and_shown() {
    for engine in ENGINES {
        let site = Desk::new(engine).await;
        let _server = site.serve_song_1(&[]);
        site.sold(1).await;
        let sound = site.well(&["ledger", "check"]);
        assert!(sound.contains("3 accounts, 2 transfers, 2 postings compared\nsound\n"), "{sound}");
        assert_eq!(site.json(&["ledger", "accounts"]).as_array().unwrap().len(), 3);
        let of = site.json(&["ledger", "accounts", "--of", "JASRAC"]);
        assert_eq!(
            (&of[0]["account"], &of[0]["balance"]["yen"]),
            (&"org:JASRAC:payable".into(), &"-15.40".into())
        );
        let none = site.well(&["ledger", "accounts", "--of", "nobody"]);
        assert!(none.contains("no accounts of nobody"), "{none}");

        site.execute("UPDATE ledger_account SET credits_posted = credits_posted + 5 WHERE id = 'org:JASRAC:payable'").await;
        site.ends(
            &["ledger", "check"],
            1,
            "org:JASRAC:payable: posted credits are 1545 sen, its postings come to 1540 sen",
        );
        let told = site.run(&["ledger", "check", "--json"]);
        let told: Value = serde_json::from_str(&told.out).unwrap();
        let kinds: Vec<_> = told["discrepancies"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["discrepancy"].clone())
            .collect();
        assert_eq!(kinds, ["posted", "total"], "{engine:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_unknown_is_found_once_it_is_registered() {
    for engine in ENGINES {
        let site = Desk::new(engine).await;
        let server = site.serve_song_1(&[]);
        let platform = site.platform().await;
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        let wire = query(&song(5));
        let asked = ShareRequest {
            wire: &wire,
            method: Method::Drm,
            essence: [9; 32],
            idempotency_key: "upload-0001",
            challenge: None,
        };
        let shared = platform.share("acc_alice", &asked, now.as_millis() as i64).await.unwrap();
        assert!(shared.permit.is_none());
        platform.store().close().await;
        let none = site.well(&["retro"]);
        assert!(none.contains("nothing that was unknown is known now"), "{none}");
        enrol(&server, 5);
        let found = site.json(&["retro"]);
        assert_eq!(
            (&found[0]["recording_id"], &found[0]["times"]),
            (&"song-5".into(), &1.into()),
            "{engine:?}"
        );
        assert_eq!(site.json(&["retro"]), serde_json::json!([]));
    }
}

#[test]
fn where_there_is_nothing_nothing_is_made() {
    let dir = tempdir().unwrap();
    let data = dir.path().join("none");
    let out = dir.path().join("out");
    for arguments in [
        &["rights", "export", path(&out)][..],
        &["rights", "show", "a"],
        &["tariff", "list"],
        &["ledger", "check"],
        &["ledger", "accounts"],
        &["month", "close", "2024-04"],
        &["month", "show", "2024-04"],
        &["audit", "publish"],
        &["audit", "verify"],
        &["audit", "proof", "0"],
        &["audit", "key"],
        &["retro"],
    ] {
        let ended = bare(&[arguments, &["--data", path(&data)]].concat());
        assert_eq!(ended.code, Some(3), "{arguments:?}: {}", ended.says);
        assert!(ended.says.contains("no platform in"), "{}", ended.says);
        assert!(ended.says.contains("start the server once"), "{}", ended.says);
    }
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_ends_an_import_that_waits_for_its_input() {
    let site = Desk::new(Engine::Sqlite).await;
    let mut child = site.command(&["rights", "import", "-"]);
    let mut child = child.stdin(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(CATALOGUE.as_bytes()).unwrap();
    // More than a pipe holds: when it is written, most of it was read.
    input.write_all(&[b'\n'; 1 << 18]).unwrap();
    let kill = format!("kill -INT {}", child.id());
    assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    let ended = ended(child);
    drop(input);
    assert_eq!(ended.code, Some(130), "{}{}", ended.out, ended.says);
    assert!(ended.says.contains("stopped"), "{}", ended.says);
    assert!(!site.file("platform.sqlite").exists());
}

#[test]
fn help_has_an_example_and_the_exit_codes() {
    let help = bare(&["--help"]);
    for name in ["index", "rights", "tariff", "ledger", "month", "report", "audit", "retro"] {
        assert!(help.out.contains(&format!("\n  {name} ")), "{name} is not in\n{}", help.out);
    }
    for (command, names) in [
        ("rights", &["import", "export", "show"][..]),
        ("tariff", &["list", "add", "example"]),
        ("ledger", &["check", "accounts"]),
        ("month", &["close", "show"]),
        ("report", &["tsv", "dsr", "check"]),
        ("audit", &["publish", "verify", "proof", "check-proof", "key"]),
    ] {
        let of_all = bare(&[command, "--help"]);
        assert!(of_all.out.contains("Exit codes:"), "{}", of_all.out);
        for name in names {
            let help = bare(&[command, name, "--help"]);
            assert_eq!(help.code, Some(0));
            let example = format!("onmon-server {command} {name}");
            assert!(help.out.contains(&example), "{command} {name}: {}", help.out);
            assert!(help.out.contains("--json") || *name == "proof", "{command} {name}");
        }
    }
    assert!(bare(&["retro", "--help"]).out.contains("onmon-server retro --data"));
}
