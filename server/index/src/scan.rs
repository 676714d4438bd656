//! The naive full scan: every alignment of every sample, for small libraries and as the tests'
//! oracle.
//!
//! It finds what no key survived for (noise, a voice over the music), at a cost that grows with
//! the library, and so it is left out beyond [`CODES_MAX`].

use onmon_core::Sample;
use onmon_core::compare::bit_errors;

use crate::arena::{Arena, Place};
use crate::identify::Candidate;

/// Codes in a library that is still scanned (740 songs of 4.5 min).
pub(crate) const CODES_MAX: u64 = 4_000_000;

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
pub(crate) fn candidates(arena: &Arena, query: &[Sample<'_>]) -> Vec<Candidate> {
    let mut found = vec![];
    for (index, sample) in query.iter().enumerate() {
        for speed in SPEEDS {
            // The middle is where a speed between these is off by the least.
            let middle = sample.codes.len() / 2;
            for (_, place) in closest(arena, &at_speed(sample.codes, speed)) {
                let place = place + middle * speed / 100;
                found.push(Candidate { sample: index, code: middle, place });
            }
        }
    }
    found
}

/// The codes as a recording has them that is met at so many per cent of its speed: one at least, as
/// no sample is empty.
fn at_speed(codes: &[u8], speed: usize) -> Vec<u8> {
    let there = (codes.len() * speed / 100).max(1);
    (0..there).map(|at| codes[(at * 100 / speed).min(codes.len() - 1)]).collect()
}

/// The [`KEPT`] alignments with fewest bit errors: errors per 1,024 bits, place of the first
/// code.
fn closest(arena: &Arena, codes: &[u8]) -> Vec<(u32, Place)> {
    let mut kept: Vec<(u32, Place)> = vec![];
    for (_, start, reference) in arena.recordings() {
        for (at, window) in reference.windows(codes.len()).enumerate() {
            let worst = if kept.len() < KEPT { u32::MAX } else { kept[KEPT - 1].0 };
            if let Some(rate) = error_rate(codes, window, worst) {
                keep(&mut kept, (rate, start + at));
            }
        }
    }
    kept
}

fn keep(kept: &mut Vec<(u32, Place)>, new: (u32, Place)) {
    if let Some(near) = kept.iter_mut().find(|old| new.1.abs_diff(old.1) < APART) {
        *near = (*near).min(new);
    } else {
        kept.push(new);
    }
    kept.sort_unstable();
    kept.truncate(KEPT);
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
