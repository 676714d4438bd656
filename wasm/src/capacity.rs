//! How long queries wait for how many servers: [`onmon_capacity`] for a page with sliders.

use js_sys::{Array, Object};
use onmon_capacity::plan::{self, Demand, PlanError};
use onmon_capacity::{Dispatch, Farm, ModelError, OneDown, Shape, Work};
use wasm_bindgen::prelude::*;

use crate::refusal::{refusal, set};

/// What servers do, and for whom: rates in 1/s, times in seconds.
#[wasm_bindgen]
#[derive(Clone, Copy)]
pub struct Model {
    work: Work,
    dispatch: Dispatch,
}

#[wasm_bindgen]
impl Model {
    /// Searching all of the catalogue takes one server `whole_s`; `fixed_s` more a query does not
    /// divide. `dispatch` is `round-robin`, `least-connection` or `random`.
    ///
    /// # Errors
    /// `{code: "invalid_model", message}`, as for every method.
    #[wasm_bindgen(constructor)]
    pub fn new(whole_s: f64, fixed_s: f64, dispatch: &str) -> Result<Model, JsValue> {
        let dispatch = match dispatch {
            "round-robin" => Dispatch::RoundRobin,
            "least-connection" => Dispatch::LeastConnection,
            "random" => Dispatch::Random,
            other => return Err(refusal("invalid_model", &format!("no dispatch is {other}"))),
        };
        let work = Work::new(whole_s, fixed_s, 0.0).map_err(|error| invalid(&error))?;
        Ok(Model { work, dispatch })
    }

    /// Every shape of so many servers, the most groups first; see [`row`].
    #[wasm_bindgen(unchecked_return_type = "unknown[]")]
    pub fn shapes(&self, servers: u32, rate_per_s: f64, share: f64) -> Result<Array, JsValue> {
        let rows = Shape::all_of(servers).map(|shape| row(&self.farm(shape, rate_per_s)?, share));
        rows.collect::<Result<Array, ModelError>>().map_err(|error| invalid(&error))
    }

    /// What response time a `share` of the queries keeps, at each of these loads.
    #[wasm_bindgen(js_name = overLoads)]
    pub fn over_loads(
        &self,
        parts: u32,
        groups: u32,
        share: f64,
        loads: &[f64],
    ) -> Result<Vec<f64>, JsValue> {
        let busy = f64::from(groups) / self.work.service_s(parts.max(1));
        let at = |load: &f64| {
            let station = self.farm(Shape { parts, groups }, load * busy)?.station()?;
            station.waiting().response_percentile_s(share)
        };
        loads.iter().map(at).collect::<Result<_, _>>().map_err(|error| invalid(&error))
    }

    /// The share of queries whose response takes longer than each of these times.
    pub fn longer(
        &self,
        parts: u32,
        groups: u32,
        rate_per_s: f64,
        times_s: &[f64],
    ) -> Result<Vec<f64>, JsValue> {
        let farm = self.farm(Shape { parts, groups }, rate_per_s);
        let station = farm.and_then(|farm| farm.station()).map_err(|error| invalid(&error))?;
        let waiting = station.waiting();
        let served_s = station.service_s();
        let longer = |&time_s: &f64| {
            if time_s < served_s { 1.0 } else { waiting.exceeds(time_s - served_s) }
        };
        Ok(times_s.iter().map(longer).collect())
    }

    /// The fewest servers that answer a `share` of the queries within `target_s`; see [`row`].
    ///
    /// # Errors
    /// Also `{code: "no_plan", message}`: no number of servers does.
    #[wasm_bindgen(unchecked_return_type = "unknown")]
    pub fn cheapest(
        &self,
        rate_per_s: f64,
        target_s: f64,
        share: f64,
        load_max: f64,
        parts_max: u32,
        with_one_down: bool,
    ) -> Result<JsValue, JsValue> {
        let farm = plan::cheapest(&Demand {
            rate_per_s,
            work: self.work,
            dispatch: self.dispatch,
            target_s,
            percentile: share,
            load_max,
            parts_max,
            with_one_down,
        });
        let farm = farm.map_err(|error| match error {
            PlanError::Model(error) => invalid(&error),
            other => refusal("no_plan", &other),
        })?;
        row(&farm, share).map_err(|error| invalid(&error))
    }

    fn farm(&self, shape: Shape, rate_per_s: f64) -> Result<Farm, ModelError> {
        Farm::new(shape, self.work, self.dispatch, rate_per_s)
    }
}

/// A farm as an object: `parts`, `groups`, `load`, `serviceS`; `meanS`, `meanPlus2SigmaS` and
/// `atShareS` where it can bear what comes; `oneDown`, what is left then.
fn row(farm: &Farm, share: f64) -> Result<JsValue, ModelError> {
    let object = Object::new();
    set(&object, "parts", &farm.shape().parts.into());
    set(&object, "groups", &farm.shape().groups.into());
    set(&object, "load", &farm.load().into());
    set(&object, "serviceS", &farm.service_s().into());
    match farm.station() {
        Ok(station) => {
            let response = station.response();
            set(&object, "meanS", &response.mean_s.into());
            set(&object, "meanPlus2SigmaS", &response.mean_plus_2_sigma_s().into());
            let at_share_s = station.waiting().response_percentile_s(share)?;
            set(&object, "atShareS", &at_share_s.into());
        }
        Err(ModelError::Overloaded { .. }) => {}
        Err(error) => return Err(error),
    }
    let down = one_down(farm, share)?;
    set(&object, "oneDown", &down);
    Ok(object.into())
}

/// With one server down: `load` of those left, `missing` from the catalogue, `atShareS` where they
/// can bear it.
fn one_down(farm: &Farm, share: f64) -> Result<Object, ModelError> {
    let object = Object::new();
    let (load, missing) = match farm.one_down() {
        OneDown::GroupOut(station) => {
            let at_share_s = station.waiting().response_percentile_s(share)?;
            set(&object, "atShareS", &at_share_s.into());
            (station.load(), 0.0)
        }
        OneDown::Overloaded(load) => (load, 0.0),
        OneDown::PartMissing(missing) => (farm.load(), missing),
    };
    set(&object, "load", &load.into());
    set(&object, "missing", &missing.into());
    Ok(object)
}

fn invalid(error: &ModelError) -> JsValue {
    refusal("invalid_model", error)
}
