//! Loads a running server with a Poisson stream of queries and sets what they waited beside what
//! the model says: the work of `cargo xtask load`.
//!
//! ```text
//! alone      one asker                    what a query takes where nobody waits
//! capacity   many askers, closed loop     how many are answered a second at most: the peak
//! loads      10 % to 95 % of the peak     open loop, beside the exact M/D/k
//! overload   twice the peak, open loop    what is still answered, and how the rest is turned away;
//!                                        three times, each beside a peak of its own
//! ```

mod generator;
mod plot;
mod queries;
mod report;
mod schedule;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::Parser;

use generator::{Sent, closed_loop, open_loop};
use queries::{Answer, Asker};
use report::{Alone, Overload, Report, Round, Row};

/// Loads a server and tells what its askers waited, beside the model.
#[derive(Debug, Parser)]
struct Args {
    /// The server, as `http://127.0.0.1:8787`; what it has enrolled is `synthetic_library`'s.
    #[arg(long, value_name = "URL")]
    server: String,
    /// Songs that it has enrolled.
    #[arg(long)]
    songs: u32,
    /// k of the model: how many queries the server works on at once, which is its cores.
    #[arg(long)]
    servers: u32,
    /// Per cent of the queries that are of songs which are not enrolled: the dearest.
    #[arg(long)]
    unknown: u32,
    /// How long each load lasts.
    #[arg(long)]
    seconds: u64,
    /// Draws load.svg into this folder.
    #[arg(long, value_name = "DIR")]
    plot: Option<PathBuf>,
    /// One JSON object instead of a table.
    #[arg(long)]
    json: bool,
}

/// Different queries; then they come again.
const QUERIES: u32 = 400;

/// Askers that find the peak: enough that none of the server's cores ever waits for one.
const ASKERS: usize = 16;

/// Per cent of the peak.
const LOADS: [u32; 10] = [10, 20, 30, 40, 50, 60, 70, 80, 90, 95];

const OVERLOAD: f64 = 2.0;

/// How often the overload is measured, each time right after a peak of its own: a machine that
/// others use as well is a fifth slower a minute later, and the ratio must not show that.
const ROUNDS: u64 = 3;

/// Queries, one after the other, that tell what one takes alone.
const ALONE: usize = 200;

#[tokio::main]
async fn main() -> Result<()> {
    let args = Args::parse();
    let asker = Asker::new(&args.server, args.songs, QUERIES, args.unknown)?;
    let report = measured(&args, &asker).await?;
    if let Some(dir) = &args.plot {
        plot::draw(&report, &dir.join("load.svg"))?;
    }
    match args.json {
        true => println!("{}", serde_json::to_string_pretty(&report)?),
        false => report.print(),
    }
    Ok(())
}

async fn measured(args: &Args, asker: &Asker) -> Result<Report> {
    let lasts = Duration::from_secs(args.seconds);
    told("warming up");
    for number in 0..asker.count() {
        let answer = asker.clone().ask(number).await;
        ensure!(answer.is_good(), "the server does not answer as asked: {answer:?}");
    }
    told("alone");
    let alone = Alone::of(&alone(asker).await);
    told("capacity");
    let peak_per_s = peak(asker, lasts).await?;
    let mut rows = vec![];
    for load in LOADS {
        told(&format!("{load} %"));
        let rate = peak_per_s * f64::from(load) / 100.0;
        let (cpu, sent) = offered(asker, rate, lasts, u64::from(load)).await?;
        rows.push(Row::of(load, rate, lasts, &sent, cpu, (args.servers, peak_per_s))?);
    }
    let mut rounds = vec![];
    for round in 0..ROUNDS {
        told(&format!("overload {}", round + 1));
        let peak_per_s = peak(asker, lasts).await?;
        let offered_per_s = OVERLOAD * peak_per_s;
        let (generator_cores, sent) =
            offered(asker, offered_per_s, lasts, u64::MAX - round).await?;
        rounds.push(Round { peak_per_s, offered_per_s, generator_cores, sent });
    }
    let overload = Overload::of(lasts, &rounds);
    let after = Alone::of(&self::alone(asker).await);
    eprintln!();
    let (songs, unknown_percent, seconds) = (args.songs, args.unknown, args.seconds);
    let servers = args.servers;
    let service_ms = 1e3 * f64::from(servers) / peak_per_s;
    Ok(Report {
        songs,
        unknown_percent,
        servers,
        seconds,
        alone,
        peak_per_s,
        service_ms,
        rows,
        overload,
        after,
    })
}

async fn alone(asker: &Asker) -> Vec<Duration> {
    let mut waits = vec![];
    for number in 0..ALONE {
        let begun = std::time::Instant::now();
        asker.clone().ask(number).await;
        waits.push(begun.elapsed());
    }
    waits
}

/// Queries answered a second by a server that always has more to do.
async fn peak(asker: &Asker, lasts: Duration) -> Result<f64> {
    let own = asker.clone();
    let sent = closed_loop(ASKERS, lasts, move |number| own.clone().ask(number)).await?;
    ensure!(sent.iter().all(|query| query.answer.is_good()), "some queries were not answered");
    let last = sent.iter().map(|query| query.ended).max().context("nothing was answered")?;
    Ok(sent.len() as f64 / last.as_secs_f64())
}

/// A Poisson stream; and the share of a core that sending it took.
async fn offered(
    asker: &Asker,
    rate: f64,
    lasts: Duration,
    seed: u64,
) -> Result<(f64, Vec<Sent<Answer>>)> {
    let (own, before) = (asker.clone(), cpu_seconds());
    let times = schedule::poisson(rate, lasts, seed);
    let sent = open_loop(times, move |number| own.clone().ask(number)).await?;
    let last = sent.iter().map(|query| query.ended).max().unwrap_or(lasts);
    Ok(((cpu_seconds() - before) / last.as_secs_f64(), sent))
}

/// Processor time of this process so far; 0 where Linux does not tell.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Fields 14 and 15; the second, a name, may have spaces in it. Linux counts in 1/100 s here.
    let after_name = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
    let ticks = after_name.split(' ').skip(11).take(2).filter_map(|n| n.parse::<f64>().ok());
    ticks.sum::<f64>() / 100.0
}

fn told(step: &str) {
    eprint!("\r{step:20}");
}
