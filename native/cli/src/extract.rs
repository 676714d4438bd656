//! `onmon extract`: files to fingerprints in a folder.

use std::collections::HashSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use onmon_core::wire;
use serde::Serialize;

use crate::args::ExtractArgs;
use crate::bar::Bar;
use crate::in_order::in_order;
use crate::inputs::{self, Also, FINGERPRINT, REFERENCE_ENDING};
use crate::jobs;
use crate::outcome::{Done, Failure};
use crate::stop::Stop;
use crate::take::{self, Taken, TakenMs};

/// Runs the command.
pub fn run(args: &ExtractArgs, stop: &Stop) -> anyhow::Result<Done> {
    fs::create_dir_all(&args.output)
        .with_context(|| format!("cannot make the folder {}", args.output.display()))?;
    let files = inputs::files(&args.files.files, Also::Nothing);
    let outputs = outputs(&files, &args.output, args.reference);
    let bar = Bar::new(files.len());
    let mut failed = 0;
    let work = |index: usize, file: &PathBuf| -> Result<Taken, Failure> {
        let taken = match args.reference {
            true => take::reference(file, stop)?,
            false => take::query(file, stop)?,
        };
        if let Some(output) = outputs.get(index) {
            write(output, &taken.wire)?;
        }
        Ok(taken)
    };
    let handled = in_order(&files, jobs(&args.files), stop, work, |index, taken| {
        let (Some(file), Some(output)) = (files.get(index), outputs.get(index)) else {
            return Ok(());
        };
        let line = Line::new(file, output, &taken);
        failed += usize::from(taken.is_err());
        match (args.files.jsonl, &taken) {
            (true, _) => bar.done(Some(&serde_json::to_string(&line)?)),
            (false, Ok(_)) => bar.done(Some(&line.for_people())),
            (false, Err(failure)) => {
                bar.done(None);
                bar.warn(&format!("{}: {failure}", file.display()));
            }
        }
        anyhow::Ok(())
    })?;
    Ok(Done::of(failed, handled < files.len()))
}

#[derive(Serialize)]
struct Line {
    file: String,
    /// The file written.
    fingerprint: Option<String>,
    bytes: usize,
    duration_ms: Option<u32>,
    samples: usize,
    codes: usize,
    ms: TakenMs,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

impl Line {
    fn new(file: &Path, output: &Path, taken: &Result<Taken, Failure>) -> Self {
        let file = file.display().to_string();
        let fingerprint = taken.as_ref().ok().and_then(|taken| wire::decode(&taken.wire).ok());
        Self {
            file,
            fingerprint: taken.is_ok().then(|| output.display().to_string()),
            bytes: taken.as_ref().map_or(0, |taken| taken.wire.len()),
            duration_ms: fingerprint.as_ref().map(|fingerprint| fingerprint.duration_ms()),
            samples: fingerprint.as_ref().map_or(0, |fingerprint| fingerprint.samples().len()),
            codes: fingerprint.as_ref().map_or(0, |fingerprint| fingerprint.codes().len()),
            ms: taken.as_ref().map(Taken::ms).unwrap_or_default(),
            error: taken.as_ref().err().map(Failure::to_string),
        }
    }

    fn for_people(&self) -> String {
        format!(
            "{}  {} bytes: {} codes in {} sample(s) of {} s, {:.0} ms",
            self.fingerprint.as_deref().unwrap_or_default(),
            self.bytes,
            self.codes,
            self.samples,
            self.duration_ms.unwrap_or(0) / 1_000,
            self.ms.decode + self.ms.extract,
        )
    }
}

/// Where each file's fingerprint goes: by its stem; by its name, and then by a number, where
/// another file of this call has that stem.
fn outputs(files: &[PathBuf], folder: &Path, reference: bool) -> Vec<PathBuf> {
    let ending = if reference { REFERENCE_ENDING.to_owned() } else { format!(".{FINGERPRINT}") };
    let mut taken = HashSet::new();
    let output = |file: &PathBuf| {
        let stem = inputs::stem(file);
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let numbered = (2..).map(|number| format!("{name}-{number}"));
        let mut free = [stem.clone(), name.clone()].into_iter().chain(numbered);
        let chosen = free.find(|candidate| taken.insert(candidate.clone())).unwrap_or_default();
        if chosen != stem {
            eprintln!("warning: {stem} comes twice; {} becomes {chosen}{ending}", file.display());
        }
        folder.join(chosen + &ending)
    };
    files.iter().map(output).collect()
}

/// Writes beside the place and moves it there, so that a fingerprint is never half there.
fn write(output: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let mut half = output.as_os_str().to_owned();
    half.push(format!(".{}.tmp", std::process::id()));
    let half = PathBuf::from(half);
    let written = fs::File::create(&half)
        .and_then(|mut file| file.write_all(bytes))
        .and_then(|()| fs::rename(&half, output));
    written.map_err(|error| {
        let _ = fs::remove_file(&half);
        Failure::new("write_failed", format!("cannot write {}: {error}", output.display()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_stems_get_their_own_files() {
        let files = ["a/x.mp3", "x.flac", "b/x.mp3", "c/x.mp3", "y.mp3"].map(PathBuf::from);
        let outputs = outputs(&files, Path::new("o"), false);
        let expected = ["o/x.afp", "o/x.flac.afp", "o/x.mp3.afp", "o/x.mp3-2.afp", "o/y.afp"]
            .map(PathBuf::from);
        assert_eq!(outputs, expected);
    }
}
