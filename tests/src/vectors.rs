//! Golden vectors: `NAME.pcm` (i16, little-endian, interleaved), `NAME.json` (what it is),
//! `NAME.codes` (every code of it) and `NAME.afp` (its query fingerprint), the same on every
//! target.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use onmon_core::{Channels, Extractor, PcmSample, QueryBuilder, SampleRate, plan, wire};
use serde_json::{Value, json};

use crate::signals::Signal;

/// A vector as it lies on disk.
pub struct Vector {
    /// File stem.
    pub name: String,
    /// Frames per second.
    pub rate_hz: u32,
    /// Interleaved channels.
    pub channels: u16,
    /// The input.
    pub pcm: Vec<i16>,
    /// All codes expected.
    pub codes: Vec<u8>,
    /// The query fingerprint expected, as sent.
    pub fingerprint: Vec<u8>,
}

/// The folder of the vectors.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors")
}

/// All vectors in [`folder`], by name.
///
/// # Errors
/// A file is missing or does not parse.
pub fn load() -> Result<Vec<Vector>> {
    let mut stems = vec![];
    for entry in fs::read_dir(folder()).context("tests/vectors is missing")? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            stems.push(path.with_extension(""));
        }
    }
    stems.sort();
    stems.iter().map(|stem| load_one(stem)).collect()
}

fn load_one(stem: &Path) -> Result<Vector> {
    let read = |extension: &str| {
        let path = stem.with_extension(extension);
        fs::read(&path).with_context(|| format!("reading {}", path.display()))
    };
    let meta: Value = serde_json::from_slice(&read("json")?)?;
    let number = |key: &str| meta[key].as_u64().with_context(|| format!("no {key} in {stem:?}"));
    let pcm = read("pcm")?;
    Ok(Vector {
        name: stem.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        rate_hz: number("rate_hz")? as u32,
        channels: number("channels")? as u16,
        pcm: pcm.as_chunks::<2>().0.iter().map(|bytes| i16::from_le_bytes(*bytes)).collect(),
        codes: read("codes")?,
        fingerprint: read("afp")?,
    })
}

/// Writes the vector of a signal, as this build of core sees it.
///
/// # Errors
/// The files cannot be written, or the signal is no audio that core takes.
pub fn write(signal: &Signal) -> Result<()> {
    let codes = codes_of(&signal.pcm, signal.rate_hz, signal.channels)?;
    let frames = signal.pcm.len() / usize::from(signal.channels);
    let duration_ms = frames as u64 * 1_000 / u64::from(signal.rate_hz);
    let meta = json!({
        "name": signal.name,
        "rate_hz": signal.rate_hz,
        "channels": signal.channels,
        "frames": frames,
        "duration_ms": duration_ms,
        "codes": codes.len(),
    });
    let stem = folder().join(signal.name);
    let pcm: Vec<u8> = signal.pcm.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    fs::create_dir_all(folder())?;
    fs::write(stem.with_extension("pcm"), pcm)?;
    fs::write(stem.with_extension("json"), format!("{meta:#}\n"))?;
    fs::write(stem.with_extension("codes"), &codes)?;
    fs::write(stem.with_extension("afp"), query_of(&codes, duration_ms as u32)?)?;
    Ok(())
}

/// All codes of a recording.
///
/// # Errors
/// A rate or channel count that core does not take.
pub fn codes_of<T: PcmSample>(pcm: &[T], rate_hz: u32, channels: u16) -> Result<Vec<u8>> {
    let mut extractor = Extractor::new(SampleRate::from_hz(rate_hz)?, Channels::new(channels)?);
    let mut codes = vec![];
    extractor.push(pcm, |code| codes.push(code));
    Ok(codes)
}

/// The query fingerprint, as sent, of a recording with these codes.
///
/// # Errors
/// The recording is too short.
pub fn query_of(codes: &[u8], duration_ms: u32) -> Result<Vec<u8>> {
    let mut builder = QueryBuilder::new(duration_ms);
    for span in plan::spans(codes.len() as u32)? {
        let start = span.start as usize;
        builder.push(span.start, &codes[start..start + span.len as usize])?;
    }
    let mut bytes = vec![0; wire::QUERY_BYTES_MAX];
    let len = wire::encode(&builder.finish()?, &mut bytes)?;
    bytes.truncate(len);
    Ok(bytes)
}
