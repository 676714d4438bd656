//! Python with the exactly pinned packages of a pyproject.toml, in an environment of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::{announce, apt};
use crate::{command, repo};

/// Oldest minor version of Python 3 that the pinned packages support.
const MINOR_MIN: u32 = 11;

/// The interpreter of the environment of this name; the packages that the project lists under `key`
/// are installed when the pins have changed.
pub fn environment(name: &str, project: &Path, key: &str) -> Result<PathBuf> {
    let folder = repo::target().join(name);
    let python = folder.join("bin/python");
    let project = fs::read_to_string(project)?;
    let pins = pins(&project, key);
    let marker = folder.join("installed");
    if fs::read_to_string(&marker).is_ok_and(|done| done == pins.join("\n")) {
        announce(&format!("python: {}", python.display()));
        return Ok(python);
    }
    let system = apt::program("python3", "python3")?;
    require_version(&system)?;
    create(&system, &folder)?;
    let mut pip = Command::new(&python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]).args(&pins);
    command::run(&mut pip).with_context(|| {
        format!("pip cannot install {}: is a package index within reach?", pins.join(" "))
    })?;
    fs::write(&marker, pins.join("\n"))?;
    announce(&format!("python: {} (made now)", python.display()));
    Ok(python)
}

/// A module of train/, or one that reads it, in that environment. What train/ decodes with is there
/// too.
pub fn module(name: &str) -> Result<Command> {
    apt::program("ffmpeg", "ffmpeg")?;
    let project = repo::root().join("train/pyproject.toml");
    let mut module = Command::new(environment("train-venv", &project, "dependencies")?);
    module.args(["-m", name]).current_dir(repo::root());
    module.env("PYTHONPATH", repo::root().join("train")).env("PYTHONDONTWRITEBYTECODE", "1");
    Ok(module)
}

fn require_version(system: &Path) -> Result<()> {
    let script = "import sys; print(sys.version_info.minor)";
    let minor = command::capture(Command::new(system).args(["-c", script]))?;
    if minor.trim().parse::<u32>().is_ok_and(|minor| minor >= MINOR_MIN) {
        return Ok(());
    }
    bail!("python3 is 3.{}: put Python 3.{MINOR_MIN} or newer first on PATH", minor.trim());
}

/// Debian parts the module that makes environments from Python itself.
fn create(system: &Path, folder: &Path) -> Result<()> {
    let make = || {
        let mut venv = Command::new(system);
        command::run(venv.args(["-m", "venv"]).arg(folder))
    };
    if make().is_ok() {
        return Ok(());
    }
    apt::install(&["python3-venv"], "Python's module venv")?;
    make().with_context(|| format!("cannot make {}: delete it, then again", folder.display()))
}

/// The lines `"name==version",` of a list.
fn pins(project: &str, key: &str) -> Vec<String> {
    let begin = format!("{key} = [");
    let lines = project.lines().map(str::trim);
    let listed = lines.skip_while(|line| *line != begin).skip(1);
    let listed = listed.take_while(|line| *line != "]");
    listed.map(|line| line.trim_matches([',', '"']).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pins_are_those_of_the_project_and_exact() {
        for (path, key) in
            [("train/pyproject.toml", "dependencies"), ("native/python/pyproject.toml", "test")]
        {
            let project = fs::read_to_string(repo::root().join(path)).expect(path);
            let pins = pins(&project, key);
            assert!(pins.iter().any(|pin| pin.starts_with("numpy==")), "{pins:?}");
            assert!(pins.iter().all(|pin| pin.contains("==")), "{pins:?}");
        }
    }
}
