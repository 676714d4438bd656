//! How near unrelated music comes to being named: every recording asked for while it is not there.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Result;
use serde_json::json;

use super::lines_of;
use crate::{command, music, repo};

/// Fingerprints `folder` (or the demo's music) and measures; prints a table, or one object.
pub fn impostors(folder: Option<&Path>, as_json: bool) -> Result<()> {
    let folder = folder.map_or_else(music::packaged, |folder| Ok(folder.to_owned()))?;
    let references = repo::target().join("impostors");
    if references.exists() {
        fs::remove_dir_all(&references)?;
    }
    let mut extract = cargo(&["--package", "onmon", "--", "extract", "--reference", "-o"]);
    command::run(extract.arg(&references).arg(&folder))?;
    let mut measure = cargo(&["--package", "onmon-index", "--example", "impostors", "--"]);
    measure.arg(&references);
    if !as_json {
        return command::run(&mut measure);
    }
    println!("{}", json!({ "impostors": lines_of(measure.arg("--json"))? }));
    Ok(())
}

fn cargo(words: &[&str]) -> Command {
    let mut cargo = Command::new("cargo");
    cargo.args(["run", "--quiet", "--release"]).args(words).current_dir(repo::root());
    cargo
}
