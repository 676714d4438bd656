//! Both methods of sharing, walked through in Chromium: the wait at each step, requests, bytes.

use std::process::Command;

use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};

use super::{Output, lines_of};
use crate::test::with_programs;
use crate::tools::chromium;
use crate::{music, npm, repo, wasm};

/// Where `--keep` leaves the result.
const KEPT: &str = "docs/sharing.json";

#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    output: Output,
}

/// `cargo xtask bench sharing`.
pub fn sharing(options: &Options) -> Result<()> {
    wasm::build_modules()?;
    npm::pack()?;
    npm::install(&npm::browser_folder())?;
    let mut script = Command::new("node");
    script.arg("tests/browser/walk.mjs").current_dir(repo::root());
    script.env("CHROME", chromium::find()?).env("MUSIC", music::packaged()?);
    let steps = lines_of(with_programs(&mut script)?)?;
    let result = json!({ "sharing": steps });
    if !options.output.tell(KEPT, &result)? {
        return Ok(());
    }
    println!("a real song in Chromium, a server of the dev profile on this machine");
    println!("method  step       first ms   p50 ms   max ms  requests  bytes sent");
    for step in &steps {
        print(step);
    }
    Ok(())
}

fn print(step: &Value) {
    let number = |key: &str| step[key].as_f64().unwrap_or_default();
    println!(
        "{:<6}  {:<9}  {:>8.0}  {:>7.0}  {:>7.0}  {:>8}  {:>10}",
        step["method"].as_str().unwrap_or_default(),
        step["step"].as_str().unwrap_or_default(),
        number("first_ms"),
        number("p50_ms"),
        number("max_ms"),
        number("requests"),
        number("bytes")
    );
}
