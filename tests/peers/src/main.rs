//! How fast PCM becomes a fingerprint on one core: onmon, rusty-chromaprint and fpcalc in turns, on
//! the same PCM, the best of some rounds each. `peers FPCALC FOLDER` prints one JSON object.
//!
//! onmon and rusty-chromaprint are handed PCM in this process. fpcalc is a program of its own: it
//! is given the same PCM as a WAV file, and what it takes for a short one is taken off, so that
//! neither its start nor its opening of files counts.

/// That of `cargo xtask bench extract`.
#[path = "../../../core/examples/chirps/mod.rs"]
mod chirps;

use std::hint::black_box;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;
use std::{env, fs};

use anyhow::{Context, Result, ensure};
use chirps::chirps;
use onmon_core::{Channels, Extractor, SampleRate};
use rusty_chromaprint::{Configuration, Fingerprinter};
use serde_json::json;

const RATE_HZ: u32 = 44_100;
const CHANNELS: u16 = 2;
const SECONDS: u32 = 300;
const SHORT_SECONDS: u32 = 10;

/// The machine is shared: the best of these counts.
const ROUNDS: usize = 15;

fn main() -> Result<()> {
    let mut words = env::args_os().skip(1);
    let usage = "usage: peers FPCALC FOLDER";
    let (fpcalc, folder) = (words.next().context(usage)?, words.next().context(usage)?);
    let pcm = chirps(RATE_HZ, CHANNELS, SECONDS);
    let short = &pcm[..(SHORT_SECONDS * RATE_HZ) as usize * usize::from(CHANNELS)];
    let [long_wav, short_wav] = ["long.wav", "short.wav"].map(|name| Path::new(&folder).join(name));
    fs::create_dir_all(&folder)?;
    fs::write(&long_wav, wav(&pcm))?;
    fs::write(&short_wav, wav(short))?;

    let mut best = [f64::INFINITY; 4];
    for _ in 0..ROUNDS {
        let took = [
            seconds(|| onmon(&pcm))?,
            seconds(|| chromaprint(&pcm))?,
            seconds(|| run(Path::new(&fpcalc), &long_wav, SECONDS))?,
            seconds(|| run(Path::new(&fpcalc), &short_wav, SHORT_SECONDS))?,
        ];
        best.iter_mut().zip(took).for_each(|(best, took)| *best = best.min(took));
    }
    let [onmon, rusty, long, short] = best;
    ensure!(long > short, "fpcalc took no longer for more audio");
    let onmon = f64::from(SECONDS) / onmon;
    let rusty = f64::from(SECONDS) / rusty;
    let fpcalc = f64::from(SECONDS - SHORT_SECONDS) / (long - short);
    println!(
        "{}",
        json!({
            "rate_hz": RATE_HZ,
            "channels": CHANNELS,
            "seconds": SECONDS,
            "rounds": ROUNDS,
            "onmon_times_realtime": onmon.round(),
            "fpcalc_times_realtime": fpcalc.round(),
            "rusty_chromaprint_times_realtime": rusty.round(),
            "to_fpcalc": (100.0 * onmon / fpcalc).round() / 100.0,
            "to_rusty_chromaprint": (100.0 * onmon / rusty).round() / 100.0,
        })
    );
    Ok(())
}

fn seconds(work: impl FnOnce() -> Result<()>) -> Result<f64> {
    let begun = Instant::now();
    work()?;
    Ok(begun.elapsed().as_secs_f64())
}

fn onmon(pcm: &[i16]) -> Result<()> {
    let rate = SampleRate::from_hz(RATE_HZ)?;
    let (mut extractor, mut codes) = (Extractor::new(rate, Channels::new(CHANNELS)?), vec![]);
    for block in pcm.chunks(4_096) {
        extractor.push(block, |code| codes.push(code));
    }
    ensure!(black_box(codes).len() as u32 > 19 * SECONDS, "too few codes");
    Ok(())
}

/// By the algorithm that fpcalc takes by default.
fn chromaprint(pcm: &[i16]) -> Result<()> {
    let mut printer = Fingerprinter::new(&Configuration::preset_test2());
    printer.start(RATE_HZ, u32::from(CHANNELS))?;
    for block in pcm.chunks(4_096) {
        printer.consume(block);
    }
    printer.finish();
    ensure!(black_box(printer.fingerprint()).len() as u32 > 7 * SECONDS, "too few items");
    Ok(())
}

/// All but the last second: fpcalc 1.5.1 fails at the end of a WAV file.
fn run(fpcalc: &Path, file: &Path, seconds: u32) -> Result<()> {
    let mut fpcalc = Command::new(fpcalc);
    let length = (seconds - 1).to_string();
    fpcalc.args(["-raw", "-length", &length]).arg(file).stdout(Stdio::null());
    ensure!(fpcalc.status()?.success(), "fpcalc failed on {}", file.display());
    Ok(())
}

/// A WAV file of 16-bit PCM.
fn wav(pcm: &[i16]) -> Vec<u8> {
    let bytes = 2 * pcm.len() as u32;
    let frame_bytes = 2 * u32::from(CHANNELS);
    let mut file = b"RIFF".to_vec();
    file.extend((36 + bytes).to_le_bytes());
    file.extend(b"WAVEfmt ");
    file.extend(16_u32.to_le_bytes());
    file.extend(1_u16.to_le_bytes());
    file.extend(CHANNELS.to_le_bytes());
    file.extend(RATE_HZ.to_le_bytes());
    file.extend((RATE_HZ * frame_bytes).to_le_bytes());
    file.extend((frame_bytes as u16).to_le_bytes());
    file.extend(16_u16.to_le_bytes());
    file.extend(b"data");
    file.extend(bytes.to_le_bytes());
    file.extend(pcm.iter().flat_map(|sample| sample.to_le_bytes()));
    file
}
