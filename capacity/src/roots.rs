//! The roots inside the unit circle on which moments of E_k/D/1 and M/D/k rest.
//!
//! The paper's theta_i, i = 1 to k - 1, are the roots with Re > 0 of
//! (k lam)^k e^(-h theta) = (k lam - theta)^k. With z = 1 - theta/(k lam) and load = lam h that is
//! z^k = e^(k load (z - 1)), so z_i = w^i e^(load (z_i - 1)) with w = e^(2 pi i/k): one root each.

use core::f64::consts::TAU;

use crate::complex::Complex;

/// Steps of the plain iteration, which contracts all over the disc: they lead to where Newton's
/// method is safe.
const PLAIN_STEPS: usize = 24;

/// Newton steps at most; five are usual.
const NEWTON_STEPS_MAX: usize = 50;

/// A step below this, squared, no longer changes the root.
const STEP_MIN_SQUARED: f64 = 1e-32;

/// The root number i of k, for 0 < i < k.
pub fn inner(i: u32, k: u32, load: f64) -> Complex {
    let turn = Complex::turn(TAU * f64::from(i) / f64::from(k));
    let image = |z: Complex| turn * (z - Complex::ONE).scaled(load).exp();
    let mut z = Complex { re: 0.0, im: 0.0 };
    for _ in 0..PLAIN_STEPS {
        z = image(z);
    }
    for _ in 0..NEWTON_STEPS_MAX {
        let image = image(z);
        let step = (z - image) / (Complex::ONE - image.scaled(load));
        z = z - step;
        if step.norm_squared() < STEP_MIN_SQUARED {
            break;
        }
    }
    z
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_a_root_of_its_own_inside_the_circle() {
        for k in [2_u32, 3, 6, 7, 50, 1_000] {
            for load in [1e-6, 0.05, 0.5, 0.85, 0.99, 0.999_999] {
                for i in 1..k {
                    let z = inner(i, k, load);
                    let turn = Complex::turn(TAU * f64::from(i) / f64::from(k));
                    let left = z - turn * (z - Complex::ONE).scaled(load).exp();
                    assert!(left.norm_squared() < 1e-28, "{i} of {k} at {load}: {z:?}");
                    assert!(z.norm_squared() < 1.0, "{i} of {k} at {load}: {z:?}");
                }
            }
        }
    }
}
