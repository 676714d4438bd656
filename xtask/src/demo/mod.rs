//! `cargo xtask demo`: real songs enrolled, the server running, the page served; `--once` drops
//! songs on the page in a headless browser and checks what it answers.

mod catalogue;
mod once;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::freshness::Digest;
use crate::service::Service;
use crate::{command, music, npm, repo, wasm};
use catalogue::Plan;

#[derive(Args)]
pub struct Options {
    /// Use the audio files below this folder instead of Debian's package of music.
    #[arg(long, value_name = "DIR")]
    music: Option<PathBuf>,
    /// Enrol exactly what this CSV names (columns file, recording_id, isrc, iswc, title, artist,
    /// rights).
    #[arg(long, value_name = "CSV", requires = "music", conflicts_with = "once")]
    catalogue: Option<PathBuf>,
    /// Port of the page and the server; 0 takes a free one.
    #[arg(long, default_value_t = 8787)]
    port: u16,
    /// Do it headlessly in Chromium, print the decisions and a screenshot's path, and end.
    #[arg(long)]
    once: bool,
}

/// `cargo xtask demo`.
pub fn demo(options: &Options) -> Result<()> {
    let (source, artist) = match &options.music {
        Some(folder) => (folder.clone(), ""),
        None => (music::packaged()?, music::ARTIST),
    };
    let tracks = music::tracks_in(&source)?;
    let plan = match &options.catalogue {
        Some(csv) => Plan::of_catalogue(&tracks, csv)?,
        None => Plan::of_tracks(&tracks, artist)?,
    };
    build_programs()?;
    wasm::build_all()?;
    let library = enrol(&plan)?;

    // A headless run beside a demo that somebody is looking at takes a port of its own.
    let port = if options.once { 0 } else { options.port };
    let mut server = serve(&library, port)?;
    if options.once {
        return once::run(server.url(), &plan);
    }
    // The enrolled files themselves would do; another encoding shows more.
    let mut songs = Vec::new();
    for (track, expected) in plan.suggestions() {
        let song = music::as_mp3(track, &folder().join("drop"));
        songs.push((song.unwrap_or_else(|_| track.to_path_buf()), expected));
    }
    println!("\nopen {} and drop a song on the page:", server.url());
    for (song, expected) in songs {
        println!("  {:<13} {}", expected.name(), repo::relative(&song));
    }
    println!("Ctrl-C ends it.");
    server.wait_for_interrupt()
}

/// Where this run keeps its library, its catalogue and what the browser drops.
fn folder() -> PathBuf {
    repo::target().join("demo")
}

/// As tests start them: what computes is optimised there too, and it is built in half the time.
fn build_programs() -> Result<()> {
    let mut cargo = Command::new("cargo");
    cargo.args(["build", "--locked", "--package", "onmon", "--package", "onmon-server"]);
    command::run(cargo.current_dir(repo::root()))
}

/// The library of the plan's songs; made anew when songs, catalogue or program have changed.
fn enrol(plan: &Plan) -> Result<PathBuf> {
    let (onmon, library) = (repo::program("onmon"), folder().join("library"));
    let csv = folder().join("catalogue.csv");
    let mut digest = Digest::new();
    digest.bytes(plan.csv.as_bytes()).path(&onmon, &[])?;
    for track in &plan.enrolled {
        digest.path(track, &[])?;
    }
    if digest.is_fresh("demo-library", &[&library]) {
        println!("library: {} songs, as enrolled before", plan.enrolled.len());
        return Ok(library);
    }
    if library.exists() {
        fs::remove_dir_all(&library).context("cannot remove the last demo's library")?;
    }
    fs::create_dir_all(folder())?;
    fs::write(&csv, &plan.csv)?;
    let mut cli = Command::new(&onmon);
    cli.args(["enrol", "--library"]).arg(&library).arg("--catalogue").arg(&csv);
    command::run(cli.args(&plan.enrolled))?;
    digest.keep("demo-library")?;
    println!("library: {} songs enrolled", plan.enrolled.len());
    Ok(library)
}

fn serve(library: &Path, port: u16) -> Result<Service> {
    let page = npm::demo_folder().join("dist");
    if !page.join("index.html").exists() {
        bail!("{} has no index.html: web-demo did not build", page.display());
    }
    let mut server = Command::new(repo::program("onmon-server"));
    server.arg("--data").arg(library);
    server.args(["--listen", &format!("127.0.0.1:{port}")]);
    server.arg("--web-root").arg(&page);
    // The page shares and buys with accounts that it opens itself.
    server.arg("--open-registration");
    Service::start(&mut server)
}
