//! How a query agrees with a recording elsewhere than where it was laid: what real music does that
//! neighbouring codes do not tell.
//!
//! Songs of one tempo agree wherever their beats meet, again and again, and far more than codes
//! with a memory of a second ([`crate::compare`]) would by chance. So the query is laid on the
//! recording at other places too, all its samples together, d codes further, and agreement is held
//! against what it comes to there:
//!
//! ```text
//! V = variance over d of  S(d) - S(0) R(d) / R(0)
//! ```
//! S is the query's agreement with the recording, R that of the recording's own codes in the
//! query's place. A recording that repeats itself meets its own query again a bar later: that much
//! R expects, and it is no sign of chance. Another song of that tempo does not follow R: where its
//! beats meet again, S is high and R is not. So the highest of S(d) - S(0) R(d) / R(0) within two
//! seconds says how far unrelated music may reach here ([`crate::compare`]).

use crate::compare::{BITS, bit_errors};
use crate::profile::CODES_PER_SAMPLE;

/// Codes (1 min) that the query is moved at most, either way.
pub(crate) const SHIFT_MAX: usize = 1_200;

/// Codes between places; neighbours are alike.
const SHIFT_STEP: usize = 3;

/// Codes around the place itself that are still the place itself.
const HERE: usize = 8;

/// Codes (2 s) within which the highest is looked for: the next beats, and little else.
const NEARBY: usize = 40;

/// Places looked at.
const SHIFTS: usize = 2 * SHIFT_MAX / SHIFT_STEP + 1;

/// Fewer places than this say nothing.
const SHIFTS_MIN: usize = 50;

/// The most codes that [`Elsewhere::of`] takes of a recording.
pub(crate) const STRETCH_CODES: usize = CODES_PER_SAMPLE + 2 * SHIFT_MAX;

/// Agreement at every place, summed over samples.
pub(crate) struct Elsewhere {
    /// S.
    query: [f32; SHIFTS],
    /// R.
    itself: [f32; SHIFTS],
    /// Codes either way beyond which places are not looked at.
    reach: usize,
}

impl Elsewhere {
    pub(crate) const NOTHING: Self =
        Self { query: [0.0; SHIFTS], itself: [0.0; SHIFTS], reach: SHIFT_MAX };

    /// Of one sample, and of a stretch of the recording that begins [`SHIFT_MAX`] codes before the
    /// sample's place and ends as many after it; of that not more than `reach` codes to either side
    /// are looked at.
    pub(crate) fn of(query: &[u8], stretch: &[u8], reach: usize) -> Self {
        let here = stretch.get(SHIFT_MAX..).unwrap_or_default();
        let here = here.get(..query.len()).unwrap_or_default();
        let mut at = Self { reach, ..Self::NOTHING };
        let (q_ones, r_ones) = (ones(query), ones(here));
        let mut there_ones = [0; BITS];
        let mut counted = 0..0;
        let room = at.query.iter_mut().zip(&mut at.itself).enumerate();
        for (step, (s, r)) in room {
            let first = step * SHIFT_STEP;
            let there = stretch.get(first..).unwrap_or_default();
            let Some(there) = there.get(..query.len()) else { break };
            slide(&mut there_ones, stretch, &mut counted, first..first + query.len());
            *s = centred(query, &q_ones, there, &there_ones);
            *r = centred(here, &r_ones, there, &there_ones);
        }
        at
    }

    /// Of both together, moved alike.
    pub(crate) fn and(mut self, other: &Self) -> Self {
        for (mine, others) in [(&mut self.query, &other.query), (&mut self.itself, &other.itself)] {
            mine.iter_mut().zip(others).for_each(|(mine, other)| *mine += other);
        }
        self.reach = self.reach.min(other.reach);
        self
    }

    /// What it comes to; `None` where there are too few places to tell.
    pub(crate) fn told(&self) -> Option<Told> {
        let middle = SHIFT_MAX / SHIFT_STEP;
        let at = |values: &[f32; SHIFTS]| values.get(middle).copied().unwrap_or(0.0);
        let expected = at(&self.query) / at(&self.itself).max(1.0);
        let (mut n, mut sum, mut squares, mut highest) = (0.0, 0.0, 0.0, 0.0_f32);
        for (step, (s, r)) in self.query.iter().zip(&self.itself).enumerate() {
            let shift = step.abs_diff(middle) * SHIFT_STEP;
            if shift > HERE && shift <= self.reach {
                let left = s - expected * r;
                (n, sum, squares) = (n + 1.0, sum + left, squares + left * left);
                if shift <= NEARBY {
                    highest = highest.max(left);
                }
            }
        }
        let variance = squares / n - (sum / n) * (sum / n);
        (n >= SHIFTS_MIN as f32).then_some(Told { variance, highest })
    }
}

/// How a query agrees with a recording elsewhere, beyond what the recording itself repeats.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told {
    /// V.
    pub variance: f32,
    /// The most within [`NEARBY`] codes, 0 or more.
    pub highest: f32,
}

/// Sum over codes and bits (as +-1) of the product of two runs, the first less its mean.
fn centred(run: &[u8], run_ones: &[u32; BITS], other: &[u8], other_ones: &[u32; BITS]) -> f32 {
    let codes = run.len() as f32;
    let agreement = BITS as f32 * codes - 2.0 * bit_errors(run, other) as f32;
    let sum = |ones: &u32| 2.0 * *ones as f32 - codes;
    let by_means: f32 = run_ones.iter().zip(other_ones).map(|(x, y)| sum(x) * sum(y)).sum();
    agreement - by_means / codes.max(1.0)
}

/// How often each bit is set.
fn ones(run: &[u8]) -> [u32; BITS] {
    let mut ones = [0; BITS];
    run.iter().for_each(|code| count(&mut ones, *code, |ones, bit| ones + bit));
    ones
}

/// Moves the counts of a window of `run` to a later one.
fn slide(
    ones: &mut [u32; BITS],
    run: &[u8],
    from: &mut core::ops::Range<usize>,
    to: core::ops::Range<usize>,
) {
    let part = |first: usize, end: usize| run.get(first..end).unwrap_or_default().iter();
    part(from.end.max(to.start), to.end).for_each(|code| count(ones, *code, |n, bit| n + bit));
    part(from.start, to.start.min(from.end))
        .for_each(|code| count(ones, *code, |n, bit| n.saturating_sub(bit)));
    *from = to;
}

fn count(ones: &mut [u32; BITS], code: u8, change: impl Fn(u32, u32) -> u32) {
    for (bit, ones) in ones.iter_mut().enumerate() {
        *ones = change(*ones, u32::from(code >> bit & 1));
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use crate::compare::tests::random;
    use std::vec::Vec;

    fn around(middle: &[u8], seed: u32) -> Vec<u8> {
        let sides = random(seed, 2 * SHIFT_MAX);
        let (before, after) = sides.split_at(SHIFT_MAX);
        [before, middle, after].concat()
    }

    #[test]
    fn each_place_is_the_plain_sum_there() {
        let query = random(1, 300);
        let stretch = around(&random(2, 300), 3);
        let at = Elsewhere::of(&query, &stretch, SHIFT_MAX);
        let bit = |code: u8, b: usize| f64::from(code >> b & 1) * 2.0 - 1.0;
        let mean = |run: &[u8], b: usize| {
            run.iter().map(|&code| bit(code, b)).sum::<f64>() / run.len() as f64
        };
        for step in [0, 7, 400, 800] {
            let there = &stretch[3 * step..][..300];
            for (run, found) in
                [(&query[..], at.query[step]), (&stretch[SHIFT_MAX..][..300], at.itself[step])]
            {
                let plain: f64 = (0..8)
                    .flat_map(|b| (0..300).map(move |i| (b, i)))
                    .map(|(b, i)| (bit(run[i], b) - mean(run, b)) * bit(there[i], b))
                    .sum();
                assert!((plain - f64::from(found)).abs() < 0.1, "{step}: {plain} {found}");
            }
        }
    }

    #[test]
    fn unrelated_codes_vary_as_independent_bits_do() {
        let query = random(1, 300);
        let told = Elsewhere::of(&query, &around(&random(2, 300), 3), SHIFT_MAX).told().unwrap();
        assert!((0.8..1.2).contains(&(told.variance / 2_400.0)), "{told:?}");
        // The highest of 22 or so.
        let highest = told.highest / told.variance.sqrt();
        assert!((1.0..3.5).contains(&highest), "{told:?}");
    }

    #[test]
    fn what_a_recording_repeats_is_expected_of_it_and_not_of_another() {
        let bar = random(1, 40);
        let looped: Vec<u8> = bar.iter().copied().cycle().take(STRETCH_CODES).collect();
        let own = &looped[SHIFT_MAX..][..300];
        // Half the bars of another loop that agrees with this one in half of its codes.
        let other: Vec<u8> = own
            .iter()
            .zip(random(2, 40).iter().cycle())
            .enumerate()
            .map(|(i, (own, other))| if i % 2 == 0 { *own } else { *other })
            .collect();
        let repeats = Elsewhere::of(own, &looped, SHIFT_MAX).told().unwrap();
        let meets = Elsewhere::of(&other, &looped, SHIFT_MAX).told().unwrap();
        assert!(repeats.variance < 1.0 && meets.variance > 2_000.0, "{repeats:?} {meets:?}");
        assert!(repeats.highest < 1.0, "{repeats:?}");
    }

    #[test]
    fn too_little_around_says_nothing() {
        let query = random(1, 300);
        assert!(Elsewhere::of(&query, &around(&query, 3), 60).told().is_none());
        assert!(
            Elsewhere::of(&query, &[], SHIFT_MAX).told().is_none_or(|told| told.variance == 0.0)
        );
        assert!(
            Elsewhere::of(&[], &query, SHIFT_MAX).told().is_none_or(|told| told.variance == 0.0)
        );
    }
}
