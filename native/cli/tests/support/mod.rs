//! The real binary, run on files made here or taken from the decoder's corpus.

#![allow(dead_code, reason = "each test binary uses its own part")]

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A finished run.
pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    /// The objects on standard output: it holds nothing else.
    pub fn objects(&self) -> Vec<Value> {
        self.stdout.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
    }
}

pub fn onmon<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Run {
    finished(command(arguments).output().unwrap())
}

pub fn command<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_onmon"));
    command.args(arguments).env_remove("ONMON_TOKEN").stdin(Stdio::null());
    command
}

pub fn finished(output: Output) -> Run {
    Run {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A folder with files: the corpus, noise, and what is broken.
pub struct Room(TempDir);

impl Room {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    /// A file of the decoder's corpus under a name of its own.
    pub fn corpus(&self, name: &str, of: &str) -> String {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../decode/tests/corpus");
        self.write(name, &fs::read(corpus.join(of)).unwrap())
    }

    /// Noise of its own: the same seed and place give the same sound.
    pub fn noise(&self, name: &str, seed: u32, from_s: usize, seconds: usize) -> String {
        self.write(name, &wav(&noise(seed, from_s + seconds)[from_s * RATE_HZ..]))
    }

    pub fn write(&self, name: &str, bytes: &[u8]) -> String {
        fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        fs::write(self.path(name), bytes).unwrap();
        self.text(name)
    }
}

const RATE_HZ: usize = 8_000;

/// Notes that change every 150 ms, over noise.
fn noise(seed: u32, seconds: usize) -> Vec<i16> {
    let mut state = seed.wrapping_mul(2_654_435_761) | 1;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state
    };
    let mut notes_hz = [0.0_f64; 3];
    let sample = |i: usize| {
        if i.is_multiple_of(RATE_HZ * 3 / 20) {
            notes_hz = notes_hz.map(|_| 250.0 + f64::from(next() % 3_000));
        }
        let t = i as f64 / RATE_HZ as f64;
        let sum: f64 = notes_hz.iter().map(|hz| (std::f64::consts::TAU * hz * t).sin()).sum();
        (sum * 6_000.0) as i16 + (next() % 400) as i16
    };
    (0..seconds * RATE_HZ).map(sample).collect()
}

fn wav(samples: &[i16]) -> Vec<u8> {
    let data = samples.len() as u32 * 2;
    let rate = RATE_HZ as u32;
    let mut bytes = Vec::new();
    bytes.extend(b"RIFF");
    bytes.extend((36 + data).to_le_bytes());
    bytes.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    bytes.extend(rate.to_le_bytes());
    bytes.extend((rate * 2).to_le_bytes());
    bytes.extend(b"\x02\0\x10\0data");
    bytes.extend(data.to_le_bytes());
    bytes.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    bytes
}
