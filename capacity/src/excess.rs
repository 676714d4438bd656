//! e^u - 1 - u, and where it takes the same value on the other side of 0.
//!
//! ```text
//!  excess            With u = ln(load) on the left, the root on the right says how fast the
//!   \         /      queue's tail decays: its length goes as (load e^-root)^n.
//!    \       /
//!  ---*--+--*---> u
//!  ln load  root
//! ```

/// Below this modulus e^u - 1 - u loses digits and its series is taken.
const SMALL: f64 = 0.5;

/// Terms of the series: 0.5^18 / 20! is far below 2^-53 of the first.
const TERMS: u32 = 18;

/// Newton steps after which a double does not change any more, many times over.
const STEPS_MAX: usize = 100;

/// e^u - 1 - u, to a few units in the last place.
pub fn excess(u: f64) -> f64 {
    if libm::fabs(u) > SMALL {
        return libm::expm1(u) - u;
    }
    // u^2/2 (1 + u/3 (1 + u/4 (1 + ...)))
    let sum = (3..=TERMS + 2).rev().fold(1.0, |sum, n| 1.0 + sum * u / f64::from(n));
    0.5 * u * u * sum
}

/// The u > 0 with the same excess as ln(load) < 0 has.
pub fn mirrored(load: f64) -> f64 {
    let level = excess(libm::log(load));
    // The excess is at least u^2/2, so this lies right of the root; it is convex, so Newton's
    // steps go left and never beyond it.
    let mut u = libm::sqrt(2.0 * level);
    for _ in 0..STEPS_MAX {
        let next = u - (excess(u) - level) / libm::expm1(u);
        // Also where rounding stops the descent, and at a load so near 1 that all is 0.
        if next.is_nan() || next >= u {
            break;
        }
        u = next;
    }
    u
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_series_meets_the_plain_difference() {
        for u in [-0.500_001, 0.500_001, -0.1, 0.3] {
            let plain = libm::expm1(u) - u;
            assert!((excess(u) / plain - 1.0).abs() < 1e-13, "{u}");
        }
    }

    #[test]
    fn both_sides_have_one_excess() {
        for load in [1e-9, 0.01, 0.3, 0.5, 0.85, 0.99, 0.999_999, 1.0 - 1e-12] {
            let root = mirrored(load);
            let (left, right) = (excess(load.ln()), excess(root));
            assert!(root > 0.0 && (right / left - 1.0).abs() < 1e-12, "{load}: {left} {right}");
        }
    }
}
