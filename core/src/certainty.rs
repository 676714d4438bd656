//! From standard deviations to a calibrated confidence: how often unrelated music would agree so
//! much.
//!
//! ```text
//! F(x)       = TRIALS_PER_CODE * codes * Q(x / SPREAD)    false identifications per query
//! confidence = -log10 F(x)  for a catalogue of 2 million songs
//! ```
//! Q is the upper tail of the normal distribution. `SPREAD` and `TRIALS_PER_CODE` are fitted to
//! what real unrelated music shows (`docs/calibration.json`, made by `cargo xtask bench impostors`;
//! `tests/tests/calibration.rs` holds them to it). Beyond the alignments counted it is an
//! extrapolation, and it says nothing of recordings that share sound: those are told by the sound
//! itself and left out of the counts.

use crate::profile::CODES_PER_SECOND;

/// Codes in the catalogue that a confidence speaks of: 2 million songs of 270 s.
pub const CATALOGUE_CODES: u64 = 2_000_000 * 270 * CODES_PER_SECOND as u64;

/// Expected false identifications per query that are accepted, as a negative power of ten: 10 in a
/// million queries, for music like the least favourable that the fit is of. Of other music it is
/// far fewer (`docs/index-impostors.json`).
pub const ACCEPTED: f32 = 5.0;

/// Codes below which a library does not ask for less certainty: those of the library that was
/// measured (280 songs of 4.5 min). Of a smaller one nothing is known.
const LIBRARY_CODES_MIN: u64 = 1_500_000;

/// Above the threshold of any library.
const DEVIATIONS_MAX: f32 = 32.0;

/// Halvings of that range that leave 0.001.
const HALVINGS: u32 = 15;

/// Standard deviation of unrelated music, in the unit of
/// [`Agreement::deviations`](crate::compare::Agreement::deviations).
const SPREAD: f32 = 1.55;

/// Independent trials that one code of a catalogue is worth. Far fewer than one: only the best
/// alignments of a query are weighed at all, and neighbours are alike.
const TRIALS_PER_CODE: f32 = 0.018;

/// `confidence c` means at most 10^-c expected false identifications per query (10^(6 - c) per
/// million queries) against a catalogue of 2 million songs. 0 where nothing is certain at all.
pub fn confidence(deviations: f32) -> f32 {
    (-log10_false(deviations, CATALOGUE_CODES)).max(0.0)
}

/// The least deviations of a match in a library of this many codes: those that keep the expected
/// false identifications *in this library* at 10 in a million queries ([`ACCEPTED`]).
pub fn deviations_min(library_codes: u64) -> f32 {
    let codes = library_codes.max(LIBRARY_CODES_MIN);
    let (mut low, mut high) = (0.0, DEVIATIONS_MAX);
    for _ in 0..HALVINGS {
        let middle = 0.5 * (low + high);
        let accepted = -log10_false(middle, codes) >= ACCEPTED;
        (low, high) = if accepted { (low, middle) } else { (middle, high) };
    }
    high
}

/// The same where every place of the library was tried with the whole query, and not only the few
/// that keys or single samples led to: each code is a trial of its own then. Not measured: an upper
/// bound by the same tail.
pub fn deviations_min_of_all(library_codes: u64) -> f32 {
    deviations_min((library_codes as f32 / TRIALS_PER_CODE) as u64)
}

/// The deviations that are as rare as these are among more chances: e^(squared / (2 [`SPREAD`]^2))
/// times as many, as the normal tail falls with their square.
pub(crate) fn beyond_more(deviations: f32, squared: f32) -> f32 {
    let deviations = deviations.max(0.0);
    libm::sqrtf((deviations * deviations - squared).max(0.0))
}

/// The deviations that [`beyond_more`] makes these of; the same where these are not above 0.
pub(crate) fn beyond_fewer(deviations: f32, squared: f32) -> f32 {
    if deviations > 0.0 { libm::sqrtf(deviations * deviations + squared) } else { deviations }
}

/// Expected false identifications per query beyond this many deviations in a library of this many
/// codes: F(x) above.
pub fn expected_false(deviations: f32, library_codes: u64) -> f32 {
    libm::exp10f(log10_false(deviations, library_codes))
}

/// Logarithm of the expected false identifications per query beyond this many deviations.
fn log10_false(deviations: f32, codes: u64) -> f32 {
    log10(TRIALS_PER_CODE) + log10(codes as f32) + log10_normal_tail(deviations / SPREAD)
}

/// log10 of Q(z), within 0.01 for z >= 2: the normal density over Mills' continued fraction
/// z + 1/(z + 2/(z + 3/(z + 4/z))) (Abramowitz and Stegun 26.2.14). 0 below 2.
fn log10_normal_tail(z: f32) -> f32 {
    const LOG10_E: f32 = core::f32::consts::LOG10_E;
    const LOG10_SQRT_TAU: f32 = 0.399_089_93;
    if z < 2.0 {
        return 0.0;
    }
    let mills = z + 1.0 / (z + 2.0 / (z + 3.0 / (z + 4.0 / z)));
    -0.5 * z * z * LOG10_E - LOG10_SQRT_TAU - log10(mills)
}

fn log10(x: f32) -> f32 {
    libm::log10f(x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_normal_tail_is_that_of_the_tables() {
        // Q(z) of Abramowitz and Stegun, table 26.2.
        for (z, log10_q) in [(2.0, -1.643), (3.0, -2.870), (5.0, -6.543), (8.0, -15.206)] {
            assert!((log10_normal_tail(z) - log10_q).abs() < 0.01, "{z}");
        }
    }

    #[test]
    fn more_chances_take_what_makes_them_as_rare() {
        let squared = 12.0;
        let more = core::f32::consts::LOG10_E * squared / (2.0 * SPREAD * SPREAD);
        let codes = CATALOGUE_CODES;
        for deviations in [8.0, 10.0, 14.0] {
            let rarer = log10_false(beyond_more(deviations, squared), codes);
            // The tail also falls with 1 / x, which is left out.
            assert!((rarer - log10_false(deviations, codes) - more).abs() < 0.05, "{deviations}");
            let back = beyond_more(beyond_fewer(deviations, squared), squared);
            assert!((back - deviations).abs() < 1e-5, "{back}");
        }
        assert_eq!(beyond_fewer(f32::NEG_INFINITY, squared), f32::NEG_INFINITY);
        assert_eq!(beyond_more(-3.0, 0.0), 0.0);
        assert_eq!(beyond_more(3.0, squared), 0.0);
        assert_eq!(beyond_more(f32::NAN, 0.0), 0.0);
    }

    #[test]
    fn confidence_grows_with_deviations_and_the_threshold_with_the_library() {
        let mut last = 0.0;
        for tenths in 0..400 {
            let now = confidence(tenths as f32 / 10.0);
            assert!(now >= last && now.is_finite(), "{tenths}");
            last = now;
        }
        assert_eq!(confidence(f32::NAN), 0.0);
        assert_eq!(confidence(0.0), 0.0);
        let least = deviations_min(CATALOGUE_CODES);
        assert!((confidence(least) - ACCEPTED).abs() < 0.01, "{least}");
        assert!(deviations_min(1) < deviations_min(1_000_000_000));
        assert_eq!(deviations_min(0), deviations_min(LIBRARY_CODES_MIN));
        assert!(deviations_min(u64::MAX) < DEVIATIONS_MAX);
        assert!(deviations_min_of_all(CATALOGUE_CODES) > deviations_min(CATALOGUE_CODES) + 0.5);
    }
}
