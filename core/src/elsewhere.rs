//! How a query agrees with a recording elsewhere than where it was laid: what real music does that
//! neighbouring codes do not tell.
//!
//! Songs of one tempo agree wherever their beats meet, again and again, and far more than codes
//! with a memory of a second ([`crate::compare`]) would by chance. So the query is laid on the
//! recording at other places too, all its samples together, d codes further, and agreement is held
//! against what it comes to there:
//!
//! ```text
//! V     = variance over d of  S(d) - S(0) R(d) / R(0)
//! whole = T(0) - b S(0),    b = cov(S, T) / V;    its variance likewise
//! ```
//! S is the query's agreement with the recording, R that of the recording's own codes in the
//! query's place. A recording that repeats itself meets its own query again a bar later: that much
//! R expects, and it is no sign of chance. Another song of that tempo does not follow R: where its
//! beats meet again, S is high and R is not. So the highest of S(d) - S(0) R(d) / R(0) within two
//! seconds says how far unrelated music may reach here ([`crate::compare`]).
//!
//! T is agreement that is gathered in few codes: of each the bits by which it agrees in more than
//! five, or differs in more than five. Where a query is the recording, some of its codes come
//! through whole and others not at all; what agrees by chance agrees a little everywhere. T is
//! taken less what repeats, as S is, and less what goes with S: what is left is news. In its
//! standard deviations it is called `gathered` ([`crate::compare`]).

use crate::code_by_code::{BITS, CodeByCode, bit_errors};
use crate::profile::CODES_PER_SAMPLE;

/// Codes (1 min) that the query is moved at most, either way.
pub(crate) const SHIFT_MAX: usize = 1_200;

/// Codes between places; neighbours are alike.
const SHIFT_STEP: usize = 3;

/// Codes around the place itself that are still the place itself.
const HERE: usize = 8;

/// Codes (2 s) within which the highest is looked for: the next beats, and little else.
pub(crate) const NEARBY: usize = 40;

/// Places looked at.
const SHIFTS: usize = 2 * SHIFT_MAX / SHIFT_STEP + 1;

/// Fewer places than this say nothing.
const SHIFTS_MIN: usize = 50;

/// Of T's variance, how much at least is not explained by S: more is explained only where places
/// are too few to tell.
const UNEXPLAINED_MIN: f32 = 0.02;

/// The most codes that [`Elsewhere::of`] takes of a recording.
pub(crate) const STRETCH_CODES: usize = CODES_PER_SAMPLE + 2 * SHIFT_MAX;

/// Agreement at every place, summed over samples.
pub(crate) struct Elsewhere {
    /// S.
    query: [f32; SHIFTS],
    /// T.
    whole: [f32; SHIFTS],
    /// R.
    itself: [f32; SHIFTS],
    /// Codes either way beyond which places are not looked at.
    reach: usize,
}

impl Elsewhere {
    pub(crate) const NOTHING: Self = Self {
        query: [0.0; SHIFTS],
        whole: [0.0; SHIFTS],
        itself: [0.0; SHIFTS],
        reach: SHIFT_MAX,
    };

    /// Of one sample, and of a stretch of the recording that begins [`SHIFT_MAX`] codes before the
    /// sample's place and ends as many after it; of that not more than `reach` codes to either side
    /// are looked at.
    pub(crate) fn of(query: &[u8], stretch: &[u8], reach: usize) -> Self {
        let mut at = Self { reach, ..Self::NOTHING };
        let room = at.query.iter_mut().zip(&mut at.whole).zip(&mut at.itself);
        for (place, ((s, t), r)) in places(query, stretch, SHIFT_MAX).zip(room) {
            (*s, *t, *r) = (place.query, place.whole, place.itself);
        }
        at
    }

    /// Of both together, moved alike.
    pub(crate) fn and(mut self, other: &Self) -> Self {
        let (query, whole) = ((&mut self.query, &other.query), (&mut self.whole, &other.whole));
        for (mine, others) in [query, whole, (&mut self.itself, &other.itself)] {
            mine.iter_mut().zip(others).for_each(|(mine, other)| *mine += other);
        }
        self.reach = self.reach.min(other.reach);
        self
    }

    /// What it comes to; `None` where there are too few places to tell.
    pub(crate) fn told(&self) -> Option<Told> {
        let here = |values: &[f32; SHIFTS]| values.get(MIDDLE).copied().unwrap_or(0.0);
        let itself = here(&self.itself).max(1.0);
        let (mut n, mut whole) = (0.0, 0.0);
        for (_, (_, t, _)) in self.away() {
            (n, whole) = (n + 1.0, whole + t);
        }
        if n < SHIFTS_MIN as f32 {
            return None;
        }
        let usual = whole / n;
        let (s_here, t_here) = (here(&self.query), here(&self.whole) - usual);
        let (mut s, mut t) = (Moments::default(), Moments::default());
        let (mut products, mut highest) = (0.0, 0.0_f32);
        for (shift, (query, whole, again)) in self.away() {
            let s_left = query - s_here / itself * again;
            let t_left = whole - usual - t_here / itself * again;
            (s, t) = (s.and(s_left), t.and(t_left));
            products += s_left * t_left;
            if shift <= NEARBY {
                highest = highest.max(s_left);
            }
        }
        let variance = s.variance(n);
        let covariance = products / n - s.sum / n * (t.sum / n);
        let slope = covariance / variance.max(1.0);
        let all = t.variance(n);
        let whole_variance = (all - slope * covariance).max(UNEXPLAINED_MIN * all).max(1.0);
        Some(Told { variance, highest, whole: t_here - slope * s_here, whole_variance })
    }

    /// S, T and R at every place that is looked at, and how far off it is.
    fn away(&self) -> impl Iterator<Item = (usize, (f32, f32, f32))> + '_ {
        let all = self.query.iter().zip(&self.whole).zip(&self.itself).enumerate();
        let all = all.map(|(step, ((s, t), r))| (step.abs_diff(MIDDLE) * SHIFT_STEP, (*s, *t, *r)));
        all.filter(|(shift, _)| *shift > HERE && *shift <= self.reach)
    }
}

/// The place itself among the places.
const MIDDLE: usize = SHIFT_MAX / SHIFT_STEP;

/// Agreement at the places within [`NEARBY`] codes, summed over samples: a thirtieth of all there
/// is to look at.
pub(crate) struct Nearby {
    /// S and R.
    places: [(f32, f32); NEARBY_SHIFTS],
    /// As [`Elsewhere`]'s.
    reach: usize,
}

const NEARBY_SHIFTS: usize = 2 * (NEARBY / SHIFT_STEP) + 1;

impl Nearby {
    pub(crate) const NOTHING: Self = Self { places: [(0.0, 0.0); NEARBY_SHIFTS], reach: SHIFT_MAX };

    /// Of what [`Elsewhere::of`] takes, of which [`NEARBY`] codes to either side are looked at.
    pub(crate) fn of(query: &[u8], stretch: &[u8], reach: usize) -> Self {
        let mut at = Self { reach, ..Self::NOTHING };
        for (place, to) in places(query, stretch, NEARBY).zip(&mut at.places) {
            *to = (place.query, place.itself);
        }
        at
    }

    /// Of both together, moved alike.
    pub(crate) fn and(mut self, other: &Self) -> Self {
        for ((s, r), (other_s, other_r)) in self.places.iter_mut().zip(&other.places) {
            (*s, *r) = (*s + other_s, *r + other_r);
        }
        self.reach = self.reach.min(other.reach);
        self
    }

    /// [`Told::highest`]; 0 where there may be too few places to tell.
    pub(crate) fn highest(&self) -> f32 {
        if self.reach < SHIFTS_MIN * SHIFT_STEP {
            return 0.0;
        }
        let (s_here, r_here) = self.places.get(NEARBY_SHIFTS / 2).copied().unwrap_or_default();
        let left = |(s, r): &(f32, f32)| s - s_here / r_here.max(1.0) * r;
        let off = |step: usize| step.abs_diff(NEARBY_SHIFTS / 2) * SHIFT_STEP;
        let beside = self.places.iter().enumerate().filter(|(step, _)| off(*step) > HERE);
        beside.map(|(_, place)| left(place)).fold(0.0, f32::max)
    }
}

/// S, T and R of one sample at one place.
struct Place {
    query: f32,
    whole: f32,
    itself: f32,
}

/// One sample at every place not more than so many codes away, the first one first; of a stretch as
/// [`Elsewhere::of`] takes it.
fn places(query: &[u8], stretch: &[u8], away: usize) -> impl Iterator<Item = Place> {
    let here = stretch.get(SHIFT_MAX..).unwrap_or_default();
    let here = here.get(..query.len()).unwrap_or_default();
    let codes = query.len();
    let (q_sums, r_sums) = (sums(&ones(query), codes), sums(&ones(here), codes));
    let mut there_ones = [0; BITS];
    let mut counted = 0..0;
    let steps = away / SHIFT_STEP;
    (MIDDLE.saturating_sub(steps)..=MIDDLE + steps).map_while(move |step| {
        let first = step * SHIFT_STEP;
        let there = stretch.get(first..)?.get(..codes)?;
        slide(&mut there_ones, stretch, &mut counted, first..first + codes);
        let met = CodeByCode::of(query, there);
        let there_sums = sums(&there_ones, codes);
        Some(Place {
            query: centred(met.errors, &q_sums, &there_sums, codes),
            whole: met.whole as f32,
            itself: centred(bit_errors(here, there), &r_sums, &there_sums, codes),
        })
    })
}

/// Sums for a variance.
#[derive(Clone, Copy, Default)]
struct Moments {
    sum: f32,
    squares: f32,
}

impl Moments {
    fn and(self, value: f32) -> Self {
        Self { sum: self.sum + value, squares: self.squares + value * value }
    }

    fn variance(self, n: f32) -> f32 {
        self.squares / n - (self.sum / n) * (self.sum / n)
    }
}

/// How a query agrees with a recording elsewhere, beyond what the recording itself repeats.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told {
    /// V.
    pub variance: f32,
    /// The most within [`NEARBY`] codes, 0 or more.
    pub highest: f32,
    /// T less what goes with S,
    pub whole: f32,
    /// and its variance, 1 or more.
    pub whole_variance: f32,
}

/// Sum over codes and bits (as +-1) of the product of two runs, the first less its mean: by the
/// bits that differ, and the sums of both runs.
fn centred(errors: u32, sums: &[f32; BITS], other_sums: &[f32; BITS], codes: usize) -> f32 {
    let codes = codes as f32;
    let agreement = BITS as f32 * codes - 2.0 * errors as f32;
    let by_means: f32 = sums.iter().zip(other_sums).map(|(x, y)| x * y).sum();
    agreement - by_means / codes.max(1.0)
}

/// The sum of each bit (as +-1) over so many codes, by how often it is set.
fn sums(ones: &[u32; BITS], codes: usize) -> [f32; BITS] {
    ones.map(|ones| 2.0 * ones as f32 - codes as f32)
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
    fn the_highest_nearby_is_that_of_all_places() {
        for seed in 1..20 {
            let (query, stretch) = (random(seed, 300), around(&random(2, 300), seed + 50));
            for reach in [SHIFT_MAX, 200] {
                let told = Elsewhere::of(&query, &stretch, reach).told().unwrap();
                let nearby = Nearby::of(&query, &stretch, reach);
                assert!((nearby.highest() - told.highest).abs() < 0.01, "{told:?}");
                let both = nearby.and(&Nearby::of(&query, &stretch, reach));
                assert!((both.highest() - 2.0 * told.highest).abs() < 0.05, "{told:?}");
            }
            // Where fewer places may say nothing, the least is told.
            assert_eq!(Nearby::of(&query, &stretch, 100).highest(), 0.0);
        }
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
    fn what_comes_through_whole_is_gathered_and_what_is_a_little_alike_everywhere_is_not() {
        let recording = around(&random(1, 300), 3);
        let own = &recording[SHIFT_MAX..][..300];
        let gathered = |query: &[u8]| {
            let told = Elsewhere::of(query, &recording, SHIFT_MAX).told().unwrap();
            told.whole / told.whole_variance.sqrt()
        };
        // Half of the codes as they are and half of them another's; or half of all bits so.
        let other = random(2, 300);
        let mixed = |mask: fn(usize) -> u8| -> Vec<u8> {
            let both = own.iter().zip(&other).enumerate();
            both.map(|(i, (own, other))| own & mask(i) | other & !mask(i)).collect()
        };
        let whole = gathered(&mixed(|i| if i % 2 == 0 { 0xff } else { 0 }));
        let everywhere = gathered(&mixed(|i| 0x0f << (4 * (i % 2))));
        assert!(whole > 15.0, "{whole}");
        assert!(everywhere < 0.5 * whole, "{everywhere} {whole}");
        let strangers: Vec<f32> = (3..60).map(|seed| gathered(&random(seed, 300))).collect();
        let mean = strangers.iter().sum::<f32>() / strangers.len() as f32;
        let variance =
            strangers.iter().map(|z| (z - mean) * (z - mean)).sum::<f32>() / strangers.len() as f32;
        assert!(mean.abs() < 0.5 && (0.6..1.6).contains(&variance), "{mean} {variance}");
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
