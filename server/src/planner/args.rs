//! The command line of `onmon-server plan`.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{ArgGroup, Args, ValueEnum};
use onmon_capacity::Dispatch;

pub const HELP: &str = "Examples:\n  \
    onmon-server plan --service-time 5 --servers 6 --load 0.85 --json\n  \
    onmon-server plan --service-time paper --rate 1,10 --target-s 13\n  \
    onmon-server plan --measured docs/index-2000000.json --measured docs/index-200000.json \\\n    \
    --users 1000000 --songs-a-day 20 --with-one-down\n\
    Exit codes:\n  \
    0    there is a plan\n  \
    2    the command line is wrong\n  \
    3    there is none, or a file could not be read or written (standard error says why)";

/// How many servers keep a promised wait.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("work").required(true).args(["service_time", "measured"]))]
#[command(group = ArgGroup::new("arrivals").required(true).args(["rate", "users", "load"]))]
pub struct PlanArgs {
    /// What searching the whole catalogue takes one server: seconds, or `paper` for the paper's
    /// 4.86 s per 2 million songs.
    #[arg(long, value_name = "SECONDS|paper", help_heading = "What a query takes")]
    pub service_time: Option<ServiceTime>,

    /// The same as `cargo xtask bench index --json` measured it: its output. Two of catalogues of
    /// different size tell what divides from what does not. A server is one core then.
    #[arg(long, value_name = "FILE", help_heading = "What a query takes")]
    pub measured: Vec<PathBuf>,

    /// Which queries of the measurement count: `clean`, `unknown`, or another row.
    #[arg(long, value_name = "ROW", default_value = "unknown", requires = "measured")]
    #[arg(help_heading = "What a query takes")]
    pub measured_row: String,

    /// Which of the row's figures counts as the service time of all.
    #[arg(long, value_name = "WHICH", default_value = "p95", requires = "measured")]
    #[arg(help_heading = "What a query takes")]
    pub measured_as: MeasuredAs,

    /// What every query takes on every server besides, however many parts there are: sending,
    /// merging, titles.
    #[arg(long, value_name = "SECONDS", default_value_t = 0.0)]
    #[arg(help_heading = "What a query takes")]
    pub fixed_time: f64,

    /// Mean lateness of one server (exponential); an answer waits for the latest of N. The formulas
    /// take its mean, the simulation draws it.
    #[arg(long, value_name = "SECONDS", default_value_t = 0.0)]
    #[arg(help_heading = "What a query takes")]
    pub jitter: f64,

    /// Queries a second; several, with commas, are planned one by one.
    #[arg(long, value_name = "PER_SECOND", value_delimiter = ',', help_heading = "What comes")]
    pub rate: Vec<f64>,

    /// Users; each has --songs-a-day songs identified.
    #[arg(long, value_name = "COUNT", requires = "songs_a_day", help_heading = "What comes")]
    pub users: Option<f64>,

    /// Songs a user has identified in a day.
    #[arg(long, value_name = "COUNT", requires = "users", help_heading = "What comes")]
    pub songs_a_day: Option<f64>,

    /// How many times the day's mean rate comes in its busiest hour; for --users.
    #[arg(long, value_name = "FACTOR", default_value_t = 3.0, help_heading = "What comes")]
    pub busy_hour: f64,

    /// As much as keeps --servers busy for this share of the time, fixed time and jitter aside.
    #[arg(long, value_name = "SHARE", requires = "servers", help_heading = "What comes")]
    pub load: Option<f64>,

    /// Who gets the next query.
    #[arg(long, value_enum, default_value_t = Way::RoundRobin, help_heading = "What comes")]
    pub dispatch: Way,

    /// How long an answer may take, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 1.0, help_heading = "The promise")]
    pub target_s: f64,

    /// For how many queries in a hundred that holds.
    #[arg(long, value_name = "PERCENT", default_value_t = 95.0, help_heading = "The promise")]
    pub percentile: f64,

    /// It holds with one server down as well.
    #[arg(long, conflicts_with = "servers", help_heading = "The promise")]
    pub with_one_down: bool,

    /// How busy a server may be: what is left bears what the rate does beside its mean.
    #[arg(long, value_name = "SHARE", default_value_t = 0.85, help_heading = "The promise")]
    pub load_max: f64,

    /// N at most.
    #[arg(long, value_name = "COUNT", default_value_t = 64, help_heading = "The servers")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub parts_max: u32,

    /// Instead of the cheapest plan: every shape of so many servers.
    #[arg(long, value_name = "COUNT", help_heading = "The servers")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub servers: Option<u32>,

    /// Songs of the catalogue; 2 million, or those of the measurement, if nothing is said.
    #[arg(long, value_name = "COUNT", help_heading = "The servers")]
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    pub songs: Option<u64>,

    /// Queries to simulate for each shape, beside the formulas; 0 for none.
    #[arg(long, value_name = "QUERIES", default_value_t = 1_000_000)]
    #[arg(help_heading = "The answer")]
    #[arg(value_parser = clap::value_parser!(u64).range(..=100_000_000))]
    pub simulate: u64,

    /// Another seed is another simulation.
    #[arg(long, default_value_t = 1, help_heading = "The answer")]
    pub seed: u64,

    /// Prints one JSON object; times are in seconds, shares of 1.
    #[arg(long, help_heading = "The answer")]
    pub json: bool,

    /// Draws figures 13 to 17 of the paper for this service time into DIR, as SVG, each beside the
    /// exact curve.
    #[arg(long, value_name = "DIR", help_heading = "The answer")]
    pub plot: Option<PathBuf>,
}

/// What one search takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ServiceTime {
    /// Seconds.
    Given(f64),
    /// As the paper has it.
    Paper,
}

impl FromStr for ServiceTime {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<ServiceTime, &'static str> {
        if text == "paper" {
            return Ok(ServiceTime::Paper);
        }
        text.parse().map(ServiceTime::Given).map_err(|_| "seconds, as 0.2, or `paper`")
    }
}

/// A figure of a measured row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum MeasuredAs {
    /// Its median.
    P50,
    /// What 95 in 100 do not exceed.
    P95,
    /// What 99 in 100 do not exceed.
    P99,
}

/// How queries are shared out among groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Way {
    /// Each group in its turn: E_k/D/1.
    RoundRobin,
    /// To the group that has fewest: M/D/k. Queries wait as in turn.
    LeastConnection,
    /// Drawn: M/D/1 each.
    Random,
}

impl Way {
    /// As it is typed.
    pub fn name(self) -> &'static str {
        match self {
            Way::RoundRobin => "round-robin",
            Way::LeastConnection => "least-connection",
            Way::Random => "random",
        }
    }
}

impl From<Way> for Dispatch {
    fn from(way: Way) -> Dispatch {
        match way {
            Way::RoundRobin => Dispatch::RoundRobin,
            Way::LeastConnection => Dispatch::LeastConnection,
            Way::Random => Dispatch::Random,
        }
    }
}
