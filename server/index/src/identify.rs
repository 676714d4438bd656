//! From a query to its matches, in tiers from cheap to dear, ending with the first that is
//! certain.

use std::collections::HashMap;

use onmon_core::{Fingerprint, HOP_MS, Sample};

use crate::Slot;
use crate::arena::{Arena, Place};
use crate::key::{KEY_SPAN, probes};
use crate::run::Runs;
use crate::scan;
use crate::verify::{Candidate, Verdict, verify};

/// Least confidence of a match, in standard deviations beyond chance.
///
/// `cargo xtask bench impostors` shows how near real unrelated music comes. Over 288 pieces of
/// free game music (4.4e9 alignments, November 2026) the most alike reached 7.0; what lay above
/// shared its recording or its loops (remixes, faster versions, one theme in two arrangements).
pub const CONFIDENCE_MIN: f32 = 8.0;

/// Matches with less than this share of the best one's confidence are look-alikes, not the
/// recording.
const OF_BEST_MIN: f32 = 0.6;

/// Candidates verified per tier: those with the most votes.
const CANDIDATES_MAX: usize = 48;

/// Codes that votes of one sample may lie apart and still count as one alignment: 5 % of 15 s.
const BIN_CODES: i64 = 16;

/// Places of a key in one run beyond which the key says too little to be worth it.
const PLACES_MAX: usize = 512;

/// A recording that the query is, or is made of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Match {
    /// Which recording.
    pub slot: Slot,
    /// From the recording's start to the query's; negative if the query starts earlier.
    pub offset_ms: i64,
    /// Standard deviations beyond what unrelated music shows, up to 1/7 more for queries under 15
    /// s. At least [`CONFIDENCE_MIN`] in a match.
    pub confidence: f32,
    /// Share of bits that differ, 0 to 0.5, in the samples that agree.
    pub bit_error: f32,
    /// Codes (50 ms each) in the samples that agree.
    pub matched_codes: u32,
    /// Samples of the query that agree, each on its own.
    pub samples_agreeing: u8,
}

/// All matches, best first.
pub(crate) fn identify(
    arena: &Arena,
    runs: &Runs,
    query: &Fingerprint<'_>,
    confidence_min: f32,
) -> Vec<Match> {
    let query: Vec<Sample<'_>> = query.samples().collect();
    let tiers: [&dyn Fn() -> Vec<Candidate>; 3] =
        [&|| voted(runs, &query, false), &|| voted(runs, &query, true), &|| {
            if arena.live_codes() > scan::CODES_MAX {
                vec![]
            } else {
                scan::candidates(arena, &query)
            }
        }];
    for tier in tiers {
        let matches = certain(arena, &query, &tier(), confidence_min);
        if !matches.is_empty() {
            return matches;
        }
    }
    vec![]
}

/// The recordings that candidates lead to with enough confidence.
fn certain(
    arena: &Arena,
    query: &[Sample<'_>],
    candidates: &[Candidate],
    confidence_min: f32,
) -> Vec<Match> {
    let mut best: HashMap<Slot, Verdict> = HashMap::new();
    for &candidate in candidates {
        let Some(recording) = arena.at(candidate.place) else { continue };
        let known = best.get(&recording.slot).map_or(0.0, |verdict| verdict.confidence);
        if known >= confidence_min {
            continue;
        }
        let verdict = verify(&recording, query, candidate);
        if let Some(verdict) = verdict.filter(|verdict| verdict.confidence > known) {
            best.insert(recording.slot, verdict);
        }
    }
    let highest = best.values().map(|verdict| verdict.confidence).fold(0.0, f32::max);
    let least = confidence_min.max(OF_BEST_MIN * highest);
    let found = best.into_iter().filter(|(_, verdict)| verdict.confidence >= least);
    let mut matches: Vec<Match> = found.map(|(slot, verdict)| as_match(slot, &verdict)).collect();
    matches.sort_by(|a, b| b.confidence.total_cmp(&a.confidence).then(a.slot.cmp(&b.slot)));
    matches
}

fn as_match(slot: Slot, verdict: &Verdict) -> Match {
    Match {
        slot,
        offset_ms: verdict.offset_codes * i64::from(HOP_MS),
        confidence: verdict.confidence,
        bit_error: verdict.bit_error,
        matched_codes: verdict.matched_codes,
        samples_agreeing: verdict.samples_agreeing,
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
