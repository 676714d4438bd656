//! `cargo xtask bench`: what it reaches on this machine, as a table or as one JSON object.

mod enrol;
mod extract;
mod firmware;
mod growth;
mod impostors;
mod index;
mod month;
pub mod robustness;
mod sharing;
mod web;

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use clap::{Args, Subcommand};
use serde_json::Value;

use crate::{command, repo};

#[derive(Subcommand)]
pub enum Benchmark {
    /// One song enrolled, until it is on disk and can be identified: SQLite and PostgreSQL.
    Enrol(enrol::Options),
    /// PCM to codes on one core, natively and in Node, side by side.
    Extract {
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// What the fingerprint takes on every board, and its speed on one core beside its peers.
    Firmware(firmware::Options),
    /// How a query's cost grows with the catalogue: `bench index --json` of several sizes, side by
    /// side, and drawn out.
    Growth(growth::Options),
    /// How certain the index gets of recordings that are not in it, on real music.
    Impostors {
        /// Folder of music; the train and validation splits and drum loops unless given.
        #[arg(long, value_name = "DIR")]
        music: Option<PathBuf>,
        /// Keep the result as docs/calibration.json, to which a test holds core's calibration.
        #[arg(long)]
        keep: bool,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// The index on a synthetic catalogue: size, latency, recall, throughput, beside a full scan.
    Index(index::Options),
    /// A month of sharing, simulated: charged, invoiced, reported, balanced.
    Month(month::Options),
    /// How much of real music is named under noise, rooms, codecs, speeds; beside Chromaprint.
    Robustness(robustness::Options),
    /// Both methods of sharing in Chromium: the wait at each step, requests, bytes.
    Sharing(sharing::Options),
    /// A song's fingerprint in Chromium: time, memory, bytes; beside `@unimusic/chromaprint`.
    Web(web::Options),
}

/// What becomes of a result that is one JSON object.
#[derive(Args)]
pub struct Output {
    /// Keep the result in docs/.
    #[arg(long)]
    keep: bool,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

impl Output {
    /// Keeps it as `kept`, prints it, each where asked for. Whether a table is wanted.
    fn tell(&self, kept: &str, result: &Value) -> Result<bool> {
        if self.keep {
            let text = format!("{}\n", serde_json::to_string_pretty(result)?);
            fs::write(repo::root().join(kept), text).with_context(|| kept.to_owned())?;
        }
        if self.json {
            println!("{result}");
        }
        Ok(!self.json)
    }
}

/// `cargo xtask bench …`.
pub fn bench(benchmark: &Benchmark) -> Result<()> {
    match benchmark {
        Benchmark::Enrol(options) => enrol::enrol(options),
        Benchmark::Extract { json } => extract::extract(*json),
        Benchmark::Firmware(options) => firmware::firmware(options),
        Benchmark::Growth(options) => growth::growth(options),
        Benchmark::Impostors { music, keep, json } => {
            impostors::impostors(music.as_deref(), *keep, *json)
        }
        Benchmark::Index(options) => index::index(options),
        Benchmark::Month(options) => month::month(options),
        Benchmark::Robustness(options) => robustness::robustness(options),
        Benchmark::Sharing(options) => sharing::sharing(options),
        Benchmark::Web(options) => web::web(options),
    }
}

/// Runs a program that prints one JSON object a line.
fn lines_of(program: &mut Command) -> Result<Vec<Value>> {
    let printed = command::capture(program)?;
    let parse =
        |line: &str| serde_json::from_str(line).with_context(|| format!("not JSON: {line}"));
    let lines: Vec<Value> = printed.lines().map(parse).collect::<Result<_>>()?;
    ensure!(!lines.is_empty(), "{} printed nothing", command::shown(program));
    Ok(lines)
}
