//! The scan: every place of every recording for each sample, for what no key survived for (noise, a
//! voice over the music). Its cost grows with the library, and so it is left out of large ones
//! unless it is asked for.
//!
//! A pattern of a sample's steadiest bits is counted for 512 places at once
//! ([`super::slices`]); where it is near, the whole is compared. This is done at three speeds. What
//! all samples together tell is left to sketches ([`super::sketch`]).

use std::cmp::Reverse;

use onmon_core::Sample;
use onmon_core::compare::bit_errors;

use super::closest::{Closest, Recording, SPEEDS, at_speed};
use super::counter::COUNT_MAX;
use super::look::errors_most;
use super::slices::{PLACES, Rows, SPACING, Term};
use super::workers::{self, Share};
use super::{Candidate, Effort};
use crate::doubt::doubts;
use crate::part::{Cost, IndexError, View};
use crate::recordings::Ordinal;

/// Codes that are scanned without being asked for, times patterns that they are scanned for: a
/// tenth of a second on two cores. (12,000 songs of 4.5 min for a query of one sample.)
const USUAL: f64 = 2e8;

/// The same for a scan that was asked for: a second on two cores. (110,000 songs for a query of one
/// sample, 18,000 for one of six.) Beyond it nobody would wait for an answer.
const ASKED_FOR: f64 = 1.8e9;

/// Codes in a library beyond which all cores scan a part each.
const ALONE_CODES_MAX: u64 = 10_000_000;

/// Bits of a pattern.
const TERMS: usize = 128;

const _: () = assert!(TERMS <= COUNT_MAX);

/// How much nearer than chance a pattern must be for the whole to be compared, in standard
/// deviations of independent bits. Of real music under noise, speech or another song at 0 dB
/// unrelated codes are so in one place of 140; where the recording is, half of the clips of 15 s
/// reach 6.4 and 95 of 100 reach 3.
const NEAR: f32 = 2.5;

/// How many samples are laid on the recordings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Extent {
    samples: usize,
}

impl Extent {
    /// As much as takes no longer than a search by keys, if that finds more than any such search:
    /// where two samples of a query find nothing by themselves, others seldom do.
    pub(super) fn usual(query: &[Sample<'_>], codes: u64, effort: Effort) -> Option<Self> {
        let patterns = (effort.times(USUAL) / codes.max(1)) as usize;
        let samples = (patterns / SPEEDS.len()).min(query.len());
        (samples >= query.len().clamp(1, 2)).then_some(Self { samples })
    }

    /// All samples, where that is within reason.
    pub(super) fn asked_for(query: &[Sample<'_>], codes: u64) -> Option<Self> {
        let patterns = (SPEEDS.len() * query.len()) as f64;
        let within_reason = patterns * codes as f64 <= ASKED_FOR;
        within_reason.then_some(Self { samples: query.len() })
    }
}

/// The places that agree best with each pattern, over the whole library of so many codes.
pub(super) fn candidates(
    parts: &[View<'_>],
    query: &[Sample<'_>],
    extent: Extent,
    codes: u64,
    cost: &mut Cost,
) -> Result<Vec<Candidate>, IndexError> {
    // Those in the middle of a recording have more to tell than its beginning and end.
    let first = (query.len() - extent.samples) / 2;
    let each =
        (first..first + extent.samples).flat_map(|sample| SPEEDS.map(|speed| (sample, speed)));
    let mut tried: Vec<Tried> = each.map(|(at, speed)| Tried::of(query, at, speed)).collect();
    let workers = if codes > ALONE_CODES_MAX { workers::available() } else { 1 };
    for done in workers::share(workers, |of| share(parts, tried.clone(), of)) {
        let (theirs, scanned) = done?;
        cost.scanned += scanned;
        for (tried, theirs) in tried.iter_mut().zip(theirs) {
            tried.closest.take(theirs.closest);
        }
    }
    Ok(tried.iter().flat_map(Tried::candidates).collect())
}

/// One worker's share of all recordings, and how many codes that were.
fn share(
    parts: &[View<'_>],
    mut tried: Vec<Tried>,
    share: Share,
) -> Result<(Vec<Tried>, u64), IndexError> {
    let (mut codes, mut rows, mut scanned) = (vec![], Rows::new(), 0);
    for (number, part) in parts.iter().enumerate() {
        for ordinal in share.of(0..part.source.recordings().rows().len()) {
            let ordinal = ordinal as Ordinal;
            if !part.dead.contains(&ordinal) {
                part.source.read_codes(ordinal, &mut codes)?;
                scanned += codes.len() as u64;
                rows.set(&codes);
                for tried in &mut tried {
                    tried.scan((number, ordinal), &codes, &rows);
                }
            }
        }
    }
    Ok((tried, scanned))
}

/// A sample at one speed, and where it agrees best so far.
#[derive(Clone)]
struct Tried {
    sample: usize,
    /// The code that a candidate is told of, in the middle, where a speed between those tried is
    /// off by the least; and codes of the recording from the first to that one.
    middle: usize,
    before: usize,
    /// Codes as the recording would have them.
    codes: Vec<u8>,
    pattern: Vec<Term>,
    /// Terms that may differ.
    most: u32,
    closest: Closest,
}

impl Tried {
    fn of(query: &[Sample<'_>], sample: usize, per_cent: usize) -> Self {
        let middle = query[sample].codes.len() / 2;
        let codes = at_speed(query[sample].codes, per_cent);
        let pattern = pattern(&codes);
        Self {
            sample,
            middle,
            before: middle * per_cent / 100,
            most: errors_most(pattern.len(), NEAR),
            codes,
            pattern,
            closest: Closest::default(),
        }
    }

    fn scan(&mut self, recording: Recording, codes: &[u8], rows: &Rows) {
        let Some(last) = codes.len().checked_sub(self.codes.len()) else { return };
        for first in (0..=last).step_by(PLACES) {
            let near = rows.near(first, &self.pattern, self.most);
            for (word, mut places) in near.into_iter().enumerate() {
                while places != 0 {
                    let place = first + 64 * word + places.trailing_zeros() as usize;
                    places &= places - 1;
                    if place <= last {
                        self.compare(recording, codes, place);
                    }
                }
            }
        }
    }

    fn compare(&mut self, recording: Recording, codes: &[u8], place: usize) {
        let there = &codes[place..][..self.codes.len()];
        let bits = 8 * self.codes.len();
        let rate = bit_errors(&self.codes, there) * 1_024 / bits.max(1) as u32;
        if rate < self.closest.too_far() {
            self.closest.keep(rate, recording, place);
        }
    }

    fn candidates(&self) -> impl Iterator<Item = Candidate> {
        self.closest.candidates(self.sample, self.middle, self.before)
    }
}

/// The steadiest bits of the codes, so many: noise has changed these the least.
fn pattern(codes: &[u8]) -> Vec<Term> {
    let doubts = doubts(codes);
    let mut bits: Vec<(usize, usize)> =
        (0..codes.len()).step_by(SPACING).flat_map(|at| (0..8).map(move |bit| (at, bit))).collect();
    bits.sort_by_key(|(at, bit)| Reverse(doubts[*at][7 - bit]));
    let of = |(distance, bit): &(usize, usize)| {
        let set = codes[*distance] >> bit & 1 == 1;
        Term::new(*distance, *bit, set)
    };
    bits.iter().take(TERMS).map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scan_that_nobody_asked_for_takes_what_it_may_and_no_more() {
        let codes = [0; 300];
        let sample = |start| Sample { start, codes: &codes };
        let six: Vec<Sample<'_>> = (0..6).map(|n| sample(900 * n)).collect();
        let samples = |query: &[Sample<'_>], codes| {
            Extent::usual(query, codes, Effort::default()).map(|extent| extent.samples)
        };
        // All six, some, two, none.
        for (codes, told) in [
            (0, Some(6)),
            (10_000_000, Some(6)),
            (16_000_000, Some(4)),
            (33_000_000, Some(2)),
            (34_000_000, None),
            (u64::MAX, None),
        ] {
            assert_eq!(samples(&six, codes), told, "{codes}");
        }
        assert_eq!(samples(&six[..1], 66_000_000), Some(1));
        assert_eq!(samples(&six[..1], 67_000_000), None);
        assert_eq!(Extent::usual(&[], 1, Effort::default()).map(|e| e.samples), None);
        let at = |times| Extent::usual(&six, 28_000_000, Effort::new(times).unwrap());
        assert_eq!(at(2.0).map(|extent| extent.samples), Some(4));
        assert_eq!(at(0.0), None);
        for codes in (1..200).map(|n| n * 1_000_000) {
            for query in [&six[..], &six[..1]] {
                let patterns = samples(query, codes).map_or(0, |n| (n * SPEEDS.len()) as u64);
                assert!((patterns * codes) as f64 <= USUAL, "{codes}");
            }
        }
        let asked_for = |query, codes| Extent::asked_for(query, codes).map(|e| e.samples);
        assert_eq!(asked_for(&six[..], 100_000_000), Some(6));
        assert_eq!(asked_for(&six[..], 100_000_001), None);
        assert_eq!(asked_for(&six[..1], 600_000_000), Some(1));
        assert_eq!(asked_for(&six[..1], u64::MAX), None);
    }
}
