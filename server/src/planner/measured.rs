//! What a search takes, from what `cargo xtask bench index --json` measured.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use serde::Deserialize;

use super::args::MeasuredAs;

/// As much of the measurement as is read.
#[derive(Debug, Deserialize)]
struct Measurement {
    songs: u64,
    /// Of the index, on disk.
    bytes: u64,
    resident_bytes: u64,
    rows: Vec<MeasuredRow>,
}

#[derive(Debug, Deserialize)]
struct MeasuredRow {
    name: String,
    p50_ms: f64,
    p95_ms: f64,
    p99_ms: f64,
}

/// What it comes to.
#[derive(Debug, PartialEq)]
pub struct Measured {
    /// Songs of the (largest) catalogue measured.
    pub songs: u64,
    /// What grows with the catalogue, in seconds a song.
    pub per_song_s: f64,
    /// What does not.
    pub fixed_s: f64,
    pub disk_bytes_per_song: f64,
    pub resident_bytes_per_song: f64,
}

/// Of what the larger catalogue takes, the least that is said to grow with it: two measurements of
/// one time differ by more.
const GROWS_MIN: f64 = 0.01;

/// Reads one measurement, or two of which the difference tells what grows with the catalogue.
pub fn read(files: &[PathBuf], row: &str, which: MeasuredAs) -> anyhow::Result<Measured> {
    let mut read = files
        .iter()
        .map(|file| read_one(file, row, which))
        .collect::<anyhow::Result<Vec<(Measurement, f64)>>>()?;
    read.sort_by_key(|(measurement, _)| measurement.songs);
    match read.as_slice() {
        [(all, service_s)] => Ok(measured(all, service_s / all.songs as f64, 0.0)),
        [(few, few_s), (all, all_s)] => {
            ensure!(
                all.songs > few.songs,
                "both measurements have {} songs: what divides shows only between two sizes",
                all.songs
            );
            // What divides may be lost in the noise of the two: the search has a budget of time.
            let grows_s = (all_s - few_s).max(GROWS_MIN * all_s);
            let per_song_s = grows_s / (all.songs - few.songs) as f64;
            let fixed_s = (all_s - per_song_s * all.songs as f64).max(0.0);
            Ok(measured(all, per_song_s, fixed_s))
        }
        _ => bail!("--measured is given once, or twice for catalogues of two sizes"),
    }
}

fn measured(all: &Measurement, per_song_s: f64, fixed_s: f64) -> Measured {
    Measured {
        songs: all.songs,
        per_song_s,
        fixed_s,
        disk_bytes_per_song: all.bytes as f64 / all.songs as f64,
        resident_bytes_per_song: all.resident_bytes as f64 / all.songs as f64,
    }
}

fn read_one(file: &Path, row: &str, which: MeasuredAs) -> anyhow::Result<(Measurement, f64)> {
    let named = || file.display().to_string();
    let text = std::fs::read_to_string(file).with_context(named)?;
    let measurement: Measurement = serde_json::from_str(&text)
        .with_context(named)
        .context("not what `cargo xtask bench index --json` prints")?;
    ensure!(measurement.songs > 0, "{}: a catalogue of no songs", named());
    let Some(row) = measurement.rows.iter().find(|measured| measured.name == row) else {
        let names: Vec<&str> = measurement.rows.iter().map(|row| row.name.as_str()).collect();
        bail!("{} has no row `{row}`; it has: {}", named(), names.join(", "))
    };
    let service_ms = match which {
        MeasuredAs::P50 => row.p50_ms,
        MeasuredAs::P95 => row.p95_ms,
        MeasuredAs::P99 => row.p99_ms,
    };
    Ok((measurement, service_ms / 1_000.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_grow_is_fixed() {
        let folder = std::env::temp_dir().join(format!("onmon-measured-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = |songs: u64, p95_ms: f64| {
            let path = folder.join(format!("{songs}-{p95_ms}.json"));
            let row = serde_json::json!({ "name": "unknown", "p50_ms": 1, "p95_ms": p95_ms, "p99_ms": 1 });
            let all = serde_json::json!({
                "songs": songs, "bytes": 1, "resident_bytes": 1, "rows": [row],
            });
            std::fs::write(&path, all.to_string()).unwrap();
            path
        };
        let read = |few_ms, all_ms| {
            let files = [file(1_000, few_ms), file(10_000, all_ms)];
            let read = read(&files, "unknown", MeasuredAs::P95).unwrap();
            (1_000.0 * read.per_song_s * 10_000.0, 1_000.0 * read.fixed_s)
        };
        for (few, all, divides) in [(20.0, 110.0, 100.0), (110.0, 90.0, 1.0), (90.0, 90.0, 1.0)] {
            let (whole, fixed) = read(few, all);
            assert!((whole - divides).abs() < 1e-9, "{few} {all}: {whole}");
            assert!((whole + fixed - all).abs() < 1e-9, "{few} {all}: {whole} {fixed}");
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
