//! Codes of real music as `cargo xtask bench robustness --codes-to` writes them, read back: what
//! was enrolled, and what was asked.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use anyhow::{Context, Result};
use onmon_core::{CODES_PER_SAMPLE, HOP_MS, QueryBuilder, SAMPLES_MAX};
use serde_json::Value;

/// A file of codes.
#[derive(Default)]
pub struct CodesFile {
    /// Each recording that was enrolled, and its codes.
    pub references: Vec<(String, Vec<u8>)>,
    /// In the order in which they were asked.
    pub queries: Vec<Asked>,
}

/// A query of a song, or of what is no music.
pub struct Asked {
    /// What it is of. That of a song which was not enrolled ends in " unknown".
    pub song: String,
    /// What happened to the sound.
    pub condition: String,
    /// `six`, `15` or `5`.
    pub length: String,
    /// Its samples.
    pub query: QueryBuilder,
}

impl CodesFile {
    /// Reads a file.
    ///
    /// # Errors
    /// It cannot be read, is no JSON, or holds what is no query.
    pub fn read(path: &Path) -> Result<Self> {
        let file = File::open(path).with_context(|| path.display().to_string())?;
        let mut all = Self::default();
        for line in BufReader::new(file).lines() {
            let line: Value = serde_json::from_str(&line?)?;
            let id = line["id"].as_str().unwrap_or_default();
            if line["ref"].is_null() {
                all.queries.extend(asked(id, &line["samples"])?);
            } else {
                all.references.push((id.to_owned(), codes(&line["ref"])));
            }
        }
        Ok(all)
    }
}

/// An id is SONG CONDITION LENGTH PLACE, and songs have spaces; `None` where it has fewer words.
fn asked(id: &str, samples: &Value) -> Result<Option<Asked>> {
    let words: Vec<&str> = id.rsplitn(4, ' ').collect();
    let [_, length, condition, song] = words[..] else { return Ok(None) };
    let start = |sample: &Value| sample[0].as_u64().unwrap_or(0) as u32;
    let samples = samples.as_array().map_or(&[][..], Vec::as_slice);
    let last = samples.last().filter(|_| samples.len() == SAMPLES_MAX);
    let mut query = QueryBuilder::new(HOP_MS * last.map_or(0, |last| whole(start(last))));
    for sample in samples {
        let mut codes = codes(&sample[1]);
        codes.truncate(CODES_PER_SAMPLE);
        query.push(start(sample), &codes)?;
    }
    let [song, condition, length] = [song, condition, length].map(str::to_owned);
    Ok(Some(Asked { song, condition, length, query }))
}

/// Codes of the sound whose last of six samples starts so late: it lies in the middle of the last
/// sixth (`core/src/plan.rs`).
fn whole(last_start: u32) -> u32 {
    (last_start + CODES_PER_SAMPLE as u32 / 2) * 12 / 11
}

fn codes(told: &Value) -> Vec<u8> {
    told.as_array().into_iter().flatten().map(|code| code.as_u64().unwrap_or(0) as u8).collect()
}
