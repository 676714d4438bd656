//! Catalogues into the register and out of it, on both engines.

use onmon_rights::catalogue::{COLUMNS, Import, ImportReport, check, export, import};
use onmon_rights::register::{
    Recording, Work, recording_ids, recordings, replace_recording, replace_work,
};
use onmon_rights::*;
use onmon_store::testing::{ENGINES, Scratch};
use onmon_store::{Engine, Store};
use proptest::prelude::*;
use sqlx::AnyConnection;

const GOLDEN: &str = include_str!("golden/catalogue.csv");

async fn open(engine: Engine) -> (Scratch, Store) {
    let scratch = Scratch::new(engine).await;
    let store = Store::open(&scratch.location, &[SCHEMA]).await.unwrap();
    (scratch, store)
}

async fn exported(c: &mut AnyConnection) -> String {
    let mut bytes = Vec::new();
    export(c, &mut bytes).await.unwrap();
    String::from_utf8(bytes).unwrap()
}

/// A catalogue with the columns of a share, from lines without codes and titles.
fn shares(lines: &[&str]) -> String {
    let header = "recording_id,right,work_id,claimant,share_ppm,forms,territories,state";
    std::iter::once(header).chain(lines.iter().copied()).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn export_import_export_gives_the_same_bytes() {
    for engine in ENGINES {
        let (_scratch, store) = open(engine).await;
        let mut c = store.begin().await.unwrap();
        let report = import(&mut c, GOLDEN.as_bytes()).await.unwrap();
        let want =
            ImportReport { lines: 8, recordings_new: 4, works_new: 3, ..ImportReport::default() };
        assert_eq!(report, want, "{engine:?}");
        assert_eq!(exported(&mut c).await, GOLDEN, "{engine:?}");

        let again = import(&mut c, GOLDEN.as_bytes()).await.unwrap();
        let want =
            ImportReport { lines: 8, recordings_same: 4, works_same: 3, ..ImportReport::default() };
        assert_eq!(again, want);
        assert!(again.changed_nothing() && !report.changed_nothing());
        c.commit().await.unwrap();

        // As a spreadsheet saves it: byte-order mark, CRLF, columns turned round, all quoted.
        let (_other, other) = open(engine).await;
        let mut c = other.begin().await.unwrap();
        import(&mut c, turned(GOLDEN).as_bytes()).await.unwrap();
        assert_eq!(exported(&mut c).await, GOLDEN, "{engine:?}");
    }
}

fn turned(text: &str) -> String {
    let mut out = "\u{feff}".to_owned();
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    for record in reader.records() {
        let record = record.unwrap();
        let cells: Vec<String> =
            record.iter().rev().map(|cell| format!("\"{}\"", cell.replace('"', "\"\""))).collect();
        out += &cells.join(",");
        out += "\r\n";
    }
    out
}

#[tokio::test]
async fn each_bad_line_is_named_with_its_column_and_what_would_be_right() {
    let text = "recording_id,isrc,right,work_id,iswc,jasrac_code,title,claimant,ipi,share_ppm,forms,\
                territories,valid_from,valid_until,state\r\n\
                good,,interactive_distribution,w1,,,T,JASRAC,,1000000,all,world,,,entrusted\r\n\
                a,JPX,interactive_distribution,w2,T-034.524.680-2,,T,JASRAC,,1000000,all,world,,,entrusted\r\n\
                b,,interactive_distribution,w3,,A,T,J R,00014107339,0,lend,UK,2026-02-30,2026,free\r\n\
                c,,interactive_distribution,w4,,,\"T\r\nx\",JASRAC,,1.5,all,world,2026-02-01,2026-02-01,\r\n\
                d,,,w5,,,,,,,,,,,\r\n\
                e,,interactive_distribution,,,,T,JASRAC,,1,all,world,,,entrusted\r\n\
                f,,master_making_available,w,,,,JASRAC,,1,all,world,,,entrusted\r\n\
                g,,interactive_distribution,w6,,,T,,,1,,,,,\r\n\
                ,,,,,,,,,,,,,,\r\n\
                \r\n\
                h,one,too,few\r\n";
    let want = [
        "line 3, isrc `JPX`: an ISRC has 12 characters, CC-XXX-YY-NNNNN, hyphens optional (as JP-B01-23-45678)",
        "line 3, iswc `T-034.524.680-2`: the ISWC's check digit should be 1: look for a wrong or swapped digit",
        "line 4, claimant `J R`: an organisation's name has 1 to 32 characters of A-Z 0-9 _ . - (as JASRAC)",
        "line 4, ipi `00014107339`: the IPI's last two digits should be 38: look for a wrong or swapped digit",
        "line 4, share_ppm `0`: a share is a whole number of parts per million, 1 to 1000000 (half is 500000)",
        "line 4, forms `lend`: a form of use is `upload`, `download`, `limited_download` or `stream`; several are separated by `;`, and `all` stands alone",
        "line 4, territories `UK`: a territory is `world` or two letters of ISO 3166-1 (as JP)",
        "line 4, valid_from `2026-02-30`: there is no such day between 1900-01-01 and 9999-12-31",
        "line 4, valid_until `2026`: a date has the form YYYY-MM-DD (as 2026-04-01)",
        "line 4, state `free`: a claim's state is `entrusted` or `not_entrusted`; what is unknown has no claim",
        "line 4, jasrac_code `A`: a JASRAC code has 8 characters, a digit, a digit or letter, six digits, hyphens optional (as 0A0-0000-0)",
        "line 5, share_ppm `1.5`: a share is a whole number of parts per million, 1 to 1000000 (half is 500000)",
        "line 5, valid_until `2026-02-01`: the period ends before it begins: its last column is the first day no longer meant",
        "line 5, state ``: it must be given here",
        "line 5, title `T\r\nx`: it has a control character; only printable text is taken",
        "line 7, right ``: it must be given here",
        "line 8, work_id ``: a work needs a work_id or one of the codes",
        "line 9, work_id `w`: a claim to the master names no work: leave it empty, or write the work's right",
        "line 10, share_ppm `1`: it belongs to a claim: give the claimant, or leave it empty",
        "line 11, recording_id ``: it must be given here",
        "line 13: it has 4 cells, the header names 15; a cell with a comma needs quotes",
    ];
    for engine in ENGINES {
        let (_scratch, store) = open(engine).await;
        let mut c = store.begin().await.unwrap();
        let report = import(&mut c, text.as_bytes()).await.unwrap();
        let found: Vec<String> = report.bad.iter().map(ToString::to_string).collect();
        assert_eq!(found, want, "{engine:?}");
        assert_eq!((report.lines, report.bad_lines, report.held_back), (10, 9, 0));
        assert_eq!(recording_ids(&mut c).await.unwrap(), ["good"]);
    }
}

#[tokio::test]
async fn a_recording_with_a_bad_line_stays_as_it_was() {
    let before = shares(&["r,interactive_distribution,w,JASRAC,1000000,all,world,entrusted"]);
    let after = shares(&[
        "r,interactive_distribution,w,JASRAC,500000,all,world,entrusted",
        "r,interactive_distribution,w,NEXTONE,fifty,all,world,not_entrusted",
        "s,interactive_distribution,v,JASRAC,1000000,all,world,entrusted",
    ]);
    for engine in ENGINES {
        let (_scratch, store) = open(engine).await;
        let mut c = store.begin().await.unwrap();
        import(&mut c, before.as_bytes()).await.unwrap();
        let was = claims_of(&mut c, &["r"]).await.unwrap();
        let report = import(&mut c, after.as_bytes()).await.unwrap();
        assert_eq!((report.bad_lines, report.held_back, report.recordings_new), (1, 1, 1));
        assert_eq!(claims_of(&mut c, &["r"]).await.unwrap(), was, "{engine:?}");
        assert_eq!(claims_of(&mut c, &["s"]).await.unwrap()[0].works.len(), 1);
    }
}

#[tokio::test]
async fn in_one_transaction_in_many_and_dry_it_reports_the_same() {
    let mut lines = vec![
        "a,interactive_distribution,w,JASRAC,500000,all,world,entrusted".to_owned(),
        "b,interactive_distribution,w,JASRAC,600000,all,world,entrusted".to_owned(),
        "c,interactive_distribution,v,JASRAC,half,all,world,entrusted".to_owned(),
        ",interactive_distribution,v,JASRAC,1,all,world,entrusted".to_owned(),
    ];
    // More than are read at once.
    lines.extend((0..1_200).map(|n| {
        format!("r{n},interactive_distribution,w{},JASRAC,1000000,all,world,entrusted", n / 2)
    }));
    let text = shares(&lines.iter().map(String::as_str).collect::<Vec<_>>());
    for engine in ENGINES {
        let (_one, one) = open(engine).await;
        let mut c = one.begin().await.unwrap();
        let want = import(&mut c, text.as_bytes()).await.unwrap();
        // `r0` is held back: the line of nobody may be its own.
        assert_eq!((want.bad_lines, want.recordings_new, want.works_new), (3, 1_200, 601));
        let register = exported(&mut c).await;
        drop(c);

        let (_many, many) = open(engine).await;
        let mut dry = Import::begin_dry(text.as_bytes()).unwrap();
        let mut reader = many.readers().acquire().await.unwrap();
        while dry.read().unwrap() {
            dry.take(&mut reader, || false).await.unwrap();
        }
        assert_eq!(dry.report(), want, "{engine:?}");
        assert!(recording_ids(&mut reader).await.unwrap().is_empty());

        let (mut batches, mut done) = (0, false);
        let mut of_many = Import::begin(text.as_bytes()).unwrap();
        while of_many.read().unwrap() {
            while !of_many.is_taken() {
                assert!(!done, "there is more after the end");
                let mut c = many.begin().await.unwrap();
                of_many.take(&mut c, || batches % 3 == 0).await.unwrap();
                done = of_many.is_done();
                c.commit().await.unwrap();
                batches += 1;
            }
        }
        assert!(done && batches > 3);
        assert_eq!(of_many.report(), want, "{engine:?}");
        assert_eq!(exported(&mut reader).await, register, "{engine:?}");
    }
}

#[test]
fn what_cannot_be_taken_in_parts_is_found_before() {
    let line = |id: &str| format!("{id},interactive_distribution,w,JASRAC,1,all,world,entrusted");
    let lines = [line("a"), line("b"), "bad".to_owned(), line("c"), line("a")];
    let text = shares(&lines.each_ref().map(String::as_str));
    assert_eq!(check(text.as_bytes()).unwrap_err().code(), "catalogue_scattered");
    check(shares(&lines.each_ref().map(String::as_str)[..4]).as_bytes()).unwrap();
    assert!(check(&b"recording_id,sahre_ppm\na,1\n"[..]).is_err());
    check(GOLDEN.as_bytes()).unwrap();
}

#[tokio::test]
async fn a_line_of_nobody_may_be_of_the_recordings_beside_it() {
    let text = shares(&[
        "a,interactive_distribution,w,JASRAC,1000000,all,world,entrusted",
        "b,interactive_distribution,w,JASRAC,1000000,all,world,entrusted",
        ",interactive_distribution,v,NEXTONE,1000000,all,world,not_entrusted",
        "c,interactive_distribution,w,JASRAC,1000000,all,world,entrusted",
        "d,interactive_distribution,w,JASRAC,1000000,all,world,entrusted",
        "interactive_distribution,v,NEXTONE,1000000,all,world,not_entrusted",
        "d,interactive_distribution,v,NEXTONE,1000000,all,world,entrusted",
        "e,interactive_distribution,w,JASRAC,1000000,all,world,entrusted",
    ]);
    let (_scratch, store) = open(Engine::Sqlite).await;
    let mut c = store.begin().await.unwrap();
    let report = import(&mut c, text.as_bytes()).await.unwrap();
    assert_eq!((report.lines, report.bad_lines, report.held_back), (8, 2, 5));
    assert_eq!(recording_ids(&mut c).await.unwrap(), ["a"]);
}

#[tokio::test]
async fn lines_that_contradict_each_other_are_not_taken() {
    let (_scratch, store) = open(Engine::Sqlite).await;
    let mut c = store.begin().await.unwrap();
    let twice = shares(&[
        "r,interactive_distribution,w,JASRAC,500000,all,world,entrusted",
        "r,interactive_distribution,w,JASRAC,500000,all,world,entrusted",
    ]);
    let report = import(&mut c, twice.as_bytes()).await.unwrap();
    assert_eq!(
        report.bad[0].to_string(),
        "line 3, claimant `JASRAC`: the same claim is on line 2; add their shares up into one"
    );
    let two_ways = shares(&[
        "r,interactive_distribution,w,JASRAC,500000,all,world,entrusted",
        "s,interactive_distribution,w,JASRAC,600000,all,world,entrusted",
        "t,interactive_distribution,w,JASRAC,500000,all,world,entrusted",
    ]);
    let report = import(&mut c, two_ways.as_bytes()).await.unwrap();
    assert_eq!(
        report.bad[0].to_string(),
        "line 3, work_id `w`: the work is given in another way on line 2; make them alike"
    );
    assert_eq!(recording_ids(&mut c).await.unwrap(), ["r", "t"]);
    let scattered = shares(&[
        "x,interactive_distribution,w,JASRAC,500000,all,world,entrusted",
        "y,interactive_distribution,w,JASRAC,500000,all,world,entrusted",
        "x,interactive_distribution,v,NEXTONE,500000,all,world,not_entrusted",
    ]);
    let error = import(&mut c, scattered.as_bytes()).await.unwrap_err();
    assert_eq!(error.code(), "catalogue_scattered");
    assert!(error.to_string().contains("`x` do not stand together: line 2 and again line 4"));
}

#[tokio::test]
async fn what_is_no_catalogue_is_refused() {
    let (_scratch, store) = open(Engine::Sqlite).await;
    let mut c = store.begin().await.unwrap();
    for (text, words) in [
        ("", "the catalogue is empty"),
        ("\n\n", "the catalogue is empty"),
        ("recording_id,sate", "unknown column `sate`"),
        ("recording_id,state,State", "the column `state` comes twice"),
        ("isrc,state", "needs a column `recording_id`"),
        (&"x,".repeat(5_000), "unknown column `x`"),
        ("recording_id\n\"a", ""),
    ] {
        match import(&mut c, text.as_bytes()).await {
            Err(error) => assert!(error.to_string().contains(words), "{error}"),
            // A quote that ends with the file is closed by it.
            Ok(report) => assert_eq!((words, report.recordings_new), ("", 1)),
        }
    }
    let endless = format!("recording_id\n\"{}", "x".repeat(2 << 20));
    let error = import(&mut c, endless.as_bytes()).await.unwrap_err();
    assert_eq!(error.code(), "catalogue_read");
    let not_utf8 = [&b"recording_id,isrc\nr,\xff\xfe\n"[..], b"\xff,\n"].concat();
    let report = import(&mut c, &not_utf8[..]).await.unwrap();
    let columns: Vec<_> = report.bad.iter().map(|bad| (bad.line, bad.column)).collect();
    assert_eq!(columns, [(2, Some("isrc")), (3, Some("recording_id"))]);
}

#[tokio::test]
async fn what_was_imported_decides() {
    for engine in ENGINES {
        let (_scratch, store) = open(engine).await;
        let mut c = store.begin().await.unwrap();
        import(&mut c, GOLDEN.as_bytes()).await.unwrap();
        c.commit().await.unwrap();
        let mut c = store.readers().acquire().await.unwrap();
        let claims = claims_of(&mut c, &["aurora-2019"]).await.unwrap();
        let used = |form, territory: &str, with_master| Use {
            right: Right::InteractiveDistribution,
            with_master,
            form,
            territory: territory.parse().unwrap(),
            date: "2026-04-01".parse().unwrap(),
        };
        let table = [
            (used(UsageForm::Download, "JP", false), Decision::Permit, 0),
            (used(UsageForm::Download, "JP", true), Decision::Refuse, 0),
            (used(UsageForm::Stream, "JP", true), Decision::UnknownShare, 1_000_000),
            (used(UsageForm::Upload, "JP", false), Decision::UnknownShare, 500_000),
            (used(UsageForm::Download, "US", false), Decision::UnknownShare, 500_000),
        ];
        for (used, decision, unknown_ppm) in table {
            let ruling = decide(&claims, &used);
            assert_eq!(
                (ruling.decision, ruling.unknown_ppm()),
                (decision, unknown_ppm),
                "{used:?}"
            );
        }
    }
}

/// Lines of a catalogue, made as they are read.
struct Endless {
    recordings: std::ops::Range<u64>,
    line: Vec<u8>,
}

impl std::io::Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.line.is_empty() {
            let Some(i) = self.recordings.next() else { return Ok(0) };
            let line = |claimant: &str| {
                format!(
                    "rec-{i:08},interactive_distribution,work-{:08},{claimant},500000,all,world,entrusted\n",
                    i / 2
                )
            };
            self.line = (line("JASRAC") + &line("NEXTONE")).into_bytes();
        }
        let some = self.line.len().min(buffer.len());
        buffer[..some].copy_from_slice(&self.line[..some]);
        self.line.drain(..some);
        Ok(some)
    }
}

/// How long it took, the most memory the process has had, and what was done; then the same again.
async fn import_many(recordings: u64) -> (String, ImportReport, ImportReport) {
    let (_scratch, store) = open(Engine::Sqlite).await;
    let header = shares(&[""]).into_bytes();
    let begun = std::time::Instant::now();
    let mut c = store.begin().await.unwrap();
    let file = || Endless { recordings: 0..recordings, line: header.clone() };
    let first = import(&mut c, file()).await.unwrap();
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default();
    let took = format!("{:?}; peak {peak}", begun.elapsed());
    let second = import(&mut c, file()).await.unwrap();
    assert_eq!(recordings_of(&mut c).await, recordings);
    c.commit().await.unwrap();
    (took, first, second)
}

async fn recordings_of(c: &mut AnyConnection) -> u64 {
    let ids = recording_ids(c).await.unwrap();
    assert!(ids.last().is_none_or(|id| id.starts_with("rec-")));
    assert_eq!(recordings(c, &[&ids[0]]).await.unwrap()[0].work_ids.len(), 1);
    ids.len() as u64
}

#[tokio::test]
async fn a_long_file_is_taken_and_taken_again_without_a_change() {
    let (_, first, second) = import_many(1_500).await;
    assert_eq!((first.lines, first.recordings_new, first.works_new), (3_000, 1_500, 750));
    assert!(second.changed_nothing());
    assert_eq!((second.recordings_same, second.works_same), (1_500, 750));
}

/// 1,000,000 lines; `cargo test -p onmon-rights --test catalogue -- --ignored --nocapture`.
#[tokio::test]
#[ignore = "minutes; a measurement"]
async fn a_million_lines_in_bounded_memory() {
    let (took, first, second) = import_many(500_000).await;
    assert_eq!(first.lines, 1_000_000);
    assert!(second.changed_nothing());
    println!("1,000,000 lines of 500,000 recordings: {took}");
}

#[tokio::test]
async fn a_request_can_wait_for_an_import() {
    fn sendable<T: Send>(of: T) -> T {
        of
    }
    let (_scratch, store) = open(Engine::Sqlite).await;
    let mut c = store.begin().await.unwrap();
    sendable(import(&mut c, GOLDEN.as_bytes())).await.unwrap();
    sendable(export(&mut c, Vec::new())).await.unwrap();
    sendable(claims_of(&mut c, &["r"])).await.unwrap();
}

#[test]
fn the_columns_are_those_of_the_golden_file() {
    assert_eq!(GOLDEN.lines().next().unwrap(), COLUMNS.join(","));
}

fn any_text() -> impl Strategy<Value = String> {
    // Whatever the register takes: printable, no white space at the ends.
    prop_oneof!["[=+@'\",;a -]{0,8}", "\\PC{0,12}"].prop_map(|text: String| text.trim().to_owned())
}

fn any_names() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(any_text(), 0..3).prop_map(|names| {
        let names = names.iter().map(|name| name.replace(';', "").trim().to_owned());
        names.filter(|name| !name.is_empty()).collect()
    })
}

fn any_claims() -> impl Strategy<Value = Vec<Claim>> {
    let claim = (0..3usize, 1..=WHOLE_PPM, 1..16u8, 0..4usize, any::<[bool; 3]>());
    prop::collection::vec(claim, 0..4).prop_map(|claims| {
        let claims =
            claims.into_iter().map(|(who, share_ppm, forms, place, [party, ends, yes])| {
                let forms =
                    UsageForm::ALL.into_iter().filter(|form| forms & (1 << *form as u8) != 0);
                let until = ends.then(|| "2027-01-01".parse().unwrap());
                Claim {
                    claimant: ["JASRAC", "NEXTONE", "X.-_1"][who].parse().unwrap(),
                    party: party.then(|| "00014107338".parse().unwrap()),
                    share_ppm,
                    form: FormSet::of(forms).unwrap(),
                    territory: ["world", "JP", "world;-JP", "JP;KR"][place].parse().unwrap(),
                    period: Period::new(None, until).unwrap(),
                    state: if yes { ClaimState::Entrusted } else { ClaimState::NotEntrusted },
                }
            });
        // No claim comes twice.
        claims.collect::<std::collections::BTreeSet<_>>().into_iter().collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn whatever_the_register_holds_comes_back_from_its_export(
        works in prop::collection::vec((any_text(), any_names(), any_names(), any_claims()), 1..4),
        recordings in prop::collection::vec((any_text(), any::<[bool; 4]>(), any_claims()), 1..5),
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (_one, one) = open(Engine::Sqlite).await;
            let mut c = one.begin().await.unwrap();
            for (i, (title, composers, lyricists, claims)) in works.iter().enumerate() {
                let work = Work {
                    work_id: format!("{}{i}", ["=", "'", "w", "-"][i]),
                    title: Some(title.clone()),
                    composers: composers.clone(),
                    lyricists: lyricists.clone(),
                    claims: claims.clone(),
                    ..Work::default()
                };
                replace_work(&mut c, &work).await.unwrap();
            }
            for (i, (name, has, master)) in recordings.iter().enumerate() {
                let of = (0..works.len()).filter(|at| has[*at]);
                let recording = Recording {
                    recording_id: format!("{name}{i}"),
                    work_ids: of.map(|at| format!("{}{at}", ["=", "'", "w", "-"][at])).collect(),
                    master: master.clone(),
                    ..Recording::default()
                };
                replace_recording(&mut c, &recording).await.unwrap();
            }
            let first = exported(&mut c).await;
            let again = import(&mut c, first.as_bytes()).await.unwrap();
            assert!(again.changed_nothing() && again.bad.is_empty(), "{again:?}\n{first}");
            let (_two, two) = open(Engine::Sqlite).await;
            let mut c = two.begin().await.unwrap();
            import(&mut c, first.as_bytes()).await.unwrap();
            assert_eq!(exported(&mut c).await, first);
        });
    }
}
