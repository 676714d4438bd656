//! One shape: what it needs, how long queries take in it, what one failure does.

use onmon_capacity::{Farm, ModelError, OneDown, Station, simulate};
use serde::Serialize;

use super::question::Question;

/// A shape, in JSON. Names are a promise; new ones may come.
#[derive(Debug, Serialize)]
pub struct Row {
    /// N: parts of the catalogue, a server each, that search at once.
    pub n: u32,
    /// k: such groups, between which queries are shared out.
    pub k: u32,
    pub servers: u32,
    pub rate_per_s: f64,
    /// Share of the time that a server works; 1 or more is too much, and nothing else is told.
    pub load: f64,
    pub overloaded: bool,
    /// What a query takes a group, without waiting.
    pub service_s: f64,
    #[serde(flatten)]
    pub response: Option<Told>,
    pub one_down: Down,
    pub disk_bytes_per_server: u64,
    pub memory_bytes_per_server: u64,
    pub disk_bytes: u64,
    pub memory_bytes: u64,
}

/// The response time: waiting and service.
#[derive(Debug, Serialize)]
pub struct Told {
    pub mean_s: f64,
    pub variance_s2: f64,
    /// Standard deviation over mean.
    pub cv: f64,
    /// What the paper takes for the 95th percentile.
    pub mean_plus_2_sigma_s: f64,
    /// Share of the queries that it holds for.
    pub within_mean_plus_2_sigma: f64,
    pub exact_p50_s: f64,
    pub exact_p95_s: f64,
    pub exact_p99_s: f64,
    /// At the percentile that was asked for.
    pub exact_at_percentile_s: f64,
    /// The exact figure is within the target.
    pub keeps_target: bool,
    pub simulated: Option<Counted>,
}

/// What a simulation found.
#[derive(Debug, Serialize)]
pub struct Counted {
    pub queries: u64,
    pub mean_s: f64,
    pub mean_plus_2_sigma_s: f64,
    pub p95_s: f64,
    pub at_percentile_s: f64,
}

/// One server down.
#[derive(Debug, Serialize)]
pub struct Down {
    /// Groups that still find every song.
    pub groups_left: u32,
    /// Share of the catalogue that is not found: above 0 where no group is whole.
    pub catalogue_missing: f64,
    /// Load of those left; 1 or more is too much.
    pub load: f64,
    pub mean_s: Option<f64>,
    pub exact_at_percentile_s: Option<f64>,
    pub keeps_target: bool,
}

impl Row {
    /// What is to be said of a farm.
    pub fn of(question: &Question, farm: &Farm) -> anyhow::Result<Row> {
        let shape = farm.shape();
        let response = match farm.station() {
            Ok(station) => Some(told(question, farm, &station)?),
            Err(ModelError::Overloaded { .. }) => None,
            Err(other) => return Err(other.into()),
        };
        let songs = question.songs.div_ceil(u64::from(shape.parts)) as f64;
        let disk_bytes_per_server = (songs * question.disk_bytes_per_song).round() as u64;
        let memory_bytes_per_server = (songs * question.resident_bytes_per_song).round() as u64;
        Ok(Row {
            n: shape.parts,
            k: shape.groups,
            servers: shape.servers(),
            rate_per_s: farm.rate_per_s(),
            load: farm.load(),
            overloaded: response.is_none(),
            service_s: farm.service_s(),
            one_down: down(question, farm, response.as_ref())?,
            response,
            disk_bytes_per_server,
            memory_bytes_per_server,
            disk_bytes: disk_bytes_per_server.saturating_mul(u64::from(shape.servers())),
            memory_bytes: memory_bytes_per_server.saturating_mul(u64::from(shape.servers())),
        })
    }
}

fn told(question: &Question, farm: &Farm, station: &Station) -> anyhow::Result<Told> {
    let (response, waiting) = (station.response(), station.waiting());
    let mean_plus_2_sigma_s = response.mean_plus_2_sigma_s();
    let at_percentile_s = waiting.response_percentile_s(question.percentile)?;
    Ok(Told {
        mean_s: response.mean_s,
        variance_s2: response.variance_s2,
        cv: response.cv(),
        mean_plus_2_sigma_s,
        within_mean_plus_2_sigma: 1.0 - waiting.exceeds(mean_plus_2_sigma_s - station.service_s()),
        exact_p50_s: waiting.response_percentile_s(0.5)?,
        exact_p95_s: waiting.response_percentile_s(0.95)?,
        exact_p99_s: waiting.response_percentile_s(0.99)?,
        exact_at_percentile_s: at_percentile_s,
        keeps_target: at_percentile_s <= question.target_s,
        simulated: counted(question, farm)?,
    })
}

fn counted(question: &Question, farm: &Farm) -> anyhow::Result<Option<Counted>> {
    if question.simulate == 0 {
        return Ok(None);
    }
    let simulated = simulate::run(farm, question.simulate, question.seed);
    let response = simulated.response();
    Ok(Some(Counted {
        queries: question.simulate,
        mean_s: response.mean_s,
        mean_plus_2_sigma_s: response.mean_plus_2_sigma_s(),
        p95_s: simulated.response_percentile_s(0.95)?,
        at_percentile_s: simulated.response_percentile_s(question.percentile)?,
    }))
}

/// Without the server's part the only group is as fast as before, for the songs it still finds.
fn down(question: &Question, farm: &Farm, whole: Option<&Told>) -> anyhow::Result<Down> {
    let groups_left = farm.shape().groups - 1;
    let none = Down {
        groups_left,
        catalogue_missing: 0.0,
        load: farm.load(),
        mean_s: None,
        exact_at_percentile_s: None,
        keeps_target: false,
    };
    Ok(match farm.one_down() {
        OneDown::GroupOut(station) => {
            let at_percentile_s = station.waiting().response_percentile_s(question.percentile)?;
            Down {
                load: station.load(),
                mean_s: Some(station.response().mean_s),
                exact_at_percentile_s: Some(at_percentile_s),
                keeps_target: at_percentile_s <= question.target_s,
                ..none
            }
        }
        OneDown::Overloaded(load) => Down { load, ..none },
        OneDown::PartMissing(missing) if missing >= 1.0 => {
            Down { catalogue_missing: missing, ..none }
        }
        OneDown::PartMissing(missing) => Down {
            catalogue_missing: missing,
            mean_s: whole.map(|told| told.mean_s),
            exact_at_percentile_s: whole.map(|told| told.exact_at_percentile_s),
            ..none
        },
    })
}
