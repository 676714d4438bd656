//! The index of a synthetic catalogue of any size: what the index is measured on.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use clap::Args;
use serde_json::Value;

use crate::{command, repo};

#[derive(Args)]
pub struct Options {
    /// Songs of 270 s on average. 2,000,000 take 20 GB of disk, 40 while they are built.
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1..))]
    songs: u32,
    /// Where the index goes; target/synth/SONGS unless given.
    #[arg(long, value_name = "DIR")]
    into: Option<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// `cargo xtask synth`.
pub fn synth(options: &Options) -> Result<()> {
    let folder = options.into.clone().unwrap_or_else(|| folder(options.songs));
    let built = build(&folder, options.songs)?;
    if options.json {
        println!("{built}");
    } else {
        let number = |of: &str| built[of].as_f64().unwrap_or(0.0);
        println!(
            "{}: {} songs, {} codes, {} segments",
            folder.display(),
            built["songs"],
            built["codes"],
            built["segments"]
        );
        if built["built"] != 0 {
            let (seconds, rate) = (number("seconds"), number("songs_per_second"));
            let peak = number("peak_resident_bytes") / 1e9;
            println!("{seconds:.0} s, {rate:.0} songs a second, at most {peak:.2} GB of memory");
        }
    }
    Ok(())
}

/// Where the catalogue of so many songs is kept.
pub fn folder(songs: u32) -> PathBuf {
    repo::target().join("synth").join(songs.to_string())
}

/// Builds what is missing; what the build tells of itself.
pub fn build(folder: &Path, songs: u32) -> Result<Value> {
    let told = command::capture(example("synthetic_index").arg(folder).arg(songs.to_string()))?;
    serde_json::from_str(&told).context("synthetic_index printed no JSON")
}

/// A program of tests/examples, built to be fast.
pub fn example(name: &str) -> Command {
    let mut cargo = Command::new("cargo");
    cargo.args([
        "run",
        "--quiet",
        "--release",
        "--package",
        "onmon-tests",
        "--example",
        name,
        "--",
    ]);
    cargo.current_dir(repo::root());
    cargo
}
