//! The calibration of confidence is held to what was measured: `docs/calibration.json`, made by
//! `cargo xtask bench impostors`.

use onmon_core::certainty;
use serde_json::Value;

/// Below this the tail says little, and the fit is not meant to hold.
const FITTED_FROM: f32 = 5.5;

fn measured() -> Value {
    serde_json::from_str(include_str!("../../docs/calibration.json")).expect("JSON")
}

#[test]
fn no_tail_that_was_counted_contradicts_the_fit() {
    let measured = measured();
    let codes = measured["codes"].as_u64().expect("codes");
    let kinds = measured["kinds"].as_object().expect("kinds of query");
    assert!(kinds.len() >= 3);
    for (kind, tail) in kinds {
        let queries = tail["queries"].as_f64().expect("queries");
        for (deviations, count) in tail["beyond"].as_object().expect("counts") {
            let x: f32 = deviations.parse().expect("a number");
            if x < FITTED_FROM {
                continue;
            }
            let count = count.as_f64().expect("a count");
            let expected = queries * f64::from(certainty::expected_false(x, codes));
            // 95 of 100 counts of rare events lie below.
            let most = expected + 2.0 * expected.sqrt() + 1.0;
            assert!(count <= most, "{kind}: {count} beyond {x}, {expected:.2} expected");
        }
    }
}

#[test]
fn it_rests_on_a_thousand_million_alignments() {
    let measured = measured();
    let kinds = measured["kinds"].as_object().expect("kinds of query");
    let alignments: u64 = kinds.values().filter_map(|tail| tail["alignments"].as_u64()).sum();
    assert!(alignments >= 1_000_000_000, "{alignments}");
}
