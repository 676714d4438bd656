//! The sums that a report, the ledger and an invoice must agree on.

mod sample;

use onmon_report::*;
use proptest::prelude::*;
use sample::{any_lines, correction, download, lines};

/// What makes a good line a bad one.
type Change = fn(&mut UsageLine);

#[test]
fn sums_of_the_sample() {
    let found = totals(&lines()).unwrap();
    assert_eq!((found.lines, found.quantity, found.returns, found.net()), (10, 50, 1, 49));
    // 46 at 100 yen less one, 3 at 40.50, one for nothing.
    assert_eq!(found.price_sen, 45 * 10_000 + 3 * 4_050);
    assert_eq!(found.royalty_sen_of.values().sum::<i64>(), found.royalty_sen);
    assert_eq!(found.royalty_sen_of["NEXTONE"], 192);
    assert_eq!(totals(&[]).unwrap(), Totals::default());
}

#[test]
fn what_cannot_be_right_is_refused() {
    let table: [(Change, &str); 17] = [
        (|line| line.event_id.clear(), "event_id may have"),
        (|line| line.event_id = "a b".into(), "event_id may have"),
        (|line| line.recording.recording_id = "夜".into(), "recording_id may have"),
        (|line| line.recording.title = " ".into(), "title must be given"),
        (|line| line.recording.isrcs = vec!["JP-B01".into()], "isrc must be 12"),
        (|line| line.territory = "Japan".into(), "territory must be two"),
        (|line| line.currency = "yen".into(), "currency must be three"),
        (|line| line.evidence.score_ppm = 1_000_001, "score_ppm is at most"),
        (|line| line.works[0].shares[0].share_ppm = 1_000_001, "share_ppm is at most"),
        (|line| line.payer.clear(), "payer must be given"),
        (|line| line.at_ms -= 1, "does not lie in the reported month"),
        (|line| line.utc_offset_min = 0, "does not lie in the reported month"),
        (|line| line.quantity = 0, "a line has a quantity"),
        (|line| line.correction_of = Some("e".into()), "a line has a quantity"),
        (|line| line.tax_base_sen = -1, "tax_base_sen must not be negative"),
        (|line| line.price_sen = -1, "price_sen must not be negative"),
        (|line| line.royalty_sen = 771, "the royalty is 771 sen and its shares sum to 770"),
    ];
    for (change, words) in table {
        let mut line = download("e");
        change(&mut line);
        let error = totals(std::slice::from_ref(&line)).unwrap_err().to_string();
        assert!(error.starts_with("usage line 0") && error.contains(words), "{error}");
    }
    let mut positive = correction(&download("e"), "c");
    positive.tax_base_sen = 1;
    assert!(positive.check().is_err());
    assert_eq!(
        totals(&[download("e"), download("e")]),
        Err(ReportError::RepeatedEvent("e".into()))
    );
    let huge = |event: &str| UsageLine { tax_base_sen: i64::MAX, ..download(event) };
    assert_eq!(totals(&[huge("a"), huge("b")]), Err(ReportError::Overflow));
    let dear = UsageLine { price_sen: i64::MAX, quantity: 2, ..download("e") };
    assert_eq!(totals(&[dear]), Err(ReportError::Overflow));
}

proptest! {
    #[test]
    fn totals_of_parts_sum_to_the_total(lines in any_lines(), at in any::<prop::sample::Index>()) {
        let (a, b) = lines.split_at(if lines.is_empty() { 0 } else { at.index(lines.len()) });
        let (a, b, all) = (totals(a).unwrap(), totals(b).unwrap(), totals(&lines).unwrap());
        prop_assert_eq!(a.net() + b.net(), all.net());
        prop_assert_eq!(a.price_sen + b.price_sen, all.price_sen);
        prop_assert_eq!(a.tax_base_sen + b.tax_base_sen, all.tax_base_sen);
        prop_assert_eq!(a.royalty_sen + b.royalty_sen, all.royalty_sen);
        let mut merged = a.royalty_sen_of;
        for (organisation, sen) in b.royalty_sen_of {
            *merged.entry(organisation).or_default() += sen;
        }
        prop_assert_eq!(merged, all.royalty_sen_of);
    }

    #[test]
    fn a_line_and_its_correction_cancel(lines in any_lines()) {
        let uses = || lines.iter().filter(|line| line.correction_of.is_none()).cloned();
        let back = uses().map(|line| correction(&line, &format!("x-{}", line.event_id)));
        let found = totals(&uses().chain(back).collect::<Vec<_>>()).unwrap();
        prop_assert_eq!((found.net(), found.price_sen), (0, 0));
        prop_assert_eq!((found.tax_base_sen, found.royalty_sen), (0, 0));
    }
}
