//! Where a query lies on a recording, and how certain that is, as C reads it.

use onmon_core::{HOP_MS, Kind, lay, wire};

use crate::status::OnmonStatus;

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
    if !query.kind().is_query() || reference.kind() != Kind::Reference {
        return Err(OnmonStatus::WrongKind);
    }
    let found = lay(&query, reference.codes());
    Ok(found.map_or_else(OnmonMatch::default, |found| OnmonMatch {
        offset_ms: found.offset_codes.saturating_mul(HOP_MS.into()),
        speed: found.speed,
        confidence: found.confidence,
        bit_error: found.bit_error,
        matched_ms: found.matched_codes.saturating_mul(HOP_MS),
    }))
}
