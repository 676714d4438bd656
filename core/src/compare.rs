//! How far two runs of codes agree beyond chance: the one measure by which onmon says "the same".
//!
//! The plain bit error does not tell chance from truth: music repeats itself, its codes linger,
//! and two loops of one tempo agree for long stretches (`shared/design/fingerprint.md`, section
//! 5). So agreement is counted in standard deviations of what *these two* runs would show if they
//! had nothing to do with each other. With bits as +-1, q for the query and r for the reference,
//! over n codes:
//!
//! ```text
//! S    = sum over bits b, codes i         of q_b(i) r_b(i)                    agreement
//! E    = sum over bits b                  of n mean(q_b) mean(r_b)            its mean by chance
//! V    = sum over bits b, c, lags l       of w(l) (n - |l|) Cq_bc(l) Cr_bc(l) its variance by chance
//! confidence = (S - E) / sqrt(V)
//! ```
//! C_bc(l) is the covariance of bit b with bit c, l codes later, and w(l) falls from 1 at lag 0
//! to 0 beyond the longest lag: the variance of a sum of products of two independent stationary
//! sequences (Bartlett 1935), with his window. Bits c other than b and its neighbours are left
//! out: neighbours share a band group and so are correlated by construction, others hardly.

use crate::profile::CODES_PER_SAMPLE;

/// Longest lag in codes (1.25 s). Longer ones add more noise than knowledge: of 12, 25, 50 and
/// 100 this one parted true from false best (`cargo xtask bench impostors`).
const LAG_MAX: usize = 25;

/// Bits in a code.
const BITS: usize = 8;

/// 64-bit words for one bit of every code of a sample.
const WORDS: usize = CODES_PER_SAMPLE.div_ceil(64);

/// Least variance per code: where codes hardly move, chance is not to be taken for certainty.
const VARIANCE_FLOOR: f32 = 4.0;

/// Sums agreement over the samples of a query laid against one recording.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Agreement {
    /// S - E.
    excess: f32,
    /// V.
    variance: f32,
    codes: u32,
    bit_errors: u32,
}

impl Agreement {
    /// The agreement of one run of codes with another, code by code.
    ///
    /// Compares as many codes as both have, at most [`CODES_PER_SAMPLE`]. Costs about 20 us.
    pub fn of(query: &[u8], reference: &[u8]) -> Self {
        let codes = query.len().min(reference.len()).min(CODES_PER_SAMPLE);
        let (q, r) = (Planes::new(query, codes), Planes::new(reference, codes));
        let (mut excess, mut variance) = (0.0, 0.0);
        for bit in 0..BITS {
            let agreement = sum_of_products(q.plane(bit), r.plane(bit), 0, codes);
            excess += agreement - codes as f32 * q.mean(bit) * r.mean(bit);
            variance += covariances(&q, &r, bit, bit, codes);
            if bit + 1 < BITS {
                variance += covariances(&q, &r, bit, bit + 1, codes);
            }
        }
        let pairs = query.iter().zip(reference).take(codes);
        Self {
            excess,
            variance: variance.max(VARIANCE_FLOOR * codes as f32),
            codes: codes as u32,
            bit_errors: pairs.map(|(q, r)| (q ^ r).count_ones()).sum(),
        }
    }

    /// The agreement of both together, as of one longer run.
    pub fn and(self, other: Self) -> Self {
        Self {
            excess: self.excess + other.excess,
            variance: self.variance + other.variance,
            codes: self.codes + other.codes,
            bit_errors: self.bit_errors + other.bit_errors,
        }
    }

    /// Standard deviations above what unrelated music shows. Grows with certainty and with
    /// length.
    pub fn confidence(&self) -> f32 {
        if self.variance > 0.0 { self.excess / libm::sqrtf(self.variance) } else { 0.0 }
    }

    /// Share of bits that differ, 0 to 1; unrelated music is about 0.5. 0.5 where nothing was
    /// compared.
    pub fn bit_error(&self) -> f32 {
        if self.codes == 0 {
            return 0.5;
        }
        self.bit_errors as f32 / (self.codes as f32 * BITS as f32)
    }

    /// Codes compared.
    pub fn codes(&self) -> u32 {
        self.codes
    }
}

/// The codes of a run turned into eight rows of bits, and each row's mean as +-1.
struct Planes {
    rows: [[u64; WORDS]; BITS],
    means: [f32; BITS],
}

impl Planes {
    fn new(run: &[u8], codes: usize) -> Self {
        let mut rows = [[0; WORDS]; BITS];
        for (i, code) in run.iter().take(codes).enumerate() {
            for (bit, row) in rows.iter_mut().enumerate() {
                if let Some(word) = row.get_mut(i / 64) {
                    *word |= u64::from(code >> bit & 1) << (i % 64);
                }
            }
        }
        let mean = |row: &[u64; WORDS]| {
            let ones: u32 = row.iter().map(|word| word.count_ones()).sum();
            (2.0 * ones as f32 - codes as f32) / codes.max(1) as f32
        };
        Self { means: rows.each_ref().map(mean), rows }
    }

    fn plane(&self, bit: usize) -> &[u64; WORDS] {
        self.rows.get(bit).unwrap_or(&[0; WORDS])
    }

    fn mean(&self, bit: usize) -> f32 {
        self.means.get(bit).copied().unwrap_or(0.0)
    }
}

/// The part of V that bits b and c contribute: all lags, both signs, and both orders if b is not
/// c.
fn covariances(q: &Planes, r: &Planes, b: usize, c: usize, codes: usize) -> f32 {
    let covariance = |planes: &Planes, b: usize, c: usize, lag: usize| {
        let overlap = (codes - lag) as f32;
        sum_of_products(planes.plane(b), planes.plane(c), lag, codes) / overlap
            - planes.mean(b) * planes.mean(c)
    };
    let term =
        |b, c, lag| (codes - lag) as f32 * covariance(q, b, c, lag) * covariance(r, b, c, lag);
    let lags = 1..=LAG_MAX.min(codes.saturating_sub(1) / 2);
    if codes == 0 {
        0.0
    } else if b == c {
        term(b, c, 0) + 2.0 * lags.map(|lag| term(b, c, lag)).sum::<f32>()
    } else {
        2.0 * (term(b, c, 0) + lags.map(|lag| term(b, c, lag) + term(c, b, lag)).sum::<f32>())
    }
}

/// Sum over i of x(i) y(i + lag) with bits as +-1, over the `codes - lag` places where both are.
fn sum_of_products(x: &[u64; WORDS], y: &[u64; WORDS], lag: usize, codes: usize) -> f32 {
    let overlap = codes - lag;
    let (whole, part) = (lag / 64, lag % 64);
    let word = |i: usize| y.get(i).copied().unwrap_or(0);
    let mut differing = 0;
    for (i, &x) in x.iter().enumerate().take(overlap.div_ceil(64)) {
        let low = word(i + whole) >> part;
        let high = if part == 0 { 0 } else { word(i + whole + 1) << (64 - part) };
        let valid = (overlap - 64 * i).min(64);
        differing += ((x ^ (low | high)) & (u64::MAX >> (64 - valid))).count_ones();
    }
    overlap as f32 - 2.0 * differing as f32
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::vec::Vec;

    fn random(seed: u32, n: usize) -> Vec<u8> {
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
        let same = Agreement::of(&a, &a);
        assert_eq!(same.bit_error(), 0.0);
        assert!(same.confidence() > 25.0, "{}", same.confidence());
        let scores: Vec<f32> =
            (2..400).map(|seed| Agreement::of(&a, &random(seed, 300)).confidence()).collect();
        let mean = scores.iter().sum::<f32>() / scores.len() as f32;
        let variance =
            scores.iter().map(|s| (s - mean) * (s - mean)).sum::<f32>() / scores.len() as f32;
        assert!(mean.abs() < 0.2 && (0.7..1.3).contains(&variance), "{mean} {variance}");
    }

    #[test]
    fn stuck_codes_and_empty_runs_prove_nothing() {
        let stuck = [7; 300];
        assert!(Agreement::of(&stuck, &stuck).confidence() < 1.0);
        assert_eq!(Agreement::of(&[], &stuck).confidence(), 0.0);
        assert_eq!(Agreement::of(&[], &[]).bit_error(), 0.5);
    }

    #[test]
    fn a_loop_against_itself_is_less_certain_than_a_song() {
        let song = random(1, 300);
        let bar: Vec<u8> = song.iter().take(20).copied().cycle().take(300).collect();
        let looped = Agreement::of(&bar, &bar).confidence();
        assert!(looped < 0.5 * Agreement::of(&song, &song).confidence(), "{looped}");
    }

    #[test]
    fn longer_agreement_is_more_certain() {
        let a = random(1, 600);
        let (first, second) = a.split_at(300);
        let one = Agreement::of(first, first);
        let both = one.and(Agreement::of(second, second));
        assert!(both.confidence() > 1.3 * one.confidence());
        assert_eq!(both.codes(), 600);
    }

    #[test]
    fn lagged_products_equal_the_naive_sum() {
        let run = random(9, 300);
        let planes = Planes::new(&run, 300);
        let sign = |code: u8, bit: usize| if code >> bit & 1 == 1 { 1 } else { -1 };
        for lag in [0, 1, 63, 64, 65, 100] {
            let naive: i32 =
                run.iter().zip(run.iter().skip(lag)).map(|(&x, &y)| sign(x, 2) * sign(y, 5)).sum();
            let fast = sum_of_products(planes.plane(2), planes.plane(5), lag, 300);
            assert_eq!(fast, naive as f32, "{lag}");
        }
    }
}
