//! How what a query costs grows with the catalogue: what `bench index --json` measured at several
//! sizes, side by side, and the line through the two largest drawn out.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clap::Args;
use serde_json::{Value, json};

use crate::repo;

/// Recordings that the largest commercial fingerprint service says it has.
const FAR_SONGS: f64 = 86e6;

/// Rows that are told: one that is found at once, one in noise, one that is not there.
const ROWS: [&str; 4] = ["clean", "gsm", "white 0 dB", "unknown"];

/// Of these those that go through every tier: the dearest try less in a larger catalogue, so that
/// they take no longer (`server/index/src/search/step.rs` and `tier.rs`). No line is drawn through
/// them.
const HELD: [&str; 2] = ["white 0 dB", "unknown"];

#[derive(Args)]
pub struct Options {
    /// What `bench index --json` printed, smallest catalogue first.
    #[arg(value_name = "FILE", default_values = ["docs/index-20000.json", "docs/index-200000.json", "docs/index-2000000.json"])]
    files: Vec<PathBuf>,
    /// Songs to draw the line out to.
    #[arg(long, default_value_t = FAR_SONGS)]
    to: f64,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// One size, and what it came to by name.
struct Size {
    songs: f64,
    measured: Value,
}

/// `cargo xtask bench growth`.
pub fn growth(options: &Options) -> Result<()> {
    let sizes: Vec<Size> = options.files.iter().map(|file| read(file)).collect::<Result<_>>()?;
    ensure!(sizes.len() >= 2, "a line takes two sizes: name two files or more");
    let mut told = vec![];
    for name in ROWS {
        for (what, unit) in [("p50_ms", "ms"), ("p95_ms", "ms"), ("blocks", ""), ("postings", "")] {
            let of = |size: &Size| row(&size.measured, name).map(|row| number(&row[what]));
            let values: Vec<Option<f64>> = sizes.iter().map(of).collect();
            let far =
                if HELD.contains(&name) { None } else { drawn_out(&sizes, &values, options.to) };
            told.push(json!({
                "row": name, "what": what, "unit": unit, "values": values, "drawn_out": far,
            }));
        }
    }
    for what in ["posting_bytes", "bytes", "resident_bytes"] {
        let values: Vec<Option<f64>> =
            sizes.iter().map(|size| Some(number(&size.measured[what]))).collect();
        let far = drawn_out(&sizes, &values, options.to);
        told.push(json!({
            "row": "index", "what": what, "unit": "B", "values": values, "drawn_out": far,
        }));
    }
    let songs: Vec<f64> = sizes.iter().map(|size| size.songs).collect();
    if options.json {
        println!("{}", json!({ "songs": songs, "to": options.to, "rows": told }));
    } else {
        table(&songs, options.to, &told);
        let largest = sizes.last().context("no size")?;
        println!("\n{}", not_said(largest, options.to));
    }
    Ok(())
}

fn read(file: &Path) -> Result<Size> {
    let path = repo::root().join(file);
    let text = std::fs::read_to_string(&path).with_context(|| {
        format!(
            "cannot read {}: `cargo xtask bench index --songs N --json` prints one",
            file.display()
        )
    })?;
    let measured: Value =
        serde_json::from_str(&text).with_context(|| format!("{}", file.display()))?;
    Ok(Size { songs: number(&measured["songs"]), measured })
}

fn row<'a>(measured: &'a Value, name: &str) -> Option<&'a Value> {
    measured["rows"].as_array()?.iter().find(|row| row["name"] == name)
}

fn number(of: &Value) -> f64 {
    of.as_f64().unwrap_or(0.0)
}

/// The straight line through the two largest sizes, at `to` songs: lists grow with the catalogue,
/// and nothing else does while the same number of them is read. What does not grow stays.
fn drawn_out(sizes: &[Size], values: &[Option<f64>], to: f64) -> Option<f64> {
    let [.., before, last] = sizes else { return None };
    let [.., low, high] = values else { return None };
    let (low, high) = ((*low)?, (*high)?);
    let slope = (high - low).max(0.0) / (last.songs - before.songs).max(1.0);
    Some(high + slope * (to - last.songs))
}

fn table(songs: &[f64], to: f64, rows: &[Value]) {
    print!("{:<12} {:<16}", "songs", "");
    songs.iter().for_each(|songs| print!(" {songs:>14.0}"));
    println!(" {to:>14.0} (drawn out)");
    for row in rows {
        print!("{:<12} {:<16}", shown(&row["row"]), shown(&row["what"]));
        let values = row["values"].as_array().into_iter().flatten();
        for value in values.chain([&row["drawn_out"]]) {
            match value.as_f64() {
                Some(value) if value < 1_000.0 => print!(" {value:>14.2}"),
                Some(value) => print!(" {value:>14.0}"),
                None => print!(" {:>14}", "-"),
            }
        }
        println!();
    }
}

/// What a straight line leaves out.
fn not_said(largest: &Size, to: f64) -> String {
    // As many keys are kept of so many possible ones as of so many codes.
    let whole = number(&largest.measured["codes"]) / largest.songs * to / KEYS;
    let begun = whole * KEYS_THAT_BEGIN_ALIKE;
    format!(
        "Keys have 28 bits at every size, so their lists grow with the catalogue, and those over 4,096 postings are passed \
         over. At {to} songs a whole key would have {whole:.0} on average, a begun one {begun:.0}. Where noise has touched \
         the keys, or nobody knows the song, sketches and doubted keys share a tenth of a second or two at every size, of a \
         larger catalogue fewer lengths and fewer sets of wrong bits: no line is drawn there, for it is not the time that \
         grows but what is missed."
    )
}

/// Possible keys, and how many share their first three codes (`server/index/src/key.rs`).
const KEYS: f64 = (1 << 28) as f64;
const KEYS_THAT_BEGIN_ALIKE: f64 = 16.0;

fn shown(text: &Value) -> &str {
    text.as_str().unwrap_or_default()
}
