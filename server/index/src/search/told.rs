//! Which of the recordings that a query agrees with are told, and what is told of them.

use onmon_core::compare::{Agreement, bit_errors};
use onmon_core::{HOP_MS, SAMPLES_MAX, Sample};

use super::Laid;
use crate::Slot;

/// Matches with less than this share of the best one's deviations are look-alikes, not the
/// recording, unless a sample agrees with them and with no better one.
const OF_BEST_MIN: f32 = 0.6;

/// Bit error between two enrolled recordings, where the query lies on both, below which they are
/// one recording enrolled twice (a remaster, another bitrate); unrelated ones are near 0.5, and
/// the same recording on another 50-ms grid or at a low bitrate is below 0.15.
const NEAR_DUPLICATE_BIT_ERROR: f32 = 0.2;

/// A recording that the query is, or is made of.
#[derive(Clone, Debug, PartialEq)]
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
    /// The agreement that they are of: of all samples, or of the best one.
    pub surest: Agreement,
    /// Codes of the recording per code of the query: 1.05 where the query plays 5 % faster.
    pub speed: f32,
    /// Share of bits that differ, 0 to 0.5, in the samples that agree.
    pub bit_error: f32,
    /// Codes (50 ms each) in the samples that agree.
    pub matched_codes: u32,
    /// Samples of the query that agree, each on its own.
    pub samples_agreeing: u8,
    /// What each sample that takes part says, in the order of the query.
    pub samples: Vec<SampleMatch>,
    /// The better match of which this is a near-duplicate: the same recording enrolled again, not a
    /// rival.
    pub near_duplicate_of: Option<Slot>,
}

impl Match {
    /// The same where the query's code 0 stands so many codes earlier in its sound than that of a
    /// recording does.
    pub(crate) fn of_margin(mut self, codes: u32) -> Self {
        let margin_ms = i64::from(codes) * i64::from(HOP_MS);
        self.offset_ms += margin_ms;
        self.samples.iter_mut().for_each(|sample| sample.recording_ms += margin_ms);
        self
    }
}

/// A sample of a query that is a stretch of a recording.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SampleMatch {
    /// Number of the sample in the query, from 0.
    pub sample: u8,
    /// Where it begins in the query's own recording, in ms.
    pub query_ms: u64,
    /// Where that is in the enrolled recording, in ms; negative if that starts later.
    pub recording_ms: i64,
    /// Its length in the query, in ms.
    pub length_ms: u32,
    /// Standard deviations of this sample by itself.
    pub deviations: f32,
}

/// The matches, best first.
pub(super) fn matches(query: &[Sample<'_>], mut all: Vec<(Slot, &Laid)>) -> Vec<Match> {
    all.sort_by(|(slot, one), (other_slot, other)| {
        let (one, other) = (one.alignment.deviations, other.alignment.deviations);
        other.total_cmp(&one).then(slot.cmp(other_slot))
    });
    let least = all.first().map_or(0.0, |(_, best)| OF_BEST_MIN * best.alignment.deviations);
    let mut explained = [false; SAMPLES_MAX];
    let mut told: Vec<(Slot, &Laid)> = vec![];
    for (slot, laid) in all {
        let new = |sample: usize| !explained[sample] && laid.alignment.agrees(sample);
        if laid.alignment.deviations >= least || (0..SAMPLES_MAX).any(new) {
            (0..SAMPLES_MAX).for_each(|sample| explained[sample] |= laid.alignment.agrees(sample));
            told.push((slot, laid));
        }
    }
    let as_match = |(at, (slot, laid)): (usize, &(Slot, &Laid))| {
        let twin = told[..at].iter().find(|(_, better)| {
            let error = bit_error_where_both_are_met(query, laid, better);
            error.is_some_and(|error| error < NEAR_DUPLICATE_BIT_ERROR)
        });
        matched(query, *slot, laid, twin.map(|(other, _)| *other))
    };
    told.iter().enumerate().map(as_match).collect()
}

/// Share of bits in which two recordings differ where the query lies on both; `None` where it
/// nowhere does.
fn bit_error_where_both_are_met(query: &[Sample<'_>], one: &Laid, other: &Laid) -> Option<f32> {
    let met = query.iter().filter_map(|sample| {
        let (codes, there) = (stretch(one, sample)?, stretch(other, sample)?);
        Some((bit_errors(codes, there), codes.len()))
    });
    let (errors, codes) = met.fold((0, 0), |(errors, codes), (e, c)| (errors + e, codes + c));
    (codes > 0).then(|| errors as f32 / (8 * codes) as f32)
}

fn stretch<'a>(laid: &'a Laid, sample: &Sample<'_>) -> Option<&'a [u8]> {
    let first = usize::try_from(first_code(laid, sample)).ok()?;
    laid.codes.get(first..first + sample.codes.len())
}

/// The recording's code at which a sample begins.
fn first_code(laid: &Laid, sample: &Sample<'_>) -> i64 {
    let along = f64::from(sample.start) * f64::from(laid.alignment.speed);
    laid.alignment.offset_codes + along.round() as i64
}

fn matched(
    query: &[Sample<'_>],
    slot: Slot,
    laid: &Laid,
    near_duplicate_of: Option<Slot>,
) -> Match {
    let found = &laid.alignment;
    let agreeing = query.iter().enumerate().filter(|(number, _)| found.agrees(*number));
    let samples = agreeing.map(|(number, sample)| SampleMatch {
        sample: number as u8,
        query_ms: u64::from(sample.start) * u64::from(HOP_MS),
        recording_ms: first_code(laid, sample) * i64::from(HOP_MS),
        length_ms: sample.codes.len() as u32 * HOP_MS,
        deviations: found.samples[number],
    });
    Match {
        slot,
        offset_ms: found.offset_codes * i64::from(HOP_MS),
        confidence: found.confidence,
        deviations: found.deviations,
        surest: found.surest,
        speed: found.speed,
        bit_error: found.bit_error,
        matched_codes: found.matched_codes,
        samples_agreeing: found.samples_agreeing,
        samples: samples.collect(),
        near_duplicate_of,
    }
}
