//! The paper's numbers: means and mean + 2 sigma of its section 6, and exact percentiles that were
//! found by other means.

use onmon_capacity::{Dispatch, Farm, Shape, Station, Work};

/// What the references are given to.
const DIGITS: f64 = 1e-4;

/// N, k, load, mean and mean + 2 sigma, in units of the search of the whole catalogue.
const MOMENTS: [(u32, u32, f64, f64, f64); 8] = [
    (1, 1, 0.85, 3.8333, 10.1315),
    (1, 6, 0.85, 1.3587, 2.3746),
    (2, 3, 0.85, 0.9135, 1.9510),
    (3, 2, 0.85, 0.7722, 1.8164),
    (6, 1, 0.85, 0.6389, 1.6886),
    (1, 1, 0.5, 1.5000, 3.0275),
    (1, 6, 0.5, 1.0199, 1.1841),
    (6, 1, 0.5, 0.2500, 0.5046),
];

/// N, k, load and the 95th percentile, in the same unit: from Franx' formula over states found by
/// linear equations.
const PERCENTILES: [(u32, u32, f64, f64); 9] = [
    (1, 6, 0.5, 1.158),
    (1, 6, 0.85, 2.389),
    (2, 3, 0.5, 0.791),
    (2, 3, 0.85, 1.956),
    (3, 2, 0.5, 0.636),
    (3, 2, 0.85, 1.818),
    (6, 1, 0.5, 0.508),
    (6, 1, 0.85, 1.688),
    (6, 1, 0.95, 5.019),
];

fn farm(parts: u32, groups: u32, load: f64, whole_s: f64, dispatch: Dispatch) -> Farm {
    let shape = Shape { parts, groups };
    let work = Work::new(whole_s, 0.0, 0.0).unwrap();
    let rate_per_s = load * f64::from(shape.servers()) / whole_s;
    Farm::new(shape, work, dispatch, rate_per_s).unwrap()
}

#[test]
fn mean_and_mean_plus_2_sigma_are_the_papers() {
    for (parts, groups, load, mean, plus_2_sigma) in MOMENTS {
        for dispatch in [Dispatch::RoundRobin, Dispatch::LeastConnection] {
            let farm = farm(parts, groups, load, 1.0, dispatch);
            let told = farm.station().unwrap().response();
            let named = format!("({parts},{groups}) at {load}: {told:?}");
            assert!((told.mean_s - mean).abs() < DIGITS, "{named}");
            assert!((told.mean_plus_2_sigma_s() - plus_2_sigma).abs() < DIGITS, "{named}");
        }
    }
}

#[test]
fn five_seconds_a_search_are_five_times_that() {
    for (parts, groups, seconds) in
        [(1, 1, 50.66), (1, 6, 11.87), (2, 3, 9.76), (3, 2, 9.08), (6, 1, 8.44)]
    {
        let farm = farm(parts, groups, 0.85, 5.0, Dispatch::RoundRobin);
        let told = farm.station().unwrap().response().mean_plus_2_sigma_s();
        assert!((told - seconds).abs() < 0.005, "({parts},{groups}): {told}");
    }
}

#[test]
fn exact_percentiles_are_those_found_before() {
    for (parts, groups, load, p95) in PERCENTILES {
        let station = farm(parts, groups, load, 1.0, Dispatch::RoundRobin).station().unwrap();
        let told = station.waiting().response_percentile_s(0.95).unwrap();
        // They are printed to three digits.
        assert!((told - p95).abs() < 0.000_5 + DIGITS, "({parts},{groups}) at {load}: {told}");
    }
}

#[test]
fn one_server_has_erlangs_distribution() {
    // Erlang 1909: P(W <= x) = (1 - load) sum_i (-y_i)^i e^(y_i) / i!, y_i = load (x - i), i <= x.
    // It cancels, so only short waits are asked.
    for load in [0.1_f64, 0.5, 0.85, 0.95] {
        let waiting = Station::new(1, load, 1.0).unwrap().waiting();
        for step in 0..40 {
            let x = f64::from(step) * 0.173;
            let mut factorial = 1.0;
            let mut sum = 0.0;
            for i in 0..=(x as i32) {
                factorial *= f64::from(i.max(1));
                let y = load * (x - f64::from(i));
                sum += (-y).powi(i) * y.exp() / factorial;
            }
            let exceeds = 1.0 - (1.0 - load) * sum;
            assert!((waiting.exceeds(x) - exceeds).abs() < 1e-10, "{x} at {load}");
        }
    }
}

#[test]
fn drawn_at_random_each_group_waits_like_one_server() {
    let random = farm(1, 6, 0.85, 1.0, Dispatch::Random).station().unwrap();
    let alone = farm(1, 1, 0.85, 1.0, Dispatch::RoundRobin).station().unwrap();
    assert!((random.response().mean_s - alone.response().mean_s).abs() < 1e-12);
}
