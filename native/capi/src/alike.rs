//! Where a query lies on a recording, and how certain that is: core's alignment, tried wherever the
//! fewest bits differ.

use onmon_core::align::{Alignment, Anchor, agreement, align};
use onmon_core::{HOP_MS, Kind, Sample, wire};

use crate::status::OnmonStatus;

/// Places whose certainty is weighed; the others have more wrong bits.
const CANDIDATES: usize = 24;

/// A query laid on a recording, where they agree best.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct OnmonMatch {
    /// Milliseconds from the recording's start to the query's; negative if the query starts before.
    pub offset_ms: i64,
    /// Seconds of the recording per second of the query, 0.94 to 1.06.
    pub speed: f32,
    /// At most 10^-confidence false matches are expected per query against 2 million songs; 0 for
    /// most pairs that have nothing to do with each other.
    pub confidence: f32,
    /// Share of bits that differ in what agrees: 0 for the same codes, about 0.5 by chance.
    pub bit_error: f32,
    /// Milliseconds of the query that agree.
    pub matched_ms: u32,
}

/// Lays the query of these wire bytes on the reference of those.
pub(crate) fn compare(query: &[u8], reference: &[u8]) -> Result<OnmonMatch, OnmonStatus> {
    let (query, reference) = (wire::decode(query)?, wire::decode(reference)?);
    if (query.kind(), reference.kind()) != (Kind::Query, Kind::Reference) {
        return Err(OnmonStatus::WrongKind);
    }
    let samples: Vec<Sample<'_>> = query.samples().collect();
    let found = best(&samples, reference.codes());
    Ok(found.map_or_else(OnmonMatch::default, |found| OnmonMatch {
        offset_ms: found.offset_codes.saturating_mul(HOP_MS.into()),
        speed: found.speed,
        confidence: found.confidence,
        bit_error: found.bit_error,
        matched_ms: found.matched_codes.saturating_mul(HOP_MS),
    }))
}

fn best(query: &[Sample<'_>], recording: &[u8]) -> Option<Alignment> {
    let end = query.last().map_or(0, |last| i64::from(last.start) + last.codes.len() as i64);
    let mut anchors: Vec<(i64, Anchor)> = (1 - end..recording.len() as i64)
        .filter_map(|offset| anchor(query, recording, offset))
        .map(|anchor| (agreement(query, recording, anchor, 1.0), anchor))
        .collect();
    anchors.sort_by_key(|(agreement, _)| std::cmp::Reverse(*agreement));
    anchors
        .iter()
        .take(CANDIDATES)
        .filter_map(|(_, anchor)| align(query, recording, *anchor, f32::NEG_INFINITY))
        .max_by(|x, y| x.deviations.total_cmp(&y.deviations))
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
