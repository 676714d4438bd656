//! How many queries wait: the exact law of the queue before k servers with one service time.
//!
//! Whoever is served now is gone one service time later, so the queue U after that is
//! (U + Poisson(m) - k)^+ with m = k load. So U is the maximum of a random walk, and by Spitzer's
//! identity a compound Poisson number: E[z^U] = exp(sum b_j (z^j - 1)), where the b_j are the
//! coefficients of positive order of -ln(1 - X(z)), X(z) = e^(m (z - 1)) / z^k, on any circle
//! between the roots z = 1 and z = zeta of 1 - X.
//!
//! ```text
//!    inside        |         outside        On the circle |z| = 1/load all roots but two are far.
//!   z_i  z_i    1  |  zeta     zeta_1       The two next to it are taken out by hand, however near
//!                  |                        1 the load: (1 - 1/z) and (1 - z/zeta).
//!             |z| = 1/load
//! ```
//! What is left is smooth, so that 64 + 40 sqrt(k) places on the circle give its coefficients to
//! the last digits; and U = G + V, a geometric number (the factor of zeta: the tail) and one of a
//! short distribution. No step count grows with the load: 0.999999 costs as much as 0.5. The usual
//! way, a linear system or a recursion over states, needs some 20/(1 - load) of them, and the
//! recursion without a second pass loses all digits in its differences.

use alloc::vec::Vec;
use core::f64::consts::TAU;

use crate::excess::{excess, mirrored};

/// Places on the circle: the next roots are at least about sqrt(2 pi/k) away in ln z, and half as
/// many coefficients must fall below 1e-17.
const PLACES_MIN: f64 = 64.0;
const PLACES_PER_ROOT_OF_K: f64 = 40.0;

/// The law of the number of waiting queries at any moment.
#[derive(Debug, Clone)]
pub struct QueueLength {
    /// P(U >= n) from n = 0 on.
    tail: Vec<f64>,
    /// 1/zeta: what the tail falls by from one to the next behind that.
    ratio: f64,
    mean: f64,
    /// E[U (U - 1)] - E[U]^2.
    factorial_cumulant: f64,
}

impl QueueLength {
    /// Of `servers` above 0 at a load between 0 and 1.
    pub fn new(servers: u32, load: f64) -> QueueLength {
        let root = mirrored(load);
        // zeta = e^root / load; its inverse, and what that lacks of 1.
        let ln_ratio = libm::log(load) - root;
        let (ratio, lacks) = (libm::exp(ln_ratio), -libm::expm1(ln_ratio));
        let smooth = smooth_part(f64::from(servers), load, root);
        let geometric = ratio / lacks;
        let sum = |of: fn(f64) -> f64| -> f64 {
            (1_u32..).zip(&smooth).map(|(j, b)| of(f64::from(j)) * b).sum()
        };
        QueueLength {
            mean: (geometric + sum(|j| j)).max(0.0),
            factorial_cumulant: (geometric * geometric + sum(|j| j * (j - 1.0))).max(0.0),
            tail: tail(&compound(&smooth), ratio, lacks),
            ratio,
        }
    }

    /// P(U >= n).
    pub fn at_least(&self, n: u64) -> f64 {
        let last = self.tail.len() - 1;
        match usize::try_from(n).ok().and_then(|n| self.tail.get(n)) {
            Some(probability) => *probability,
            None => self.tail[last] * libm::pow(self.ratio, (n - last as u64) as f64),
        }
    }

    /// E[U].
    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// E[U (U - 1)] - E[U]^2.
    pub fn factorial_cumulant(&self) -> f64 {
        self.factorial_cumulant
    }
}

/// What the b_j from 1 on have beside the geometric part ratio^j / j: a Fourier integral over the
/// circle |z| = 1/load, at places half a step off z = 1/load.
fn smooth_part(k: f64, load: f64, root: f64) -> Vec<f64> {
    let half = ((PLACES_MIN + PLACES_PER_ROOT_OF_K * libm::sqrt(k)) / 2.0) as usize;
    let places = 2 * half;
    let level = excess(libm::log(load));
    let values: Vec<(f64, f64)> = (0..half)
        .map(|place| smooth_logarithm(k, load, root, level, angle(2 * place + 1, places)))
        .collect();
    let turns: Vec<(f64, f64)> =
        (0..2 * places).map(|step| libm::sincos(angle(step, places))).collect();
    let mut shrink = 1.0;
    (1..half)
        .map(|j| {
            // The other half of the circle is the conjugate of this one.
            let sum: f64 = (0..half)
                .zip(&values)
                .map(|(place, (re, im))| {
                    let (sin, cos) = turns[j * (2 * place + 1) % (2 * places)];
                    re * cos + im * sin
                })
                .sum();
            shrink *= load;
            shrink * sum * 2.0 / places as f64
        })
        .collect()
}

/// Half steps of the circle as an angle.
fn angle(half_steps: usize, places: usize) -> f64 {
    TAU * half_steps as f64 / (2 * places) as f64
}

/// -ln of (1 - X(z)) / ((1 - 1/z) (1 - z/zeta)) at z = e^(i angle) / load. All three factors have
/// a real part above 0 (|X|, |1/z| and |z/zeta| are below 1), so that logarithms are principal.
fn smooth_logarithm(k: f64, load: f64, root: f64, level: f64, angle: f64) -> (f64, f64) {
    let (sin, _) = libm::sincos(angle);
    let half_sine = libm::sin(angle / 2.0);
    // 1 - cos without its cancellation.
    let versine = 2.0 * half_sine * half_sine;
    let whole = one_less_exp(-k * (versine + level), k * (sin - angle));
    let at_one = (1.0 - load + load * versine, load * sin);
    let shrunk = libm::exp(-root);
    let at_zeta = (-libm::expm1(-root) + shrunk * versine, -shrunk * sin);
    let [whole, at_one, at_zeta] = [whole, at_one, at_zeta].map(logarithm);
    (at_one.0 + at_zeta.0 - whole.0, at_one.1 + at_zeta.1 - whole.1)
}

/// 1 - e^(x + iy), without cancellation near 0.
fn one_less_exp(x: f64, y: f64) -> (f64, f64) {
    let (sin, cos) = libm::sincos(y);
    let half_sine = libm::sin(y / 2.0);
    (2.0 * half_sine * half_sine - libm::expm1(x) * cos, -libm::exp(x) * sin)
}

fn logarithm((re, im): (f64, f64)) -> (f64, f64) {
    (0.5 * libm::log(re * re + im * im), libm::atan2(im, re))
}

/// The coefficients v_n of exp(sum b_j (z^j - 1)): n v_n = sum j b_j v_(n-j).
fn compound(b: &[f64]) -> Vec<f64> {
    let weights: Vec<f64> = (1_u32..).zip(b).map(|(j, b)| f64::from(j) * b).collect();
    let mut v = Vec::with_capacity(b.len() + 1);
    v.push(libm::exp(-b.iter().sum::<f64>()));
    for n in 1..=b.len() {
        let sum: f64 = weights.iter().zip(v.iter().rev()).map(|(weight, v)| weight * v).sum();
        v.push(sum / n as f64);
    }
    v
}

/// P(U >= n) of U = G + V: T_0 = 1, T_(n+1) = ratio T_n + (1 - ratio) P(V > n).
fn tail(v: &[f64], ratio: f64, lacks: f64) -> Vec<f64> {
    let mut above: Vec<f64> = v
        .iter()
        .rev()
        .scan(0.0, |sum, v| {
            let above = *sum;
            *sum += v;
            Some(above)
        })
        .collect();
    above.reverse();
    let mut at_least = 1.0_f64;
    let mut tail = Vec::with_capacity(v.len() + 1);
    for above in above {
        tail.push(at_least);
        // V is no distribution of its own: P(V > n) may be below 0; the sum only by rounding.
        at_least = (ratio * at_least + lacks * above).clamp(0.0, at_least);
    }
    tail.push(at_least);
    tail
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::poisson::Poisson;

    /// The naive twin: the recursion of the queue itself, from an empty one until nothing changes.
    fn iterated(servers: usize, load: f64, states: usize) -> Vec<f64> {
        let arrivals: Vec<(u64, f64)> = Poisson::new(servers as f64 * load).iter().collect();
        let mut now = std::vec![0.0; states];
        now[0] = 1.0;
        for _ in 0..1_000_000 {
            let mut next = std::vec![0.0; states];
            for (queue, probability) in now.iter().enumerate().filter(|(_, p)| **p > 1e-22) {
                for (come, chance) in &arrivals {
                    let left = (queue + *come as usize).saturating_sub(servers).min(states - 1);
                    next[left] += probability * chance;
                }
            }
            let change: f64 = now.iter().zip(&next).map(|(a, b)| (a - b).abs()).sum();
            now = next;
            if change < 1e-15 {
                break;
            }
        }
        now
    }

    #[test]
    fn the_law_is_that_of_the_recursion() {
        for (servers, load, states) in
            [(1, 0.3, 60), (1, 0.9, 300), (2, 0.85, 200), (6, 0.95, 500), (40, 0.9, 300)]
        {
            let queue = QueueLength::new(servers, load);
            let naive = iterated(servers as usize, load, states);
            let mut tail = 1.0;
            for (n, probability) in naive.iter().enumerate() {
                let told = queue.at_least(n as u64);
                assert!(
                    (told - tail).abs() < 1e-11,
                    "{n} before {servers} at {load}: {told} {tail}"
                );
                tail -= probability;
            }
            let mean: f64 = naive.iter().enumerate().map(|(n, p)| n as f64 * p).sum();
            assert!((queue.mean() - mean).abs() < 1e-10 * (1.0 + mean), "{servers} at {load}");
        }
    }

    #[test]
    fn it_is_a_distribution_at_any_load_and_size() {
        for servers in [1, 2, 7, 100, 3_000] {
            for load in [1e-12, 1e-3, 0.2, 0.5, 0.9, 0.999, 1.0 - 1e-9] {
                let queue = QueueLength::new(servers, load);
                let mut last = 1.0;
                for n in (0..3_000).chain([10_u64.pow(6), 10_u64.pow(15), u64::MAX]) {
                    let told = queue.at_least(n);
                    assert!((0.0..=last).contains(&told), "{n} before {servers} at {load}: {told}");
                    last = told;
                }
                assert!(queue.mean().is_finite() && queue.factorial_cumulant().is_finite());
            }
        }
    }

    #[test]
    fn the_mean_is_the_sum_of_the_tail() {
        for (servers, load) in [(1, 0.5), (3, 0.85), (12, 0.97), (200, 0.99)] {
            let queue = QueueLength::new(servers, load);
            let sum: f64 = (1..20_000).map(|n| queue.at_least(n)).sum();
            assert!((sum - queue.mean()).abs() < 1e-9 * (1.0 + sum), "{servers} at {load}");
        }
    }
    #[test]
    fn near_saturation_no_digits_are_lost() {
        // One server: P(U = 0) = (1 - load) e^load (Pollaczek and Khinchine, at z = 0).
        for load in [0.9_f64, 0.999, 0.999_999, 1.0 - 1e-9] {
            let empty = 1.0 - QueueLength::new(1, load).at_least(1);
            let expected = (1.0 - load) * load.exp();
            assert!((empty - expected).abs() < 1e-14, "{load}: {empty} {expected}");
        }
    }
}
