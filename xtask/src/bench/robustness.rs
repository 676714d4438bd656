//! How much of real music is still named after noise, rooms, codecs and changes of speed: onmon
//! and Chromaprint on the same questions. The measurement itself is Python, `train/`.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::Result;
use clap::{Args, ValueEnum};

use crate::tools::{apt, python};
use crate::{command, repo};

/// Which songs are asked for: the split that chooses among encoders, or the one that judges.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Split {
    Test,
    Validation,
}

#[derive(Args)]
pub struct Options {
    /// Packages to measure on; training has seen neither.
    #[arg(long, value_enum, default_value = "test")]
    split: Split,
    /// Only these packages of the split.
    #[arg(long, value_name = "PACKAGE", value_delimiter = ',')]
    packages: Vec<String>,
    /// Enrolled songs to ask for (three quarters of the split are enrolled in any case).
    #[arg(long, default_value_t = 40)]
    tracks: usize,
    /// As many of these are asked for as six samples too: the dearest part.
    #[arg(long, default_value_t = 14)]
    whole: usize,
    /// Conditions by name or group (easy, middle, hard, hardest, other); all unless given.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    conditions: Vec<String>,
    /// Lengths of questions: 5 and 15 (seconds), six (samples of 15 s).
    #[arg(long, value_delimiter = ',', default_value = "5,15,six")]
    lengths: Vec<String>,
    /// What to ask for that is not enrolled (unknown music, speech, noise, silence, tones, loops).
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    unknown: Vec<String>,
    /// Systems: onmon (each encoder of this build), fpcalc (Chromaprint, by two rules).
    #[arg(long, value_delimiter = ',', default_value = "onmon,fpcalc")]
    systems: Vec<String>,
    /// Another seed is another choice of songs, places, levels and noises.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Processes that make questions.
    #[arg(long, default_value_t = 2)]
    jobs: usize,
    /// Folder for robustness.json and robustness.svg.
    #[arg(long, value_name = "DIR", default_value = "docs")]
    out: PathBuf,
    /// A file for the codes of all that is enrolled and asked, which `bench index --real` takes.
    #[arg(long, value_name = "FILE")]
    codes_to: Option<PathBuf>,
    /// Print one JSON object instead of the table.
    #[arg(long)]
    json: bool,
}

/// Measures and prints; 20 minutes at the default size on two cores.
pub fn robustness(options: &Options) -> Result<()> {
    let mut module = module(options.systems.iter().any(|system| system == "fpcalc"))?;
    let split = match options.split {
        Split::Test => "test",
        Split::Validation => "validation",
    };
    module.args(["--split", split]).arg("--out").arg(repo::root().join(&options.out));
    for (option, value) in [
        ("--tracks", options.tracks.to_string()),
        ("--whole", options.whole.to_string()),
        ("--seed", options.seed.to_string()),
        ("--jobs", options.jobs.to_string()),
    ] {
        module.args([option, &value]);
    }
    for (option, values) in [
        ("--packages", &options.packages),
        ("--conditions", &options.conditions),
        ("--lengths", &options.lengths),
        ("--unknown", &options.unknown),
        ("--systems", &options.systems),
    ] {
        if !values.is_empty() {
            module.args([option, &values.join(",")]);
        }
    }
    if let Some(file) = &options.codes_to {
        module.arg("--codes-to").arg(file);
    }
    if options.json {
        module.arg("--json");
    }
    command::run(&mut module)
}

/// The gate's measurement: small, onmon alone, on the music that the gate has anyway.
pub fn gate() -> Result<()> {
    /// Per cent of the easy conditions' questions that must be named, on 12 songs.
    const EASY_MIN: &str = "90";
    command::run(python::module("unittest")?.args(["discover", "-s", "train/tests"]))?;
    let mut module = module(false)?;
    module.args(["--split", "validation", "--packages", "singularity-music"]);
    module.args(["--systems", "onmon", "--lengths", "15,six", "--tracks", "12", "--whole", "6"]);
    module.args(["--conditions", "clean,mp3_32,telephone,eq_+12,tempo_+2,pink_0"]);
    module.args(["--unknown", "unknown music,noise,silence,tones", "--floor", EASY_MIN]);
    command::run_within(&mut module, Duration::from_secs(600))
}

/// `python -m onmon_train.robustness` with everything that it needs.
fn module(with_chromaprint: bool) -> Result<Command> {
    if with_chromaprint {
        apt::program("fpcalc", "libchromaprint-tools")?;
    }
    let mut cargo = Command::new("cargo");
    cargo.args(["build", "--quiet", "--release", "--package", "onmon-tests"]);
    command::run(cargo.args(["--example", "robustness"]).current_dir(repo::root()))?;
    let mut module = python::module("onmon_train.robustness")?;
    module.arg("--program").arg(repo::target().join("release/examples/robustness"));
    Ok(module)
}
