//! The index on a synthetic catalogue: how large, how fast, how much of what a full scan finds.

use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context, Result};
use clap::Args;
use serde_json::{Value, json};

use crate::{command, repo, synth};

/// What the paper's matcher takes for one query of 2 million songs, a scan of 150,000 h
/// (`shared/design/mission.md`), in seconds.
const PAPER_SECONDS: f64 = 4.86;
const PAPER_SONGS: f64 = 2e6;

#[derive(Args)]
pub struct Options {
    /// Songs of the catalogue; it is built first if it is not there (`cargo xtask synth`).
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1..))]
    songs: u32,
    /// An index that `cargo xtask synth --into` built.
    #[arg(long, value_name = "DIR")]
    index: Option<PathBuf>,
    /// Queries of each kind.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    queries: u32,
    /// How much time a search may take for what is noisy or unknown, times a tenth of a second: the
    /// server's `--search-effort`.
    #[arg(long, value_name = "TIMES", default_value_t = 1.0)]
    effort: f64,
    /// Codes of real music to ask too, among the synthetic songs, as `bench robustness --codes-to`
    /// writes them.
    #[arg(long, value_name = "FILE")]
    real: Option<PathBuf>,
    /// Instead ask so many queries of recordings that are not there, and count what is named (6 ms
    /// each on one core among 200 songs). A run that was stopped goes on where it was.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    impostors: Option<u64>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// `cargo xtask bench index`.
pub fn index(options: &Options) -> Result<()> {
    if let Some(queries) = options.impostors {
        return impostors(options, queries);
    }
    let folder = options.index.clone().unwrap_or_else(|| synth::folder(options.songs));
    let built = synth::build(&folder, options.songs)?;
    let mut ask = synth::example("index_bench");
    ask.arg(&folder).arg(options.songs.to_string()).arg(options.queries.to_string());
    ask.arg(options.effort.to_string()).args(&options.real);
    let told = command::capture(&mut ask)?;
    let mut measured: Value = serde_json::from_str(&told).context("index_bench printed no JSON")?;
    measured["build"] = built;
    measured["effort"] = json!(options.effort);
    compare(&mut measured);
    if options.json {
        println!("{measured}");
    } else {
        table(&measured);
    }
    Ok(())
}

/// What is named though it is not there.
fn impostors(options: &Options, queries: u64) -> Result<()> {
    let mut ask = synth::example("index_impostors");
    let kept = repo::target().join("impostors/index.json");
    ask.arg(options.songs.to_string()).arg(queries.to_string()).arg(kept).args(&options.real);
    // How far it is, which for a million takes hours.
    ask.stderr(Stdio::inherit());
    let told = command::capture(&mut ask)?;
    let told: Value = serde_json::from_str(&told).context("index_impostors printed no JSON")?;
    if options.json {
        println!("{told}");
        return Ok(());
    }
    println!(
        "{} synthetic songs and {} real recordings; a name takes {:.2} deviations\n",
        told["songs"],
        told["real"],
        told["deviations_min"].as_f64().unwrap_or(0.0)
    );
    println!("{:24} {:>9} beyond 8.0   8.5   9.0 deviations", "", "queries");
    for (kind, queries) in told["queries"].as_object().into_iter().flatten() {
        let beyond = |deviations| reached(&told["beyond"][kind], deviations);
        println!(
            "{kind:24} {queries:>9} {:>10} {:>5} {:>5}",
            beyond("08.00"),
            beyond("08.50"),
            beyond("09.00")
        );
    }
    let named = told["named"].as_array().map_or(&[][..], Vec::as_slice);
    let queries = |name: &Value| name["queries"].as_u64().unwrap_or(0);
    println!("\nnamed though it is another recording: {}", named.iter().map(queries).sum::<u64>());
    for name in named {
        println!("{name}");
    }
    Ok(())
}

/// Queries that came so far or farther: of steps at which nothing was added none is told.
fn reached(beyond: &Value, deviations: &str) -> u64 {
    let steps = beyond.as_object().into_iter().flatten();
    let farther = steps.filter(|(step, _)| step.as_str() >= deviations);
    farther.filter_map(|(_, queries)| queries.as_u64()).max().unwrap_or(0)
}

/// Adds the full scan of this catalogue, by what it takes a code, and the ratios to it.
fn compare(measured: &mut Value) {
    let number = |of: &Value| of.as_f64().unwrap_or(0.0);
    let scan = &measured["scan"];
    let a_code = number(&scan["seconds"]) / number(&scan["library_codes"]).max(1.0);
    let full = a_code * number(&measured["codes"]);
    let paper = PAPER_SECONDS * number(&measured["songs"]) / PAPER_SONGS;
    let ratios: Vec<Value> = measured["rows"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|row| {
            let seconds = number(&row["p50_ms"]) / 1_000.0;
            json!({
                "name": row["name"],
                "scan_over_index": full / seconds,
                "paper_over_index": paper / seconds,
            })
        })
        .collect();
    measured["full_scan_seconds"] = json!(full);
    measured["paper_seconds"] = json!(paper);
    measured["ratios"] = json!(ratios);
}

fn table(measured: &Value) {
    let number = |of: &Value| of.as_f64().unwrap_or(0.0);
    let gigabytes = |of: &str| number(&measured[of]) / 1e9;
    println!(
        "{} songs, {} codes: {} segments, {:.2} GB on disk ({:.2} GB of posting lists), {:.2} GB resident, \
         opened in {:.2} s",
        measured["songs"],
        measured["codes"],
        measured["segments"],
        gigabytes("bytes"),
        gigabytes("posting_bytes"),
        gigabytes("resident_bytes"),
        number(&measured["open_seconds"]),
    );
    let build = &measured["build"];
    if build["built"] != 0 {
        println!(
            "built in {:.0} s, {:.0} songs a second, at most {:.2} GB of memory",
            number(&build["seconds"]),
            number(&build["songs_per_second"]),
            number(&build["peak_resident_bytes"]) / 1e9
        );
    }
    println!(
        "full scan, from {} codes scanned: {:.1} s; the paper's matcher: {:.2} s",
        measured["scan"]["library_codes"],
        number(&measured["full_scan_seconds"]),
        number(&measured["paper_seconds"])
    );
    let rows = [&measured["rows"], &measured["real"]].into_iter().flat_map(|rows| rows.as_array());
    println!("\nsix samples, warm, one core; recall: of what a full scan is certain of\n");
    println!(
        "{:24} {:>7} {:>8} {:>8} {:>8} {:>9} {:>6} {:>9} {:>9}  tiers",
        "", "queries", "p50 ms", "p95", "p99", "recall", "wrong", "blocks", "postings"
    );
    for row in rows.flatten().chain([&measured["cold"]]) {
        println!(
            "{:24} {:>7} {:>8.2} {:>8.2} {:>8.2} {:>9} {:>6} {:>9.0} {:>9.0}  {}",
            row["name"].as_str().unwrap_or_default(),
            row["queries"],
            number(&row["p50_ms"]),
            number(&row["p95_ms"]),
            number(&row["p99_ms"]),
            format!("{}/{}", row["named_of_oracle"], row["oracle"]),
            row["wrong"],
            number(&row["blocks"]),
            number(&row["postings"]),
            row["tiers"],
        );
    }
    let throughput = &measured["throughput"];
    println!(
        "\nall cores: {:.0} clean queries a second, {:.0} where half are unknown",
        number(&throughput["clean_per_second"]),
        number(&throughput["half_unknown_per_second"])
    );
    println!("\n{:24} {:>14} {:>14}", "times faster than", "a full scan", "the paper");
    for ratio in measured["ratios"].as_array().into_iter().flatten() {
        println!(
            "{:24} {:>14.0} {:>14.0}",
            ratio["name"].as_str().unwrap_or_default(),
            number(&ratio["scan_over_index"]),
            number(&ratio["paper_over_index"])
        );
    }
}
