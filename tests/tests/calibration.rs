//! The calibration of confidence is held to what was measured: `docs/calibration.json`, made by
//! `cargo xtask bench impostors`.

use onmon_core::certainty;
use serde_json::Value;

/// Below this the tail says little, and the fit is not meant to hold.
const FITTED_FROM: f32 = 5.0;

/// From here on what is counted shares material: fast versions, remixes, one theme in two
/// arrangements. The file names the pairs (`most_alike`).
const SAME_MATERIAL_FROM: f32 = 9.0;

fn measured() -> Value {
    serde_json::from_str(include_str!("../../docs/calibration.json")).expect("JSON")
}

#[test]
fn the_fit_lies_above_every_tail_that_was_counted() {
    let measured = measured();
    let codes = measured["codes"].as_u64().expect("codes");
    let kinds = measured["kinds"].as_object().expect("kinds of query");
    assert!(kinds.len() >= 3);
    for (kind, tail) in kinds {
        let queries = tail["queries"].as_f64().expect("queries");
        let beyond = tail["beyond"].as_object().expect("counts");
        let same = beyond[&format!("{SAME_MATERIAL_FROM:.2}")].as_f64().expect("a count");
        for (deviations, count) in beyond {
            let x: f32 = deviations.parse().expect("a number");
            if (FITTED_FROM..SAME_MATERIAL_FROM).contains(&x) {
                let expected = queries * f64::from(certainty::expected_false(x, codes));
                let count = count.as_f64().expect("a count") - same;
                assert!(count <= expected, "{kind}: {count} beyond {x}, {expected:.1} expected");
            }
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
