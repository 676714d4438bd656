//! The cheapest farm is the cheapest: no smaller one keeps the promise.

use onmon_capacity::plan::{Demand, PlanError, cheapest};
use onmon_capacity::{Dispatch, Farm, ModelError, OneDown, Shape, Work};

fn demand(rate_per_s: f64, whole_s: f64, fixed_s: f64, target_s: f64) -> Demand {
    Demand {
        rate_per_s,
        work: Work::new(whole_s, fixed_s, 0.0).unwrap(),
        dispatch: Dispatch::RoundRobin,
        target_s,
        percentile: 0.95,
        load_max: 0.95,
        parts_max: 12,
        with_one_down: false,
    }
}

fn is_kept(demand: &Demand, shape: Shape) -> bool {
    let farm = Farm::new(shape, demand.work, demand.dispatch, demand.rate_per_s).unwrap();
    let in_time = |station: onmon_capacity::Station| {
        let response_s = station.waiting().response_percentile_s(demand.percentile).unwrap();
        response_s <= demand.target_s
    };
    let survives = || matches!(farm.one_down(), OneDown::GroupOut(station) if in_time(station));
    farm.load() <= demand.load_max
        && farm.station().is_ok_and(in_time)
        && (!demand.with_one_down || survives())
}

#[test]
fn no_smaller_farm_keeps_the_promise() {
    for rate_per_s in [0.1, 1.0, 3.0, 20.0] {
        for (fixed_s, target_s) in [(0.0, 1.2), (0.05, 1.2), (0.2, 2.0), (0.0, 0.3)] {
            for with_one_down in [false, true] {
                let demand = Demand { with_one_down, ..demand(rate_per_s, 1.0, fixed_s, target_s) };
                let farm = cheapest(&demand).unwrap();
                assert!(is_kept(&demand, farm.shape()));
                for servers in 1..farm.shape().servers() {
                    let mut smaller = Shape::all_of(servers).filter(|shape| shape.parts <= 12);
                    let found = smaller.find(|shape| is_kept(&demand, *shape));
                    assert_eq!(found, None, "{demand:?} {farm:?}");
                }
            }
        }
    }
}

#[test]
fn a_load_that_is_the_most_allowed_is_allowed_in_every_shape() {
    // The paper's six servers: 1.02 a second, 5 s each. In one group the load comes out one
    // rounding above 0.85.
    let demand = Demand { load_max: 0.85, ..demand(0.85 * 6.0 / 5.0, 5.0, 0.0, 10.0) };
    assert_eq!(cheapest(&demand).unwrap().shape(), Shape { parts: 6, groups: 1 });
}

#[test]
fn splitting_is_best_while_it_costs_nothing() {
    assert_eq!(cheapest(&demand(1.0, 5.0, 0.0, 9.0)).unwrap().shape().groups, 1);
    // With half a second that does not divide, groups are worth more than parts.
    assert!(cheapest(&demand(5.0, 1.0, 0.5, 2.5)).unwrap().shape().groups > 1);
}

#[test]
fn what_cannot_be_kept_says_why() {
    let slow = cheapest(&demand(1.0, 5.0, 0.3, 0.5));
    let least_s = 0.3 + 5.0 / 12.0;
    assert_eq!(slow, Err(PlanError::TooSlow { target_s: 0.5, least_s, parts: 12 }));
    assert_eq!(cheapest(&demand(1e7, 5.0, 0.0, 9.0)), Err(PlanError::TooMany));
    let target = ModelError::NotPositive("target");
    assert_eq!(cheapest(&demand(1.0, 5.0, 0.0, f64::NAN)), Err(target.into()));
    let percentile = Demand { percentile: 1.0, ..demand(1.0, 5.0, 0.0, 9.0) };
    assert_eq!(cheapest(&percentile), Err(ModelError::Percentile.into()));
}
