//! `onmon`: fingerprints, enrols and identifies recordings from the command line.
//!
//! ```text
//! files --inputs.rs--> take.rs (onmon-decode) --> extract.rs    fingerprints into a folder
//!          many at once: in_order.rs              enrol.rs      into a library, or remote.rs
//!                                                 identify.rs   decisions from either
//! a file -> share.rs -> permit (platform.rs) -> tagged or sealed -> open.rs -> price, key
//!                       locked.rs: what a shared file is, and its key; play.rs -> sink.rs: heard
//!                       recheck.rs: the fingerprint of what was bought, told to the server
//!                       whole.rs: written as a whole or not at all; tags.rs: what a file carries
//! ```

mod args;
mod bar;
mod compare;
#[cfg(feature = "audio-out")]
mod device;
mod enrol;
mod extract;
mod identify;
mod in_order;
mod inputs;
mod inspect;
mod locked;
mod open;
mod outcome;
mod platform;
mod play;
mod recheck;
mod remote;
mod share;
mod sink;
mod stop;
mod tags;
mod take;
mod whole;

use std::process::ExitCode;
use std::thread::available_parallelism;

use clap::Parser;

use crate::args::{Cli, Command, FilesArgs};
use crate::outcome::{Done, NOTHING_DONE};
use crate::stop::Stop;

fn main() -> ExitCode {
    let cli = Cli::parse();
    take::quiet_decoders();
    match run(&cli.command) {
        Ok(done) => done.into(),
        Err(error) => {
            eprintln!("error: {error:#}");
            NOTHING_DONE.into()
        }
    }
}

fn run(command: &Command) -> anyhow::Result<Done> {
    let stop = Stop::install()?;
    match command {
        Command::Extract(args) => extract::run(args, &stop),
        Command::Enrol(args) => enrol::run(args, &stop, runtime()?.handle()),
        Command::Identify(args) => identify::run(args, &stop, runtime()?.handle()),
        Command::Compare(args) => compare::run(args, &stop),
        Command::Inspect(args) => inspect::run(args, &stop),
        Command::Share(args) => share::run(args, &stop),
        Command::Open(args) => open::run(args, &stop),
        Command::Play(args) => play::run(args, &stop),
        Command::Tag(command) => tags::run(command),
    }
}

/// The library is asynchronous; its work runs here while the files' threads wait for it.
fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()
}

/// Files to take at once.
fn jobs(args: &FilesArgs) -> usize {
    args.jobs.or_else(|| available_parallelism().ok()).map_or(1, |jobs| jobs.get())
}
