//! A query between the codes of a sketch, on 64 places of it at once: how many bits of a pattern
//! differ.
//!
//! A pattern is the steadiest of the bits that the query's sketch would have, which noise has
//! changed the least: at a distance of so many codes one bit of a code, which a shift has or has
//! not. A word of the sketch is that bit of 64 places; it is as many words as there are shifts in
//! which these differ, and a [`Counter`] adds them up.

use fearless_simd::{Level, dispatch, prelude::*, u64x8};
use onmon_core::SAMPLES_MAX;

use super::pattern::{Pattern, Rows, SOME, Sampled, WIDTH};
use crate::search::bit_rows::{IN_BYTE, turn};
use crate::search::counter::{COUNT_MAX, Counter, LANES, Slice};
use crate::search::look::errors_most;

/// Places that are counted together.
pub(super) const PLACES: usize = 64;

/// Bits of a pattern, at most.
const TERMS: usize = COUNT_MAX;

/// Terms that are counted together.
const AT_ONCE: usize = 8;

const _: () = assert!(TERMS.is_multiple_of(AT_ONCE));

/// Stretches of a sketch, one for each bit of each sample.
const STRETCHES: usize = (8 * SAMPLES_MAX).next_power_of_two();

const _: () = assert!(PLACES + WIDTH + IN_BYTE <= 128);

/// The places where each of [`SOME`] shifts is near, the first the lowest.
pub(super) type Places = Slice;

const _: () = assert!(SOME.len() == LANES);

/// Bits of a query, and the sketch that they are held against.
pub(super) struct Shifts {
    stretches: Vec<Stretch>,
    /// For each bit its stretch and code; beyond them all bits of no stretch.
    terms: [u16; TERMS],
    /// For each of them, of each shift all ones if that has it.
    has: Box<[Has; TERMS]>,
    /// Terms that may differ.
    most: u32,
    /// The sketch.
    rows: [Vec<u8>; 8],
    /// What it has of each stretch at some places.
    words: Box<Words>,
    level: Level,
}

/// Where a sketch has one bit of all codes of a sample: codes of the sketch from a place to the
/// first of them, and which of their bits.
struct Stretch {
    distance: usize,
    bit: usize,
}

/// A stretch that no query has.
const NO_STRETCH: usize = STRETCHES - 1;

const _: () = assert!(NO_STRETCH >= 8 * SAMPLES_MAX && WIDTH == 2 * LANES);

/// Of a stretch of a sketch the words for each code, one after another.
type Words = [u64; STRETCHES * WIDTH];

#[derive(Clone, Copy, Default)]
#[repr(align(64))]
struct Has(Slice);

impl Shifts {
    /// Those where the pattern is so near, in standard deviations of independent bits.
    pub(super) fn of(pattern: &Pattern, near: f32) -> Self {
        let samples = || pattern.samples.iter().take(SAMPLES_MAX);
        let of_sample = |sample: &Sampled| {
            let distance = sample.behind;
            [0, 1, 2, 3, 4, 5, 6, 7].map(|bit| Stretch { distance, bit })
        };
        let mut terms = [(NO_STRETCH * WIDTH) as u16; TERMS];
        let (mut has, mut count) = (Box::new([Has::default(); TERMS]), 0);
        let each = TERMS / samples().count().max(1);
        for (number, sample) in samples().enumerate() {
            for (code, bit) in steadiest(sample, each) {
                let shift = SOME.map(|shift| sample.smoothed[shift] >> (8 * code + bit) & 1);
                has[count] = Has(shift.map(|has| 0_u64.wrapping_sub(has as u64)));
                terms[count] = ((8 * number + bit) * WIDTH + code) as u16;
                count += 1;
            }
        }
        Self {
            stretches: samples().flat_map(of_sample).collect(),
            most: errors_most(count, near),
            terms,
            has,
            rows: Default::default(),
            words: Box::new([0; STRETCHES * WIDTH]),
            level: Level::new(),
        }
    }

    /// Replaces the sketch.
    pub(super) fn set(&mut self, sketch: &[u8]) {
        let bytes = sketch.len().next_multiple_of(PLACES) / IN_BYTE + 2 * size_of::<u64>();
        for row in &mut self.rows {
            row.clear();
            row.resize(bytes, 0);
        }
        dispatch!(self.level, simd => turn(simd, sketch, &mut self.rows));
    }

    /// At which of the [`PLACES`] places from `first` on the pattern is near, for each of
    /// [`SOME`].
    pub(super) fn near(&mut self, first: usize) -> Places {
        dispatch!(self.level, simd => self.near_by_vectors(simd, first))
    }

    // Loops and no closures: these would not be as wide.
    #[inline(always)]
    fn near_by_vectors<S: Simd>(&mut self, simd: S, first: usize) -> Places {
        let codes = [0, 8].map(|first| u64x8::from_fn(simd, |lane| (first + lane) as u64));
        let over = [63, 55].map(|first| u64x8::from_fn(simd, |lane| (first - lane) as u64));
        let words = self.words.as_chunks_mut::<WIDTH>().0;
        for (stretch, words) in self.stretches.iter().zip(words) {
            let place = first + stretch.distance;
            let bytes = self.rows[stretch.bit].get(place / IN_BYTE..);
            let bytes = bytes.and_then(|rest| rest.first_chunk()).unwrap_or(&[0; 16]);
            let there = u128::from_le_bytes(*bytes) >> (place % IN_BYTE);
            let low = u64x8::splat(simd, there as u64);
            let high = u64x8::splat(simd, (there >> 63) as u64 & !1);
            for ((words, code), over) in
                words.as_chunks_mut::<LANES>().0.iter_mut().zip(codes).zip(over)
            {
                (low >> code | high << over).store_slice(words);
            }
        }
        let mut count = Counter::new(simd);
        let (has, terms) = (self.has.as_chunks::<AT_ONCE>().0, self.terms.as_chunks::<AT_ONCE>().0);
        for (has, terms) in has.iter().zip(terms) {
            let mut differ = [u64x8::splat(simd, 0); AT_ONCE];
            for ((differ, has), term) in differ.iter_mut().zip(has).zip(terms) {
                let there = self.words[usize::from(*term) % (STRETCHES * WIDTH)];
                *differ = u64x8::from_slice(simd, &has.0) ^ u64x8::splat(simd, there);
            }
            count.add(differ);
        }
        count.at_most(self.most)
    }
}
/// The bits of a sample that are steadiest over all shifts, so many, as code and bit.
fn steadiest(sample: &Sampled, most: usize) -> Vec<(usize, usize)> {
    let mut all: Vec<usize> = (0..8 * sample.codes).collect();
    let shifts = |rows: &Rows, at| rows.iter().filter(|row| *row >> at & 1 == 1).count();
    let steady = |at: &usize| shifts(&sample.steady, *at) + shifts(&sample.steadier, *at);
    all.sort_by_cached_key(|at| std::cmp::Reverse(steady(at)));
    all.into_iter().take(most).map(|at| (at / 8, at % 8)).collect()
}

#[cfg(test)]
mod tests {
    use onmon_core::Sample;

    use super::super::lay::tests::{SIX, codes, noisy, samples};
    use super::*;

    #[test]
    fn places_are_near_where_a_plain_count_says_so() {
        let heard = codes(1, 5_400);
        for (spans, terms) in [(&SIX[..], 246), (&[(0, 300), (777, 110), (995, 47)], 122)] {
            let query: Vec<Sample<'_>> = samples(&heard, spans);
            let pattern = Pattern::of(&query).unwrap();
            let mut shifts = Shifts::of(&pattern, 1.5);
            let is_one = |term: &&u16| usize::from(**term) < NO_STRETCH * WIDTH;
            assert_eq!(shifts.terms.iter().filter(is_one).count(), terms);
            // What was there before is forgotten.
            shifts.set(&codes(2, 900));
            let sketch = noisy(&codes(3, 700), 4, 100);
            shifts.set(&sketch);
            let mut some = 0;
            for first in (0..sketch.len()).step_by(PLACES) {
                let near = shifts.near(first);
                for (lane, near) in near.iter().enumerate() {
                    for at in 0..PLACES {
                        let differs = |(term, has): &(&u16, &Has)| {
                            let (stretch, code) = (**term / 16, usize::from(**term % 16));
                            let stretch = shifts.stretches.get(usize::from(stretch));
                            let Some(Stretch { distance, bit }) = stretch else { return false };
                            let code = first + at + distance + code;
                            u64::from(sketch.get(code).unwrap_or(&0) >> bit & 1) != has.0[lane] & 1
                        };
                        let terms = shifts.terms.iter().zip(shifts.has.iter());
                        let differ = terms.filter(differs).count() as u32;
                        let is_near = near >> at & 1 == 1;
                        assert_eq!(is_near, differ <= shifts.most, "{lane} {first} {at}");
                        some += usize::from(is_near);
                    }
                }
            }
            assert!(some > 100 && some < 3_000, "{some}");
        }
    }

    #[test]
    fn a_pattern_is_of_the_bits_that_the_shift_leaves_on_the_sketch() {
        let song = codes(5, 5_400);
        let mut own = vec![];
        crate::sketch::sketch(&song, &mut own);
        let query = samples(&song[1_003..], &[(0, 300), (899, 300), (2_000, 300)]);
        let mut shifts = Shifts::of(&Pattern::of(&query).unwrap(), 5.0);
        shifts.set(&own);
        let mut found = vec![];
        for first in (0..own.len()).step_by(PLACES) {
            for (shift, near) in SOME.iter().zip(shifts.near(first)) {
                let places = (0..PLACES).filter(|at| near >> at & 1 == 1);
                found.extend(places.map(|at| (first + at, *shift)));
            }
        }
        // Code 1,003 is 20 * 51 - 19 + 2.
        assert_eq!(found, [(51, 1), (51, 3)]);
    }
}
