//! The scan: every place of every recording, for what no key survived for (noise, a voice over the
//! music). Its cost grows with the library, and so it is left out of large ones unless it is asked
//! for.
//!
//! A pattern of a few bits from all over a sample is counted for 512 places at once
//! ([`super::slices`]); where it is near, the whole is compared. The samples of a query are laid on
//! a recording all together at the speed at which they were recorded, and where there is time for
//! it singly, at three speeds.

use std::thread;

use onmon_core::Sample;
use onmon_core::compare::bit_errors;

use super::closest::{Closest, Recording, SPEEDS, at_speed};
use super::look::errors_most;
use super::slices::{PLACES, Rows, SPACING, TERMS_MAX, Term};
use super::{Candidate, Candidates, Effort};
use crate::part::{Cost, IndexError, View};
use crate::recordings::Ordinal;

/// Codes that are scanned without being asked for, times patterns that they are scanned for: a
/// tenth of a second on two cores. (12,000 songs of 4.5 min for a query of one sample.)
const USUAL: f64 = 2e8;

/// The same of a scan that comes after all searches by keys and not in place of the dearest: they
/// have taken their time.
const BESIDE_KEYS: f64 = USUAL / 3.0;

/// Codes in a library beyond which a scan that was asked for lays the samples of a query on
/// recordings all together only: one by one they take twenty times as long.
const SINGLY_CODES_MAX: u64 = 100_000_000;

/// Codes in a library beyond which all cores scan a part each.
const ALONE_CODES_MAX: u64 = 10_000_000;

/// Bits of a pattern.
const TERMS: usize = 192;

const _: () = assert!(TERMS <= TERMS_MAX);

/// How much nearer than chance a pattern must be for the whole to be compared, in standard
/// deviations of independent bits: unrelated codes are so in one place of 100, and of 700 where
/// samples are laid together. Bits of which 30 in 100 are wrong reach 5.5.
const NEAR: f32 = 2.3;
const NEAR_TOGETHER: f32 = 3.0;

/// What is laid on the recordings: all samples together, at one speed, and so many of them singly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Extent {
    singly: usize,
}

impl Extent {
    /// As much as takes no longer than a search by keys, if anything does.
    pub(super) fn usual(query: &[Sample<'_>], codes: u64, effort: Effort) -> Option<Self> {
        let together = usize::from(query.len() > 1);
        let patterns = (effort.times(USUAL) / codes.max(1)) as usize;
        let singly = patterns.checked_sub(together)? / SPEEDS.len();
        let extent = Self { singly: singly.min(query.len()) };
        let is_cheap = together > 0 && codes <= effort.times(BESIDE_KEYS);
        (extent.is_enough(query) || is_cheap).then_some(extent)
    }

    /// However long it takes, within reason.
    pub(super) fn asked_for(query: &[Sample<'_>], codes: u64) -> Self {
        let singly = if query.len() > 1 && codes > SINGLY_CODES_MAX { 0 } else { query.len() };
        Self { singly }
    }

    /// Whether it finds more than any search by keys: where two samples of a query find nothing by
    /// themselves, others seldom do.
    pub(super) fn is_enough(self, query: &[Sample<'_>]) -> bool {
        self.singly >= query.len().clamp(1, 2)
    }
}

/// The alignments that agree best with each pattern, over the whole library of so many codes.
pub(super) fn candidates(
    parts: &[View<'_>],
    query: &[Sample<'_>],
    extent: Extent,
    codes: u64,
    cost: &mut Cost,
) -> Result<Candidates, IndexError> {
    let mut tried: Vec<Tried> = vec![];
    if query.len() > 1 {
        tried.extend(Tried::of(query, 0..query.len(), 100));
    }
    let all_together = tried.len();
    // Those in the middle of a recording have more to tell than its beginning and end.
    let first = (query.len() - extent.singly) / 2;
    let each =
        (first..first + extent.singly).flat_map(|sample| SPEEDS.map(|speed| (sample, speed)));
    tried.extend(each.filter_map(|(sample, speed)| Tried::of(query, sample..sample + 1, speed)));
    let workers = match codes {
        ..=ALONE_CODES_MAX => 1,
        _ => thread::available_parallelism().map_or(1, usize::from),
    };
    let shares: Vec<Result<(Vec<Tried>, u64), IndexError>> = thread::scope(|scope| {
        let start = |worker| {
            let tried = tried.clone();
            scope.spawn(move || share(parts, tried, worker, workers))
        };
        let others: Vec<_> = (1..workers).map(start).collect();
        let own = share(parts, tried.clone(), 0, workers);
        let others = others.into_iter().map(|other| match other.join() {
            Ok(done) => done,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        std::iter::once(own).chain(others).collect()
    });
    for done in shares {
        let (theirs, scanned) = done?;
        cost.scanned += scanned;
        for (tried, theirs) in tried.iter_mut().zip(theirs) {
            tried.closest.take(theirs.closest);
        }
    }
    let (together, singly) = tried.split_at(all_together);
    let of = |tried: &[Tried]| tried.iter().flat_map(Tried::candidates).collect();
    Ok(Candidates { of_all: of(together), led_to: of(singly) })
}

/// One worker's share of all recordings, and how many codes that were.
fn share(
    parts: &[View<'_>],
    mut tried: Vec<Tried>,
    worker: usize,
    workers: usize,
) -> Result<(Vec<Tried>, u64), IndexError> {
    let (mut codes, mut rows, mut scanned) = (vec![], Rows::new(), 0);
    for (number, part) in parts.iter().enumerate() {
        // Neighbours lie beside each other on the disk: a stretch for each worker.
        let rows_of = part.source.recordings().rows().len();
        for ordinal in worker * rows_of / workers..(worker + 1) * rows_of / workers {
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

/// Samples at one speed, and where they agree best so far.
#[derive(Clone)]
struct Tried {
    /// The sample that a candidate is told of, and the code in its middle, where a speed between
    /// those tried is off by the least.
    sample: usize,
    middle: usize,
    /// Codes of the recording from the first code of all to that one.
    before: usize,
    /// Runs of codes as the recording would have them, each with its distance from the first.
    runs: Vec<(usize, Vec<u8>)>,
    codes: usize,
    pattern: Vec<Term>,
    /// Terms that may differ.
    most: u32,
    closest: Closest,
}

impl Tried {
    /// None where there is nothing to compare.
    fn of(query: &[Sample<'_>], samples: std::ops::Range<usize>, per_cent: usize) -> Option<Self> {
        let start = query.get(samples.start)?.start as usize;
        let along = |code: usize| (code - start) * per_cent / 100;
        let run =
            |sample: &Sample<'_>| (along(sample.start as usize), at_speed(sample.codes, per_cent));
        let runs: Vec<(usize, Vec<u8>)> = query[samples.clone()].iter().map(run).collect();
        let sample = samples.start + samples.len() / 2;
        let middle = query[sample].codes.len() / 2;
        let pattern = pattern(&runs);
        let near = if samples.len() > 1 { NEAR_TOGETHER } else { NEAR };
        Some(Self {
            sample,
            middle,
            before: runs[sample - samples.start].0 + middle * per_cent / 100,
            codes: runs.last().map_or(0, |(distance, codes)| distance + codes.len()),
            most: errors_most(pattern.len(), near),
            runs,
            pattern,
            closest: Closest::default(),
        })
    }

    fn scan(&mut self, recording: Recording, codes: &[u8], rows: &Rows) {
        let Some(last) = codes.len().checked_sub(self.codes) else { return };
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
        let errors = |(distance, run): &(usize, Vec<u8>)| {
            let there = codes.get(place + distance..).unwrap_or_default();
            bit_errors(run, there.get(..run.len()).unwrap_or_default())
        };
        let bits: usize = self.runs.iter().map(|(_, run)| 8 * run.len()).sum();
        let rate = self.runs.iter().map(errors).sum::<u32>() * 1_024 / bits.max(1) as u32;
        if rate < self.closest.too_far() {
            self.closest.keep(rate, recording, place);
        }
    }

    fn candidates(&self) -> impl Iterator<Item = Candidate> {
        self.closest.candidates(self.sample, self.middle, self.before)
    }
}

/// So many bits from all over the runs.
fn pattern(runs: &[(usize, Vec<u8>)]) -> Vec<Term> {
    let codes = runs.iter().flat_map(|(distance, run)| {
        let places = run.iter().enumerate().map(move |(at, code)| (distance + at, *code));
        places.filter(|(distance, _)| distance.is_multiple_of(SPACING))
    });
    let codes: Vec<(usize, u8)> = codes.collect();
    let bits = 8 * codes.len();
    let terms = TERMS.min(bits);
    // Evenly spread; the bits of a code one after another, so each is as often taken.
    let of = |term: usize| {
        let bit = term * bits / terms;
        let (distance, code) = codes[bit / 8];
        let bit = (bit + term) % 8;
        Term { distance, bit, set: code >> bit & 1 == 1 }
    };
    (0..terms).map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scan_that_nobody_asked_for_takes_what_it_may_and_no_more() {
        let codes = [0; 300];
        let sample = |start| Sample { start, codes: &codes };
        let six: Vec<Sample<'_>> = (0..6).map(|n| sample(900 * n)).collect();
        let singly = |query: &[Sample<'_>], codes| {
            Extent::usual(query, codes, Effort::default()).map(|e| e.singly)
        };
        // All six, some, two, all together beside the keys, none.
        for (codes, told) in [
            (0, Some(6)),
            (10_000_000, Some(6)),
            (16_000_000, Some(3)),
            (28_000_000, Some(2)),
            (30_000_000, Some(1)),
            (60_000_000, Some(0)),
            (80_000_000, None),
            (u64::MAX, None),
        ] {
            assert_eq!(singly(&six, codes), told, "{codes}");
        }
        assert_eq!(singly(&six[..1], 66_000_000), Some(1));
        assert_eq!(singly(&six[..1], 67_000_000), None);
        assert_eq!(Extent::usual(&[], 1, Effort::default()), None);
        let at = |times| Extent::usual(&six, 28_000_000, Effort::new(times).unwrap());
        assert_eq!(at(2.0).map(|e| e.singly), Some(4));
        assert_eq!(at(0.0), None);
        for codes in (1..200).map(|n| n * 1_000_000) {
            for query in [&six[..], &six[..1]] {
                let together = u64::from(query.len() > 1);
                let patterns = singly(query, codes).map_or(0, |n| together + 3 * n as u64);
                assert!((patterns * codes) as f64 <= USUAL, "{codes}");
            }
        }
    }
}
