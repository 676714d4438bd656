//! E_k/D/1: one of k servers that take queries in turn; and M/D/k, whose queries wait alike.

use crate::complex::Complex;
use crate::response::Response;
use crate::{light, roots, single};

/// Moments of the response time in units of the service time: the paper's section 6, with
/// C = C_a^2 = 1/k and theta_i = k load (1 - z_i) from `roots.rs`:
///
/// ```text
/// E   = E(M/D/1)   - (1 - C) / (2 load (1 - load)) + sum 1/theta_i
/// Var = Var(M/D/1) - (1 - C) ((8 load - 5) C + 6 load^2 - 4 load + 1) / (12 (1 - load)^2 load^2)
///                  - sum 1/theta_i^2
/// ```
/// Both are differences of numbers of the size 1/load and 1/load^2, so light loads are counted
/// another way (`light.rs`). What remains is right to 1e-11/(1 - load) of itself or of the service
/// time, whichever is more (`tests/agreement.rs`); that says nothing of a wait of 1e-30, as many
/// servers have it at half load, and 0 is told where rounding would make it negative.
pub fn response(k: u32, load: f64) -> Response {
    if k <= 1 {
        single::response(load)
    } else if load < light::LOAD_MAX {
        light::response(k, load)
    } else {
        closed(k, load)
    }
}

fn closed(k: u32, load: f64) -> Response {
    let alone = single::response(load);
    let (c, free) = (1.0 / f64::from(k), 1.0 - load);
    let (once, squared) = inverse_thetas(k, load);
    let less = (1.0 - c) / (2.0 * load * free);
    let polynomial = (8.0 * load - 5.0) * c + 6.0 * load * load - 4.0 * load + 1.0;
    let less_varied = (1.0 - c) * polynomial / (12.0 * free * free * load * load);
    Response {
        // A response is no shorter than its service.
        mean_s: (alone.mean_s - less + once).max(1.0),
        variance_s2: (alone.variance_s2 - less_varied - squared).max(0.0),
    }
}

/// The sums of 1/theta_i and 1/theta_i^2, in units of the service time and its square.
fn inverse_thetas(k: u32, load: f64) -> (f64, f64) {
    let scale = 1.0 / (f64::from(k) * load);
    let (mut once, mut squared) = (0.0, 0.0);
    // Roots come in conjugate pairs, i and k - i; the one in the middle of an even k is real.
    for i in 1..=k / 2 {
        let weight = if 2 * i == k { 1.0 } else { 2.0 };
        let inverse = (Complex::ONE / (Complex::ONE - roots::inner(i, k, load))).scaled(scale);
        once += weight * inverse.re;
        squared += weight * (inverse * inverse).re;
    }
    (once, squared)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn light_loads_are_counted_to_the_same() {
        for k in [2, 3, 6, 50] {
            for load in [0.01, 0.03, light::LOAD_MAX, 0.1, 0.2] {
                let (closed, summed) = (closed(k, load), light::response(k, load));
                assert!((closed.mean_s - summed.mean_s).abs() < 1e-12, "{k} {load}");
                assert!((closed.variance_s2 - summed.variance_s2).abs() < 1e-11, "{k} {load}");
            }
        }
    }
}
