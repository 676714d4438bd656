//! Debian packages: installed where we are root and have apt-get, else asked for by name.

use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result, bail};

use super::{announce, on_path};
use crate::command;

/// The path of `program`, installing the Debian package that brings it if it is not there.
pub fn program(program: &str, package: &str) -> Result<PathBuf> {
    if let Some(found) = on_path(program) {
        announce(&format!("{program}: {}", found.display()));
        return Ok(found);
    }
    install(&[package], program)?;
    let found = on_path(program)
        .with_context(|| format!("{package} was installed, yet {program} is not on PATH"))?;
    announce(&format!("{program}: {} (installed: Debian's {package})", found.display()));
    Ok(found)
}

/// Makes sure of a C library and its headers, by the name that pkg-config knows it under.
pub fn library(name: &str, package: &str) -> Result<()> {
    let pkg_config = program("pkg-config", "pkg-config")?;
    let is_there = || command::succeeds(Command::new(&pkg_config).args(["--exists", name]));
    if !is_there() {
        install(&[package], name)?;
    }
    if !is_there() {
        bail!("{package} was installed, yet pkg-config does not know {name}");
    }
    announce(&format!("{name}: by pkg-config"));
    Ok(())
}

/// A PostgreSQL server that tests can start, each its own: its programs are not on Debian's `PATH`.
pub fn postgres() -> Result<()> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut programs = versions.map(|version| version.path().join("bin/initdb"));
    match programs.find(|initdb| initdb.exists()) {
        Some(found) => announce(&format!("initdb: {}", found.display())),
        None => install(&["postgresql"], "PostgreSQL")?,
    }
    Ok(())
}

/// Installs packages by apt-get, or says what a person has to install for `purpose`.
pub fn install(packages: &[&str], purpose: &str) -> Result<()> {
    let names = packages.join(" ");
    if on_path("apt-get").is_none() {
        bail!("{purpose} is missing: install it with your system's packages (Debian's: {names})");
    }
    if !is_root() {
        bail!("{purpose} is missing: run `sudo apt-get install {names}`, then this again");
    }
    eprintln!("tool: {purpose} is missing, installing Debian's {names}");
    if !try_install(packages) {
        update()?;
        if !try_install(packages) {
            bail!("{purpose} is missing and `apt-get install {names}` failed: install it by hand");
        }
    }
    Ok(())
}

/// Refreshes apt's lists, once a run: a new machine has none.
pub fn update() -> Result<()> {
    static DONE: AtomicBool = AtomicBool::new(false);
    if !DONE.swap(true, Ordering::Relaxed) {
        command::run(Command::new("apt-get").args(["update", "-qq"]))?;
    }
    Ok(())
}

/// Whether apt-get may be run.
pub fn is_root() -> bool {
    command::capture(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

fn try_install(packages: &[&str]) -> bool {
    let mut apt = Command::new("apt-get");
    apt.args(["install", "-y", "-qq", "--no-install-recommends"]).args(packages);
    apt.env("DEBIAN_FRONTEND", "noninteractive");
    command::run(&mut apt).is_ok()
}
