//! Poisson probabilities without a factorial, an underflow or a difference.

use alloc::vec::Vec;

/// What is this small beside the mode is left out: all of it together is below 1e-16.
const NEGLIGIBLE: f64 = 1e-20;

/// The probabilities that matter.
pub struct Poisson {
    first: u64,
    probabilities: Vec<f64>,
}

impl Poisson {
    /// Of a finite mean, 0 or above. The mode has weight 1, its neighbours follow by ratios, and
    /// the sum makes probabilities of them, so that none is far off whatever the mean is. Costs
    /// about 20 times the root of the mean.
    pub fn new(mean: f64) -> Poisson {
        let mode = libm::floor(mean);
        let mut below = Vec::new();
        let (mut weight, mut at) = (1.0, mode);
        while at >= 1.0 && weight > NEGLIGIBLE {
            weight *= at / mean;
            at -= 1.0;
            below.push(weight);
        }
        let first = at as u64;
        below.reverse();
        let mut probabilities = below;
        (weight, at) = (1.0, mode);
        while weight > NEGLIGIBLE {
            probabilities.push(weight);
            at += 1.0;
            weight *= mean / at;
        }
        let sum: f64 = probabilities.iter().sum();
        probabilities.iter_mut().for_each(|weight| *weight /= sum);
        Poisson { first, probabilities }
    }

    /// Each number that matters with its probability, upwards.
    pub fn iter(&self) -> impl Iterator<Item = (u64, f64)> {
        (self.first..).zip(self.probabilities.iter().copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_are_those_of_the_formula() {
        for mean in [0.0, 1e-9, 0.3, 1.0, 5.1, 87.0, 850.0] {
            let (mut sum, mut first, mut second) = (0.0, 0.0, 0.0);
            for (n, probability) in Poisson::new(mean).iter() {
                let n = n as f64;
                let ln = if n == 0.0 { 0.0 } else { n * mean.ln() };
                let formula = (ln - mean - libm::lgamma(n + 1.0)).exp();
                assert!((probability - formula).abs() < 1e-13, "{n} of {mean}");
                sum += probability;
                first += n * probability;
                second += n * n * probability;
            }
            assert!((sum - 1.0).abs() < 1e-14);
            assert!((first - mean).abs() < 1e-12 * (1.0 + mean));
            assert!((second - first * first - mean).abs() < 1e-9 * (1.0 + mean));
        }
    }
}
