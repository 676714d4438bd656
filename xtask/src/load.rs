//! A real server under an open-loop Poisson load, beside what the capacity room says of it.
//!
//! The generator has the last core to itself and the server the others, or each would be measured
//! with the other's work in it.

use std::path::PathBuf;
use std::process::Command;
use std::thread::available_parallelism;

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::service::Service;
use crate::{command, repo, synth};

#[derive(Args)]
pub struct Options {
    /// Songs that the server has enrolled; they are enrolled first if they are not there. 200,000
    /// take 4 GB of disk.
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1..))]
    songs: u32,
    /// How long each of the twelve loads lasts.
    #[arg(long, value_name = "SECONDS", default_value_t = 15,
          value_parser = clap::value_parser!(u32).range(1..))]
    seconds: u32,
    /// Per cent of the queries that are of songs which are not enrolled: every tier of the search
    /// is gone through for them, which takes some twenty times as long.
    #[arg(long, value_name = "PERCENT", default_value_t = 0,
          value_parser = clap::value_parser!(u32).range(..=100))]
    unknown: u32,
    /// Draw load.svg into this folder.
    #[arg(long, value_name = "DIR")]
    plot: Option<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// `cargo xtask load`.
pub fn load(options: &Options) -> Result<()> {
    let songs = options.songs.to_string();
    let data = repo::target().join("synth").join(format!("library-{songs}"));
    command::run(synth::example("synthetic_library").arg(&data).arg(&songs))?;
    let mut build = Command::new("cargo");
    build.args(["build", "--quiet", "--release", "--package", "onmon-server"]);
    command::run(build.current_dir(repo::root()))?;
    // Built before the server runs: compiling beside it would be measured too.
    command::capture(synth::example("load").arg("--help"))?;
    let cores = available_parallelism().context("how many cores are there?")?.get();
    ensure!(cores > 1, "this machine has one core: generator and server would measure each other");
    let (servers, last) = (cores - 1, cores - 1);
    let mut serve = pinned(&format!("0-{}", last - 1));
    serve.arg(repo::target().join("release").join("onmon-server"));
    serve.arg("--data").arg(&data).args(["--listen", "127.0.0.1:0", "--log", "error"]);
    let server = Service::start(&mut serve)?;
    let mut run = pinned(&last.to_string());
    run.arg(repo::target().join("release").join("examples").join("load"));
    run.args(["--server", server.url(), "--songs", &songs, "--servers", &servers.to_string()]);
    run.args(["--unknown", &options.unknown.to_string()]);
    run.args(["--seconds", &options.seconds.to_string()]);
    if let Some(dir) = &options.plot {
        run.arg("--plot").arg(std::path::absolute(dir)?);
    }
    if options.json {
        run.arg("--json");
    }
    command::run(&mut run)
}

/// Runs what follows on these cores alone (util-linux).
fn pinned(cores: &str) -> Command {
    let mut taskset = Command::new("taskset");
    taskset.args(["--cpu-list", cores]);
    taskset
}
