//! How near unrelated music comes to being named: every recording asked for while it is not there.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::tools::python;
use crate::{command, repo};

/// Fingerprints the music of `folder` (or what `onmon_train.impostors` gathers: the train and
/// validation splits and drum loops), asks, counts, keeps `docs/calibration.json` if told to, and
/// prints a table, or one object.
pub fn impostors(folder: Option<&Path>, keep: bool, as_json: bool) -> Result<()> {
    let scratch = repo::target().join("impostors");
    let folder = match folder {
        Some(folder) => folder.to_owned(),
        None => {
            let gathered = scratch.join("music");
            let mut gather = python::module("onmon_train.impostors")?;
            command::run(gather.arg(&gathered).stdout(Stdio::null()))?;
            gathered
        }
    };
    let references = scratch.join("references");
    if references.exists() {
        fs::remove_dir_all(&references)?;
    }
    let mut extract = cargo(&["--package", "onmon", "--", "extract", "--reference", "-o"]);
    command::run(extract.arg(&references).arg(&folder).stdout(Stdio::null()))?;
    let asked = scratch.join("asked.json");
    let mut ask = cargo(&["--package", "onmon-tests", "--example", "impostors", "--"]);
    fs::write(&asked, command::capture(ask.arg(&references))?)?;
    let mut count = python::module("onmon_train.calibration")?;
    count.arg(&folder).arg(&asked);
    let counted = command::capture(&mut count)?;
    let measured: Value = serde_json::from_str(&counted).context("calibration printed no JSON")?;
    if keep {
        let path = repo::root().join("docs/calibration.json");
        fs::write(&path, counted)?;
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
    println!("{} recordings, {} codes", measured["recordings"], measured["codes"]);
    for (kind, tail) in measured["kinds"].as_object().into_iter().flatten() {
        println!("\n{kind}: {} queries, {} alignments", tail["queries"], tail["alignments"]);
        for (beyond, count) in tail["beyond"].as_object().into_iter().flatten() {
            if beyond.ends_with("00") || beyond.ends_with("50") {
                println!("  {count:>5} beyond {beyond:>5} deviations");
            }
        }
        for pair in tail["most_alike"].as_array().into_iter().flatten() {
            println!("  {:>5}  {} -> {}", pair[0], text(&pair[1]), text(&pair[2]));
        }
    }
    println!("\nleft out, as they share sound or are one piece:");
    for pair in measured["left_out"].as_array().into_iter().flatten() {
        let [one, other, why] = [1, 2, 3].map(|at| text(&pair[at]));
        println!("  {:>5}  {one} = {other}: {why}", pair[0]);
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn cargo(words: &[&str]) -> Command {
    let mut cargo = Command::new("cargo");
    cargo.args(["run", "--quiet", "--release"]).args(words).current_dir(repo::root());
    cargo
}
