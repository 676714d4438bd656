//! A month of sharing through the server's own flows, with its invoices, statements and reports.

use std::process::Command;

use anyhow::Result;
use clap::Args;

use crate::{command, repo};

#[derive(Args)]
pub struct Options {
    /// Uploads and downloads together; one in ten is an upload.
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(100..))]
    shares: u32,
    /// The database, as `postgres://…`; a SQLite file of its own unless given.
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// `cargo xtask bench month`.
pub fn month(options: &Options) -> Result<()> {
    let mut run = Command::new("cargo");
    run.args(["run", "--quiet", "--release", "--locked", "-p", "onmon-server"]);
    run.args(["--example", "month", "--", "--shares", &options.shares.to_string()]);
    if let Some(database) = &options.database {
        run.args(["--database", database]);
    }
    if options.json {
        run.arg("--json");
    }
    command::run(run.current_dir(repo::root()))
}
