//! The Digital Sales Report: golden, true to the sums, and safe whatever the texts are.

mod sample;

use onmon_report::dsr::*;
use onmon_report::*;
use proptest::prelude::*;
use sample::{any_lines, april, correction, download, lines};

fn report() -> DsrReport {
    let party = |dpid: &str, name: &str| Party { dpid: dpid.into(), name: name.into() };
    DsrReport {
        sender: party("PADPIDA2026042501A", "onmon"),
        recipient: party("PADPIDA2008120501W", "The Society"),
        service: "onmon".into(),
        message_id: "2026-04-1".into(),
        created_ms: 1_777_593_600_000,
        month: april(),
        territory: "JP".into(),
        currency: "JPY".into(),
        unpriced: Unpriced::FreeOfCharge,
        organisation: None,
    }
}

/// With `ONMON_GOLDEN=1` the files are written instead: read the difference before it is kept.
#[track_caller]
fn golden(name: &str, text: &str) {
    let path = format!("{}/tests/golden/{name}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("ONMON_GOLDEN").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
}

#[test]
fn a_report_of_downloads() {
    let file = write(&lines(), &report()).unwrap();
    golden("downloads.dsr.tsv", &file.text);
    assert_eq!(
        file.name,
        "DSR_PADPIDA2008120501W_PADPIDA2026042501A_onmon_2026-04_JP_1of1_20260501T000000.tsv"
    );
    let checked = check(file.text.as_bytes());
    assert_eq!(checked.faults, []);
    assert_eq!((checked.lines, checked.summaries, checked.blocks), (14, 3, 2));
    assert_eq!(checked.usages_millionths, 47_000_000);
    assert_eq!((file.totals.net(), file.left_out), (47, 2));
    let of = DsrReport { organisation: Some("NEXTONE".into()), ..report() };
    let file = write(&lines(), &of).unwrap();
    assert_eq!((file.totals.lines, file.left_out), (1, 9));
    assert_eq!(check(file.text.as_bytes()).faults, []);
}

#[test]
fn without_uses_a_report_is_head_summary_and_foot() {
    let file = write(&[], &report()).unwrap();
    golden("empty.dsr.tsv", &file.text);
    let types: Vec<&str> = file.text.lines().filter_map(|line| line.split('\t').next()).collect();
    assert_eq!(types, ["HEAD", "SY01.03", "FOOT"]);
    assert_eq!(check(file.text.as_bytes()).faults, []);
}

#[test]
fn more_returns_than_uses_are_reported_as_such() {
    let back = correction(&download("before"), "c");
    let file = write(&[back], &report()).unwrap();
    assert!(
        file.text.contains("\ttrue\tfalse\t-1\t1\t100\t\tPermanentDownload\n"),
        "{}",
        file.text
    );
    assert!(file.text.contains("\t-1\t\tJPY\t-100\t"), "{}", file.text);
    assert_eq!(check(file.text.as_bytes()).faults, []);
}

#[test]
fn headings_that_the_format_does_not_take_are_errors() {
    let party = |dpid: &str| Party { dpid: dpid.into(), name: "x".into() };
    let table = [
        (DsrReport { sender: party("DPIDA12345SDF"), ..report() }, "sender"),
        (DsrReport { recipient: party(""), ..report() }, "recipient"),
        (DsrReport { service: "on mon".into(), ..report() }, "service"),
        (DsrReport { service: "../x".into(), ..report() }, "service"),
        (DsrReport { territory: "Japan".into(), ..report() }, "territory"),
        (DsrReport { message_id: "a\tb".into(), ..report() }, "message id"),
        (DsrReport { created_ms: i64::MAX, ..report() }, "moment"),
        (DsrReport { currency: "USD".into(), ..report() }, "currency"),
    ];
    for (of, what) in table {
        let error = write(&lines(), &of).unwrap_err();
        assert!(matches!(error, ReportError::Heading(found, _) if found == what), "{error}");
    }
}

#[test]
fn each_fault_of_a_file_is_named_by_line_and_cell() {
    let good = write(&[download("e")], &report()).unwrap().text;
    let lines: Vec<&str> = good.lines().collect();
    assert_eq!(lines.len(), 5);
    let with = |line: usize, at: usize, cell: &str| {
        let mut lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        let mut cells: Vec<&str> = lines[line - 1].split('\t').collect();
        cells[at - 1] = cell;
        lines[line - 1] = cells.join("\t");
        lines.join("\n") + "\n"
    };
    let order =
        |of: &[usize]| of.iter().map(|i| lines[i - 1].to_owned() + "\n").collect::<String>();
    let table = [
        (String::new(), "the file: the file has no HEAD record"),
        (order(&[1, 2]), "the file: the file has no FOOT record"),
        (order(&[2, 1, 3, 4, 5]), "line 1: a file is HEAD, summaries"),
        (order(&[1, 2, 4, 3, 5]), "line 3: a file is HEAD, summaries"),
        (order(&[1, 2, 3, 4, 5, 5]), "line 6: a file is HEAD, summaries"),
        (order(&[1, 2, 3, 5]), "line 4: a file is HEAD, summaries"),
        (good.trim_end().to_owned(), "line 5: it does not end with a line feed"),
        (good.replacen('\t', "", 1), "line 1: `HEADdsrf/1.3/1.4.1/1` is no record"),
        (good.replacen("\t1\t1\t", "\t1\t", 1), "line 1: it has 15 cells and should have 16"),
        (with(1, 5, ""), "line 1, MessageId: it must be given"),
        (with(1, 6, "yesterday"), "line 1, MessageCreatedDateTime: it should be a moment"),
        (with(1, 11, "x"), "line 1, SenderPartyId: it should be a DDEX party id"),
        (with(2, 9, "2"), "line 2, TotalUsages: it says 2, the records sum to 1"),
        (with(2, 12, "7.7"), "line 2, NetRevenue: it says 7.7, the records sum to 100"),
        (with(3, 5, "JP-B01"), "line 3, ResourceISRC: it should be ISRCs"),
        (with(3, 6, "a|b"), "line 3, ResourceTitle: it should be one text"),
        (with(3, 6, "a\\b"), "line 3: a backslash is written"),
        (with(3, 12, "T-034.524.680-1"), "line 3, MusicalWorkISWC: it should be T and ten digits"),
        (with(4, 2, "2"), "line 4, BlockId: there is no record `2`"),
        (with(4, 3, "9"), "line 4, SummaryRecordId: there is no record `9`"),
        (with(4, 6, "7"), "line 4, TransactedResourceReference: there is no record `7`"),
        (with(4, 6, ""), "line 4: a use refers to a release or to a resource"),
        (with(4, 9, "one"), "line 4, Usages: it should be a number"),
        (with(4, 10, "-1"), "line 4, Returns: it should be a number that is not negative"),
        (with(4, 11, ""), "line 4, PriceEndUserPaidExcSalesTax: it must be given"),
        (with(5, 2, "4"), "line 5, NumberOfLinesInFile: it says 4, the records sum to 5"),
        (with(5, 4, "2"), "line 5, NumberOfSummaryRecords: it says 2, the records sum to 1"),
        (with(5, 5, "x"), "line 5, NumberOfBlocksInFile: it should be up to 18 digits"),
    ];
    for (text, words) in table {
        let found = check(text.as_bytes());
        let said: Vec<String> = found.faults.iter().map(ToString::to_string).collect();
        assert!(said.iter().any(|said| said.starts_with(words)), "{words}: {said:?}");
    }
    let repeated = order(&[1, 2, 2, 3, 4, 3, 5]);
    let said: Vec<String> =
        check(repeated.as_bytes()).faults.iter().map(ToString::to_string).collect();
    assert!(said.contains(
        &"line 3, SummaryRecordId: the id `1` is taken; a block's records stand together".into()
    ));
    let not_utf8 = [good.as_bytes(), b"\xff\n"].concat();
    assert!(check(&not_utf8).faults.iter().any(|of| of.fault == Fault::NotUtf8));
    // CRLF and empty records are allowed.
    let crlf = good.replace('\n', "\r\n");
    assert_eq!(check(crlf.as_bytes()).faults, []);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_is_written_is_right_and_sums_to_the_lines(lines in any_lines()) {
        let file = write(&lines, &report()).unwrap();
        let found = check(file.text.as_bytes());
        prop_assert_eq!(&found.faults, &[]);
        let taken = |line: &&UsageLine| matches!(line.form, Form::Download | Form::LimitedDownload);
        let of_form: Vec<UsageLine> = lines.iter().filter(taken).cloned().collect();
        prop_assert_eq!(&file.totals, &totals(&of_form).unwrap());
        prop_assert_eq!(found.usages_millionths, i128::from(file.totals.net()) * 1_000_000);
        // The revenue of all summaries is what users paid.
        let revenue: i64 = file
            .text
            .lines()
            .filter(|line| line.starts_with("SY01.03\t"))
            .map(|line| {
                let cell = line.split('\t').nth(11).unwrap();
                let (whole, rest) = cell.split_once('.').unwrap_or((cell, "00"));
                format!("{whole}{rest}").parse::<i64>().unwrap()
            })
            .sum();
        prop_assert_eq!(revenue, file.totals.price_sen);
        // No text begins a formula: what does is a number.
        for line in file.text.lines() {
            for cell in cells(line).0.iter().flatten() {
                let formula = cell.starts_with(['=', '+', '@']);
                let minus = cell.starts_with('-') && cell.parse::<f64>().is_err();
                prop_assert!(!formula && !minus, "{cell}");
            }
        }
    }

    #[test]
    fn no_file_makes_the_check_panic(
        bytes in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..300),
            "((HEAD|SY01.03|AS01.03|AS02.04|MW01.03|SU01.03|FOOT|RE01.03|X)(\t(1|[0-9.-]{1,22}|\\|||\\\\){0,1}){3,25}\r?\n){0,6}"
                .prop_map(String::into_bytes),
        ],
    ) {
        let found = check(&bytes);
        prop_assert_eq!(found.fault_count as usize, found.faults.len());
    }

    #[test]
    fn a_report_with_a_wrong_byte_is_still_read(
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut bytes = write(&lines(), &report()).unwrap().text.into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        check(&bytes);
    }
}
