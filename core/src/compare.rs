//! How far two runs of codes agree beyond chance: the one measure by which onmon says "the same".
//!
//! The plain bit error does not tell chance from truth: music repeats itself, its codes linger,
//! and two loops of one tempo agree for long stretches (`shared/design/fingerprint.md`, section
//! 5). So agreement is counted in standard deviations of what *these two* runs would show if they
//! had nothing to do with each other. With bits as +-1, q for the query and r for the reference,
//! over n codes:
//!
//! ```text
//! S    = sum over bits b, codes i         of q_b(i) r_b(i)                     agreement
//! E    = sum over bits b                  of n mean(q_b) mean(r_b)             its mean by chance
//! V    = sum over bits b, c, lags l       of w(l) (n - |l|) Cq_bc(l) Cr_bc(l)  its variance by chance
//! spread     = (S - E) / sqrt(V * sqrt(repetitions)) / length / reach
//! deviations = sqrt(spread^2 + surplus^2),   surplus = gathered - 5, 0 to spread
//! ```
//! C_bc(l) is the covariance of bit b with bit c, l codes later, w(l) = 1 - |l| / (longest + 1):
//! the variance of a sum of products of two independent stationary sequences (Bartlett, "Some
//! Aspects of the Time-Correlation Problem", 1935), with his window. All pairs of bits count.
//! `repetitions` is how often a query with a strict period says the same again, and its root was
//! found to do: what songs of one tempo have in common beyond a second is measured, not estimated,
//! in `elsewhere.rs`, whose variance counts where it is more. `length` puts short and long queries
//! on one scale ([`LENGTH_GROWTH`]).
//!
//! `reach` is how far unrelated music of this kind reaches beyond what V says. What two recordings
//! of one beat have in common is not spread like chance: V is a mean, and their agreement lies in
//! peaks. Two things tell such pairs from noise over a song, which comes nowhere near as far:
//! ```text
//! reach  = 1 + 0.055 (beside - 2) + 0.7 (period - 0.3)       0.8 to 1.1
//! beside   the highest that they agree within two seconds of the place, in sqrt(V) (elsewhere.rs)
//! period   max over lags of sqrt(Pq Pr), P(l) = sum over b of max(C_bb(l), 0) / sum of C_bb(0)
//! ```
//! Fitted on the train and validation splits; `train/README.md` has what else was tried.
//!
//! `gathered` says, in standard deviations too, how much more the agreement lies in few codes than
//! the query's agreement elsewhere in the recording does (`elsewhere.rs`). Of unrelated music one
//! in a hundred comes to 5, of music that is heard as recorded one in two to as much as `spread`.
//!
//! Cr is taken from a minute of the recording around the place, not from the place itself: where
//! query and reference are one, the errors of two short estimates are one as well, and their
//! products would add up to half of V (`train/README.md`, "What certainty costs").

use crate::code_by_code::{BITS, share};
use crate::elsewhere::{Elsewhere, Nearby};
use crate::planes::{Planes, sum_of_products};
use crate::profile::CODES_PER_SAMPLE;

pub use crate::code_by_code::{bit_error, bit_errors};

/// Longest lag in codes (0.9 s). Of 12, 18, 25, 50 and 80, those up to 25 left unrelated music at
/// the same spread; longer ones add more of the estimate's noise than of the music's memory, but
/// for strict periods, which have [`PERIOD_MAX`].
const LAG_MAX: usize = 18;

/// Shortest and longest period in codes (0.5 and 7.5 s) that is looked for: a loop or a pulsing
/// tone goes on for ever, and whatever has its tempo agrees with it again and again.
const PERIOD_MIN: usize = 10;
const PERIOD_MAX: usize = 150;

/// Mean correlation of a query's bits with themselves from which on they have a period. Chosen so
/// that struck tones and repeated drum loops are no longer named; how much music lies above it has
/// not been counted.
const PERIODIC: f32 = 0.35;

/// How much farther unrelated music reaches per e-fold of length: what is alike in two (tempo, key,
/// instruments) adds up, where chance averages out, and a query of many samples has as many chances
/// that one agrees. So chosen that queries of 5 s, 15 s and six samples reach about as far
/// (`docs/calibration.json`).
const LENGTH_GROWTH: f32 = 0.04;

/// [`Agreement::reach`]'s terms, and what it may be.
const BESIDE_SLOPE: f32 = 0.055;
const BESIDE_USUAL: f32 = 2.0;
const SHARED_PERIOD_SLOPE: f32 = 0.7;
const SHARED_PERIOD_USUAL: f32 = 0.3;
const REACH_MIN: f32 = 0.8;
const REACH_MAX: f32 = 1.1;

/// `gathered` that unrelated music comes to as well: one clip in a hundred.
const GATHERED_USUAL: f32 = 5.0;

/// How many times `spread` the deviations are at most: `surplus` is never more than it.
const SURPLUS_MAX: f32 = core::f32::consts::SQRT_2;

/// Taken for `beside` where nobody has looked: more than most show.
const BESIDE_UNKNOWN: f32 = 4.0;

/// Codes (1 min) of the recording around the place that its covariances are taken from.
pub const AROUND_CODES: usize = 4 * CODES_PER_SAMPLE;

/// Least variance per code: that of bits that are all independent. Where codes hardly move, chance
/// is not to be taken for certainty.
const VARIANCE_FLOOR: f32 = BITS as f32;

/// Sums agreement over the samples of a query laid against one recording.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Agreement {
    /// S - E.
    excess: f32,
    /// V.
    variance: f32,
    codes: u32,
    bit_errors: u32,
    /// How strictly both keep one period, 0 to 1.
    shared_period: f32,
    /// The highest agreement beside the place, in standard deviations.
    beside: f32,
    /// How much more it is gathered in few codes than elsewhere, in standard deviations.
    gathered: f32,
}

impl Agreement {
    /// The agreement of one run of codes with another, code by code; `around` is the recording from
    /// which `reference` comes, as much of it as there is on either side (at most
    /// [`AROUND_CODES`] are looked at), or `reference` again.
    ///
    /// Compares as many codes as both have, at most [`CODES_PER_SAMPLE`].
    pub fn of(query: &[u8], reference: &[u8], around: &[u8]) -> Self {
        let near = Self::without_periods(query, reference, around);
        Self { beside: BESIDE_UNKNOWN, ..near.with_periods(query, reference) }
    }

    /// What it is at best, by the bits alone.
    pub(crate) fn at_best(query: &[u8], reference: &[u8]) -> Self {
        let codes = query.len().min(reference.len());
        let agreeing = BITS as i64 * codes as i64 - 2 * i64::from(bit_errors(query, reference));
        let variance = VARIANCE_FLOOR * codes as f32;
        Self { excess: agreeing as f32, variance, codes: codes as u32, ..Self::default() }
    }

    /// What it is at best, by what neighbouring codes have in common. (This and what follows it
    /// have kilobytes of rows each, and a small device's stack is not to hold both.)
    #[inline(never)]
    pub(crate) fn without_periods(query: &[u8], reference: &[u8], around: &[u8]) -> Self {
        let codes = query.len().min(reference.len()).min(CODES_PER_SAMPLE);
        if codes == 0 {
            return Self::default();
        }
        let (q, r) = (Planes::new(query, codes), Planes::new(reference, codes));
        let around = Planes::new(around, around.len().min(AROUND_CODES));
        let excess = (0..BITS)
            .map(|bit| {
                let agreement = sum_of_products(q.row(bit), r.row(bit).iter().copied(), codes);
                agreement - codes as f32 * q.mean(bit) * r.mean(bit)
            })
            .sum();
        let lags = LAG_MAX.min(codes.saturating_sub(1) / 2);
        let variance: f32 =
            (0..=lags).map(|lag| lag_weight(lag, codes) * covariances_met(&q, &around, lag)).sum();
        let compared = query.get(..codes).unwrap_or_default();
        Self {
            excess,
            variance: variance.max(VARIANCE_FLOOR * codes as f32),
            codes: codes as u32,
            bit_errors: bit_errors(compared, reference),
            ..Self::default()
        }
    }

    /// The same where it is known what both runs say again and again.
    #[inline(never)]
    pub(crate) fn with_periods(self, query: &[u8], reference: &[u8]) -> Self {
        let codes = self.codes as usize;
        let Periods { repetitions, shared } =
            Periods::of(&Planes::new(query, codes), &Planes::new(reference, codes));
        let variance = self.variance * libm::sqrtf(repetitions);
        Self { variance, shared_period: shared, ..self }
    }

    /// The agreement of both together, as of one longer run.
    pub fn and(self, other: Self) -> Self {
        Self {
            excess: self.excess + other.excess,
            variance: self.variance + other.variance,
            codes: self.codes + other.codes,
            bit_errors: self.bit_errors + other.bit_errors,
            shared_period: self.shared_period.max(other.shared_period),
            beside: self.beside.max(other.beside),
            gathered: self.gathered.max(other.gathered),
        }
    }

    /// The same with the covariance of two parts of it, where `repeat` (0 to 1) of what one says
    /// the other says too.
    pub(crate) fn with_covariance(self, one: &Self, other: &Self, repeat: f32) -> Self {
        let covariance = repeat * libm::sqrtf(one.variance * other.variance);
        Self { variance: self.variance + 2.0 * covariance, ..self }
    }

    /// The same, at best, where it is known how both agree nearby.
    pub(crate) fn held_against_nearby(self, nearby: &Nearby) -> Self {
        Self { beside: nearby.highest() / libm::sqrtf(self.variance.max(1.0)), ..self }
    }

    /// The same where it is known how both agree elsewhere.
    pub(crate) fn held_against(self, elsewhere: &Elsewhere) -> Self {
        let Some(told) = elsewhere.told() else {
            return Self { beside: BESIDE_UNKNOWN, ..self };
        };
        let variance = self.variance.max(told.variance);
        let beside = told.highest / libm::sqrtf(variance.max(1.0));
        let gathered = told.whole / libm::sqrtf(told.whole_variance);
        Self { variance, beside, gathered, ..self }
    }

    /// Standard deviations above what unrelated music shows, as of a query of which nothing else
    /// was compared; what is gathered beyond the usual is counted in. Grows with certainty and with
    /// length; on the scale of 15 s.
    pub fn deviations(&self) -> f32 {
        self.deviations_in(self.codes as usize)
    }

    /// The same as of a query of so many codes, of which this may be a part: the more of them, the
    /// more chances that some part agrees ([`LENGTH_GROWTH`]).
    pub(crate) fn deviations_in(&self, codes: usize) -> f32 {
        let spread = self.spread_in(codes);
        let surplus = self.gathered - GATHERED_USUAL;
        if surplus > 0.0 && spread > 0.0 {
            libm::hypotf(spread, surplus.min(spread))
        } else {
            spread
        }
    }

    /// What it comes to however it is gathered or spread.
    pub(crate) fn spread_in(&self, codes: usize) -> f32 {
        deviations(self.excess, self.variance, codes) / self.reach()
    }

    /// The most that this may come to when more is known of it: each thing that is compared takes
    /// away, but for what is gathered. `beside`, where it is known at best, only falls as the
    /// variance rises, and less than its root does.
    pub(crate) fn deviations_at_best(&self, codes: usize) -> f32 {
        let spread = self.spread_in(codes);
        spread.max(SURPLUS_MAX * spread)
    }

    /// How far unrelated music that agrees like this reaches, for each deviation that its variance
    /// explains: what [`deviations`](Agreement::deviations) were divided by, 0.8 to 1.1.
    pub fn reach(&self) -> f32 {
        let beside = BESIDE_SLOPE * (self.beside - BESIDE_USUAL);
        let period = SHARED_PERIOD_SLOPE * (self.shared_period - SHARED_PERIOD_USUAL);
        (1.0 + beside + period).clamp(REACH_MIN, REACH_MAX)
    }

    /// Share of bits that differ, 0 to 1; unrelated music is about 0.5. 0.5 where nothing was
    /// compared.
    pub fn bit_error(&self) -> f32 {
        share(self.bit_errors, self.codes)
    }

    /// The highest agreement within two seconds of the place, beyond what the recording repeats, in
    /// standard deviations.
    pub fn beside(&self) -> f32 {
        self.beside
    }

    /// How much more it is gathered in few codes than the query's agreement elsewhere in the
    /// recording, in standard deviations; 0 where nobody has looked.
    pub fn gathered(&self) -> f32 {
        self.gathered
    }

    /// How strictly both keep one period, 0 to 1.
    pub fn shared_period(&self) -> f32 {
        self.shared_period
    }

    /// Codes compared.
    pub fn codes(&self) -> u32 {
        self.codes
    }
}

fn deviations(excess: f32, variance: f32, codes: usize) -> f32 {
    let samples = codes.max(1) as f32 / CODES_PER_SAMPLE as f32;
    let length = 1.0 + LENGTH_GROWTH * libm::logf(samples);
    if variance > 0.0 { excess / libm::sqrtf(variance) / length.max(0.5) } else { 0.0 }
}

/// Bartlett's window times the places where both codes of a lag are, for both signs of the lag.
fn lag_weight(lag: usize, codes: usize) -> f32 {
    let signs = if lag == 0 { 1.0 } else { 2.0 };
    signs * (1.0 - lag as f32 / (LAG_MAX + 1) as f32) * codes.saturating_sub(lag) as f32
}

/// Sum over all pairs of bits of the covariance in the query times that in the recording.
fn covariances_met(q: &Planes, r: &Planes, lag: usize) -> f32 {
    let mut sum = 0.0;
    for c in 0..BITS {
        let (q_later, r_later) = (q.row_later(c, lag), r.row_later(c, lag));
        for b in 0..BITS {
            sum += q.covariance((b, c), q_later.iter().copied(), lag)
                * r.covariance((b, c), r_later.iter().copied(), lag);
        }
    }
    sum
}

/// What both runs say again and again.
struct Periods {
    /// How often the query says the same: 1 where it has no period, the number of its periods where
    /// it strictly has one. Between, with the square of its correlation with itself a period later.
    repetitions: f32,
    /// How strictly both keep one period, 0 to 1.
    shared: f32,
}

impl Periods {
    fn of(q: &Planes, r: &Planes) -> Self {
        let (q_moving, r_moving) = (moving(q), moving(r));
        let (mut repetitions, mut shared) = (1.0_f32, 0.0_f32);
        for lag in PERIOD_MIN..=PERIOD_MAX.min(q.codes / 2) {
            let (of_q, of_r) = (q.with_itself(lag) / q_moving, r.with_itself(lag) / r_moving);
            let again = q.codes as f32 / lag as f32 - 1.0;
            if of_q >= PERIODIC {
                repetitions = repetitions.max(1.0 + again * of_q * of_q);
            }
            shared = shared.max(of_q * of_r);
        }
        Self { repetitions, shared: libm::sqrtf(shared) }
    }
}

/// The sum of the variances of a run's bits: 8 where all move and none prefers a side.
fn moving(q: &Planes) -> f32 {
    (0..BITS).map(|bit| 1.0 - q.mean(bit) * q.mean(bit)).sum::<f32>().max(0.1)
}

#[cfg(test)]
pub(crate) mod tests {
    extern crate std;
    use super::*;
    use std::vec::Vec;

    pub(crate) fn random(seed: u32, n: usize) -> Vec<u8> {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        (0..n).map(|_| next()).collect()
    }

    #[test]
    fn identical_runs_are_certain_and_unrelated_ones_are_not() {
        let a = random(1, 300);
        let same = Agreement::of(&a, &a, &a);
        assert_eq!(same.bit_error(), 0.0);
        assert!(same.deviations() > 25.0, "{}", same.deviations());
        let scores: Vec<f32> = (2..400)
            .map(|seed| Agreement::of(&a, &random(seed, 300), &random(seed, 300)).deviations())
            .collect();
        let mean = scores.iter().sum::<f32>() / scores.len() as f32;
        let variance =
            scores.iter().map(|s| (s - mean) * (s - mean)).sum::<f32>() / scores.len() as f32;
        assert!(mean.abs() < 0.2 && (0.7..1.3).contains(&variance), "{mean} {variance}");
    }

    #[test]
    fn stuck_codes_and_empty_runs_prove_nothing() {
        let stuck = [7; 300];
        assert!(Agreement::of(&stuck, &stuck, &stuck).deviations() < 1.0);
        assert_eq!(Agreement::of(&[], &stuck, &stuck).deviations(), 0.0);
        assert_eq!(Agreement::of(&[], &[], &[]).bit_error(), 0.5);
    }

    #[test]
    fn a_loop_against_itself_is_less_certain_than_a_song() {
        let song = random(1, 300);
        let bar: Vec<u8> = song.iter().take(20).copied().cycle().take(300).collect();
        let looped = Agreement::of(&bar, &bar, &bar).deviations();
        assert!(looped < 0.5 * Agreement::of(&song, &song, &song).deviations(), "{looped}");
    }

    #[test]
    fn unrelated_music_reaches_far_on_a_shared_beat_and_not_where_there_is_none() {
        // Bars of two songs over one beat: every other code is the beat's.
        let beat = random(1, 20);
        let over_it = |seed| -> Vec<u8> {
            let own = random(seed, 300);
            let both = own.iter().zip(beat.iter().cycle()).enumerate();
            both.map(|(i, (own, beat))| if i % 2 == 0 { *beat } else { *own }).collect()
        };
        let noise = (random(2, 300), random(3, 300));
        let of = |q: &[u8], r: &[u8]| Agreement::of(q, r, r);
        let (beats, noises) = (of(&over_it(4), &over_it(5)), of(&noise.0, &noise.1));
        assert!(beats.shared_period > 0.4 && noises.shared_period < 0.2, "{beats:?} {noises:?}");
        // One of them alone says nothing of both.
        assert!(of(&over_it(4), &noise.1).shared_period < 0.3);
        assert!(beats.reach() > noises.reach());
        let known = |beside| Agreement { beside, ..noises }.reach();
        assert!(known(1.0) < known(3.0) && known(1.0) == REACH_MIN.max(known(0.0)));
        assert_eq!(Agreement { beside: 50.0, ..beats }.reach(), REACH_MAX);
        // What gives up early must not give up what elsewhere would have raised.
        let codes = beats.codes as usize;
        for agreement in [beats, of(&noise.0, &noise.0)] {
            let at_best = agreement.deviations_at_best(codes);
            assert!(agreement.deviations_in(codes) <= at_best);
            let excess = agreement.excess.ceil();
            let variance = VARIANCE_FLOOR * codes as f32;
            let by_bits = Agreement { excess, variance, shared_period: 0.0, ..agreement };
            assert!(at_best <= by_bits.deviations_at_best(codes).max(0.0));
        }
    }

    #[test]
    fn what_is_gathered_adds_up_to_as_much_as_is_spread() {
        let song = random(1, 300);
        let spread = Agreement::of(&song, &song, &song);
        let with = |gathered| Agreement { gathered, ..spread }.deviations();
        let plain = spread.deviations();
        assert_eq!(with(-20.0), plain);
        assert_eq!(with(GATHERED_USUAL), plain);
        assert!((with(GATHERED_USUAL + 3.0) - plain.hypot(3.0)).abs() < 1e-3);
        let most = with(1e6);
        assert!((most / plain - SURPLUS_MAX).abs() < 1e-5, "{most} {plain}");
        assert!(most <= spread.deviations_at_best(300));
        assert_eq!(with(f32::NAN), plain);
        let unlike = Agreement { excess: -spread.excess, gathered: 50.0, ..spread };
        assert_eq!(unlike.deviations(), -plain);
    }

    #[test]
    fn longer_agreement_is_more_certain() {
        let a = random(1, 600);
        let (first, second) = a.split_at(300);
        let one = Agreement::of(first, first, first);
        let both = one.and(Agreement::of(second, second, second));
        assert!(both.deviations() > 1.3 * one.deviations());
        assert_eq!(both.codes(), 600);
    }
}
