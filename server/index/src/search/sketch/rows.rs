//! The rows of a query's first samples held against a sketch: the loop that most of the time of
//! [`super`] goes into, and so as wide as the machine it runs on.
//!
//! The scalar form is everywhere the truth. Where a machine counts the bits of eight words at once
//! (AVX-512 since Ice Lake and Zen 4) they are counted so, in half the time; where it has to look
//! them up (SSE, AVX2) one word after another is as fast or faster.

use fearless_simd::{Level, prelude::*, u64x8};

use super::SHIFTS;
use crate::sketch::SKETCH_CODES;

/// Samples whose rows these are.
pub(super) const FIRST: usize = 3;

/// Groups that the shifts lie in.
pub(super) const GROUPS: usize = SHIFTS.div_ceil(SKETCH_CODES) + 1;

/// Codes of a sketch, as many as a row has, for each of the first samples.
pub(super) type Words = [u128; FIRST];

/// How many bits differ at each shift of all groups.
pub(super) type Errors = [u16; GROUPS * SKETCH_CODES];

/// Words of a vector.
const LANES: usize = 8;

/// Shifts of which a vector has all words.
const AT_ONCE: usize = LANES / 2;

/// For each shift of a group a row of each of the first samples, as two words.
#[repr(align(64))]
pub(super) struct Rows {
    halves: [[u64; 2 * SKETCH_CODES]; FIRST],
    /// The bits that all rows of a sample have.
    masks: Words,
    level: Level,
}

impl Rows {
    pub(super) fn new(rows: [[u128; SKETCH_CODES]; FIRST], masks: Words) -> Self {
        let half = |rows: &[u128; SKETCH_CODES], at| (rows[at / 2] >> (64 * (at % 2))) as u64;
        let halves = rows.map(|rows| std::array::from_fn(|at| half(&rows, at)));
        Self { halves, masks, level: Level::new() }
    }

    /// How many bits differ at each shift, if somewhere no more than so many.
    pub(super) fn errors(&self, there: &[Words; GROUPS], most: u16) -> Option<Errors> {
        let there = there.map(|words| std::array::from_fn(|n| words[n] & self.masks[n]));
        #[cfg(target_arch = "x86_64")]
        if let Some(simd) = self.level.as_avx512() {
            return simd.vectorize(
                #[inline(always)]
                || self.errors_of_vectors(simd, &there, most),
            );
        }
        self.errors_of_words(&there, most)
    }

    fn errors_of_words(&self, there: &[Words; GROUPS], most: u16) -> Option<Errors> {
        let mut errors = [0; GROUPS * SKETCH_CODES];
        for (errors, there) in errors.as_chunks_mut::<SKETCH_CODES>().0.iter_mut().zip(there) {
            for (halves, there) in self.halves.iter().zip(there) {
                let (low, high) = (*there as u64, (there >> 64) as u64);
                for (errors, own) in errors.iter_mut().zip(halves.as_chunks::<2>().0) {
                    *errors += ((own[0] ^ low).count_ones() + (own[1] ^ high).count_ones()) as u16;
                }
            }
        }
        errors.iter().any(|errors| *errors <= most).then_some(errors)
    }

    #[inline(always)]
    fn errors_of_vectors<S: Simd>(
        &self,
        simd: S,
        there: &[Words; GROUPS],
        most: u16,
    ) -> Option<Errors> {
        const VECTORS: usize = SKETCH_CODES / AT_ONCE;
        let none = u64x8::splat(simd, 0);
        // Of each shift two sums, one of each half of the rows.
        let mut sums = [[none; VECTORS]; GROUPS];
        for (sums, there) in sums.iter_mut().zip(there) {
            for (halves, there) in self.halves.iter().zip(there) {
                let half = |lane| (there >> (64 * (lane % 2))) as u64;
                let there = u64x8::from_fn(simd, half);
                for (sum, own) in sums.iter_mut().zip(halves.as_chunks::<LANES>().0) {
                    *sum += (u64x8::from_slice(simd, own) ^ there).count_ones();
                }
            }
        }
        let mut least = u64x8::splat(simd, u64::MAX);
        let mut errors = [none; GROUPS * VECTORS / 2];
        for (errors, [one, next]) in errors.iter_mut().zip(sums.as_flattened().as_chunks::<2>().0) {
            *errors = one.unzip_low(*next) + one.unzip_high(*next);
            least = least.min(*errors);
        }
        let some = least.simd_le(u64x8::splat(simd, u64::from(most))).any_true();
        some.then(|| std::array::from_fn(|at| errors[at / LANES][at % LANES] as u16))
    }
}

const _: () = assert!(SKETCH_CODES.is_multiple_of(AT_ONCE) && GROUPS.is_multiple_of(2));

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::random;

    #[test]
    fn vectors_count_what_words_do() {
        let mut next = random(7);
        let mut word = || (0..16).fold(0, |word, _| word << 8 | u128::from(next() as u8));
        let mut words = || -> Words { std::array::from_fn(|_| word()) };
        for masks in [[u128::MAX; FIRST], [u128::MAX >> 16, 0, 1 << 127], words()] {
            let rows = std::array::from_fn(|_| words());
            let rows: [Words; SKETCH_CODES] = rows;
            let rows = std::array::from_fn(|n| rows.map(|row| row[n] & masks[n]));
            let rows = Rows::new(rows, masks);
            let there: [Words; GROUPS] = std::array::from_fn(|_| words());
            let all = rows.errors(&there, u16::MAX).expect("none has more");
            let masked = there.map(|words| std::array::from_fn(|n| words[n] & masks[n]));
            assert_eq!(rows.errors_of_words(&masked, u16::MAX), Some(all));
            let first = |shift: usize, n: usize| {
                let [low, high] = rows.halves[n].as_chunks::<2>().0[shift % SKETCH_CODES];
                let row = u128::from(high) << 64 | u128::from(low);
                (row ^ masked[shift / SKETCH_CODES][n]).count_ones() as u16
            };
            for (shift, errors) in all.iter().enumerate() {
                assert_eq!(*errors, (0..FIRST).map(|n| first(shift, n)).sum::<u16>());
            }
            let least = *all.iter().min().unwrap();
            for (most, some) in [(least, true), (least.wrapping_sub(1), least == 0)] {
                assert_eq!(rows.errors(&there, most).is_some(), some);
                assert_eq!(rows.errors_of_words(&masked, most).is_some(), some);
            }
        }
    }
}
