//! The naive full scan: every alignment of every sample, code by code. The tests' oracle, and the
//! benchmarks' baseline.

use onmon_core::Sample;
use onmon_core::compare::bit_errors;

use super::Candidate;
use super::closest::{Closest, Recording, SPEEDS, at_speed};
use crate::part::{Cost, IndexError, View};
use crate::recordings::Ordinal;

/// Codes compared before an alignment is given up.
const FIRST_CODES: usize = 96;

/// The alignments of each sample that agree best, over the whole library.
pub(super) fn candidates(
    parts: &[View<'_>],
    query: &[Sample<'_>],
    cost: &mut Cost,
) -> Result<Vec<Candidate>, IndexError> {
    let tried = query.iter().enumerate().flat_map(|(index, sample)| {
        SPEEDS.map(|speed| Tried {
            sample: index,
            middle: sample.codes.len() / 2,
            speed,
            codes: at_speed(sample.codes, speed),
            closest: Closest::default(),
        })
    });
    let mut tried: Vec<Tried> = tried.collect();
    let mut codes = vec![];
    for (number, part) in parts.iter().enumerate() {
        for ordinal in 0..part.source.recordings().rows().len() as Ordinal {
            if !part.dead.contains(&ordinal) {
                part.source.read_codes(ordinal, &mut codes)?;
                cost.scanned += codes.len() as u64;
                tried.iter_mut().for_each(|tried| tried.scan((number, ordinal), &codes));
            }
        }
    }
    Ok(tried.iter().flat_map(Tried::candidates).collect())
}

/// A sample at one speed, and where it agrees best so far.
struct Tried {
    sample: usize,
    /// Where a speed between those tried is off by the least.
    middle: usize,
    speed: usize,
    codes: Vec<u8>,
    closest: Closest,
}

impl Tried {
    fn scan(&mut self, recording: Recording, codes: &[u8]) {
        for (at, window) in codes.windows(self.codes.len()).enumerate() {
            if let Some(rate) = error_rate(&self.codes, window, self.closest.too_far()) {
                self.closest.keep(rate, recording, at);
            }
        }
    }

    fn candidates(&self) -> impl Iterator<Item = Candidate> {
        self.closest.candidates(self.sample, self.middle, self.middle * self.speed / 100)
    }
}

/// Errors per 1,024 bits, if fewer than `below`; gives up early where the beginning agrees no
/// better than chance.
fn error_rate(a: &[u8], b: &[u8], below: u32) -> Option<u32> {
    let first = FIRST_CODES.min(a.len());
    let begun = bit_errors(&a[..first], &b[..first]);
    // 0.46 of 8 bits a code.
    if begun * 100 > first as u32 * 8 * 46 {
        return None;
    }
    let all = begun + bit_errors(&a[first..], &b[first..]);
    let rate = all * 1_024 / (8 * a.len().max(1)) as u32;
    (rate < below).then_some(rate)
}
