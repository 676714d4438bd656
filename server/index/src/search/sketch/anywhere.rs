//! A query on the sketches of all recordings, wherever all of its samples fit into one: what begins
//! or ends elsewhere than its recording, and what nobody has said how long it is.

use onmon_core::Sample;

use super::near;
use super::nearest::Nearest;
use super::pattern::{Pattern, SOME, WIDTH};
use super::shifts::{PLACES, Shifts};
use crate::band::Lengths;
use crate::part::{Cost, IndexError, View};
use crate::recordings::Ordinal;
use crate::search::Candidate;
use crate::search::workers::{self, Share};
use crate::sketch::SKETCH_CODES;

/// How much nearer than chance the steadiest bits must be for all to be counted, in standard
/// deviations of independent bits.
const FIRST_NEAR: f32 = 3.0;

/// And all steady ones for a place to be kept.
const NEAR: f32 = 3.5;

/// Places that are looked at more closely, the nearest.
const LOOKED_AT: usize = 1_024;

/// Codes in a library beyond which all cores take a part of it each.
const ALONE_CODES_MAX: u64 = 30_000_000;

/// The most promising places of the query in a library of so many codes.
pub(in super::super) fn candidates(
    parts: &[View<'_>],
    query: &[Sample<'_>],
    codes: u64,
    cost: &mut Cost,
) -> Result<Vec<Candidate>, IndexError> {
    let mut nearest = Nearest::new(LOOKED_AT, NEAR);
    let workers = if codes > ALONE_CODES_MAX { workers::available() } else { 1 };
    let of = |share| Anywhere::of(query).map(|anywhere| anywhere.share(parts, share));
    for done in workers::share(workers, of).into_iter().flatten() {
        let (theirs, scanned) = done?;
        cost.scanned += scanned;
        nearest.take_all(theirs);
    }
    near::candidates(nearest, parts, query, cost)
}

/// A query, and where its sketch was nearest so far.
struct Anywhere {
    pattern: Pattern,
    shifts: Shifts,
    /// Codes of a sketch from the earliest sample's first to past the last of all.
    span: usize,
    nearest: Nearest<i64>,
    /// A sketch with zeros behind it.
    padded: Vec<u8>,
}

impl Anywhere {
    fn of(query: &[Sample<'_>]) -> Option<Self> {
        let pattern = Pattern::of(query)?;
        let ends = pattern.samples.iter().map(|sample| sample.behind + sample.codes);
        Some(Self {
            span: ends.max().filter(|_| pattern.has_codes())?,
            shifts: Shifts::of(&pattern, FIRST_NEAR),
            pattern,
            nearest: Nearest::new(LOOKED_AT, NEAR),
            padded: vec![],
        })
    }

    /// A part of all recordings, as it was scanned, and how many codes of sketches that were.
    fn share(
        mut self,
        parts: &[View<'_>],
        share: Share,
    ) -> Result<(Nearest<i64>, u64), IndexError> {
        let least = (self.span - 1) * SKETCH_CODES + 1;
        let lengths = Lengths::at_least(u32::try_from(least).unwrap_or(u32::MAX));
        let mut scanned = 0;
        for (part, view) in parts.iter().enumerate() {
            let own = share.of(view.source.recordings().so_long(&lengths));
            view.source.sketches(own, &lengths, &mut |ordinal, sketch| {
                scanned += sketch.len() as u64;
                if !view.dead.contains(&ordinal) {
                    self.lay(part, ordinal, sketch);
                }
            })?;
        }
        Ok((self.nearest, scanned))
    }

    fn lay(&mut self, part: usize, ordinal: Ordinal, sketch: &[u8]) {
        let Some(last) = sketch.len().checked_sub(self.span) else { return };
        self.shifts.set(sketch);
        self.padded.clear();
        self.padded.extend_from_slice(sketch);
        self.padded.resize(sketch.len() + WIDTH, 0);
        let (mut look, mut best) = (self.nearest.least(), None);
        for first in (0..=last).step_by(PLACES) {
            let fits = u64::MAX >> (PLACES - (last + 1 - first).min(PLACES));
            for (near, places) in SOME.iter().zip(self.shifts.near(first)) {
                let mut places = places & fits;
                while places != 0 {
                    let place = first + places.trailing_zeros() as usize;
                    places &= places - 1;
                    for shift in near - 1..=near + 1 {
                        let there = self.pattern.look(shift, &self.padded, place);
                        if there > look {
                            (look, best) = (there, Some((place, shift)));
                        }
                    }
                }
            }
        }
        if let Some((place, shift)) = best {
            // At the first shift the earliest sample begins 19 codes before the place.
            let begins = (place * SKETCH_CODES + shift) as i64 - (SKETCH_CODES as i64 - 1);
            let shift = begins - i64::from(self.pattern.earliest);
            self.nearest.take(look, (part, ordinal), shift);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::lay::tests::{noisy, samples};
    use super::*;
    use crate::key::Sampling;
    use crate::memory::Open;
    use crate::random::lingering as codes;

    const FOUR: [(usize, usize); 4] = [(0, 300), (700, 300), (1_411, 300), (2_100, 300)];

    fn found(memory: &Open, heard: &[u8], codes: u64) -> Vec<(Ordinal, usize)> {
        let query = samples(heard, &FOUR);
        let mut cost = Cost::default();
        let all = candidates(&[memory.view()], &query, codes, &mut cost).unwrap();
        assert!(cost.scanned > 0);
        let place = |found: &Candidate| {
            let heard = query[found.sample].start as usize + found.code;
            (found.ordinal, found.place - heard)
        };
        let mut all: Vec<_> = all.iter().map(place).collect();
        all.dedup();
        all
    }

    #[test]
    fn a_part_of_a_recording_is_found_wherever_it_lies_in_it() {
        let mut memory = Open::new(Sampling::default());
        let song = |slot: u32| codes(u64::from(slot), 2_000 + 40 * slot as usize);
        for slot in 0..200 {
            memory.push(slot, &song(slot));
        }
        for (slot, begins) in [(77, 0), (77, 1), (77, 2_680), (199, 7_001), (10, 0), (11, 39)] {
            // Three bits of eight are wrong.
            let heard = noisy(&song(slot)[begins..], 3, 96);
            for codes in [1, ALONE_CODES_MAX + 1] {
                assert_eq!(found(&memory, &heard, codes), [(slot, begins)], "{codes}");
            }
        }
        assert_eq!(found(&memory, &codes(1_000, 2_400), 1), [], "nobody knows it");
        memory.remove(77);
        assert_eq!(found(&memory, &song(77), 1), []);
    }

    #[test]
    fn too_little_is_laid_nowhere() {
        let mut memory = Open::new(Sampling::default());
        memory.push(0, &[1; 4_000]);
        let heard = codes(1, 4_000);
        for spans in [&[][..], &[(0, 300)], &[(0, 39), (60, 20)]] {
            let query = samples(&heard, spans);
            let mut cost = Cost::default();
            let all = candidates(&[memory.view()], &query, 1, &mut cost).unwrap();
            assert_eq!((all, cost), (vec![], Cost::default()), "{spans:?}");
        }
        let far = [0, u32::MAX].map(|start| Sample { start, codes: &heard[..300] });
        assert_eq!(candidates(&[memory.view()], &far, 1, &mut Cost::default()).unwrap(), []);
    }
}
