//! `cargo xtask wheel`: the Python package `onmon`, built by maturin, and tried as installed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;

use crate::test::with_programs;
use crate::tools::{apt, python};
use crate::{command, repo};

/// A server that hangs must not hang the gate.
const TESTS_LIMIT: Duration = Duration::from_secs(300);

#[derive(Args)]
pub struct Options {
    /// Installs the wheel into an environment of its own and runs its tests there.
    #[arg(long)]
    test: bool,
}

/// `cargo xtask wheel`.
pub fn wheel(options: &Options) -> Result<()> {
    if options.test {
        return test();
    }
    let wheel = build("release", &repo::target().join("wheels"))?;
    println!("{}", repo::relative(&wheel));
    Ok(())
}

/// The gate: the wheel in an environment with nothing but its pins, against a real server.
pub fn test() -> Result<()> {
    let wheel = build("dev", &repo::target().join("wheels/dev"))?;
    apt::program("ffmpeg", "ffmpeg")?;
    let python = environment()?;
    let mut install = Command::new(&python);
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
    command::run(install.args(["--force-reinstall", "--no-deps"]).arg(&wheel))?;
    let mut tests = Command::new(&python);
    // -P: the package that was installed, never one that lies beside the tests.
    tests.args(["-P", "-m", "unittest", "discover", "--start-directory"]);
    tests.arg(project().join("tests")).env("PYTHONDONTWRITEBYTECODE", "1");
    tests.current_dir(repo::target());
    command::run_within(with_programs(&mut tests)?, TESTS_LIMIT)
}

fn project() -> PathBuf {
    repo::root().join("native/python")
}

fn environment() -> Result<PathBuf> {
    python::environment("wheel-venv", &project().join("pyproject.toml"), "test")
}

/// Builds the wheel into a folder that holds no other.
fn build(profile: &str, folder: &Path) -> Result<PathBuf> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    let python = environment()?;
    let mut maturin = Command::new(python.with_file_name("maturin"));
    maturin.args(["build", "--locked", "--quiet", "--profile", profile, "--interpreter"]);
    maturin.arg(&python).arg("--out").arg(folder).current_dir(project());
    command::run(&mut maturin)?;
    let mut built = fs::read_dir(folder)?.flatten().map(|entry| entry.path());
    let is_wheel = |path: &PathBuf| path.extension().is_some_and(|end| end == "whl");
    built.find(is_wheel).with_context(|| format!("maturin left no wheel in {}", folder.display()))
}
