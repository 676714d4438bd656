//! The golden vectors under tests/vectors: where they are, and making them anew.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::{command, repo};

/// PCM and the bytes that every target must make of it.
pub struct Vector {
    pub name: String,
    pub rate_hz: u32,
    pub channels: u16,
    /// Interleaved i16, little endian.
    pub pcm: PathBuf,
    /// All codes of the recording.
    pub codes: Vec<u8>,
    /// The query fingerprint's wire bytes.
    pub fingerprint: Vec<u8>,
}

/// `cargo xtask vectors`.
pub fn vectors() -> Result<()> {
    let mut cargo = Command::new("cargo");
    cargo.args(["run", "--quiet", "--package", "onmon-tests", "--bin", "vectors"]);
    command::run(cargo.current_dir(repo::root()))
}

/// All golden vectors: each is NAME.json, which says what NAME.pcm is, NAME.codes and NAME.afp.
pub fn all() -> Result<Vec<Vector>> {
    let folder = repo::root().join("tests/vectors");
    let entries = fs::read_dir(&folder)
        .with_context(|| format!("no {}: run `cargo xtask vectors`", folder.display()))?;
    let mut descriptions: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    descriptions.sort();
    descriptions.iter().map(|path| read(path)).collect()
}

fn read(description: &Path) -> Result<Vector> {
    let text = fs::read_to_string(description)?;
    let fields: Value = serde_json::from_str(&text)
        .with_context(|| format!("{} is no JSON", description.display()))?;
    let number = |key: &str| {
        fields[key].as_u64().with_context(|| format!("{} has no {key}", description.display()))
    };
    let beside = |extension: &str| description.with_extension(extension);
    let bytes = |extension: &str| {
        let path = beside(extension);
        fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
    };
    Ok(Vector {
        name: description.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
        rate_hz: u32::try_from(number("rate_hz")?)?,
        channels: u16::try_from(number("channels")?)?,
        pcm: beside("pcm"),
        codes: bytes("codes")?,
        fingerprint: bytes("afp")?,
    })
}
