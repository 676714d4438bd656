//! `cargo xtask`: the one front door for building, testing, measuring and demonstrating onmon.

mod bench;
mod budgets;
mod capi;
mod command;
mod demo;
mod docs;
mod elf;
mod firmware;
mod freshness;
mod gst;
mod load;
mod metadata;
mod music;
mod npm;
mod repo;
mod service;
mod size;
mod synth;
mod test;
mod tidy;
mod tools;
mod vectors;
mod wasm;
mod wheel;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Build, test, measure and demonstrate onmon. Every command finds or installs what it needs.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Show the whole way: enrol real songs, start the server, serve the page.
    Demo(demo::Options),
    /// Run the gate: everything CI checks, cheapest first.
    Test(test::Options),
    /// Check layout rules: who imports whom, file and function lengths, banned names and calls.
    Tidy,
    /// Build the WebAssembly module, the npm package `onmon` and the demo page.
    Wasm(wasm::Options),
    /// Build the site about the npm package: reference and pages with examples.
    Docs,
    /// Build the images of all boards, run them in QEMU on the golden vectors, report their sizes.
    Firmware(firmware::Options),
    /// Build libonmon for C and lay it out under a prefix: header, libraries, pkg-config file.
    Capi(capi::Options),
    /// Build the Python package `onmon` as a wheel.
    Wheel(wheel::Options),
    /// Build the GStreamer plugin with the element onmonfingerprint.
    Gst,
    /// Report the sizes of what ships, and fail above the budgets.
    Size(size::Options),
    /// Build the index of a synthetic catalogue, of any size.
    Synth(synth::Options),
    /// Load a server with a Poisson stream of queries, beside the capacity model, and overload it.
    Load(load::Options),
    /// Measure speed, certainty and robustness.
    #[command(subcommand)]
    Bench(bench::Benchmark),
    /// Regenerate the golden vectors under tests/vectors (a change there is a change of format).
    Vectors,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match command::watch_for_interrupts().and_then(|()| perform(arguments.task)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) if command::interrupted() => {
            eprintln!("interrupted; everything that was started has been stopped");
            ExitCode::from(130)
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn perform(task: Task) -> Result<()> {
    match task {
        Task::Demo(options) => demo::demo(&options),
        Task::Test(options) => test::test(&options),
        Task::Tidy => tidy::tidy(),
        Task::Wasm(options) => wasm::wasm(&options),
        Task::Docs => docs::docs(),
        Task::Firmware(options) => firmware::firmware(&options),
        Task::Capi(options) => capi::capi(&options),
        Task::Wheel(options) => wheel::wheel(&options),
        Task::Gst => gst::gst(),
        Task::Size(options) => size::size(&options),
        Task::Synth(options) => synth::synth(&options),
        Task::Load(options) => load::load(&options),
        Task::Bench(benchmark) => bench::bench(&benchmark),
        Task::Vectors => vectors::vectors(),
    }
}
