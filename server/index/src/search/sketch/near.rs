//! Recordings whose sketches are near to a query: what all codes say there, and so which places are
//! worth an alignment.

use onmon_core::Sample;
use onmon_core::compare::bit_errors;

use super::nearest::Nearest;
use crate::part::{Cost, IndexError, View};
use crate::recordings::Ordinal;
use crate::search::Candidate;
use crate::search::look::look;

/// How near all codes must be there to be aligned, in standard deviations of independent bits.
/// Codes next to each other are alike, so that unrelated ones that are near by their sketches
/// reach 7, of one song in ten more.
const LOOK_MIN: f32 = 9.0;

/// Places in a recording that are aligned, one sample each.
const ANCHORS: usize = 3;

/// And of all recordings, the most promising.
const ALIGNED: usize = 16;

/// Where a recording's sketch is nearest to the query.
struct Near {
    part: usize,
    ordinal: Ordinal,
    /// By how many codes later than the recording's beginning the query's lies there.
    shift: i64,
}

/// The most promising places of the query, of each recording at most [`ANCHORS`], on one line: of
/// what is nearest by its sketch, so many codes later than its beginning.
pub(super) fn candidates(
    nearest: Nearest<i64>,
    parts: &[View<'_>],
    query: &[Sample<'_>],
    cost: &mut Cost,
) -> Result<Vec<Candidate>, IndexError> {
    nearest.candidates(ALIGNED, cost, |(part, ordinal), shift| {
        Near { part, ordinal, shift }.candidates(&parts[part], query)
    })
}

impl Near {
    /// Where the samples that are nearest there lie, if all of them together are near enough. From
    /// each another alignment may begin.
    fn candidates(
        &self,
        part: &View<'_>,
        query: &[Sample<'_>],
    ) -> Result<Vec<Candidate>, IndexError> {
        let mut there = vec![];
        let (mut all_bits, mut all_errors, mut each) = (0, 0, vec![]);
        for (number, sample) in query.iter().enumerate() {
            let (bits, errors) = self.compared(part, sample, &mut there)?;
            (all_bits, all_errors) = (all_bits + bits, all_errors + errors);
            each.push((number, look(bits, errors)));
        }
        let look = look(all_bits, all_errors);
        if look < LOOK_MIN {
            return Ok(vec![]);
        }
        each.sort_by(|(_, one), (_, other)| other.total_cmp(one));
        let candidate = |(sample, _): &(usize, f32)| {
            let code = query[*sample].codes.len() / 2;
            let time = i64::from(query[*sample].start) + code as i64;
            let place = usize::try_from(time + self.shift).ok()?;
            Some(Candidate {
                part: self.part,
                ordinal: self.ordinal,
                sample: *sample,
                code,
                place,
                look,
            })
        };
        Ok(each.iter().take(ANCHORS).filter_map(candidate).collect())
    }

    /// Bits of a sample that lie on the recording, and those of them that differ.
    fn compared(
        &self,
        part: &View<'_>,
        sample: &Sample<'_>,
        there: &mut Vec<u8>,
    ) -> Result<(usize, u32), IndexError> {
        let codes = part.source.recordings().row(self.ordinal).codes as usize;
        let place = i64::from(sample.start) + self.shift;
        let before = place.min(0).unsigned_abs() as usize;
        let own = sample.codes.get(before..).unwrap_or_default();
        let place = place.max(0) as usize;
        let own = &own[..own.len().min(codes.saturating_sub(place))];
        there.clear();
        there.resize(own.len(), 0);
        if !own.is_empty() {
            part.source.peek_codes(self.ordinal, place, there)?;
        }
        Ok((8 * own.len(), bit_errors(own, there)))
    }
}
