//! E_k/D/1 and M/D/k under light load, where the closed forms are differences of large numbers.
//!
//! The queue seen one service time apart is the maximum of a random walk whose steps are
//! Poisson(k load) - k. Spitzer's identity makes sums of it, of positive terms only, and Little's
//! law for first come, first served (Haji and Newell 1971) makes waiting times of those. With S_n
//! the walk after n steps and m = k load arrivals in a service time:
//!
//! ```text
//! E[W] = 1/m   sum_n 1/n E[S_n; S_n > 0]          Var[W] = 1/m^2 sum_n 1/n E[S_n (S_n - 1); S_n > 0]
//! ```

use crate::response::Response;

/// Loads below this are taken here. At it the terms fall by e^-2 each or faster.
pub const LOAD_MAX: f64 = 0.05;

/// Terms at most: e^-80 is nothing beside the first.
const STEPS_MAX: u32 = 40;

/// A term this small beside the sum ends it.
const NEGLIGIBLE: f64 = 1e-18;

/// Moments of the response time in units of the service time.
pub fn response(k: u32, load: f64) -> Response {
    let arrivals = f64::from(k) * load;
    let (mut first, mut second) = (0.0, 0.0);
    for n in 1..=STEPS_MAX {
        let (once, twice) = above_zero(f64::from(n) * f64::from(k), load);
        first += once / f64::from(n);
        second += twice / f64::from(n);
        if once <= NEGLIGIBLE * first {
            break;
        }
    }
    Response { mean_s: 1.0 + first / arrivals, variance_s2: second / arrivals / arrivals }
}

/// E[S; S > 0] and E[S (S - 1); S > 0] of S = Poisson(places load) - places.
fn above_zero(places: f64, load: f64) -> (f64, f64) {
    let mean = places * load;
    let mut excess = 1.0;
    let ln_first = (places + 1.0) * libm::log(mean) - mean - libm::lgamma(places + 2.0);
    let mut probability = libm::exp(ln_first);
    let (mut once, mut twice) = (0.0, 0.0);
    // Each is less than LOAD_MAX of the one before.
    while probability > 0.0 && excess * probability > NEGLIGIBLE * once {
        once += excess * probability;
        twice += excess * (excess - 1.0) * probability;
        excess += 1.0;
        probability *= mean / (places + excess);
    }
    (once, twice)
}
