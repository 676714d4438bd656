//! One sample of a query held against a sketch where it may begin within some seconds: the loop of
//! [`super::sped`], as wide as the machine it runs on ([`super::rows`]).

use fearless_simd::{Level, prelude::*, u64x8};
use onmon_core::Sample;

use super::pattern::{Rows, SOME, Sampled, WIDTH, word};
use crate::sketch::SKETCH_CODES;

/// Codes that a sample may begin earlier or later than it is expected to.
pub(super) const AWAY: i64 = 30;

/// Groups of shifts that these lie in, wherever the first begins.
const GROUPS: usize = (2 * AWAY as usize + 1 + SKETCH_CODES - 1).div_ceil(SKETCH_CODES);

/// Words of a vector.
const LANES: usize = 8;

/// Of each of the shifts that are tried a row, as two words.
type Halves = [u64; 2 * SOME.len()];

/// What all bits of a row weigh at most.
const WEIGHT: u64 = 2 * 8 * WIDTH as u64;

/// The bits of a sample that a neighbour in time shares, at [`SOME`] shifts; those that both do
/// weigh twice.
#[repr(align(64))]
pub(super) struct Lone {
    rows: Halves,
    /// Which bits these are, and which weigh twice.
    steady: Halves,
    steadier: Halves,
    /// What all weigh at each shift less than [`WEIGHT`].
    short: [u64; SOME.len()],
    /// What the squares of the weights come to, on average.
    pub squares: f32,
    level: Level,
}

impl Lone {
    pub(super) fn of(codes: &[u8]) -> Self {
        let sampled = Sampled::of(&Sample { start: 0, codes }, 0);
        let halves = |of: fn(&Sampled, usize) -> u128| -> Halves {
            std::array::from_fn(|at| (of(&sampled, SOME[at / 2]) >> (64 * (at % 2))) as u64)
        };
        let count = |of: &Rows| SOME.map(|shift| u64::from(of[shift].count_ones()));
        let (steady, steadier) = (count(&sampled.steady), count(&sampled.steadier));
        let squares = steady.iter().sum::<u64>() + 3 * steadier.iter().sum::<u64>();
        Self {
            rows: halves(|sample, shift| sample.rows[shift]),
            steady: halves(|sample, shift| sample.steady[shift]),
            steadier: halves(|sample, shift| sample.steadier[shift]),
            short: std::array::from_fn(|at| WEIGHT - steady[at] - steadier[at]),
            squares: squares as f32 / SOME.len() as f32,
            level: Level::new(),
        }
    }

    /// What the bits weigh that agree with a sketch less what those do that differ, where that is
    /// most, if the sample begins in the recording about there.
    pub(super) fn margin(&self, sketch: &[u8], about: i64) -> i64 {
        // At its first shift a group's row begins 19 codes before the group does.
        let first = (about - AWAY + SKETCH_CODES as i64 - 1).div_euclid(SKETCH_CODES as i64);
        let there: [u128; GROUPS] = std::array::from_fn(|group| {
            usize::try_from(first + group as i64).map_or(0, |group| word(sketch, group))
        });
        WEIGHT as i64 - self.least(&there) as i64
    }

    /// The least of all groups and shifts: twice what the bits weigh that differ and what all weigh
    /// less than [`WEIGHT`].
    fn least(&self, there: &[u128; GROUPS]) -> u64 {
        #[cfg(target_arch = "x86_64")]
        if let Some(simd) = self.level.as_avx512() {
            return simd.vectorize(
                #[inline(always)]
                || self.least_by_vectors(simd, there),
            );
        }
        self.least_by_words(there)
    }

    fn least_by_words(&self, there: &[u128; GROUPS]) -> u64 {
        let mut least = u64::MAX;
        for there in there {
            let there = [*there as u64, (there >> 64) as u64];
            for (at, short) in self.short.iter().enumerate() {
                let errors = |half: usize| {
                    let differ = there[half] ^ self.rows[2 * at + half];
                    let steady = (differ & self.steady[2 * at + half]).count_ones();
                    u64::from(steady + (differ & self.steadier[2 * at + half]).count_ones())
                };
                least = least.min(2 * (errors(0) + errors(1)) + short);
            }
        }
        least
    }

    #[inline(always)]
    fn least_by_vectors<S: Simd>(&self, simd: S, there: &[u128; GROUPS]) -> u64 {
        let vectors = |of: &Halves| -> [u64x8<S>; 2] {
            let halves = of.as_chunks::<LANES>().0;
            [u64x8::from_slice(simd, &halves[0]), u64x8::from_slice(simd, &halves[1])]
        };
        let rows = vectors(&self.rows);
        let (steady, steadier) = (vectors(&self.steady), vectors(&self.steadier));
        let short = u64x8::from_slice(simd, &self.short);
        let mut least = u64x8::splat(simd, u64::MAX);
        for there in there {
            let half = |lane| (there >> (64 * (lane % 2))) as u64;
            let there = u64x8::from_fn(simd, half);
            let mut errors = [u64x8::splat(simd, 0); 2];
            for (at, errors) in errors.iter_mut().enumerate() {
                let differ = there ^ rows[at];
                *errors = (differ & steady[at]).count_ones() + (differ & steadier[at]).count_ones();
            }
            let errors = errors[0].unzip_low(errors[1]) + errors[0].unzip_high(errors[1]);
            least = least.min((errors << 1) + short);
        }
        let least: [u64; LANES] = least.into();
        least.into_iter().fold(u64::MAX, u64::min)
    }
}

const _: () = assert!(SOME.len() == LANES);

#[cfg(test)]
mod tests {
    use super::super::lay::tests::noisy;
    use super::*;
    use crate::random::{lingering as codes, random};
    use crate::sketch::sketch;

    #[test]
    fn vectors_find_what_words_do() {
        let mut next = random(3);
        for seed in 0..50 {
            let lone = Lone::of(&codes(seed, 285 + seed as usize % 31));
            let there: [u128; GROUPS] =
                std::array::from_fn(|_| u128::from(next()) << 64 | u128::from(next()));
            assert_eq!(lone.least(&there), lone.least_by_words(&there));
        }
    }

    #[test]
    fn a_sample_is_near_where_it_begins_and_nowhere_else() {
        let song = codes(1, 5_400);
        let mut own = vec![];
        sketch(&song, &mut own);
        let near = |lone: &Lone, sketch: &[u8], about| {
            lone.margin(sketch, about) as f32 / lone.squares.sqrt()
        };
        for begins in [0, 1, 19, 20, 2_704, 4_990] {
            let lone = Lone::of(&noisy(&song[begins..begins + 300], 3, 20));
            for (off, is_near) in [(-AWAY, true), (-7, true), (AWAY, true), (3 * AWAY, false)] {
                let near = near(&lone, &own, begins as i64 + off);
                assert_eq!(near > 5.0, is_near, "{begins} {off}: {near}");
            }
        }
        let lone = Lone::of(&song[..300]);
        for (sketch, about) in [(&own[..0], 0), (&own[..9], 100), (&own, -90_000), (&own, 90_000)] {
            assert!(near(&lone, sketch, about) < 5.0);
        }
    }
}
