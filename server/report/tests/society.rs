//! The societies' files: golden, true to the sums, and safe whatever the texts are.

mod sample;

use onmon_report::society::*;
use onmon_report::*;
use proptest::prelude::*;
use sample::{any_lines, april, correction, download, lines};

/// What makes a good line a bad one.
type Change = fn(&mut UsageLine);

fn report(society: Society, encoding: Encoding) -> SocietyReport {
    let organisation = match society {
        Society::Jasrac => "JASRAC",
        Society::Nextone => "NEXTONE",
    };
    SocietyReport {
        society,
        organisation: organisation.into(),
        licence_number: "J123456789".into(),
        month: april(),
        form: Form::Download,
        encoding,
    }
}

/// With `ONMON_GOLDEN=1` the files are written instead: read the difference before it is kept.
#[track_caller]
fn golden(name: &str, bytes: &[u8]) {
    let path = format!("{}/tests/golden/{name}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("ONMON_GOLDEN").is_some() {
        std::fs::write(&path, bytes).unwrap();
    }
    assert_eq!(
        String::from_utf8_lossy(&std::fs::read(&path).unwrap()),
        String::from_utf8_lossy(bytes)
    );
}

#[test]
fn the_file_of_jasrac() {
    let file = write(&lines(), &report(Society::Jasrac, Encoding::Utf8)).unwrap();
    golden("jasrac.tsv", &file.bytes);
    assert_eq!(file.name, "J123456789202604.txt");
    // 1 + 40 (and 1 - 1) at 100 yen, 3 at 40.50, 1 without a price, the medley's two works.
    assert_eq!((file.lines, file.requests), (5, 41 + 3 + 1 + 2));
    assert_eq!((file.totals.lines, file.totals.net(), file.left_out), (7, 46, 3));
    assert_eq!(file.totals.royalty_sen, 770 * 4 + 30_800 + 770 - 770);
    assert_eq!(file.totals.royalty_sen_of["NEXTONE"], 192);
    let checked = check(&file.name, &file.bytes, Society::Jasrac, Encoding::Utf8, Some(5));
    assert_eq!(checked.faults, []);
    assert_eq!((checked.lines, checked.requests), (file.lines, file.requests));
}

#[test]
fn the_file_of_nextone_has_two_fields_more() {
    let file = write(&lines(), &report(Society::Nextone, Encoding::Utf8)).unwrap();
    golden("nextone.tsv", &file.bytes);
    assert_eq!((file.lines, file.requests), (1, 1));
    let text = String::from_utf8(file.bytes.clone()).unwrap();
    assert!(text.ends_with("\t1\tNexTone\tN00000001\r\n"), "{text}");
    assert_eq!(check(&file.name, &file.bytes, Society::Nextone, Encoding::Utf8, None).faults, []);
}

#[test]
fn shift_jis_says_what_it_could_not_write() {
    let file = write(&lines(), &report(Society::Jasrac, Encoding::ShiftJis)).unwrap();
    golden("jasrac.sjis.tsv", &file.bytes);
    let checked = check(&file.name, &file.bytes, Society::Jasrac, Encoding::ShiftJis, Some(5));
    assert_eq!(checked.faults, []);
    let text = encoding_rs::SHIFT_JIS.decode(&file.bytes).0.into_owned();
    // The wave dash and the yen sign have twins; the heart has none.
    assert!(text.contains("〓～￥") && text.contains("波～瀬"), "{text}");
    let lost: Vec<(u64, &str, char)> =
        file.substituted.iter().map(|of| (of.line, of.field, of.character)).collect();
    assert_eq!(lost, [(4, "アーティスト名", '♡'), (5, "アーティスト名", '♡')]);
}

#[test]
fn without_uses_the_file_is_empty() {
    let file = write(&[], &report(Society::Jasrac, Encoding::ShiftJis)).unwrap();
    assert_eq!((file.bytes.len(), file.lines, file.requests), (0, 0, 0));
    let checked = check(&file.name, &file.bytes, Society::Jasrac, Encoding::ShiftJis, Some(0));
    assert_eq!(checked.fault_count, 0);
}

#[test]
fn what_does_not_fit_is_an_error_and_not_left_out() {
    let of = report(Society::Jasrac, Encoding::ShiftJis);
    let with = |change: Change| {
        let mut line = download("e");
        change(&mut line);
        write(&[line], &of).unwrap_err().to_string()
    };
    let table: [(Change, &str); 6] = [
        (|line| line.works[0].title = "夜".repeat(101), "原題名 is longer than 200 bytes"),
        (|line| line.works[0].composers = vec!["x".repeat(251)], "作曲者名 is longer than 250"),
        (
            |line| {
                line.works[0].composers = vec![" ".into()];
                line.works[0].lyricists = vec![];
            },
            "needs a composer or a lyricist",
        ),
        (|line| line.works[0].jasrac_code = Some("=1".into()), "ＪＡＳＲＡＣ作品コード must be"),
        (|line| line.recording.title = "\u{0}".into(), "must be given"),
        (|line| line.quantity = 0, "has a quantity and no returns"),
    ];
    for (change, words) in table {
        let error = with(change);
        assert!(error.contains(words), "{error}");
    }
    // Names and artists are cut at whole names and characters.
    let mut line = download("e");
    line.works[0].composers = vec!["名".repeat(60), "前".repeat(60), "a".into()];
    line.recording.artist = "長".repeat(51);
    let text = write(&[line], &report(Society::Jasrac, Encoding::Utf8)).unwrap().bytes;
    let text = String::from_utf8(text).unwrap();
    let cells: Vec<&str> = text.trim_end().split('\t').collect();
    assert_eq!(cells[11], format!("{}／{}／a", "名".repeat(60), "前".repeat(60)));
    assert_eq!(cells[13], "長".repeat(50));

    let back = correction(&download("e"), "c");
    assert_eq!(write(&[back], &of), Err(ReportError::NegativeCount("aurora-2019".into())));
    let twice = [download("e"), download("e")];
    assert_eq!(write(&twice, &of), Err(ReportError::RepeatedEvent("e".into())));
    let bad = SocietyReport { licence_number: "../etc".into(), ..of };
    assert!(matches!(write(&[], &bad), Err(ReportError::Heading("licence number", _))));
}

#[test]
fn each_fault_of_a_file_is_named_by_line_and_field() {
    let good = write(&[download("e")], &report(Society::Jasrac, Encoding::Utf8)).unwrap();
    let line = String::from_utf8(good.bytes).unwrap();
    let with = |at: usize, cell: &str| {
        let mut cells: Vec<&str> = line.trim_end_matches("\r\n").split('\t').collect();
        cells[at] = cell;
        cells.join("\t") + "\r\n"
    };
    let long = "x".repeat(201);
    let table = [
        (line.replace("\r\n", "\n"), "line 1: it does not end with CRLF"),
        (line.replace("\r\n", ""), "line 1: it does not end with CRLF"),
        (line.replacen('\t', "", 1), "line 1: it has 18 fields and should have 19"),
        (format!("\u{feff}{line}"), "line 1: it begins with a byte-order mark"),
        (with(0, ""), "line 1, インターフェイスキーコード: it must be given"),
        (with(0, "あ"), "line 1, インターフェイスキーコード: it should be letters"),
        (with(2, "0"), "line 1, コンテンツ枝番: it should be three digits"),
        (with(3, "M"), "line 1, メドレー枝番: the parts of a medley"),
        (with(6, "0A0-0000-0"), "line 1, ＪＡＳＲＡＣ作品コード: it should be a digit"),
        (with(7, ""), "line 1, 原題名: it must be given"),
        (with(7, "=1"), "line 1, 原題名: it should be printable text"),
        (with(7, &long), "line 1, 原題名: it has 201 bytes, at most 200"),
        (with(14, "1,000"), "line 1, 情報料（税抜）: it should be digits"),
        (with(15, "X"), "line 1, ＩＶＴ区分: it should be I, V or T"),
        (with(16, ""), "line 1, 原詞訳詞区分: with V or T it must be"),
        (with(18, "-1"), "line 1, リクエスト回数: it should be digits"),
        (line.clone() + &line, "line 2: the same key, part and price are on line 1"),
    ];
    for (text, words) in table {
        let found = check(&good.name, text.as_bytes(), Society::Jasrac, Encoding::Utf8, None);
        let said: Vec<String> = found.faults.iter().map(ToString::to_string).collect();
        assert!(said.iter().any(|said| said.starts_with(words)), "{words}: {said:?}");
    }
    let check = |name: &str, bytes: &[u8], declared| {
        let found = check(name, bytes, Society::Jasrac, Encoding::ShiftJis, declared);
        found.faults.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let name =
        "the file: its name should be the licence number, year and month: J123456789201312.txt";
    for wrong in ["J123456789202613.txt", "202604.txt", "J1-202604.txt", "J123456789202604.tsv", ""]
    {
        assert_eq!(check(wrong, b"", None), [name], "{wrong}");
    }
    assert_eq!(check(&good.name, b"", Some(1)), ["the file: it has 0 lines, 1 were declared"]);
    let broken = check(&good.name, b"\x81\r\n", None);
    assert_eq!(broken[0], "line 1: it has bytes that are not of its encoding");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_is_written_is_right_and_sums_to_the_lines(
        lines in any_lines(),
        form in 0..4usize,
        sjis in any::<bool>(),
    ) {
        let encoding = if sjis { Encoding::ShiftJis } else { Encoding::Utf8 };
        let report = SocietyReport { form: Form::ALL[form], ..report(Society::Jasrac, encoding) };
        let file = write(&lines, &report).unwrap();
        let found = check(&file.name, &file.bytes, Society::Jasrac, encoding, Some(file.lines));
        prop_assert_eq!(&found.faults, &[]);
        let of_form: Vec<&UsageLine> =
            lines.iter().filter(|line| line.form == report.form && !line.works.is_empty()).collect();
        let counts: i64 = of_form.iter().map(|line| line.net() * line.works.len() as i64).sum();
        prop_assert_eq!((found.requests as i64, file.requests as i64), (counts, counts));
        let royalties: i64 = of_form.iter().map(|line| line.royalty_sen).sum();
        prop_assert_eq!(file.totals.royalty_sen, royalties);
        prop_assert_eq!(file.totals.lines + file.left_out, lines.len() as u64);
        // Each line has exactly the societies' tabs, and no cell begins a formula.
        if !sjis {
            let text = String::from_utf8(file.bytes).unwrap();
            for line in text.lines() {
                prop_assert_eq!(line.matches('\t').count(), 18);
                prop_assert!(!line.split('\t').any(|cell| cell.starts_with(['=', '+', '-', '@'])));
            }
        }
    }

    #[test]
    fn no_file_makes_the_check_panic(
        bytes in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..300),
            "(([0-9A-Z=.]{0,3}\t){15,20}[0-9]{0,25}\r?\n){0,4}".prop_map(String::into_bytes),
        ],
        name in "\\PC{0,12}(202604.txt)?",
        sjis in any::<bool>(),
        nextone in any::<bool>(),
    ) {
        let encoding = if sjis { Encoding::ShiftJis } else { Encoding::Utf8 };
        let society = if nextone { Society::Nextone } else { Society::Jasrac };
        let found = check(&name, &bytes, society, encoding, Some(3));
        prop_assert_eq!(found.fault_count as usize, found.faults.len());
    }
}
