//! Any input: an error that says what is wrong, or figures that make sense. Never a panic.

use onmon_capacity::plan::{Demand, cheapest};
use onmon_capacity::{Dispatch, Farm, ModelError, OneDown, Shape, Station, Work, simulate};
use proptest::prelude::*;

const BAD: [f64; 4] = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0];

#[test]
fn numbers_out_of_range_are_named() {
    assert_eq!(Station::new(1, 1.0, 1.0), Err(ModelError::Overloaded { load: 1.0 }));
    assert_eq!(Station::new(1, 7.5, 1.0), Err(ModelError::Overloaded { load: 7.5 }));
    assert_eq!(Station::new(0, 0.5, 1.0), Err(ModelError::Servers("servers")));
    assert_eq!(Station::new(u32::MAX, 0.5, 1.0), Err(ModelError::Servers("servers")));
    for bad in BAD.into_iter().chain([0.0, -0.0]) {
        assert_eq!(Station::new(1, bad, 1.0), Err(ModelError::NotPositive("load")));
        assert_eq!(Station::new(1, 0.5, bad), Err(ModelError::NotPositive("service time")));
        assert_eq!(Work::new(bad, 0.0, 0.0), Err(ModelError::NotPositive("service time")));
    }
    for bad in BAD {
        assert_eq!(Work::new(1.0, bad, 0.0), Err(ModelError::Negative("fixed time")));
        assert_eq!(Work::new(1.0, 0.0, bad), Err(ModelError::Negative("jitter")));
    }
    let waiting = Station::new(2, 0.5, 1.0).unwrap().waiting();
    for bad in BAD.into_iter().chain([0.0, 1.0]) {
        assert_eq!(waiting.percentile_s(bad), Err(ModelError::Percentile));
    }
    assert!(waiting.exceeds(f64::NAN).is_nan());
    assert_eq!((waiting.exceeds(-1.0), waiting.exceeds(f64::INFINITY)), (1.0, 0.0));
}

/// Any double, with those of interest more often.
fn any_number() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => 0.0..1.0,
        2 => 0.9..1.1,
        2 => any::<f64>(),
        1 => prop::sample::select(vec![f64::MIN_POSITIVE, 1.0 - f64::EPSILON, f64::MAX, 5e-324]),
    ]
}

fn any_dispatch() -> impl Strategy<Value = Dispatch> {
    use Dispatch::{LeastConnection, Random, RoundRobin};
    prop::sample::select(vec![Random, RoundRobin, LeastConnection])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_station_has_figures_or_is_refused(
        servers in prop_oneof![0_u32..50, 0_u32..3_000],
        load in any_number(),
        service_s in any_number(),
        percentile in any_number(),
        wait_s in any_number(),
    ) {
        let Ok(station) = Station::new(servers, load, service_s) else { return Ok(()) };
        let response = station.response();
        prop_assert!(response.mean_s >= service_s && response.variance_s2 >= 0.0, "{response:?}");
        let waiting = station.waiting();
        let exceeds = waiting.exceeds(wait_s);
        prop_assert!(exceeds.is_nan() == wait_s.is_nan());
        prop_assert!(exceeds.is_nan() || (0.0..=1.0).contains(&exceeds), "{exceeds}");
        if let Ok(response_s) = waiting.response_percentile_s(percentile) {
            prop_assert!(response_s >= service_s, "{response_s}");
        }
    }

    #[test]
    fn a_farm_is_simulated_or_refused(
        parts in 0_u32..9,
        groups in 0_u32..9,
        times in [any_number(), any_number(), any_number(), any_number()],
        dispatch in any_dispatch(),
        queries in 0_u64..30,
        seed in any::<u64>(),
    ) {
        let [whole_s, fixed_s, jitter_s, rate_per_s] = times;
        let Ok(work) = Work::new(whole_s, fixed_s, jitter_s) else { return Ok(()) };
        let shape = Shape { parts, groups };
        let Ok(farm) = Farm::new(shape, work, dispatch, rate_per_s) else { return Ok(()) };
        if let OneDown::Overloaded(load) = farm.one_down() {
            prop_assert!(load >= 1.0 || !load.is_normal() || !farm.service_s().is_finite());
        }
        let simulated = simulate::run(&farm, queries, seed);
        prop_assert!(simulated.response_percentile_s(0.5).is_ok());
    }

    #[test]
    fn a_plan_is_kept_or_refused(
        numbers in [any_number(), any_number(), any_number(), any_number(), any_number()],
        dispatch in any_dispatch(),
        parts_max in 0_u32..9,
        with_one_down in any::<bool>(),
    ) {
        let [rate_per_s, whole_s, target_s, percentile, load_max] = numbers;
        let Ok(work) = Work::new(whole_s, 0.0, 0.0) else { return Ok(()) };
        // Thousands of groups take seconds.
        prop_assume!(rate_per_s.is_nan() || rate_per_s * whole_s / load_max < 100.0);
        let demand = Demand {
            rate_per_s, work, dispatch, target_s, percentile, load_max, parts_max, with_one_down,
        };
        let Ok(farm) = cheapest(&demand) else { return Ok(()) };
        prop_assert!(farm.load() <= load_max);
        let waiting = farm.station().unwrap().waiting();
        prop_assert!(waiting.response_percentile_s(percentile).unwrap() <= target_s);
    }
}
