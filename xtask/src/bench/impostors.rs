//! How near unrelated music comes to being named: every recording asked for while it is not there.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::{command, music, repo};

/// Most alike pairs shown.
const PAIRS_SHOWN: usize = 10;

/// Fingerprints `folder` (or the demo's music), measures, keeps `docs/calibration.json` if asked
/// to, and prints a table, or one object.
pub fn impostors(folder: Option<&Path>, keep: bool, as_json: bool) -> Result<()> {
    let folder = folder.map_or_else(music::packaged, |folder| Ok(folder.to_owned()))?;
    let references = repo::target().join("impostors");
    if references.exists() {
        fs::remove_dir_all(&references)?;
    }
    let mut extract = cargo(&["--package", "onmon", "--", "extract", "--reference", "-o"]);
    command::run(extract.arg(&references).arg(&folder))?;
    let mut measure = cargo(&["--package", "onmon-index", "--example", "impostors", "--"]);
    let measured = command::capture(measure.arg(&references))?;
    let measured: Value = serde_json::from_str(&measured).context("impostors printed no JSON")?;
    if keep {
        let path = repo::root().join("docs/calibration.json");
        fs::write(&path, format!("{measured:#}\n"))?;
        eprintln!("{} written", repo::relative(&path));
    }
    if as_json {
        println!("{measured}");
    } else {
        table(&measured);
    }
    Ok(())
}

fn table(measured: &Value) {
    let threshold = measured["threshold_deviations"].as_f64().unwrap_or_default();
    println!("{} recordings, {} codes", measured["recordings"], measured["codes"]);
    println!("a match in a library of this size has {threshold:.2} deviations or more");
    for (kind, tail) in measured["kinds"].as_object().into_iter().flatten() {
        println!("\n{kind}: {} queries, {} alignments", tail["queries"], tail["alignments"]);
        for (beyond, count) in tail["beyond"].as_object().into_iter().flatten() {
            if beyond.ends_with("0") {
                println!("  beyond {beyond:>5}: {count}");
            }
        }
        for pair in tail["most_alike"].as_array().into_iter().flatten().take(PAIRS_SHOWN) {
            let deviations = pair[0].as_f64().unwrap_or_default();
            println!("  {deviations:5.2}  {} -> {}", pair[1], pair[2]);
        }
    }
}

fn cargo(words: &[&str]) -> Command {
    let mut cargo = Command::new("cargo");
    cargo.args(["run", "--quiet", "--release"]).args(words).current_dir(repo::root());
    cargo
}
