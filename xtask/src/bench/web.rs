//! A song's fingerprint in Chromium, by the npm package, by `@unimusic/chromaprint`, and by
//! decoding all of it: side by side on the same files, and held against what is to be reached.

use std::process::Command;

use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};

use super::{Output, lines_of};
use crate::tools::{apt, chromium};
use crate::{music, npm, repo, wasm};

/// Where `--keep` leaves the result.
const KEPT: &str = "docs/web.json";

/// At least so many times as fast as the other package.
const TIMES_AS_FAST_MIN: f64 = 5.0;
/// The other package takes at least so many times the memory.
const TIMES_THE_MEMORY_MIN: f64 = 5.0;
/// What Chromium itself calls a long task begins here.
const LONGEST_TASK_MS_MAX: f64 = 50.0;
const SENT_BYTES_MAX: f64 = 2_048.0;

#[derive(Args)]
pub struct Options {
    /// These encodings alone; all of them are what is kept.
    #[arg(long, value_name = "ENDING", value_delimiter = ',', conflicts_with = "keep")]
    files: Vec<String>,
    #[command(flatten)]
    output: Output,
}

/// `cargo xtask bench web`.
pub fn web(options: &Options) -> Result<()> {
    wasm::build_modules()?;
    npm::pack()?;
    npm::install(&npm::browser_folder())?;
    apt::program("ffmpeg", "ffmpeg")?;
    let mut script = Command::new("node");
    script.arg("tests/browser/race.mjs").args(&options.files).current_dir(repo::root());
    script.env("CHROME", chromium::find()?).env("MUSIC", music::packaged()?);
    let mut lines = lines_of(&mut script)?;
    let rows = lines.split_off(1);
    let beside: Vec<Value> = rows.iter().filter_map(|row| compared(row, &rows)).collect();
    let result = json!({ "machine": lines.first(), "web": rows, "onmon_beside": beside });
    if !options.output.tell(KEPT, &result)? {
        return Ok(());
    }
    print(&rows, &beside);
    Ok(())
}

fn number(row: &Value, key: &str) -> f64 {
    row[key].as_f64().unwrap_or_default()
}

/// How many times the time and the memory of onmon another way takes on the same file.
fn compared(row: &Value, rows: &[Value]) -> Option<Value> {
    let ours = rows.iter().find(|other| other["file"] == row["file"] && other["way"] == "onmon")?;
    if row["way"] == "onmon" {
        return None;
    }
    let times = |key: &str| (number(row, key) / number(ours, key) * 100.0).round() / 100.0;
    Some(json!({
        "file": row["file"],
        "beside": row["way"],
        "first_times_as_fast": times("first_ms"),
        "reached_times_as_fast": times("reached_ms"),
        "later_times_as_fast": times("later_ms"),
        "next_times_as_fast": times("next_ms"),
        "times_the_memory": times("peak_grown_mib"),
        "our_longest_task_ms": ours["longest_task_ms"],
        "our_sent_bytes": ours["sent_bytes"],
    }))
}

fn print(rows: &[Value], beside: &[Value]) {
    println!("a song of 4.5 min in Chromium, from the file in hand; medians");
    println!("memory: the renderer's resident set, its peak over what it was before");
    println!(
        "file  way          first ms  reached ms  later ms  next ms  peak MiB  long task  sent B  \
         loaded br B"
    );
    for row in rows {
        println!(
            "{:<4}  {:<11}  {:>8.0}  {:>10.0}  {:>8.0}  {:>7.0}  {:>8.1}  {:>9}  {:>6}  {:>11}",
            row["file"].as_str().unwrap_or_default(),
            row["way"].as_str().unwrap_or_default(),
            number(row, "first_ms"),
            number(row, "reached_ms"),
            number(row, "later_ms"),
            number(row, "next_ms"),
            number(row, "peak_grown_mib"),
            long_task(number(row, "longest_task_ms")),
            number(row, "sent_bytes"),
            number(row, "loaded_brotli_bytes"),
        );
    }
    println!("\nonmon beside   first x  reached x  later x  next x  memory x  what is to be");
    for row in beside {
        println!(
            "{:<4} {:<11}  {:>5.2}  {:>9.2}  {:>7.2}  {:>6.2}  {:>8.2}  {}",
            row["file"].as_str().unwrap_or_default(),
            row["beside"].as_str().unwrap_or_default(),
            number(row, "first_times_as_fast"),
            number(row, "reached_times_as_fast"),
            number(row, "later_times_as_fast"),
            number(row, "next_times_as_fast"),
            number(row, "times_the_memory"),
            demands(row),
        );
    }
}

/// Chromium tells of no task below its own bound.
fn long_task(ms: f64) -> String {
    if ms == 0.0 { "none".into() } else { format!("{ms:.0} ms") }
}

/// What of the four demands is reached; speed is that of every visit.
fn demands(row: &Value) -> String {
    let slowest = ["first", "reached", "later", "next"]
        .map(|visit| number(row, &format!("{visit}_times_as_fast")))
        .into_iter()
        .fold(f64::INFINITY, f64::min);
    let says = |holds: bool| if holds { "yes" } else { "NO" };
    format!(
        ">= {TIMES_AS_FAST_MIN} x as fast: {}, <= 1/{TIMES_THE_MEMORY_MIN} memory: {}, \
         no task > {LONGEST_TASK_MS_MAX} ms: {}, <= {SENT_BYTES_MAX} B: {}",
        says(slowest >= TIMES_AS_FAST_MIN),
        says(number(row, "times_the_memory") >= TIMES_THE_MEMORY_MIN),
        says(number(row, "our_longest_task_ms") <= LONGEST_TASK_MS_MAX),
        says(number(row, "our_sent_bytes") <= SENT_BYTES_MAX),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(way: &str, ms: f64, mib: f64) -> Value {
        json!({
            "file": "mp3", "way": way, "first_ms": ms, "reached_ms": ms, "later_ms": ms,
            "next_ms": ms, "peak_grown_mib": mib, "longest_task_ms": 0, "sent_bytes": 1_839,
        })
    }

    #[test]
    fn what_is_not_reached_is_said() {
        let rows = [row("onmon", 100.0, 10.0), row("chromaprint", 499.0, 60.0)];
        assert_eq!(compared(&rows[0], &rows), None);
        let beside = compared(&rows[1], &rows).expect("another way");
        assert_eq!(beside["later_times_as_fast"], 4.99);
        assert_eq!(beside["times_the_memory"], 6.0);
        let said = demands(&beside);
        assert!(said.contains("x as fast: NO") && said.contains("memory: yes"), "{said}");
    }
}
