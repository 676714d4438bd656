//! `cargo xtask test`: the gate, cheapest step first, each timed.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};

use crate::bench::robustness;
use crate::tools::{apt, chromium};
use crate::{capi, command, docs, firmware, gst, music, npm, repo, size, tidy, wasm, wheel};

#[derive(Args)]
pub struct Options {
    /// Leave steps out.
    #[arg(long, value_name = "STEP", value_delimiter = ',')]
    skip: Vec<Step>,
    /// Run these steps alone.
    #[arg(long, value_name = "STEP", value_delimiter = ',', conflicts_with = "skip")]
    only: Vec<Step>,
}

/// The steps, in the order they run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Step {
    /// Layout rules.
    Tidy,
    /// Formatting.
    Fmt,
    /// Lints of all packages, warnings forbidden.
    Clippy,
    /// Unit and integration tests.
    Native,
    /// The examples in the documentation.
    Doc,
    /// libonmon, from C and C++, under valgrind.
    Capi,
    /// The Python wheel, installed, against a real server.
    Wheel,
    /// The GStreamer element, by gst-launch-1.0.
    Gst,
    /// The firmware against the golden vectors, in QEMU.
    Firmware,
    /// The WebAssembly module, the npm package, the demo page: that they build.
    Wasm,
    /// The npm package's own tests in Node.
    Npm,
    /// The site about the npm package: that it builds, and that its links lead somewhere.
    Site,
    /// Budgets of what ships.
    Size,
    /// train/'s own tests, and real music under a few conditions: nothing named wrongly, enough
    /// named.
    Robustness,
    /// The page in Chromium, end to end.
    Browser,
}

/// All packages whose tests are programs of this machine. The others have steps of their own.
const NATIVE: [&str; 5] = ["--workspace", "--exclude", "onmon-wasm", "--exclude", "onmon-python"];

/// A browser that hangs must not hang the gate. All tests take some 500 s of it, more where other
/// work goes on.
const BROWSER_LIMIT: Duration = Duration::from_secs(1_200);

enum Outcome {
    Passed,
    Failed(String),
    Skipped(String),
}

/// `cargo xtask test`: runs on after a failure, so that one run tells everything.
pub fn test(options: &Options) -> Result<()> {
    let mut results: Vec<(Step, Outcome, Duration)> = Vec::new();
    for &step in Step::value_variants() {
        if options.skip.contains(&step)
            || (!options.only.is_empty() && !options.only.contains(&step))
        {
            continue;
        }
        let begun = Instant::now();
        let outcome = match missing(step, &results) {
            Some(needed) => Outcome::Skipped(format!("{} failed", needed.name())),
            None => attempt(step),
        };
        if command::interrupted() {
            bail!("interrupted");
        }
        results.push((step, outcome, begun.elapsed()));
    }
    summarise(&results)
}

fn attempt(step: Step) -> Outcome {
    eprintln!("\n== {}", step.name());
    match step.perform() {
        Ok(()) => Outcome::Passed,
        Err(error) => {
            eprintln!("error: {error:#}");
            Outcome::Failed(format!("{error:#}"))
        }
    }
}

/// A step that this one builds on and that did not pass.
fn missing(step: Step, results: &[(Step, Outcome, Duration)]) -> Option<Step> {
    let needed = match step {
        Step::Npm | Step::Site | Step::Browser => Step::Wasm,
        Step::Doc => Step::Native,
        _ => return None,
    };
    let failed = |(done, outcome, _): &&(Step, Outcome, Duration)| {
        *done == needed && !matches!(outcome, Outcome::Passed)
    };
    results.iter().find(failed).map(|(done, ..)| *done)
}

impl Step {
    fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    fn perform(self) -> Result<()> {
        match self {
            Self::Tidy => tidy::tidy(),
            Self::Fmt => fmt(),
            Self::Clippy => clippy(),
            Self::Native => native(),
            Self::Doc => cargo(&[&["test", "--doc"], &NATIVE[..]].concat()),
            Self::Capi => capi::test(),
            Self::Wheel => wheel::test(),
            Self::Gst => gst::test(),
            Self::Firmware => firmware::test(),
            Self::Wasm => wasm::build_all(),
            Self::Npm => npm::test(),
            Self::Site => docs::build(),
            Self::Size => size::size(&size::Options::default()),
            Self::Robustness => robustness::gate(),
            Self::Browser => browser(),
        }
    }
}

fn fmt() -> Result<()> {
    cargo(&["fmt", "--all", "--check"])?;
    cargo(&["fmt", "--manifest-path", "fuzz/Cargo.toml", "--check"])?;
    cargo(&["fmt", "--manifest-path", "firmware/nrf52840/Cargo.toml", "--check"])?;
    cargo(&["fmt", "--manifest-path", "firmware/Cargo.toml", "--check"])
}

fn clippy() -> Result<()> {
    gst::require()?;
    // The sound device too, which no test can hear.
    apt::library("alsa", "libasound2-dev")?;
    let all = ["--workspace", "--all-targets", "--features", "onmon/audio-out", "--locked"];
    cargo(&[&["clippy"], &all[..], &["--", "-D", "warnings"]].concat())?;
    // The moments alone, for targets without a heap: no other package leaves `alloc` out.
    let bare = ["clippy", "-p", "onmon-capacity", "--no-default-features", "--locked"];
    cargo(&[&bare[..], &["--", "-D", "warnings"]].concat())?;
    // The fuzz targets need another compiler to run, but must keep up with what they call.
    let target = repo::target().join("fuzz").display().to_string();
    let fuzz =
        ["clippy", "--manifest-path", "fuzz/Cargo.toml", "--locked", "--target-dir", &target];
    cargo(&[&fuzz[..], &["--", "-D", "warnings"]].concat())
}

fn native() -> Result<()> {
    apt::postgres()?;
    tests(&["--no-fail-fast"])
}

/// Builds all native tests, with the programs that they start, and unless told otherwise runs them.
fn tests(options: &[&str]) -> Result<()> {
    let runner: &[&str] = if command::succeeds(Command::new("cargo").args(["nextest", "--version"]))
    {
        &["nextest", "run"]
    } else {
        &["test", "--lib", "--bins", "--tests"]
    };
    cargo(&[runner, &NATIVE, &["--locked"], options].concat())
}

/// The programs that the native tests start, for whoever else starts them: nothing is built twice.
pub fn programs() -> Result<()> {
    tests(&["--no-run"])
}

/// The same, and tells a script where they are.
pub fn with_programs(script: &mut Command) -> Result<&mut Command> {
    programs()?;
    script.env("ONMON", repo::program("onmon"));
    Ok(script.env("ONMON_SERVER", repo::program("onmon-server")))
}

fn browser() -> Result<()> {
    docs::build()?;
    npm::install(&npm::browser_folder())?;
    npm::install(&npm::browser_folder().join("helia"))?;
    let chrome = chromium::find()?;
    apt::program("ffmpeg", "ffmpeg")?;
    let mut script = Command::new("node");
    script.arg("tests/browser/run.mjs").current_dir(repo::root());
    script.env("CHROME", chrome).env("MUSIC", music::packaged()?);
    command::run_within(with_programs(&mut script)?, BROWSER_LIMIT)
}

fn cargo(words: &[&str]) -> Result<()> {
    command::run(Command::new("cargo").args(words).current_dir(repo::root()))
}

/// Prints the table and the closing line `N passed, N failed, N skipped`.
fn summarise(results: &[(Step, Outcome, Duration)]) -> Result<()> {
    println!("\nstep       result     seconds");
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    for (step, outcome, time) in results {
        let (word, why) = match outcome {
            Outcome::Passed => ("passed", ""),
            Outcome::Failed(why) => ("FAILED", why.as_str()),
            Outcome::Skipped(why) => ("skipped", why.as_str()),
        };
        match outcome {
            Outcome::Passed => passed += 1,
            Outcome::Failed(_) => failed += 1,
            Outcome::Skipped(_) => skipped += 1,
        }
        let why = why.lines().next().unwrap_or_default();
        println!("{:<10} {word:<8} {:>9.1}  {why}", step.name(), time.as_secs_f64());
    }
    println!("\n{passed} passed, {failed} failed, {skipped} skipped");
    if failed > 0 {
        bail!("the gate does not pass");
    }
    Ok(())
}
