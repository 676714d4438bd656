//! From a query to its matches, in tiers from cheap to dear, ending with the first that is
//! certain.

use std::collections::HashMap;

use onmon_core::align::{Alignment, Anchor, align};
use onmon_core::compare::bit_errors;
use onmon_core::{HOP_MS, Sample};

use crate::Slot;
use crate::arena::{Arena, Place, Recording};
use crate::key::{KEY_SPAN, probes};
use crate::run::Runs;
use crate::scan;

/// Matches with less than this share of the best one's deviations are look-alikes, not the
/// recording.
const OF_BEST_MIN: f32 = 0.6;

/// Bit error between two enrolled recordings, where the query lies on both, below which they are
/// one recording enrolled twice (a remaster, another bitrate); unrelated ones are near 0.5, and
/// the same recording on another 50-ms grid or at a low bitrate is below 0.15.
const NEAR_DUPLICATE_BIT_ERROR: f32 = 0.2;

/// Candidates verified per tier: those with the most votes.
const CANDIDATES_MAX: usize = 48;

/// Codes that votes of one sample may lie apart and still count as one alignment: 5 % of 15 s.
const BIN_CODES: i64 = 16;

/// Places of a key in one run beyond which the key says too little to be worth it.
const PLACES_MAX: usize = 512;

/// Codes by which a candidate may lie off an alignment and still be the same one.
const SAME_LINE_CODES: u64 = 3;

/// A recording that the query is, or is made of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Match {
    /// Which recording.
    pub slot: Slot,
    /// From the recording's start to the query's; negative if the query starts earlier.
    pub offset_ms: i64,
    /// Calibrated: c means at most 10^-c expected false identifications per query against 2 million
    /// songs ([`onmon_core::certainty`]).
    pub confidence: f32,
    /// What it was calibrated from: standard deviations beyond what unrelated music shows.
    pub deviations: f32,
    /// Codes of the recording per code of the query: 1.05 where the query plays 5 % faster.
    pub speed: f32,
    /// Share of bits that differ, 0 to 0.5, in the samples that agree.
    pub bit_error: f32,
    /// Codes (50 ms each) in the samples that agree.
    pub matched_codes: u32,
    /// Samples of the query that agree, each on its own.
    pub samples_agreeing: u8,
    /// The better match of which this is a near-duplicate: the same recording enrolled again, not a
    /// rival.
    pub near_duplicate_of: Option<Slot>,
}

/// One code of a query that may be one code in the code space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// Which sample of the query.
    pub sample: usize,
    /// Which code of that sample.
    pub code: usize,
    /// Where in the code space.
    pub place: Place,
}

/// Finds candidates.
type Tier = fn(&Search<'_>) -> Vec<Candidate>;

/// From cheap to dear.
const TIERS: [Tier; 3] = [
    |search| voted(search.runs, &search.query, false),
    |search| voted(search.runs, &search.query, true),
    |search| match search.arena.live_codes() {
        ..=scan::CODES_MAX => scan::candidates(search.arena, &search.query),
        _ => vec![],
    },
];

/// A query put to an index.
pub(crate) struct Search<'a> {
    pub arena: &'a Arena,
    pub runs: &'a Runs,
    pub query: Vec<Sample<'a>>,
    /// A match has so many or more.
    pub deviations_min: f32,
}

impl Search<'_> {
    /// All matches of the first tier that is certain, best first.
    pub(crate) fn identify(&self) -> Vec<Match> {
        let mut answers = TIERS.iter().map(|tier| self.certain(&tier(self)));
        answers.find(|matches| !matches.is_empty()).unwrap_or_default()
    }

    /// All recordings that any tier's candidates come so near to, at their nearest.
    pub(crate) fn nearest(&self) -> Vec<Match> {
        let all: Vec<Candidate> = TIERS.iter().flat_map(|tier| tier(self)).collect();
        self.certain(&all)
    }

    /// The recordings that candidates lead to with enough certainty.
    fn certain(&self, candidates: &[Candidate]) -> Vec<Match> {
        let Self { arena, query, deviations_min, .. } = self;
        let mut best: HashMap<Slot, (Recording<'_>, Alignment)> = HashMap::new();
        for &Candidate { sample, code, place } in candidates {
            let Some(recording) = arena.at(place) else { continue };
            let anchor = Anchor { sample, code, place: place - recording.start };
            // A recording that repeats itself is met in several places, of which the first need
            // not be the right one.
            let known = best.get(&recording.slot).map(|(_, known)| known);
            if known.is_some_and(|known| lies_on(query, anchor, known)) {
                continue;
            }
            let known = known.map_or(0.0, |known| known.deviations);
            let found = align(query, recording.codes, anchor, deviations_min.max(known));
            if let Some(found) = found.filter(|found| found.deviations > known) {
                best.insert(recording.slot, (recording, found));
            }
        }
        let highest = best.values().map(|(_, found)| found.deviations).fold(0.0, f32::max);
        let least = deviations_min.max(OF_BEST_MIN * highest);
        let mut found: Vec<(Recording<'_>, Alignment)> =
            best.into_values().filter(|(_, found)| found.deviations >= least).collect();
        found.sort_by(|(r, a), (s, b)| {
            b.deviations.total_cmp(&a.deviations).then(r.slot.cmp(&s.slot))
        });
        let as_match = |(at, (recording, alignment)): (usize, &(Recording<'_>, Alignment))| {
            let better = &found[..at];
            let twin = better.iter().find(|(other, there)| {
                let error =
                    bit_error_where_both_are_met(query, (recording, alignment), (other, there));
                error.is_some_and(|error| error < NEAR_DUPLICATE_BIT_ERROR)
            });
            matched(recording.slot, alignment, twin.map(|(other, _)| other.slot))
        };
        found.iter().enumerate().map(as_match).collect()
    }
}

fn lies_on(query: &[Sample<'_>], anchor: Anchor, known: &Alignment) -> bool {
    let time = query[anchor.sample].start as f32 + anchor.code as f32;
    let there = known.offset_codes + (time * known.speed).round() as i64;
    there.abs_diff(anchor.place as i64) <= SAME_LINE_CODES
}

/// Share of bits in which two recordings differ where the query lies on both; `None` where it
/// nowhere does.
fn bit_error_where_both_are_met(
    query: &[Sample<'_>],
    (one, on_one): (&Recording<'_>, &Alignment),
    (other, on_other): (&Recording<'_>, &Alignment),
) -> Option<f32> {
    let stretch = |codes, found: &Alignment, sample: &Sample<'_>| {
        let first = found.offset_codes + (sample.start as f32 * found.speed).round() as i64;
        let first = usize::try_from(first).ok()?;
        <[u8]>::get(codes, first..first + sample.codes.len())
    };
    let met = query.iter().filter_map(|sample| {
        let codes = stretch(one.codes, on_one, sample)?;
        let there = stretch(other.codes, on_other, sample)?;
        Some((bit_errors(codes, there), codes.len()))
    });
    let (errors, codes) = met.fold((0, 0), |(errors, codes), (e, c)| (errors + e, codes + c));
    (codes > 0).then(|| errors as f32 / (8 * codes) as f32)
}

fn matched(slot: Slot, found: &Alignment, near_duplicate_of: Option<Slot>) -> Match {
    Match {
        slot,
        offset_ms: found.offset_codes * i64::from(HOP_MS),
        confidence: found.confidence,
        deviations: found.deviations,
        speed: found.speed,
        bit_error: found.bit_error,
        matched_codes: found.matched_codes,
        samples_agreeing: found.samples_agreeing,
        near_duplicate_of,
    }
}

/// The alignments with the most keys in common, most first.
fn voted(runs: &Runs, query: &[Sample<'_>], flips: bool) -> Vec<Candidate> {
    let mut bins = vec![];
    for (index, sample) in query.iter().enumerate() {
        let mut hits: Vec<(i64, usize, Place)> = vec![];
        for code in 0..(sample.codes.len() + 1).saturating_sub(KEY_SPAN) {
            for key in probes(sample.codes, code, flips) {
                let places = runs.places(key, PLACES_MAX);
                hits.extend(places.map(|place| (place as i64 - code as i64, code, place)));
            }
        }
        hits.sort_unstable();
        bins.extend(
            fullest(&hits)
                .into_iter()
                .map(|(votes, (_, code, place))| (votes, Candidate { sample: index, code, place })),
        );
    }
    bins.sort_by_key(|(votes, _)| std::cmp::Reverse(*votes));
    bins.into_iter().take(CANDIDATES_MAX).map(|(_, candidate)| candidate).collect()
}

/// Bins of hits (sorted by alignment) that no fuller one overlaps: how many, and the one in the
/// middle.
fn fullest(hits: &[(i64, usize, Place)]) -> Vec<(usize, (i64, usize, Place))> {
    let mut bins: Vec<(usize, (i64, usize, Place))> = vec![];
    let mut end = 0;
    for (first, hit) in hits.iter().enumerate() {
        while end < hits.len() && hits[end].0 < hit.0 + BIN_CODES {
            end += 1;
        }
        let bin = (end - first, hits[first + (end - first) / 2]);
        match bins.last_mut() {
            Some(last) if bin.1.0 - last.1.0 < BIN_CODES => *last = (*last).max(bin),
            _ => bins.push(bin),
        }
    }
    bins
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Codes that linger, as those of music do.
    fn song(seed: u32, codes: usize) -> Vec<u8> {
        let mut state = seed;
        let mut code = 0;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        (0..codes)
            .map(|_| {
                code ^= next() & next();
                code
            })
            .collect()
    }

    #[test]
    fn a_recording_that_repeats_itself_is_met_at_its_best_place_not_at_the_first() {
        let verse = song(1, 900);
        // The same again, another singer: every fifth code is another.
        let again: Vec<u8> =
            verse.iter().enumerate().map(|(i, c)| if i % 5 == 0 { !c } else { *c }).collect();
        let whole = [&again[..], &song(2, 900), &verse, &song(3, 900)].concat();
        let mut arena = Arena::default();
        arena.insert(7, &whole);
        let query = vec![Sample { start: 0, codes: &verse[300..600] }];
        let runs = Runs::default();
        let search = Search { arena: &arena, runs: &runs, query, deviations_min: 9.0 };
        let candidate = |place| Candidate { sample: 0, code: 0, place };
        let places = [300, 2_100];
        for order in [places, [places[1], places[0]]] {
            let found = search.certain(&order.map(candidate));
            assert_eq!((found[0].slot, found[0].offset_ms), (7, 2_100 * 50), "{found:?}");
        }
        let first = search.certain(&[candidate(300)]);
        assert_eq!(first[0].offset_ms, 300 * 50, "a test that the first place would do too");
    }
}
