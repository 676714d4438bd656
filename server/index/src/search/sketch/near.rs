//! Recordings whose sketches are near to a query: what all codes say there, and so which places are
//! worth an alignment.

use onmon_core::Sample;
use onmon_core::compare::bit_errors;

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
#[derive(Clone, Copy)]
pub(super) struct Near {
    /// How near, as [`super::pattern::Pattern::look`] tells it.
    pub look: f32,
    pub part: usize,
    pub ordinal: Ordinal,
    /// By how many codes later than the recording's beginning the query's lies there.
    pub shift: i64,
}

/// The nearest of what was met, so many.
pub(super) struct Nearest {
    near: Vec<Near>,
    most: usize,
    least: f32,
}

impl Nearest {
    /// So many at most, each nearer than this.
    pub(super) fn new(most: usize, least: f32) -> Self {
        Self { near: vec![], most, least }
    }

    /// Takes another, which is nearer than [`Nearest::least`].
    pub(super) fn take(&mut self, near: Near) {
        self.near.push(near);
        if self.near.len() >= 4 * self.most {
            self.cut();
            let looks = self.near.iter().map(|near| near.look);
            self.least = looks.fold(f32::INFINITY, f32::min).max(self.least);
        }
    }

    /// How near one must be at least to be among them.
    pub(super) fn least(&self) -> f32 {
        self.least
    }

    /// Takes all that another has.
    pub(super) fn take_all(&mut self, other: Self) {
        self.near.extend(other.near);
    }

    fn cut(&mut self) {
        if self.near.len() > self.most {
            self.near.select_nth_unstable_by(self.most, |a, b| b.look.total_cmp(&a.look));
            self.near.truncate(self.most);
        }
    }

    /// The most promising places of the query, of each recording at most [`ANCHORS`], on one line.
    pub(super) fn candidates(
        mut self,
        parts: &[View<'_>],
        query: &[Sample<'_>],
        cost: &mut Cost,
    ) -> Result<Vec<Candidate>, IndexError> {
        self.cut();
        // As they lie on the disk.
        self.near.sort_unstable_by_key(|near| (near.part, near.ordinal));
        let mut found = vec![];
        for near in self.near {
            cost.compared += 1;
            found.extend(near.candidates(&parts[near.part], query)?);
        }
        found.sort_by(|a, b| b.look.total_cmp(&a.look));
        found.truncate(ALIGNED);
        Ok(found)
    }
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
