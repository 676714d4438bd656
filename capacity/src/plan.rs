//! The fewest servers that keep a promise, and in which shape.

use crate::dispatch::Dispatch;
use crate::error::{ModelError, positive, within};
use crate::farm::{Farm, OneDown, Shape};
use crate::station::SERVERS_MAX;
use crate::work::Work;

/// What is asked of a plan.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Demand {
    /// Queries a second, above 0.
    pub rate_per_s: f64,
    /// What a query takes.
    pub work: Work,
    /// Who gets the next query.
    pub dispatch: Dispatch,
    /// How long a response may take, waiting and service, in seconds.
    pub target_s: f64,
    /// For which share of the queries, as 0.95.
    pub percentile: f64,
    /// Load at most, as 0.85: what is left bears what the rate does beside its mean. A pool of
    /// hundreds keeps nearly any promise at 0.99, and none at one query in a hundred more.
    pub load_max: f64,
    /// N at most.
    pub parts_max: u32,
    /// The promise holds with one server down too: all songs, in time.
    pub with_one_down: bool,
}

/// Part by which a load may be above [`Demand::load_max`]: six servers that are 85 % busy are
/// 85.000000000000014 % busy when they stand in one group.
const ROUNDING: f64 = 1e-12;

/// No plan.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// A number of the demand is out of range.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// Even without waiting a response takes longer.
    #[error(
        "no number of servers answers in {target_s} s: service alone takes {least_s} s in \
         {parts} parts; allow more time or more parts"
    )]
    TooSlow {
        /// What was asked for, in seconds.
        target_s: f64,
        /// The shortest service time there is, in seconds.
        least_s: f64,
        /// The parts that have it.
        parts: u32,
    },
    /// More groups would be needed than a model may have.
    #[error("more than {SERVERS_MAX} groups would be needed")]
    TooMany,
}

/// The farm of fewest servers (N times k) that keeps the promise; of several the one with the
/// shortest response at the percentile. Costs some milliseconds; seconds where thousands of groups
/// are needed.
pub fn cheapest(demand: &Demand) -> Result<Farm, PlanError> {
    positive(demand.target_s, "target")?;
    positive(demand.load_max, "load at most")?;
    within(demand.percentile)?;
    let parts_max = demand.parts_max.clamp(1, SERVERS_MAX);
    let mut best: Option<(Farm, f64)> = None;
    for parts in (1..=parts_max).filter(|n| demand.work.service_s(*n) <= demand.target_s) {
        // No more servers than the best so far has; a shorter response decides between equals.
        let servers_max = best.map_or(u32::MAX, |(farm, _)| farm.shape().servers());
        let groups_max = (servers_max / parts).min(SERVERS_MAX);
        if groups_max == 0 {
            break;
        }
        let Some(found) = fewest_groups(demand, parts, groups_max)? else { continue };
        let is_better = best.is_none_or(|(farm, response_s)| {
            found.0.shape().servers() < farm.shape().servers() || found.1 < response_s
        });
        if is_better {
            best = Some(found);
        }
    }
    best.map(|(farm, _)| farm).ok_or_else(|| why_not(demand, parts_max))
}

/// Why no farm keeps the promise.
fn why_not(demand: &Demand, parts_max: u32) -> PlanError {
    let services = (1..=parts_max).map(|parts| (demand.work.service_s(parts), parts));
    match services.min_by(|a, b| a.0.total_cmp(&b.0)) {
        Some((least_s, parts)) if least_s > demand.target_s => {
            PlanError::TooSlow { target_s: demand.target_s, least_s, parts }
        }
        _ => PlanError::TooMany,
    }
}

/// The fewest groups of so many parts that keep the promise, with the response at the percentile;
/// none where `groups_max` do not.
fn fewest_groups(
    demand: &Demand,
    parts: u32,
    groups_max: u32,
) -> Result<Option<(Farm, f64)>, ModelError> {
    let kept_by = |groups| kept(demand, Shape { parts, groups });
    // So many are too busy or on the edge of it; the answer is nearly always close.
    let busy = demand.rate_per_s * demand.work.service_s(parts) / demand.load_max.min(1.0);
    let (mut low, mut step) = ((busy.min(f64::from(groups_max)) as u32).saturating_sub(1), 1);
    let (mut high, mut found) = loop {
        let groups = low.saturating_add(step).min(groups_max);
        match kept_by(groups)? {
            Some(farm) => break (groups, farm),
            None if groups == groups_max => return Ok(None),
            None => (low, step) = (groups, step.saturating_mul(2)),
        }
    };
    // More groups never wait longer.
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        match kept_by(middle)? {
            Some(farm) => (high, found) = (middle, farm),
            None => low = middle,
        }
    }
    Ok(Some(found))
}

/// The farm of this shape with its response at the percentile, if it keeps the promise.
fn kept(demand: &Demand, shape: Shape) -> Result<Option<(Farm, f64)>, ModelError> {
    let farm = Farm::new(shape, demand.work, demand.dispatch, demand.rate_per_s)?;
    let Ok(station) = farm.station() else { return Ok(None) };
    if station.load() > demand.load_max * (1.0 + ROUNDING) {
        return Ok(None);
    }
    let response_s = station.waiting().response_percentile_s(demand.percentile)?;
    let in_time =
        response_s <= demand.target_s && (!demand.with_one_down || survives(demand, &farm)?);
    Ok(in_time.then_some((farm, response_s)))
}

fn survives(demand: &Demand, farm: &Farm) -> Result<bool, ModelError> {
    match farm.one_down() {
        OneDown::GroupOut(station) => {
            Ok(station.waiting().response_percentile_s(demand.percentile)? <= demand.target_s)
        }
        OneDown::Overloaded(_) | OneDown::PartMissing(_) => Ok(false),
    }
}
