//! Extraction speed on one core: the same measurement natively and in Node.

use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::tools::node;
use crate::{command, npm, repo, wasm};

/// Measures both and prints a table, or with `as_json` one object a line.
pub fn extract(as_json: bool) -> Result<()> {
    let native = measure("native", &mut native())?;
    wasm::build_module()?;
    npm::pack()?;
    node::require()?;
    let mut script = Command::new("node");
    script.arg(repo::root().join("xtask/src/bench/extract.mjs"));
    let in_node = measure("node", &mut script)?;
    for line in native.iter().chain(&in_node) {
        if as_json {
            println!("{line}");
        } else {
            println!(
                "{:<7} {:>7} Hz x {}  {:>7.0} x real time",
                line["where"].as_str().unwrap_or_default(),
                line["rate_hz"],
                line["channels"],
                line["times_realtime"].as_f64().unwrap_or_default()
            );
        }
    }
    Ok(())
}

fn native() -> Command {
    let mut cargo = Command::new("cargo");
    cargo.args(["run", "--quiet", "--release", "--package", "onmon-core"]);
    cargo.args(["--example", "throughput", "--", "--json"]).current_dir(repo::root());
    cargo
}

/// Runs a program that prints one object a line, and adds where it ran.
fn measure(place: &str, program: &mut Command) -> Result<Vec<Value>> {
    let printed = command::capture(program)?;
    let lines: Vec<Value> = printed
        .lines()
        .map(|line| {
            let mut object: Value =
                serde_json::from_str(line).with_context(|| format!("{place} printed {line}"))?;
            object["where"] = json!(place);
            Ok(object)
        })
        .collect::<Result<_>>()?;
    if lines.is_empty() {
        bail!("{} printed nothing", command::shown(program));
    }
    Ok(lines)
}
