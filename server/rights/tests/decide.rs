//! Every rule of the decision, in a table; and what holds whatever is claimed.

use onmon_rights::*;
use proptest::prelude::*;

const HALF: u32 = WHOLE_PPM / 2;

fn claim(claimant: &str, share_ppm: u32, state: ClaimState) -> Claim {
    Claim {
        claimant: claimant.parse().unwrap(),
        party: None,
        share_ppm,
        form: FormSet::ALL,
        territory: TerritorySet::WORLD,
        period: Period::ALWAYS,
        state,
    }
}

fn yes(claimant: &str, share_ppm: u32) -> Claim {
    claim(claimant, share_ppm, ClaimState::Entrusted)
}

fn no(claimant: &str, share_ppm: u32) -> Claim {
    claim(claimant, share_ppm, ClaimState::NotEntrusted)
}

fn work(work_id: &str, claims: &[Claim]) -> WorkClaims {
    WorkClaims { work_id: work_id.to_owned(), claims: claims.to_vec() }
}

fn recording(id: &str, works: &[WorkClaims], master: &[Claim]) -> RecordingClaims {
    RecordingClaims { recording_id: id.to_owned(), works: works.to_vec(), master: master.to_vec() }
}

/// A download in Japan on 2026-04-01.
fn used() -> Use {
    Use {
        right: Right::InteractiveDistribution,
        with_master: false,
        form: UsageForm::Download,
        territory: Territory::JP,
        date: "2026-04-01".parse().unwrap(),
    }
}

#[test]
fn every_rule_on_one_recording() {
    let w = |claims: &[Claim]| vec![recording("r", &[work("w", claims)], &[])];
    let table: Vec<(&str, Vec<RecordingClaims>, Rule, u32)> = vec![
        ("nothing matched", vec![], Rule::NothingMatched, 0),
        ("no work known", vec![recording("r", &[], &[])], Rule::RightsUnknown, 1_000_000),
        ("a work without claims", w(&[]), Rule::RightsUnknown, 1_000_000),
        ("one holds all", w(&[yes("A", WHOLE_PPM)]), Rule::AllSharesEntrusted, 0),
        ("two hold all", w(&[yes("A", HALF), yes("B", HALF)]), Rule::AllSharesEntrusted, 0),
        ("one ppm is missing", w(&[yes("A", WHOLE_PPM - 1)]), Rule::ShareUnknown, 1),
        ("half is unknown", w(&[yes("A", HALF)]), Rule::ShareUnknown, HALF),
        ("all refuse", w(&[no("A", WHOLE_PPM)]), Rule::NotEntrusted, 0),
        ("half refuses", w(&[yes("A", HALF), no("B", HALF)]), Rule::NotEntrusted, 0),
        ("one ppm refuses, the rest is unknown", w(&[no("A", 1)]), Rule::NotEntrusted, 999_999),
        (
            "more than the whole",
            w(&[yes("A", WHOLE_PPM), yes("B", 1)]),
            Rule::AllSharesEntrusted,
            0,
        ),
        ("the whole and a refusal", w(&[yes("A", WHOLE_PPM), no("B", 1)]), Rule::NotEntrusted, 0),
        (
            "a medley, both works entrusted",
            vec![recording(
                "r",
                &[work("v", &[yes("A", WHOLE_PPM)]), work("w", &[yes("B", WHOLE_PPM)])],
                &[],
            )],
            Rule::AllSharesEntrusted,
            0,
        ),
        (
            "a medley, of one work nothing is known",
            vec![recording("r", &[work("v", &[yes("A", WHOLE_PPM)]), work("w", &[])], &[])],
            Rule::ShareUnknown,
            WHOLE_PPM,
        ),
    ];
    for (case, matched, rule, unknown_ppm) in table {
        let ruling = decide(&matched, &used());
        assert_eq!(ruling.rule, rule, "{case}");
        assert_eq!(ruling.decision, rule.decision(), "{case}");
        assert_eq!(ruling.unknown_ppm(), unknown_ppm, "{case}");
        assert_eq!(ruling.rules_version, RULES_VERSION);
    }
}

#[test]
fn the_strictest_of_several_recordings_wins() {
    let refuses = || recording("refuses", &[work("w1", &[no("A", HALF)])], &[]);
    let half = || recording("half", &[work("w2", &[yes("B", HALF)])], &[]);
    let permits = || recording("permits", &[work("w3", &[yes("C", WHOLE_PPM)])], &[]);
    let unknown = || recording("unknown", &[], &[]);
    let strictness: [(&dyn Fn() -> RecordingClaims, Rule); 4] = [
        (&refuses, Rule::NotEntrusted),
        (&half, Rule::ShareUnknown),
        (&permits, Rule::AllSharesEntrusted),
        (&unknown, Rule::RightsUnknown),
    ];
    for (i, (stricter, rule)) in strictness.iter().enumerate() {
        for (other, _) in &strictness[i..] {
            assert_eq!(decide(&[stricter(), other()], &used()).rule, *rule);
            assert_eq!(decide(&[other(), stricter()], &used()).rule, *rule);
        }
    }
    let ruling = decide(&[permits(), half(), refuses(), unknown()], &used());
    let names = |shares: &[Share]| -> Vec<String> {
        shares.iter().map(|share| share.organisation.to_string()).collect()
    };
    assert_eq!(
        (names(&ruling.payees), names(&ruling.refusing)),
        (vec!["B".into(), "C".into()], vec!["A".into()])
    );
    let ids = ["half", "permits", "refuses"].map(str::to_owned).to_vec();
    assert_eq!(ruling.conflicts, [Conflict::SeveralRegistrations { recording_ids: ids }]);
    assert!(ruling.payees.iter().all(|share| share.held));
}

#[test]
fn the_same_work_registered_by_several_is_paid_once() {
    let one = recording("a", &[work("w", &[yes("A", HALF), yes("B", HALF)])], &[]);
    let two = RecordingClaims { recording_id: "b".into(), ..one.clone() };
    let ruling = decide(&[two, one.clone(), one.clone(), recording("c", &[], &[])], &used());
    assert_eq!(ruling.decision, Decision::Permit);
    assert_eq!(ruling.payees, decide(&[one], &used()).payees);
    assert_eq!(ruling.conflicts, []);
    assert_eq!(ruling.payees.len(), 2);
}

#[test]
fn a_share_is_what_one_organisation_claims_of_one_work() {
    let work = work("w", &[yes("A", 300_000), yes("B", 500_000), yes("A", 200_000)]);
    let ruling = decide(&[recording("r", &[work], &[])], &used());
    let share = |organisation: &str| Share {
        right: Right::InteractiveDistribution,
        work_id: Some("w".into()),
        organisation: organisation.parse().unwrap(),
        share_ppm: HALF,
        recording_id: "r".into(),
        held: false,
    };
    assert_eq!(ruling.payees, [share("A"), share("B")]);
}

#[test]
fn over_the_whole_all_are_named_and_held_and_other_works_are_not() {
    let over = work("over", &[yes("A", WHOLE_PPM), yes("B", HALF)]);
    let fine = work("fine", &[yes("A", WHOLE_PPM)]);
    let ruling = decide(&[recording("r", &[over, fine], &[])], &used());
    assert_eq!(ruling.decision, Decision::Permit);
    let held: Vec<(Option<&str>, &str, bool)> = ruling
        .payees
        .iter()
        .map(|share| (share.work_id.as_deref(), share.organisation.as_str(), share.held))
        .collect();
    assert_eq!(
        held,
        [(Some("fine"), "A", false), (Some("over"), "A", true), (Some("over"), "B", true)]
    );
    let conflict = Conflict::OverClaimed {
        recording_id: "r".into(),
        right: Right::InteractiveDistribution,
        work_id: Some("over".into()),
        claimed_ppm: 1_500_000,
    };
    assert_eq!(ruling.conflicts, [conflict]);
    assert!(ruling.words().ends_with("what they earn is held"));
}

#[test]
fn claims_speak_for_their_form_place_and_days_only() {
    let narrow = Claim {
        form: UsageForm::Download.into(),
        territory: "JP".parse().unwrap(),
        period: Period::new("2026-04-01".parse().ok(), "2026-05-01".parse().ok()).unwrap(),
        ..yes("A", WHOLE_PPM)
    };
    let matched = [recording("r", &[work("w", &[narrow])], &[])];
    let table = [
        (used(), Decision::Permit),
        (Use { form: UsageForm::Stream, ..used() }, Decision::Unregistered),
        (Use { territory: "KR".parse().unwrap(), ..used() }, Decision::Unregistered),
        (Use { territory: Territory::World, ..used() }, Decision::Unregistered),
        (Use { date: "2026-03-31".parse().unwrap(), ..used() }, Decision::Unregistered),
        (Use { date: "2026-04-30".parse().unwrap(), ..used() }, Decision::Permit),
        (Use { date: "2026-05-01".parse().unwrap(), ..used() }, Decision::Unregistered),
    ];
    for (used, decision) in table {
        assert_eq!(decide(&matched, &used).decision, decision, "{used:?}");
    }
}

#[test]
fn the_master_is_asked_for_only_if_the_use_asks() {
    let works = [work("w", &[yes("A", WHOLE_PPM)])];
    let both = Use { with_master: true, ..used() };
    let alone = Use { right: Right::MasterMakingAvailable, ..used() };
    let table: [(&[WorkClaims], &[Claim], [Rule; 3]); 5] = [
        (&works, &[], [Rule::AllSharesEntrusted, Rule::ShareUnknown, Rule::RightsUnknown]),
        (&works, &[yes("L", WHOLE_PPM)], [Rule::AllSharesEntrusted; 3]),
        (
            &works,
            &[no("L", WHOLE_PPM)],
            [Rule::AllSharesEntrusted, Rule::NotEntrusted, Rule::NotEntrusted],
        ),
        (
            &[],
            &[yes("L", WHOLE_PPM)],
            [Rule::RightsUnknown, Rule::ShareUnknown, Rule::AllSharesEntrusted],
        ),
        (&[], &[], [Rule::RightsUnknown; 3]),
    ];
    for (works, master, rules) in table {
        let matched = [recording("r", works, master)];
        let found = [used(), both, alone].map(|used| decide(&matched, &used).rule);
        assert_eq!(found, rules, "{works:?} {master:?}");
    }
}

#[test]
fn the_shorthand_decides_as_it_always_did() {
    use Rights::{Entrusted as E, NotEntrusted as N, Unknown as U};
    let jasrac: OrganisationId = "JASRAC".parse().unwrap();
    let table: [(&[Rights], Decision); 14] = [
        (&[], Decision::Unregistered),
        (&[E], Decision::Permit),
        (&[N], Decision::Refuse),
        (&[U], Decision::Unregistered),
        (&[E, E], Decision::Permit),
        (&[E, U], Decision::Permit),
        (&[U, E], Decision::Permit),
        (&[U, U], Decision::Unregistered),
        (&[N, N], Decision::Refuse),
        (&[N, E], Decision::Refuse),
        (&[E, N], Decision::Refuse),
        (&[N, U], Decision::Refuse),
        (&[E, U, N], Decision::Refuse),
        (&[U, E, U], Decision::Permit),
    ];
    for (rights, decision) in table {
        let matched: Vec<RecordingClaims> = (0..)
            .zip(rights)
            .map(|(i, of)| RecordingClaims::from_shorthand(format!("r{i}"), *of, &jasrac))
            .collect();
        assert_eq!(decide(&matched, &used()).decision, decision, "{rights:?}");
    }
}

#[test]
fn rules_have_names_that_stay_and_words_that_promise_nothing() {
    let ids = [
        "R1-not-entrusted",
        "R2-share-unknown",
        "R3-all-shares-entrusted",
        "R4-rights-unknown",
        "R5-nothing-matched",
    ];
    assert_eq!(Rule::ALL.map(Rule::id), ids);
    for rule in Rule::ALL {
        for word in ["free", "licence", "license", "allowed", "needed"] {
            assert!(!rule.words().contains(word), "{}", rule.words());
        }
        let says_not_found = rule.words().starts_with("no entrusted right found");
        let unknown = matches!(rule.decision(), Decision::Unregistered | Decision::UnknownShare);
        assert_eq!(says_not_found, unknown, "{}", rule.words());
    }
    let half =
        |ppm| decide(&[recording("r", &[work("w", &[yes("A", WHOLE_PPM - ppm)])], &[])], &used());
    for (ppm, percent) in [(500_000, "50"), (333_333, "33.3333"), (1, "0.0001"), (125_000, "12.5")]
    {
        let want = format!("no entrusted right found for {percent} % of the recording's rights");
        assert_eq!(half(ppm).words(), want);
    }
    for decision in Decision::ALL {
        assert_eq!(serde_json::to_value(decision).unwrap(), decision.as_str());
    }
}

fn any_claim() -> impl Strategy<Value = Claim> {
    let share = prop_oneof![1..=WHOLE_PPM, Just(WHOLE_PPM), Just(HALF)];
    let territory = prop_oneof![Just("world"), Just("JP"), Just("world;-JP"), Just("JP;KR")];
    (0..3usize, share, 1..16u8, territory, any::<bool>(), any::<bool>()).prop_map(
        |(who, share_ppm, forms, territory, entrusted, ended)| {
            let forms = UsageForm::ALL.into_iter().filter(|form| forms & (1 << *form as u8) != 0);
            let until = ended.then(|| "2026-04-01".parse().unwrap());
            Claim {
                form: FormSet::of(forms).unwrap(),
                territory: territory.parse().unwrap(),
                period: Period::new(None, until).unwrap(),
                state: if entrusted { ClaimState::Entrusted } else { ClaimState::NotEntrusted },
                ..yes(["A", "B", "C"][who], share_ppm)
            }
        },
    )
}

fn any_matched() -> impl Strategy<Value = Vec<RecordingClaims>> {
    let claims = || prop::collection::vec(any_claim(), 0..4);
    let works = prop::collection::vec((0..3usize, claims()), 0..3).prop_map(|works| {
        works.iter().map(|(id, claims)| work(["v", "w", "x"][*id], claims)).collect::<Vec<_>>()
    });
    prop::collection::vec(
        (0..3usize, works, claims())
            .prop_map(|(id, works, master)| recording(["r", "s", "t"][id], &works, &master)),
        0..4,
    )
}

fn any_use() -> impl Strategy<Value = Use> {
    (0..4usize, prop_oneof![Just("JP"), Just("KR"), Just("world")], any::<bool>()).prop_map(
        |(form, territory, with_master)| Use {
            form: UsageForm::ALL[form],
            territory: territory.parse().unwrap(),
            with_master,
            ..used()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn order_makes_no_difference(matched in any_matched(), used in any_use(), turn in 0..5usize) {
        let ruling = decide(&matched, &used);
        let mut turned = matched;
        turned.reverse();
        if !turned.is_empty() {
            let by = turn % turned.len();
            turned.rotate_left(by);
        }
        for recording in &mut turned {
            recording.works.reverse();
            recording.master.reverse();
            recording.works.iter_mut().for_each(|work| work.claims.reverse());
        }
        prop_assert_eq!(decide(&turned, &used), ruling);
    }

    #[test]
    fn a_refusal_more_refuses(
        matched in any_matched(),
        used in any_use(),
        at in any::<prop::sample::Index>(),
        share in 1..=WHOLE_PPM,
    ) {
        let mut matched = matched;
        let refusal = work("refusing", &[no("Z", share)]);
        if matched.is_empty() {
            matched.push(recording("r", &[refusal], &[]));
        } else {
            let at = at.index(matched.len());
            matched[at].works.push(refusal);
        }
        let ruling = decide(&matched, &used);
        prop_assert_eq!(ruling.decision, Decision::Refuse);
        prop_assert!(ruling.refusing.iter().any(|share| share.organisation.as_str() == "Z"));
    }

    #[test]
    fn a_recording_more_is_never_laxer(
        matched in any_matched(),
        more in any_matched(),
        used in any_use(),
    ) {
        let before = decide(&matched, &used).rule;
        let all: Vec<RecordingClaims> = matched.into_iter().chain(more).collect();
        prop_assert!(decide(&all, &used).rule <= before);
    }

    #[test]
    fn a_permit_names_every_share_and_only_entrusted_ones(
        matched in any_matched(),
        used in any_use(),
    ) {
        let ruling = decide(&matched, &used);
        if ruling.decision == Decision::Permit {
            prop_assert!(ruling.refusing.is_empty());
            prop_assert!(!ruling.payees.is_empty());
        }
        if ruling.decision == Decision::Unregistered {
            prop_assert!(ruling.payees.is_empty() && ruling.refusing.is_empty());
        }
        prop_assert_eq!(ruling.decision == Decision::Refuse, !ruling.refusing.is_empty());
        // Where nothing is in conflict, the shares of a permitted work are exactly the whole.
        if ruling.decision == Decision::Permit && ruling.conflicts.is_empty() {
            let mut sums = std::collections::BTreeMap::new();
            for share in &ruling.payees {
                *sums.entry((share.right, share.work_id.clone())).or_insert(0) += share.share_ppm;
                prop_assert!(!share.held);
            }
            prop_assert!(sums.values().all(|sum| *sum == WHOLE_PPM), "{:?}", ruling);
        }
    }

    #[test]
    fn claims_for_another_use_make_no_difference(matched in any_matched(), used in any_use()) {
        let mut fewer = matched.clone();
        for recording in &mut fewer {
            recording.master.retain(|claim| claim.applies_to(&used));
            recording.works.iter_mut().for_each(|work| work.claims.retain(|claim| claim.applies_to(&used)));
        }
        prop_assert_eq!(decide(&fewer, &used), decide(&matched, &used));
    }
}
