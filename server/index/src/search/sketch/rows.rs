//! A query held against a sketch at some shifts: the loop that most of the time of [`super`] goes
//! into, and so as wide as the machine it runs on.
//!
//! The scalar form is everywhere the truth. Where a machine counts the bits of eight words at once
//! (AVX-512 since Ice Lake and Zen 4) they are counted so, in half the time; where it has to look
//! them up (SSE, AVX2) one word after another is as fast or faster.

use fearless_simd::{Level, prelude::*, u64x8};
use onmon_core::SAMPLES_MAX;

use super::as_long::TRIED;
use super::pattern::{Pattern, SOME, Sampled};
use crate::search::look::errors_most;
use crate::sketch::SKETCH_CODES;

/// Groups that the shifts lie in.
pub(super) const GROUPS: usize = TRIED.div_ceil(SKETCH_CODES) + 1;

/// Codes of a sketch, as many as a row has, for each sample.
pub(super) type Words = [u128; SAMPLES_MAX];

/// Words of a vector.
const LANES: usize = 8;

/// Of each of the shifts that are tried a row, as two words.
type Halves = [u64; 2 * SOME.len()];

/// The steadiest bits of a query at [`SOME`] shifts.
#[repr(align(64))]
pub(super) struct Rows {
    rows: [Halves; SAMPLES_MAX],
    /// Which bits these are.
    masks: [Halves; SAMPLES_MAX],
    /// For each shift how many may differ.
    most: [u64; SOME.len()],
    level: Level,
}

impl Rows {
    /// Those that are near where they are nearer than chance by so much, in standard deviations of
    /// independent bits.
    pub(super) fn of(pattern: &Pattern, near: f32) -> Self {
        let halves = |of: fn(&Sampled, usize) -> u128| -> [Halves; SAMPLES_MAX] {
            let half = |sample: Option<&Sampled>, at: usize| {
                sample.map_or(0, |sample| (of(sample, SOME[at / 2]) >> (64 * (at % 2))) as u64)
            };
            std::array::from_fn(|n| std::array::from_fn(|at| half(pattern.samples.get(n), at)))
        };
        let masks = halves(|sample, shift| sample.steadier[shift]);
        let bits = |shift: usize| -> u32 {
            masks.iter().map(|of| of[2 * shift].count_ones() + of[2 * shift + 1].count_ones()).sum()
        };
        Self {
            rows: halves(|sample, shift| sample.rows[shift] & sample.steadier[shift]),
            most: std::array::from_fn(|at| u64::from(errors_most(bits(at) as usize, near))),
            masks,
            level: Level::new(),
        }
    }

    /// At which of [`SOME`] shifts the query is near, of all groups: the first group's lowest.
    pub(super) fn near(&self, there: &[Words; GROUPS]) -> u64 {
        #[cfg(target_arch = "x86_64")]
        if let Some(simd) = self.level.as_avx512() {
            return simd.vectorize(
                #[inline(always)]
                || self.near_by_vectors(simd, there),
            );
        }
        self.near_by_words(there)
    }

    fn near_by_words(&self, there: &[Words; GROUPS]) -> u64 {
        let mut near = 0;
        for (group, there) in there.iter().enumerate() {
            let mut errors = [0; SOME.len()];
            for ((rows, masks), there) in self.rows.iter().zip(&self.masks).zip(there) {
                let there = [*there as u64, (there >> 64) as u64];
                let shifts = rows.as_chunks::<2>().0.iter().zip(masks.as_chunks::<2>().0);
                for (errors, (row, mask)) in errors.iter_mut().zip(shifts) {
                    let differ = |half: usize| (there[half] & mask[half] ^ row[half]).count_ones();
                    *errors += u64::from(differ(0) + differ(1));
                }
            }
            for (shift, (errors, most)) in errors.iter().zip(&self.most).enumerate() {
                near |= u64::from(errors <= most) << (group * SOME.len() + shift);
            }
        }
        near
    }

    #[inline(always)]
    fn near_by_vectors<S: Simd>(&self, simd: S, there: &[Words; GROUPS]) -> u64 {
        let most = u64x8::from_slice(simd, &self.most);
        let mut near = 0;
        for (group, there) in there.iter().enumerate() {
            // Of each shift two sums, one of each half of the rows.
            let mut sums = [u64x8::splat(simd, 0); 2];
            for ((rows, masks), there) in self.rows.iter().zip(&self.masks).zip(there) {
                let half = |lane| (there >> (64 * (lane % 2))) as u64;
                let there = u64x8::from_fn(simd, half);
                let (rows, masks) = (rows.as_chunks::<LANES>().0, masks.as_chunks::<LANES>().0);
                for ((sum, row), mask) in sums.iter_mut().zip(rows).zip(masks) {
                    let [row, mask] = [row, mask].map(|words| u64x8::from_slice(simd, words));
                    *sum += (there & mask ^ row).count_ones();
                }
            }
            let errors = sums[0].unzip_low(sums[1]) + sums[0].unzip_high(sums[1]);
            near |= errors.simd_le(most).to_bitmask() << (group * SOME.len());
        }
        near
    }
}

const _: () = assert!(GROUPS * SOME.len() <= u64::BITS as usize && SOME.len() == LANES);

#[cfg(test)]
mod tests {
    use super::super::lay::tests::{SIX, codes, noisy, samples};
    use super::*;
    use crate::random::random;

    #[test]
    fn vectors_count_what_words_do() {
        let heard = codes(7, 5_400);
        let mut next = random(7);
        for (spans, near) in [(&SIX[..], 0.5), (&SIX[..4], 1.0), (&[(0, 300), (70, 99)], -0.5)] {
            let pattern = Pattern::of(&samples(&heard, spans)).unwrap();
            let rows = Rows::of(&pattern, near);
            let mut some = 0;
            for seed in 0..50 {
                let sketch = noisy(&codes(next() % 3, 400), seed, 128);
                let word =
                    |group: usize, n: usize| super::super::pattern::word(&sketch, group + 20 * n);
                let there: [Words; GROUPS] =
                    std::array::from_fn(|group| std::array::from_fn(|n| word(group, n)));
                let told = rows.near(&there);
                assert_eq!(rows.near_by_words(&there), told);
                some += told.count_ones();
                // Counted bit by bit.
                for (group, there) in there.iter().enumerate() {
                    for (at, shift) in SOME.iter().enumerate() {
                        let (mut bits, mut errors) = (0, 0);
                        for (sample, there) in pattern.samples.iter().zip(there) {
                            let steadier = sample.steadier[*shift];
                            bits += steadier.count_ones();
                            errors += ((sample.rows[*shift] ^ there) & steadier).count_ones();
                        }
                        let is_near = errors <= errors_most(bits as usize, near);
                        assert_eq!(told >> (group * SOME.len() + at) & 1 == 1, is_near);
                    }
                }
            }
            assert!((100..2_300).contains(&some), "{some}");
        }
    }
}
