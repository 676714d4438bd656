//! A query laid along a whole recording, without an index: for one recording, or a few hundred.

use crate::align::{Alignment, Anchor, agreement, align};
use crate::fingerprint::{Fingerprint, Sample};
use crate::profile::SAMPLES_MAX;

/// Places whose certainty is weighed; all others have more wrong bits.
const CANDIDATES: usize = 24;

type Candidates = heapless::Vec<(i64, Anchor), CANDIDATES>;

/// Where the query lies best on the recording with these codes, wherever that is: also where only a
/// part of it does. `None` if either has no codes.
///
/// Candidates are chosen at a speed of 1, so that a long query at another one may be missed, which
/// an index with its votes a sample finds. Costs about one comparison of codes per code of the
/// query and code of the recording; no heap, never panics.
pub fn lay(query: &Fingerprint<'_>, recording: &[u8]) -> Option<Alignment> {
    let mut samples = heapless::Vec::<Sample<'_>, SAMPLES_MAX>::new();
    for sample in query.samples() {
        // A fingerprint has no more than there is room for.
        let _ = samples.push(sample);
    }
    let found = along(&samples, recording)?;
    // Of a clip's sound, which begins with its margin.
    let margin = i64::from(query.kind().margin_codes());
    Some(Alignment { offset_codes: found.offset_codes + margin, ..found })
}

fn along(query: &[Sample<'_>], recording: &[u8]) -> Option<Alignment> {
    let end = query.last().map_or(0, |last| i64::from(last.start) + last.codes.len() as i64);
    let mut candidates = Candidates::new();
    for offset in 1 - end..recording.len() as i64 {
        if let Some(anchor) = anchor(query, recording, offset) {
            keep(&mut candidates, (agreement(query, recording, anchor, 1.0), anchor));
        }
    }
    let laid = candidates
        .iter()
        .filter_map(|(_, anchor)| align(query, recording, *anchor, f32::NEG_INFINITY));
    laid.max_by(|x, y| x.deviations.total_cmp(&y.deviations))
}

/// The first code of the query that falls on the recording when the query begins at `offset`.
fn anchor(query: &[Sample<'_>], recording: &[u8], offset: i64) -> Option<Anchor> {
    query.iter().enumerate().find_map(|(sample, run)| {
        let begins = i64::from(run.start) + offset;
        let code = usize::try_from(-begins).unwrap_or(0);
        let place = usize::try_from(begins + code as i64).ok()?;
        let meets = code < run.codes.len() && place < recording.len();
        meets.then_some(Anchor { sample, code, place })
    })
}

/// Puts a candidate in its place, the best first, if it is among the best.
fn keep(candidates: &mut Candidates, candidate: (i64, Anchor)) {
    let place = candidates.partition_point(|(agreement, _)| *agreement >= candidate.0);
    let mut moved = candidate;
    for kept in candidates.iter_mut().skip(place) {
        core::mem::swap(kept, &mut moved);
    }
    // Where there is no room, it is the least of all.
    let _ = candidates.push(moved);
}

#[cfg(test)]
mod tests {
    use super::*;
    extern crate std;
    use std::vec::Vec;

    fn codes(seed: u32, len: usize) -> Vec<u8> {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) as u8
        };
        (0..len).map(|_| next()).collect()
    }

    #[test]
    fn a_part_is_found_where_it_is_also_over_either_edge() {
        let recording = codes(1, 900);
        for (from, before, after) in [(0, 0, 0), (250, 0, 0), (600, 0, 0), (0, 80, 0), (700, 0, 90)]
        {
            let len = 300.min(recording.len() - from) - before;
            let mut query = codes(7, before);
            query.extend_from_slice(&recording[from..from + len]);
            query.extend(codes(8, after));
            let sample = Sample { start: 0, codes: &query };
            let found = along(&[sample], &recording).unwrap();
            assert_eq!(found.offset_codes, from as i64 - before as i64);
            assert!(found.confidence > 6.0, "{found:?}");
        }
    }

    #[test]
    fn strangers_are_not_certain_and_nothing_lies_nowhere() {
        let (query, recording) = (codes(3, 300), codes(4, 2_000));
        let sample = Sample { start: 0, codes: &query };
        assert!(along(&[sample], &recording).unwrap().confidence < 6.0);
        assert_eq!(along(&[sample], &[]), None);
        assert_eq!(along(&[], &recording), None);
    }

    #[test]
    fn the_best_are_kept_in_order() {
        let mut candidates = Candidates::new();
        for value in (0..200_i64).map(|i| i * 37 % 101) {
            keep(&mut candidates, (value, Anchor { sample: 0, code: 0, place: 0 }));
        }
        let kept: Vec<i64> = candidates.iter().map(|(value, _)| *value).collect();
        let mut all: Vec<i64> = (0..200_i64).map(|i| i * 37 % 101).collect();
        all.sort_by(|x, y| y.cmp(x));
        assert_eq!(kept, all[..CANDIDATES]);
    }
}
