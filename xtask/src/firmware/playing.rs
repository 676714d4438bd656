//! The image `now_playing`: a library in flash, and what of it is found in what the device hears.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use anyhow::{Context, Result, bail, ensure};
use onmon_link::Message;
use serde_json::Value;

use super::board::{Board, Job, words};
use super::stream::messages;
use crate::{command, repo};

/// What `tests/src/bin/device_library.rs` makes the device hear.
const HEARD_HZ: u32 = 16_000;

/// Milliseconds from one code to the next.
const CODE_MS: u64 = 50;

/// The library and what is heard, made anew where the program that makes them is newer.
pub struct Material {
    folder: PathBuf,
}

/// What recognising takes on one board, measured.
pub struct Recognition {
    pub recordings: u64,
    /// The library alone.
    pub library_bytes: u64,
    /// The whole image with it.
    pub flash_bytes: u64,
    /// Variables and the deepest stack.
    pub ram_bytes: u64,
    /// Of all work for a second of audio, and of recognition's share.
    pub instructions_per_second: u64,
    pub recognition_per_second: u64,
    /// The most that one code cost: something was playing.
    pub dearest_code: u64,
}

impl Material {
    pub fn make() -> Result<Self> {
        let program = ["--quiet", "--package", "onmon-tests", "--bin", "device_library"];
        command::run(Command::new("cargo").arg("build").args(program).current_dir(repo::root()))?;
        let program = repo::program("device_library");
        let folder = repo::target().join("firmware/library");
        let material = Self { folder };
        if changed(&material.expected()).is_none_or(|made| changed(&program) >= Some(made)) {
            let expected = command::capture(Command::new(&program).arg(&material.folder))?;
            fs::write(material.expected(), expected)?;
        }
        Ok(material)
    }

    /// Excerpt after excerpt: what `ONMON_LIBRARY` is to name.
    pub fn library(&self) -> PathBuf {
        self.folder.join("library.codes")
    }

    fn heard(&self) -> PathBuf {
        self.folder.join("heard.pcm")
    }

    /// One JSON object a line.
    fn expected(&self) -> PathBuf {
        self.folder.join("expected.jsonl")
    }
}

/// Both recordings that are in the library are told where their excerpts begin, and the one between
/// them that is not in it is not.
pub fn check(board: &Board, material: &Material) -> Result<Recognition> {
    let words = words(&material.heard(), HEARD_HZ, 1);
    let words = std::iter::once("0".to_owned()).chain(words).collect();
    let run = board.run(&Job { image: "now_playing", words, slowness: 0 })?;
    let messages = messages(&run.sent)?;
    let Some(Message::Ended(ended)) = messages.last() else { bail!("the image told no end") };
    ensure!(ended.overruns == 0, "{} overruns", ended.overruns);
    let told: Vec<(u64, u64)> = messages
        .iter()
        .filter_map(|message| match message {
            Message::Playing(playing) => Some((playing.recording.into(), playing.code.into())),
            _ => None,
        })
        .collect();
    let expected = expected(&material.expected())?;
    let same = told.len() == expected.len()
        && told.iter().zip(&expected).all(|((told, code), (recording, excerpt_ms))| {
            told == recording && code.abs_diff(excerpt_ms / CODE_MS) <= 1
        });
    ensure!(same, "playing are {expected:?} (recording, ms), told were {told:?} (recording, code)");

    let seconds = fs::metadata(material.heard())?.len() / 2 / u64::from(HEARD_HZ);
    let number = |name| Ok::<u64, anyhow::Error>(run.field(name)?.parse()?);
    Ok(Recognition {
        recordings: number("recordings")?,
        library_bytes: fs::metadata(material.library())?.len(),
        flash_bytes: board.footprint("now_playing")?.flash_bytes,
        ram_bytes: run.ram_bytes,
        instructions_per_second: number("instructions")? / seconds.max(1),
        recognition_per_second: number("recognition")? / seconds.max(1),
        dearest_code: number("dearest")?,
    })
}

impl Recognition {
    /// For a person.
    pub fn print(&self) {
        println!(
            "  now playing: {} recordings, {} bytes of flash with them ({} without), {} of RAM",
            self.recordings,
            self.flash_bytes,
            self.flash_bytes.saturating_sub(self.library_bytes),
            self.ram_bytes
        );
        println!(
            "  {:>6} Hz x 1: {:.2} million instructions per second of audio, {:.2} of them to find \
             it in the library; a code at most {:.2}",
            HEARD_HZ,
            self.instructions_per_second as f64 / 1e6,
            self.recognition_per_second as f64 / 1e6,
            self.dearest_code as f64 / 1e6
        );
    }
}

fn changed(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).ok()?.modified().ok()
}

/// Recordings, and at which millisecond the excerpt of each begins.
fn expected(path: &Path) -> Result<Vec<(u64, u64)>> {
    let text = fs::read_to_string(path)?;
    let number = |line: &Value, key: &str| line[key].as_u64().with_context(|| format!("no {key}"));
    let read = |line: &str| {
        let line = serde_json::from_str(line)?;
        Ok((number(&line, "recording")?, number(&line, "excerpt_ms")?))
    };
    text.lines().map(read).collect()
}
