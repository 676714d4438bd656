//! Usage lines for the tests: some of every kind, and any.

use onmon_report::*;
use proptest::prelude::*;

/// The month that everything is in.
pub fn april() -> Month {
    "2026-04".parse().unwrap()
}

/// A download for 100 yen, 7.70 yen of it owed to JASRAC.
pub fn download(event_id: &str) -> UsageLine {
    UsageLine {
        event_id: event_id.into(),
        recording: RecordingUsed {
            recording_id: "aurora-2019".into(),
            isrcs: vec!["JPB012345678".into(), "JPA012345678".into()],
            title: "夜明け".into(),
            artist: "The Example".into(),
            duration_ms: Some(245_900),
        },
        works: vec![work("jasrac:0A0-0000-0", "夜明け", &[("JASRAC", 1_000_000, 770)])],
        form: Form::Download,
        quantity: 1,
        returns: 0,
        month: april(),
        at_ms: 1_774_969_200_000,
        utc_offset_min: 540,
        territory: "JP".into(),
        service: "onmon".into(),
        licence_number: "J123456789".into(),
        price_sen: 10_000,
        currency: "JPY".into(),
        tax_base_sen: 10_000,
        rate_id: "jasrac-download-2026".into(),
        royalty_sen: 770,
        evidence: MatchEvidence {
            score_ppm: 999_990,
            matched_ms: 90_000,
            engine: "0.1.0".into(),
            codebook: "n7".into(),
        },
        decision: DecisionMade {
            decision: "permit".into(),
            rule_id: "R3-all-shares-entrusted".into(),
            rules_version: 1,
        },
        payer: "p_4XK".into(),
        log_index: Some(17),
        correction_of: None,
    }
}

/// A work with shares: organisation, ppm, sen.
pub fn work(work_id: &str, title: &str, shares: &[(&str, u32, i64)]) -> WorkUsed {
    WorkUsed {
        work_id: work_id.into(),
        iswc: Some("T-034.524.680-1".into()),
        jasrac_code: Some("0A0-0000-0".into()),
        nextone_code: None,
        title: title.into(),
        composers: vec!["山田 花子".into(), "A|B\\C".into()],
        lyricists: vec!["鈴木 次郎".into()],
        shares: shares
            .iter()
            .map(|(organisation, share_ppm, royalty_sen)| ShareUsed {
                organisation: (*organisation).into(),
                share_ppm: *share_ppm,
                royalty_sen: *royalty_sen,
            })
            .collect(),
    }
}

/// What takes a line back.
pub fn correction(of: &UsageLine, event_id: &str) -> UsageLine {
    let mut line = of.clone();
    line.correction_of = Some(std::mem::replace(&mut line.event_id, event_id.into()));
    (line.quantity, line.returns) = (0, of.quantity);
    line.tax_base_sen = -of.tax_base_sen;
    line.royalty_sen = -of.royalty_sen;
    for share in line.works.iter_mut().flat_map(|work| &mut work.shares) {
        share.royalty_sen = -share.royalty_sen;
    }
    line
}

/// Lines of every kind: two prices, a correction, a medley, a share of another society, a title
/// that is an attack, another form, another month.
pub fn lines() -> Vec<UsageLine> {
    let mut many = download("e-02");
    (many.quantity, many.tax_base_sen) = (40, 400_000);
    (many.royalty_sen, many.works[0].shares[0].royalty_sen) = (30_800, 30_800);
    let mut cheap = download("e-03");
    (cheap.price_sen, cheap.tax_base_sen, cheap.quantity) = (4_050, 12_150, 3);
    let mut medley = download("e-04");
    medley.recording.recording_id = "live/2024 final".replace(' ', "_");
    medley.recording.title = "=HYPERLINK(\"http://x\")\t\u{2028}|\\".into();
    medley.recording.artist = "♡〜¥".into();
    medley.works = vec![
        WorkUsed { lyricists: vec![], ..work("w1", "波〜瀬", &[("JASRAC", 1_000_000, 385)]) },
        WorkUsed {
            iswc: None,
            nextone_code: Some("N00000001".into()),
            ..work("w2", "", &[("JASRAC", 500_000, 193), ("NEXTONE", 500_000, 192)])
        },
    ];
    let mut limited = download("e-05");
    (limited.form, limited.territory) = (Form::LimitedDownload, "KR".into());
    let mut unpriced = download("e-06");
    (unpriced.price_sen, unpriced.tax_base_sen) = (0, 0);
    let upload = UsageLine { form: Form::Upload, ..download("e-07") };
    let march = UsageLine {
        month: "2026-03".parse().unwrap(),
        at_ms: 1_774_969_199_999,
        ..download("e-08")
    };
    let wrong = download("e-09");
    let corrected = correction(&wrong, "e-10");
    vec![download("e-01"), many, cheap, medley, limited, unpriced, upload, march, wrong, corrected]
}

/// Any lines that can be reported, with any texts in them.
#[allow(dead_code, reason = "not every test takes them")]
pub fn any_lines() -> impl Strategy<Value = Vec<UsageLine>> {
    let one = (
        (0..4usize, 0..4usize, 1..50u32, 0..3i64),
        (any_text(), any_text(), any_text()),
        (0..3usize, 0..10_000i64, any::<bool>()),
    );
    prop::collection::vec(one, 0..12).prop_map(|all| {
        let mut lines: Vec<UsageLine> = Vec::new();
        for (i, ((recording, form, quantity, price), (title, artist, name), rest)) in
            all.into_iter().enumerate()
        {
            let (works, royalty_sen, take_back) = rest;
            let mut line = download(&format!("e-{i}"));
            line.recording.recording_id = ["a", "b|\\", "=c", "-d"][recording].into();
            line.recording.title = format!("x{title}");
            line.recording.artist = artist;
            line.form = Form::ALL[form];
            line.quantity = quantity;
            line.price_sen = price * 4_051;
            line.tax_base_sen = line.price_sen * i64::from(quantity);
            line.works = (0..works)
                .map(|at| {
                    let mut work = work(&format!("w{at}"), &name, &[("JASRAC", 1, royalty_sen)]);
                    work.composers = vec![name.clone(), "作".into()];
                    work
                })
                .collect();
            line.royalty_sen = royalty_sen * works as i64;
            let back = take_back.then(|| correction(&line, &format!("c-{i}")));
            lines.push(line);
            lines.extend(back);
        }
        lines
    })
}

#[allow(dead_code, reason = "not every test takes it")]
fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[=+@\\-|\\\\\t\r\n\u{2028}\u{feff}'\",a\u{0}〜夜]{0,12}",
        "\\PC{0,20}",
        prop::collection::vec(any::<char>(), 0..8).prop_map(|chars| chars.into_iter().collect()),
    ]
}
