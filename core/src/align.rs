//! Alignment: where all samples of a query lie on one recording, and how certain that is.
//!
//! An [`Anchor`] says that one code of the query may be one code of the recording. Through that
//! point the straight line is sought (speed is its slope) on which the query's codes agree best
//! with the recording's: first by the one sample alone, coarsely; then by all samples together,
//! finely. One recording, one speed, one offset: what one sample alone leaves open six can settle.
//!
//! Of the many speeds that are tried one is the recording's own, and most of what is heard is heard
//! at it. So a line at another speed has to agree by more ([`speed_toll`]).
//!
//! ```text
//! place in the         .  x x x   third sample
//! recording         . '
//!           x x x '               second sample      slope = speed, 0.94 to 1.06
//!       . '
//! x x x                           first sample
//!        time in the query
//! ```

use crate::compare::Agreement;
use crate::fingerprint::Sample;
use crate::judge::{SAMPLE_AGREES, judge};
use crate::line::{Line, ONE};
use crate::profile::SAMPLES_MAX;

/// Speeds tried at first: 1 +- this many steps of [`COARSE_STEP`], which covers +- 6 %.
const COARSE_STEPS: i64 = 6;

/// One per cent, in [`Line`]'s unit of speed: a sample of 15 s is off by at most 1.5 codes between
/// steps.
const COARSE_STEP: i64 = ONE / 100;

/// Codes by which the anchor's place may be off: half the width of a bin of votes.
const COARSE_SHIFT_MAX: i64 = 8;

/// Speeds tried with all samples: +- this many steps of [`FINE_STEP`] around the coarse one.
const FINE_STEPS: i64 = 6;

/// One per mille: over a song's 4,500 codes from first to last sample, 4.5 codes between steps.
const FINE_STEP: i64 = ONE / 1_000;

/// Codes by which the line is moved with all samples.
const FINE_SHIFT_MAX: i64 = 2;

/// Codes by which a line may drift, from the query's beginning to its end, and its speed still be
/// the recording's own: a speed is known no better of 5 s in noise.
const OWN_SPEED_CODES: i64 = 2;

/// Squared deviations that any other speed takes: by the normal tail e^2.5 times as many chances
/// (12 / (2 * 1.55^2), the spread of [`crate::certainty`]). Of unrelated music a quarter is met at
/// the recording's own speed, so that is as if four queries of five were heard at it. Chosen for
/// what it lets through (`train/README.md`).
const OTHER_SPEED: f32 = 12.0;

/// One code of a query that may be one code of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// Which sample of the query.
    pub sample: usize,
    /// Which code of that sample.
    pub code: usize,
    /// Which code of the recording.
    pub place: usize,
}

/// A query laid on a recording.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Alignment {
    /// Codes from the recording's start to that of the query; negative if the query starts
    /// earlier.
    pub offset_codes: i64,
    /// Codes of the recording per code of the query: 1.05 where the query plays 5 % faster.
    pub speed: f32,
    /// Standard deviations beyond chance: of all samples together or of the best one alone,
    /// whichever is more; less what another speed takes.
    pub deviations: f32,
    /// The same without what is gathered in few codes ([`Agreement::gathered`]): of two recordings
    /// that share a part, both have that.
    pub spread: f32,
    /// What they are of.
    pub surest: Agreement,
    /// The same, calibrated: see [`confidence`].
    pub confidence: f32,
    /// Share of bits that differ in the samples that agree, 0 to 1.
    pub bit_error: f32,
    /// Codes in the samples that agree.
    pub matched_codes: u32,
    /// Samples of the query that agree, each on its own.
    pub samples_agreeing: u8,
    /// Deviations of each sample by itself; 0 where there is none.
    pub samples: [f32; SAMPLES_MAX],
}

impl Alignment {
    /// Whether this sample of the query takes part in the match: it agrees by itself, or none does
    /// and only all together are certain.
    pub fn agrees(&self, sample: usize) -> bool {
        let own = self.samples.get(sample).copied().unwrap_or(0.0);
        own >= SAMPLE_AGREES || (self.samples_agreeing == 0 && own > 0.0)
    }
}

/// Lays the query on the recording with these codes. `None` where the anchor names no sample of the
/// query, and where it is plain that `least` deviations are not reached: most anchors are chance,
/// and their certainty need not be known. No heap, never panics.
pub fn align(
    query: &[Sample<'_>],
    recording: &[u8],
    anchor: Anchor,
    least: f32,
) -> Option<Alignment> {
    let sample = query.get(anchor.sample)?;
    let through = Line {
        time: i64::from(sample.start) + anchor.code as i64,
        place: anchor.place as i64,
        speed: ONE,
    };
    let coarse = best(&through, COARSE_STEPS, COARSE_STEP, COARSE_SHIFT_MAX, |line| {
        line.excess(sample, recording)
    });
    let fine = best(&coarse, FINE_STEPS, FINE_STEP, FINE_SHIFT_MAX, |line| {
        query.iter().map(|sample| line.excess(sample, recording)).sum()
    });
    judge(query, recording, &fine, least)
}

/// Bits of the query that agree with the recording beyond one half of those compared, times two, on
/// the line through the anchor at this speed: what [`align`] makes the most of, at a thousandth of
/// its cost.
pub fn agreement(query: &[Sample<'_>], recording: &[u8], anchor: Anchor, speed: f32) -> i64 {
    let Some(sample) = query.get(anchor.sample) else { return 0 };
    let time = i64::from(sample.start) + anchor.code as i64;
    let speed = (speed * ONE as f32) as i64;
    let line = Line { time, place: anchor.place as i64, speed: speed.clamp(ONE / 2, 2 * ONE) };
    query.iter().map(|sample| line.excess(sample, recording)).sum()
}

/// Squared deviations by which the query has to agree more at this speed than at the recording's
/// own; 0 where nobody can tell one from the other.
pub fn speed_toll(query: &[Sample<'_>], speed: f32) -> f32 {
    let end = |sample: &Sample<'_>| i64::from(sample.start) + sample.codes.len() as i64;
    let begin = query.iter().map(|sample| i64::from(sample.start)).min().unwrap_or(0);
    let codes = query.iter().map(end).max().unwrap_or(0) - begin;
    let off = ((speed * ONE as f32) as i64 - ONE).abs().saturating_mul(codes);
    if off <= OWN_SPEED_CODES * ONE { 0.0 } else { OTHER_SPEED }
}

/// The line near `around` that scores highest; the nearest of equals.
fn best(
    around: &Line,
    steps: i64,
    step: i64,
    shift_max: i64,
    score: impl Fn(&Line) -> i64,
) -> Line {
    let nearest_first = |most: i64| (0..=most).flat_map(|n| [n, -n]).skip(1);
    let mut best = (i64::MIN, *around);
    for faster in nearest_first(steps) {
        for shift in nearest_first(shift_max) {
            let line = Line {
                place: around.place.saturating_add(shift),
                speed: around.speed + faster * step,
                ..*around
            };
            let score = score(&line);
            if score > best.0 {
                best = (score, line);
            }
        }
    }
    best.1
}

#[cfg(test)]
pub(crate) mod tests {
    extern crate std;
    use super::*;
    use crate::compare::tests::random;
    use crate::profile::CODES_PER_SAMPLE;
    use std::vec::Vec;

    pub(crate) fn song(seed: u32, codes: usize) -> Vec<u8> {
        // Bits linger, as those of music do.
        let mut code = 0;
        let pairs = random(seed, 2 * codes);
        let lingering = pairs.chunks(2).map(|pair| {
            code ^= pair[0] & pair[1];
            code
        });
        lingering.collect()
    }

    fn samples(codes: &[u8]) -> Vec<Sample<'_>> {
        let cut = codes.chunks(CODES_PER_SAMPLE).enumerate();
        cut.map(|(i, codes)| Sample { start: (i * CODES_PER_SAMPLE) as u32, codes }).collect()
    }

    #[test]
    fn a_part_is_found_at_its_offset_and_speed() {
        let whole = song(3, 3_000);
        for (speed, codes) in [(1.0, 1_200), (0.95, 1_200), (1.05, 900)] {
            let query: Vec<u8> =
                (0..codes).map(|i| whole[700 + (f64::from(i) * speed).round() as usize]).collect();
            let anchor = Anchor { sample: 1, code: 100, place: 703 + (400.0 * speed) as usize };
            let found = align(&samples(&query), &whole, anchor, 0.0).unwrap();
            assert!((found.offset_codes - 700).abs() <= 1, "{found:?}");
            assert!((f64::from(found.speed) - speed).abs() < 0.002, "{found:?}");
            assert!(found.deviations > 30.0 && found.samples_agreeing >= 3, "{found:?}");
        }
    }

    #[test]
    fn a_speed_is_another_sooner_the_longer_the_query() {
        let codes = song(3, 1_800);
        for (speed, len, toll) in [
            (1.0, 100, 0.0),
            (1.0, 1_800, 0.0),
            (0.981, 100, 0.0),
            (1.021, 100, OTHER_SPEED),
            (1.006, 300, 0.0),
            (0.993, 300, OTHER_SPEED),
            (1.001, 1_800, 0.0),
            (1.002, 1_800, OTHER_SPEED),
            (f32::NAN, 100, OTHER_SPEED),
        ] {
            assert_eq!(speed_toll(&samples(&codes[..len]), speed), toll, "{speed} {len}");
        }
        assert_eq!(speed_toll(&[], 1.05), 0.0);
    }

    #[test]
    fn another_speed_has_to_agree_by_more() {
        let whole = song(3, 3_000);
        for (speed, toll) in [(1.0, 0.0), (0.95, OTHER_SPEED), (1.04, OTHER_SPEED)] {
            let place = |i: u32| 700 + (f64::from(i) * speed).round() as usize;
            let query: Vec<u8> = (0..300).map(|i| whole[place(i)]).collect();
            let anchor = Anchor { sample: 0, code: 50, place: place(50) };
            let found = align(&samples(&query), &whole, anchor, 0.0).unwrap();
            let alike = found.surest.deviations_in(query.len());
            let less = alike.powi(2) - found.deviations.powi(2);
            assert!((less - toll).abs() < 0.1, "{speed}: {alike} {found:?}");
        }
    }

    #[test]
    fn what_is_given_up_early_would_not_have_reached_it() {
        let bar: Vec<u8> = song(5, 40);
        let beat = |at: usize| bar[at % bar.len()];
        // Songs of one beat, of which some codes of the query are wrong.
        let over_it = |seed: u32, codes: usize| -> Vec<u8> {
            let own = song(seed, codes);
            own.iter().enumerate().map(|(i, own)| if i % 3 == 0 { beat(i) } else { *own }).collect()
        };
        let whole = over_it(3, 3_000);
        let mut given_up = 0;
        for (wrong, codes, speed) in
            [(0, 1_200, 1.0), (60, 300, 1.0), (75, 1_200, 0.96), (85, 900, 1.0), (100, 300, 1.0)]
        {
            let noise = random(wrong + 7, 2 * codes);
            let heard: Vec<u8> = (0..codes)
                .map(|i| {
                    let own = whole[700 + (i as f64 * speed) as usize];
                    let is_wrong = u32::from(noise[2 * i]) * 100 < wrong * 256;
                    if is_wrong { noise[2 * i + 1] } else { own }
                })
                .collect();
            let query = samples(&heard);
            let anchor = Anchor { sample: 0, code: 100, place: 700 + (100.0 * speed) as usize };
            let all = align(&query, &whole, anchor, f32::NEG_INFINITY).unwrap();
            for tenths in -10..300 {
                let least = tenths as f32 / 10.0;
                let found = align(&query, &whole, anchor, least);
                given_up += u32::from(found.is_none());
                assert!(found == Some(all) || least > all.deviations, "{least}: {all:?}");
            }
        }
        assert!(given_up > 300, "{given_up}");
    }

    #[test]
    fn unrelated_codes_and_places_outside_prove_nothing() {
        let (whole, query) = (song(3, 3_000), song(4, 300));
        for place in [0, 1_000, 2_999, 5_000, usize::MAX] {
            let found =
                align(&samples(&query), &whole, Anchor { sample: 0, code: 0, place }, -99.0);
            assert!(found.unwrap().deviations < 6.0, "{found:?}");
        }
        assert_eq!(
            align(&samples(&query), &whole, Anchor { sample: 1, code: 0, place: 0 }, 0.0),
            None
        );
        let nothing = align(&samples(&query), &[], Anchor { sample: 0, code: 0, place: 0 }, 0.0);
        assert_eq!(nothing.unwrap().confidence, 0.0);
    }

    #[test]
    fn a_query_half_of_which_is_something_else_is_found_by_the_other_half() {
        let whole = song(3, 3_000);
        let mixed = [&whole[600..900], &song(8, 600)[..]].concat();
        let anchor = Anchor { sample: 0, code: 7, place: 607 };
        let found = align(&samples(&mixed), &whole, anchor, 0.0).unwrap();
        assert_eq!((found.samples_agreeing, found.matched_codes), (1, 300));
        assert!(found.deviations > 15.0, "{found:?}");
    }

    #[test]
    fn a_loop_asked_six_times_is_no_more_certain_than_asked_once() {
        let bar = song(5, 40);
        let looped = |codes: usize| bar.iter().copied().cycle().take(codes).collect::<Vec<u8>>();
        let anchor = Anchor { sample: 0, code: 0, place: 0 };
        let (once, six) = (looped(300), looped(1_800));
        let whole = looped(4_000);
        let once = align(&samples(&once), &whole, anchor, 0.0).unwrap().deviations;
        let six = align(&samples(&six), &whole, anchor, 0.0).unwrap().deviations;
        assert!(six < 1.1 * once, "{once} {six}");
        let varied = song(3, 4_000);
        let certain = align(&samples(&varied[..1_800]), &varied, anchor, 0.0).unwrap().deviations;
        assert!(once < 0.6 * certain, "{once} {certain}");
    }
}
