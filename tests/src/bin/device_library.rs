//! Writes a device's library and what it hears into a folder, for `cargo xtask firmware`:
//! `library.codes`, an excerpt of each recording; `heard.pcm`; and on standard output one JSON
//! object a line for each recording in it that the library has.

use std::path::PathBuf;
use std::{env, fs, thread};

use anyhow::{Context, Result, anyhow};
use onmon_core::{SampleRate, plan};
use onmon_tests::signals::noise;
use onmon_tests::songs::Song;
use onmon_tests::vectors::codes_of;
use serde_json::json;

/// Recordings in the library.
const RECORDINGS: u64 = 256;

/// Codes of an excerpt, and where in its recording it begins (`device/src/library.rs`).
const EXCERPT_CODES: u32 = 300;
const EXCERPT_SECONDS: f64 = 20.0;

/// What the device hears: the song, from where on, whether the library has it. None begins on the
/// excerpt's grid.
const HEARD: [(u64, f64, bool); 3] =
    [(17, 18.513, true), (RECORDINGS + 40, 18.0, false), (203, 17.931, true)];
const HEARD_SECONDS: f64 = 19.0;
const HEARD_HZ: u32 = 16_000;

/// The microphone's own noise, as a share of its full scale.
const NOISE: f64 = 0.003;

/// At this rate references are made.
const REFERENCE_HZ: u32 = 8_000;

fn main() -> Result<()> {
    let folder = PathBuf::from(env::args_os().nth(1).context("usage: device_library FOLDER")?);
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("library.codes"), library()?)?;
    fs::write(folder.join("heard.pcm"), heard())?;
    let mut begins = 0.0;
    for (number, from, is_known) in HEARD {
        if is_known {
            let excerpt_ms = 1_000.0 * (begins + EXCERPT_SECONDS - from);
            println!("{}", json!({ "recording": number, "excerpt_ms": excerpt_ms.round() as u64 }));
        }
        begins += HEARD_SECONDS;
    }
    Ok(())
}

fn library() -> Result<Vec<u8>> {
    let cores = thread::available_parallelism().map_or(1, usize::from) as u64;
    let numbers: Vec<u64> = (0..RECORDINGS).collect();
    let parts = numbers.chunks(RECORDINGS.div_ceil(cores) as usize);
    let parts = thread::scope(|scope| {
        let running: Vec<_> = parts.map(|part| scope.spawn(|| excerpts(part))).collect();
        running.into_iter().map(|thread| thread.join()).collect::<Vec<_>>()
    });
    let mut library = vec![];
    for part in parts {
        library.extend(part.map_err(|_| anyhow!("a thread panicked"))??);
    }
    Ok(library)
}

fn excerpts(numbers: &[u64]) -> Result<Vec<u8>> {
    let frames = plan::frames_for(EXCERPT_CODES, SampleRate::from_hz(REFERENCE_HZ)?);
    let seconds = frames as f64 / f64::from(REFERENCE_HZ);
    let mut excerpts = vec![];
    for number in numbers {
        let excerpt = Song::new(*number).pcm(REFERENCE_HZ, EXCERPT_SECONDS, seconds);
        let codes = codes_of(&excerpt.pcm, REFERENCE_HZ, 1)?;
        let codes = codes.get(..EXCERPT_CODES as usize).context("an excerpt is too short")?;
        excerpts.extend_from_slice(codes);
    }
    Ok(excerpts)
}

fn heard() -> Vec<u8> {
    let songs = HEARD
        .iter()
        .flat_map(|(number, from, _)| Song::new(*number).pcm(HEARD_HZ, *from, HEARD_SECONDS).pcm);
    let seconds = (HEARD.len() as f64 * HEARD_SECONDS) as u32;
    let noise = noise("", HEARD_HZ, seconds).pcm;
    songs
        .zip(noise)
        .map(|(song, noise)| song.saturating_add((2.0 * NOISE * f64::from(noise)) as i16))
        .flat_map(i16::to_le_bytes)
        .collect()
}
