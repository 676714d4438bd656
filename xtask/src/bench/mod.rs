//! `cargo xtask bench`: how fast it is on this machine.

mod extract;

use anyhow::Result;
use clap::Subcommand;

#[derive(Subcommand)]
pub enum Benchmark {
    /// PCM to codes on one core, natively and in Node.
    Extract {
        /// Print one JSON object a line.
        #[arg(long)]
        json: bool,
    },
}

/// `cargo xtask bench …`.
pub fn bench(benchmark: &Benchmark) -> Result<()> {
    match benchmark {
        Benchmark::Extract { json } => extract::extract(*json),
    }
}
