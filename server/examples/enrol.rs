//! How long enrolling one song takes, until it is on disk and can be identified, on SQLite and on
//! PostgreSQL. `cargo xtask bench enrol` runs it.
//!
//! Without `--database` PostgreSQL is Debian's, started here on a local socket, and syncs its disk
//! as it does out of the box.

#[path = "../library/tests/songs/mod.rs"]
mod songs;

use std::time::Instant;

use anyhow::ensure;
use clap::Parser;
use onmon_library::{Entry, Library, Place, Recording};
use onmon_store::testing::Scratch;
use onmon_store::{Engine, Location};
use serde::Serialize;

/// Single enrolments, one after the other.
#[derive(Debug, Parser)]
struct Args {
    /// Songs that are enrolled one at a time.
    #[arg(long, default_value_t = 200)]
    enrolments: u64,
    /// Songs that are there before.
    #[arg(long, default_value_t = 2_000)]
    songs: u64,
    /// A PostgreSQL database, in place of one that is started here. Its catalogue is added to.
    #[arg(long)]
    database: Option<Location>,
    /// One JSON array instead of a table.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Report {
    engine: &'static str,
    enrolments: u64,
    p50_ms: f64,
    p95_ms: f64,
    max_ms: f64,
    found: u64,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let mut reports = vec![measured(&args, "SQLite", Place::new).await?];
    let scratch = match args.database {
        Some(_) => None,
        None => Some(Scratch::new(Engine::Postgres).await),
    };
    if let Some(scratch) = &scratch {
        scratch.sync_as_shipped().await;
    }
    let location = scratch.as_ref().map(|scratch| scratch.location.clone());
    if let Some(location) = location.or_else(|| args.database.clone()) {
        let at = move |dir: &std::path::Path| Place::with_catalogue(dir, location.clone());
        reports.push(measured(&args, "PostgreSQL", at).await?);
    }
    if args.json {
        println!("{}", serde_json::to_string(&reports)?);
        return Ok(());
    }
    println!(
        "{:<12} {:>10} {:>8} {:>8} {:>8}",
        "engine", "enrolments", "p50 ms", "p95 ms", "max ms"
    );
    for report in &reports {
        let Report { engine, enrolments, p50_ms, p95_ms, max_ms, .. } = report;
        println!("{engine:<12} {enrolments:>10} {p50_ms:>8.2} {p95_ms:>8.2} {max_ms:>8.2}");
    }
    Ok(())
}

async fn measured(
    args: &Args,
    engine: &'static str,
    place: impl Fn(&std::path::Path) -> Place,
) -> anyhow::Result<Report> {
    let dir = tempfile::tempdir()?;
    let library = Library::open_at(&place(dir.path())).await?;
    let before: Vec<u64> = (0..args.songs).collect();
    for batch in before.chunks(500) {
        library.enrol(batch.iter().map(|seed| entry(*seed)).collect()).await?;
    }
    let (mut times, mut found) = (Vec::new(), 0);
    for seed in args.songs..args.songs + args.enrolments {
        let entry = entry(seed);
        let begun = Instant::now();
        library.enrol(vec![entry]).await?;
        times.push(begun.elapsed().as_secs_f64() * 1_000.0);
        found += library.identify(&songs::query(&song(seed))).await?.matches.len() as u64;
    }
    library.close().await?;
    ensure!(found == args.enrolments, "{engine}: {found} of {} were found", args.enrolments);
    times.sort_by(f64::total_cmp);
    let at = |share: f64| match times.len() {
        0 => 0.0,
        count => times[((count - 1) as f64 * share) as usize],
    };
    let (p50_ms, p95_ms, max_ms) = (at(0.5), at(0.95), at(1.0));
    Ok(Report { engine, enrolments: args.enrolments, p50_ms, p95_ms, max_ms, found })
}

/// A song of four and a half minutes.
fn song(seed: u64) -> Vec<u8> {
    songs::song_of(seed, 270)
}

fn entry(seed: u64) -> Entry {
    Entry { recording: Recording::new(songs::id(seed)), reference: songs::reference(&song(seed)) }
}
