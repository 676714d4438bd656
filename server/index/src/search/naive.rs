//! The naive full scan: every alignment of every sample, code by code. The tests' oracle, and the
//! benchmarks' baseline.

use onmon_core::Sample;
use onmon_core::compare::bit_errors;

use super::Candidate;
use crate::part::{Cost, IndexError, View};
use crate::recordings::Ordinal;

/// Alignments kept per sample.
const KEPT: usize = 8;

/// Codes compared before an alignment is given up.
const FIRST_CODES: usize = 96;

/// Alignments closer than this are one; the better is kept.
const APART: usize = 8;

/// Speeds at which a query is laid on a recording, in per cent; [`onmon_core::align`] tries those
/// between.
const SPEEDS: [usize; 3] = [100, 95, 105];

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
            kept: vec![],
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
    /// Errors per 1,024 bits; part and recording; place of the first code.
    kept: Vec<(u32, (usize, Ordinal), usize)>,
}

impl Tried {
    fn scan(&mut self, recording: (usize, Ordinal), codes: &[u8]) {
        for (at, window) in codes.windows(self.codes.len()).enumerate() {
            let worst = if self.kept.len() < KEPT { u32::MAX } else { self.kept[KEPT - 1].0 };
            if let Some(rate) = error_rate(&self.codes, window, worst) {
                self.keep((rate, recording, at));
            }
        }
    }

    fn keep(&mut self, new: (u32, (usize, Ordinal), usize)) {
        let near = |old: &&mut (u32, (usize, Ordinal), usize)| {
            old.1 == new.1 && new.2.abs_diff(old.2) < APART
        };
        if let Some(near) = self.kept.iter_mut().find(near) {
            *near = (*near).min(new);
        } else {
            self.kept.push(new);
        }
        self.kept.sort_unstable();
        self.kept.truncate(KEPT);
    }

    fn candidates(&self) -> impl Iterator<Item = Candidate> {
        self.kept.iter().map(|&(rate, (part, ordinal), at)| Candidate {
            part,
            ordinal,
            sample: self.sample,
            code: self.middle,
            place: at + self.middle * self.speed / 100,
            look: 512.0 - rate as f32,
        })
    }
}

/// The codes as a recording has them that is met at so many per cent of its speed: one at least, as
/// no sample is empty.
fn at_speed(codes: &[u8], speed: usize) -> Vec<u8> {
    let there = (codes.len() * speed / 100).max(1);
    (0..there).map(|at| codes[(at * 100 / speed).min(codes.len() - 1)]).collect()
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
