//! When an open-loop generator sends: a Poisson process, drawn before anything is sent, so that no
//! answer can put a request off.

use std::time::Duration;

/// The times at which queries come, counted from the start: their gaps are independent and
/// exponential. Equal seeds give equal times.
pub fn poisson(rate_per_s: f64, lasts: Duration, seed: u64) -> Vec<Duration> {
    let mut random = SplitMix(seed);
    let mut at_s = 0.0;
    let next = || {
        // 1 - u is never 0: its logarithm is finite.
        at_s -= (1.0 - random.unit()).ln() / rate_per_s;
        Some(at_s)
    };
    std::iter::from_fn(next)
        .take_while(|at_s| *at_s < lasts.as_secs_f64())
        .map(Duration::from_secs_f64)
        .collect()
}

/// SplitMix64 (Steele, Lea and Flood 2014).
struct SplitMix(u64);

impl SplitMix {
    /// From 0 to 1, the last left out.
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        (mixed >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: f64 = 50.0;
    const SECONDS: u64 = 2_000;

    fn times(seed: u64) -> Vec<f64> {
        let times = poisson(RATE, Duration::from_secs(SECONDS), seed);
        times.iter().map(Duration::as_secs_f64).collect()
    }

    fn mean_and_variance(of: &[f64]) -> (f64, f64) {
        let mean = of.iter().sum::<f64>() / of.len() as f64;
        let variance = of.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / of.len() as f64;
        (mean, variance)
    }

    #[test]
    fn gaps_are_exponential_and_do_not_know_each_other() {
        let times = times(1);
        let gaps: Vec<f64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let (mean, variance) = mean_and_variance(&gaps);
        assert!((mean * RATE - 1.0).abs() < 0.02, "{mean}");
        // An even spacing has 0 here, evenly spread gaps a third.
        assert!((variance / (mean * mean) - 1.0).abs() < 0.04, "{variance}");
        let beyond = gaps.iter().filter(|gap| **gap > 2.0 * mean).count() as f64;
        assert!((beyond / gaps.len() as f64 - (-2.0_f64).exp()).abs() < 0.005, "{beyond}");
        let along: f64 = gaps.windows(2).map(|pair| (pair[0] - mean) * (pair[1] - mean)).sum();
        assert!((along / gaps.len() as f64 / variance).abs() < 0.02, "{along}");
    }

    #[test]
    fn counts_of_a_second_vary_as_much_as_they_are() {
        let mut counts = vec![0.0; SECONDS as usize];
        times(2).iter().for_each(|at| counts[*at as usize] += 1.0);
        let (mean, variance) = mean_and_variance(&counts);
        assert!((mean - RATE).abs() < 1.0, "{mean}");
        assert!((variance / mean - 1.0).abs() < 0.1, "{variance}");
    }

    #[test]
    fn a_seed_says_it_all() {
        assert_eq!(times(3), times(3));
        assert_ne!(times(3), times(4));
        assert!(times(3).is_sorted());
    }
}
