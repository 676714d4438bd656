//! How long one enrolment takes, until the song is on disk and can be identified.

use std::process::Command;

use anyhow::Result;
use clap::Args;

use crate::{command, repo};

#[derive(Args)]
pub struct Options {
    /// Songs that are enrolled one at a time, after 2,000 that are there before.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    enrolments: u32,
    /// A PostgreSQL database, as `postgres://…`; Debian's server, started here, unless given.
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// Print one JSON array.
    #[arg(long)]
    json: bool,
}

/// `cargo xtask bench enrol`.
pub fn enrol(options: &Options) -> Result<()> {
    let mut run = Command::new("cargo");
    run.args(["run", "--quiet", "--release", "--locked", "-p", "onmon-server"]);
    run.args(["--example", "enrol", "--", "--enrolments", &options.enrolments.to_string()]);
    if let Some(database) = &options.database {
        run.args(["--database", database]);
    }
    if options.json {
        run.arg("--json");
    }
    command::run(run.current_dir(repo::root()))
}
