//! Extraction speed on one core: the same measurement natively and in Node, side by side.

use std::process::Command;

use anyhow::Result;
use serde_json::{Value, json};

use super::lines_of;
use crate::tools::node;
use crate::{npm, repo, wasm};

/// Measures both and prints a table with their ratio, or with `as_json` one object.
pub fn extract(as_json: bool) -> Result<()> {
    let native = lines_of(&mut native())?;
    wasm::build_modules()?;
    npm::pack()?;
    node::require()?;
    let mut script = Command::new("node");
    script.arg(repo::root().join("xtask/src/bench/extract.mjs"));
    let rows: Vec<Value> =
        lines_of(&mut script)?.iter().filter_map(|node| beside(node, &native)).collect();
    if as_json {
        println!("{}", json!({ "extract": rows }));
        return Ok(());
    }
    println!("PCM to codes, x real time, one core\n     rate  channels   native     node   ratio");
    for row in rows {
        let number = |key: &str| row[key].as_f64().unwrap_or_default();
        println!(
            "{:>6} Hz  {:>8}  {:>7.0}  {:>7.0}  {:>6.2}",
            number("rate_hz"),
            number("channels"),
            number("native"),
            number("node"),
            number("node_to_native")
        );
    }
    Ok(())
}

fn native() -> Command {
    let mut cargo = Command::new("cargo");
    cargo.args(["run", "--quiet", "--release", "--package", "onmon-core"]);
    cargo.args(["--example", "throughput", "--", "--json"]).current_dir(repo::root());
    cargo
}

/// Node's measurement with the native one of the same format; `None` where there is none.
fn beside(node: &Value, native: &[Value]) -> Option<Value> {
    let same = |other: &&Value| {
        other["rate_hz"] == node["rate_hz"] && other["channels"] == node["channels"]
    };
    let native = native.iter().find(same)?["times_realtime"].as_f64()?;
    let in_node = node["times_realtime"].as_f64()?;
    Some(json!({
        "rate_hz": node["rate_hz"],
        "channels": node["channels"],
        "native": native,
        "node": in_node,
        "node_to_native": in_node / native,
    }))
}
