//! A whole sound on the sketch of every recording that is as long: what noise has left no key of is
//! still nearer to its recording than chance, in all samples together.
//!
//! A sketch is one code a second ([`crate::sketch`]). A sound of which is known how long it is may
//! be one recording in twenty, begun within some seconds: there are so few places to lay it that
//! 672 bits tell which of them is worth an alignment. Of 2 million songs these are ten million
//! places, and as a place is most of the time left after three samples of six, they take a few
//! hundredths of a second.

mod lay;
mod rows;

use onmon_core::Sample;
use onmon_core::compare::bit_errors;

use super::Candidate;
use super::look::look;
use crate::band::Lengths;
use crate::part::{Cost, IndexError, View};
use crate::recordings::Ordinal;
use lay::Lay;

/// Shifts that a recording is tried at: so many codes earlier to so many later.
const SHIFTS: usize = 2 * EARLIER + 1;

/// How much earlier than the recording a copy may begin, in codes, or later (2.4 s).
const EARLIER: usize = 48;

/// Recordings that are looked at more closely, the nearest.
const LOOKED_AT: usize = 512;

/// How near all codes must be there to be aligned, in standard deviations of independent bits.
/// Codes next to each other are alike, so that unrelated ones that are near by their sketches
/// reach 7, of one song in ten more.
const LOOK_MIN: f32 = 9.0;

/// Places in a recording that are aligned, one sample each.
const ANCHORS: usize = 3;

/// And of all recordings, the most promising.
const ALIGNED: usize = 16;

/// The most promising places of the query, of each recording at most [`ANCHORS`], on one line.
pub(super) fn candidates(
    parts: &[View<'_>],
    query: &[Sample<'_>],
    lengths: &Lengths,
    cost: &mut Cost,
) -> Result<Vec<Candidate>, IndexError> {
    let Some(mut lay) = Lay::of(query) else { return Ok(vec![]) };
    let mut near: Vec<Near> = vec![];
    for (part, view) in parts.iter().enumerate() {
        view.source.sketches(lengths, &mut |ordinal, sketch| {
            cost.scanned += sketch.len() as u64;
            let Some((errors, shift)) = lay.on(sketch) else { return };
            if !view.dead.contains(&ordinal) {
                near.push(Near { errors, part, ordinal, shift });
            }
            if near.len() == 4 * LOOKED_AT {
                nearest(&mut near);
            }
        })?;
    }
    nearest(&mut near);
    // As they lie on the disk.
    near.sort_unstable_by_key(|near| (near.part, near.ordinal));
    let mut found = vec![];
    for near in near {
        cost.compared += 1;
        found.extend(near.candidates(&parts[near.part], query)?);
    }
    found.sort_by(|a, b| b.look.total_cmp(&a.look));
    found.truncate(ALIGNED);
    Ok(found)
}

/// Where a recording's sketch is nearest to the query.
#[derive(Clone, Copy)]
struct Near {
    errors: u32,
    part: usize,
    ordinal: Ordinal,
    /// By how many codes later than the recording's beginning the query's lies there.
    shift: i64,
}

/// Leaves those that are looked at.
fn nearest(near: &mut Vec<Near>) {
    if near.len() > LOOKED_AT {
        near.select_nth_unstable_by_key(LOOKED_AT, |near| near.errors);
        near.truncate(LOOKED_AT);
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

#[cfg(test)]
mod tests {
    use super::lay::tests::{SIX, codes, noisy, samples};
    use super::*;
    use crate::key::Sampling;
    use crate::memory::Open;

    #[test]
    fn what_noise_has_left_no_key_of_is_found_if_it_is_as_long_and_lives() {
        let mut memory = Open::new(Sampling::default());
        for slot in 0..300 {
            memory.push(slot, &codes(u64::from(slot), 5_300 + slot as usize));
        }
        let found = |memory: &Open, of: u64, cut: usize, lengths| {
            // Three bits of eight are wrong.
            let heard = noisy(&codes(of, 5_300 + of as usize)[cut..], 3, 96);
            let query = samples(&heard, &SIX);
            let all = candidates(&[memory.view()], &query, &lengths, &mut Cost::default()).unwrap();
            let shift = |found: &Candidate| {
                let heard = query[found.sample].start as usize + found.code;
                (found.ordinal, found.place - heard)
            };
            let mut all: Vec<(Ordinal, usize)> = all.iter().map(shift).collect();
            all.dedup();
            all
        };
        let about = |codes| Lengths::about(codes);
        assert_eq!(found(&memory, 77, 0, about(5_377)), [(77, 0)]);
        assert_eq!(found(&memory, 77, 40, about(5_300)), [(77, 40)]);
        assert_eq!(found(&memory, 77, 40, about(5_700)), [], "another length");
        assert_eq!(found(&memory, 77, 60, about(5_300)), [], "another beginning");
        assert_eq!(found(&memory, 1_000, 0, about(5_400)), [], "nobody knows it");
        memory.remove(77);
        assert_eq!(found(&memory, 77, 0, about(5_377)), []);
    }
}
