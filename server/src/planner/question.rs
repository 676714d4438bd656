//! What is asked, parsed: rates, work, room, promise.

use anyhow::{Context, ensure};
use onmon_capacity::plan::Demand;
use onmon_capacity::{Farm, Shape, Work};

use super::ALONE;
use super::args::{PlanArgs, ServiceTime, Way};
use super::measured::{self, Measured};

/// The paper's catalogue, and what one server takes to search it: (150,000 h / 2,000 h) (90 s /
/// 1,000,000 min) 1 day 1/2 (section 6).
const PAPERS_SONGS: u64 = 2_000_000;
const PAPERS_SECONDS: f64 = 4.86;

/// The index a song, on disk and in memory, as `docs/index-2000000.json` has them.
const DISK_BYTES_PER_SONG: f64 = 10_384.0;
const RESIDENT_BYTES_PER_SONG: f64 = 68.0;

const SECONDS_A_DAY: f64 = 86_400.0;

/// A parsed command line.
#[derive(Debug)]
pub struct Question {
    pub asked: Asked,
    pub work: Work,
    /// In words: where the work comes from.
    pub source: String,
    pub way: Way,
    pub songs: u64,
    pub target_s: f64,
    /// A share, as 0.95.
    pub percentile: f64,
    pub disk_bytes_per_song: f64,
    pub resident_bytes_per_song: f64,
    pub simulate: u64,
    pub seed: u64,
    load_max: f64,
    parts_max: u32,
    with_one_down: bool,
}

/// What the answer is about.
#[derive(Debug)]
pub enum Asked {
    /// The cheapest shape for each of these rates.
    Cheapest { rates_per_s: Vec<f64> },
    /// These, whatever they do.
    Shapes(Vec<Farm>),
}

impl Question {
    /// Errors say which option is wrong, and what it may be.
    pub fn new(args: &PlanArgs) -> anyhow::Result<Question> {
        ensure!(
            args.target_s.is_finite() && args.target_s > 0.0,
            "--target-s must be above 0, as 1.5"
        );
        ensure!(
            args.percentile > 0.0 && args.percentile < 100.0,
            "--percentile must be above 0 and below 100, as 95"
        );
        ensure!(
            args.load_max > 0.0 && args.load_max < 1.0,
            "--load-max must be above 0 and below 1, as 0.85"
        );
        let measured = match args.measured.as_slice() {
            [] => None,
            files => Some(measured::read(files, &args.measured_row, args.measured_as)?),
        };
        let (work, songs, source) = work(args, measured.as_ref())?;
        let room = |of: fn(&Measured) -> f64, ours| measured.as_ref().map_or(ours, of);
        Ok(Question {
            asked: asked(args, work)?,
            work,
            source,
            way: args.dispatch,
            songs,
            target_s: args.target_s,
            percentile: args.percentile / 100.0,
            disk_bytes_per_song: room(|m| m.disk_bytes_per_song, DISK_BYTES_PER_SONG),
            resident_bytes_per_song: room(|m| m.resident_bytes_per_song, RESIDENT_BYTES_PER_SONG),
            simulate: args.simulate,
            seed: args.seed,
            load_max: args.load_max,
            parts_max: args.parts_max,
            with_one_down: args.with_one_down,
        })
    }

    /// The same as the planner wants it.
    pub fn demand(&self, rate_per_s: f64) -> Demand {
        Demand {
            rate_per_s,
            work: self.work,
            dispatch: self.way.into(),
            target_s: self.target_s,
            percentile: self.percentile,
            load_max: self.load_max,
            parts_max: self.parts_max,
            with_one_down: self.with_one_down,
        }
    }
}

/// What a query takes, for how many songs, and who says so.
fn work(args: &PlanArgs, measured: Option<&Measured>) -> anyhow::Result<(Work, u64, String)> {
    let songs = args.songs.or(measured.map(|m| m.songs)).unwrap_or(PAPERS_SONGS);
    let (whole_s, fixed_s, source) = match (args.service_time, measured) {
        (_, Some(measured)) => {
            ensure!(
                args.measured.len() > 1 || songs == measured.songs,
                "one measurement says nothing of {songs} songs, only of {}: add one of another size",
                measured.songs
            );
            let row = format!("measured, `{}`", args.measured_row);
            (measured.per_song_s * songs as f64, measured.fixed_s, row)
        }
        (Some(ServiceTime::Given(whole_s)), None) => (whole_s, 0.0, "given".to_owned()),
        (Some(ServiceTime::Paper) | None, None) => {
            let whole_s = PAPERS_SECONDS * songs as f64 / PAPERS_SONGS as f64;
            (whole_s, 0.0, "the paper's".to_owned())
        }
    };
    let work = Work::new(whole_s, fixed_s + args.fixed_time, args.jitter);
    Ok((work.context("--service-time, --fixed-time, --jitter")?, songs, source))
}

fn asked(args: &PlanArgs, work: Work) -> anyhow::Result<Asked> {
    let farm = |shape, rate_per_s| Farm::new(shape, work, args.dispatch.into(), rate_per_s);
    let Some(servers) = args.servers else {
        return Ok(Asked::Cheapest { rates_per_s: rates(args)? });
    };
    let shapes = || Shape::all_of(servers);
    let mut farms = Vec::new();
    if let Some(load) = args.load {
        ensure!(load > 0.0 && load < 1.0, "--load must be above 0 and below 1, as 0.85");
        // One busy server, and as many as do the work of so many.
        let alone = load / work.whole_s();
        if servers > 1 {
            farms.push(farm(ALONE, alone).context("--load")?);
        }
        for shape in shapes() {
            farms.push(farm(shape, alone * f64::from(servers)).context("--load")?);
        }
    } else {
        for rate_per_s in rates(args)? {
            for shape in shapes() {
                farms.push(farm(shape, rate_per_s)?);
            }
        }
    }
    Ok(Asked::Shapes(farms))
}

/// Queries a second.
fn rates(args: &PlanArgs) -> anyhow::Result<Vec<f64>> {
    let positive = |value: f64| value.is_finite() && value > 0.0;
    if let (Some(users), Some(songs)) = (args.users, args.songs_a_day) {
        ensure!(
            [users, songs, args.busy_hour].into_iter().all(positive),
            "--users, --songs-a-day and --busy-hour must be above 0"
        );
        return Ok(vec![users * songs * args.busy_hour / SECONDS_A_DAY]);
    }
    ensure!(args.rate.iter().all(|rate| positive(*rate)), "--rate must be above 0, as 10");
    Ok(args.rate.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_for_a_song_is_what_was_measured() {
        let text = include_str!("../../../docs/index-2000000.json");
        let json: serde_json::Value = serde_json::from_str(text).unwrap();
        let a_song =
            |name: &str| (json[name].as_f64().unwrap() / json["songs"].as_f64().unwrap()).round();
        assert_eq!(a_song("bytes"), DISK_BYTES_PER_SONG);
        assert_eq!(a_song("resident_bytes"), RESIDENT_BYTES_PER_SONG);
        assert_eq!(json["paper_seconds"], PAPERS_SECONDS);
    }
}
