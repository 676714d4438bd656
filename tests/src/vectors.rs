//! Golden vectors: `NAME.pcm` (i16, little-endian, interleaved), `NAME.json` (what it is),
//! `NAME.codes` (every code of it) and `NAME.afp` (its query fingerprint), the same on every
//! target.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use onmon_core::{Channels, Extractor, Margins, PcmSample, QueryBuilder, SampleRate, wire};
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
    let query = query_of(&signal.pcm, signal.rate_hz, signal.channels, duration_ms as u32)?;
    fs::write(stem.with_extension("afp"), query)?;
    Ok(())
}

/// All codes of a recording.
///
/// # Errors
/// A rate or channel count that core does not take.
pub fn codes_of<T: PcmSample>(pcm: &[T], rate_hz: u32, channels: u16) -> Result<Vec<u8>> {
    Ok(heard(pcm, rate_hz, channels)?.0)
}

/// The query fingerprint, as sent, of a recording of this length.
///
/// # Errors
/// The recording is too short, or no audio that core takes.
pub fn query_of<T: PcmSample>(
    pcm: &[T],
    rate_hz: u32,
    channels: u16,
    duration_ms: u32,
) -> Result<Vec<u8>> {
    let (codes, margins) = heard(pcm, rate_hz, channels)?;
    let query = QueryBuilder::of_sound(duration_ms, &codes, margins.as_ref(), None)?;
    let mut bytes = vec![0; wire::QUERY_BYTES_MAX];
    let len = wire::encode(&query.finish()?, &mut bytes)?;
    bytes.truncate(len);
    Ok(bytes)
}

fn heard<T: PcmSample>(
    pcm: &[T],
    rate_hz: u32,
    channels: u16,
) -> Result<(Vec<u8>, Option<Margins>)> {
    let mut extractor = Extractor::new(SampleRate::from_hz(rate_hz)?, Channels::new(channels)?);
    let mut codes = vec![];
    extractor.push(pcm, |code| codes.push(code));
    let margins = extractor.margins();
    Ok((codes, margins))
}
