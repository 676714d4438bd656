//! `onmon enrol`: recordings into a library on this machine or on a server.

use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use onmon_core::wire;
use onmon_library::catalogue_csv::{self, Catalogue};
use onmon_library::{Entry, Library, Recording, Rights};
use serde::Serialize;
use tokio::runtime::Handle;

use crate::args::EnrolArgs;
use crate::bar::Bar;
use crate::in_order::in_order;
use crate::inputs::{self, Also};
use crate::jobs;
use crate::outcome::{Done, Failure};
use crate::remote::{self, Remote};
use crate::stop::Stop;
use crate::take::{self, Taken, TakenMs};

/// A batch is committed at this many recordings, this many bytes of fingerprints or this long after
/// the last one, whichever comes first: what a kill can cost is small, and so is the cost of
/// committing.
const BATCH_RECORDINGS: usize = 64;
const BATCH_BYTES: usize = 4 << 20;
const BATCH_AGE: Duration = Duration::from_secs(2);

/// Runs the command.
pub fn run(args: &EnrolArgs, stop: &Stop, runtime: &Handle) -> anyhow::Result<Done> {
    let catalogue = args.catalogue.as_deref().map(read_catalogue).transpose()?;
    let files = inputs::files(&args.files.files, Also::References);
    let recordings = name_recordings(&files, catalogue.as_ref());
    let bar = Bar::new(files.len());
    let mut report = Report { bar, files: &files, jsonl: args.files.jsonl, failed: 0, enrolled: 0 };
    let jobs = jobs(&args.files);
    let handled = match (&args.to.server, &args.to.library) {
        (Some(url), _) => {
            let Some(token) = remote::token(args.token_file.as_deref())? else {
                bail!("enrolling needs the server's admin token: --token-file FILE or ONMON_TOKEN");
            };
            let remote = Remote::new(url, Some(token))?;
            remote.check()?;
            to_server(&remote, &recordings, jobs, stop, &mut report)?
        }
        (None, Some(directory)) => {
            let library = runtime.block_on(Library::open(directory))?;
            let handled = to_library(&library, runtime, &recordings, jobs, stop, &mut report);
            // Also after a failure: what was committed stays, and the next start is quicker.
            runtime.block_on(library.close())?;
            handled?
        }
        (None, None) => bail!("--library or --server is needed"),
    };
    let Report { bar, failed, enrolled, .. } = report;
    drop(bar);
    if !args.files.jsonl {
        eprintln!("{enrolled} enrolled, {failed} failed");
    }
    Ok(Done::of(failed, handled < files.len()))
}

/// A file, and the recording that it is to be enrolled as.
type Named<'a> = (&'a PathBuf, Result<Recording, Failure>);

struct Made {
    recording: Recording,
    taken: Taken,
}

fn make((file, recording): &Named<'_>, stop: &Stop) -> Result<Made, Failure> {
    let recording = recording.clone()?;
    Ok(Made { recording, taken: take::reference(file, stop)? })
}

fn to_server(
    remote: &Remote,
    recordings: &[Named<'_>],
    jobs: usize,
    stop: &Stop,
    report: &mut Report<'_>,
) -> anyhow::Result<usize> {
    let work = |_, named: &Named<'_>| {
        let made = make(named, stop)?;
        let replaced = remote.enrol(&made.recording, &made.taken.wire)?;
        Ok((made, replaced))
    };
    in_order(recordings, jobs, stop, work, |index, enrolled: Result<_, Failure>| {
        report.tell(index, enrolled.as_ref().map(|(made, replaced)| (made, *replaced)))
    })
}

fn to_library(
    library: &Library,
    runtime: &Handle,
    recordings: &[Named<'_>],
    jobs: usize,
    stop: &Stop,
    report: &mut Report<'_>,
) -> anyhow::Result<usize> {
    let mut batch = Batch::default();
    let mut commit = |batch: &mut Batch| {
        let entries: Vec<Entry> = batch.entries();
        let enrolled = runtime.block_on(library.enrol(entries))?;
        let mut replaced = enrolled.into_iter().map(|enrolled| enrolled.replaced);
        for (index, made) in batch.take() {
            match &made {
                Ok(made) => report.tell(index, Ok((made, replaced.next().unwrap_or(false))))?,
                Err(failure) => report.tell(index, Err(failure))?,
            }
        }
        anyhow::Ok(())
    };
    let handled = in_order(
        recordings,
        jobs,
        stop,
        |_, named| make(named, stop),
        |index, made| {
            batch.add(index, made);
            if batch.is_due() { commit(&mut batch) } else { Ok(()) }
        },
    )?;
    commit(&mut batch)?;
    Ok(handled)
}

/// Files done and not yet committed, in order, the failed among them.
struct Batch {
    made: Vec<(usize, Result<Made, Failure>)>,
    bytes: usize,
    since: Instant,
}

impl Default for Batch {
    fn default() -> Self {
        Self { made: Vec::new(), bytes: 0, since: Instant::now() }
    }
}

impl Batch {
    fn add(&mut self, index: usize, made: Result<Made, Failure>) {
        self.bytes += made.as_ref().map_or(0, |made| made.taken.wire.len());
        self.made.push((index, made));
    }

    fn is_due(&self) -> bool {
        self.made.len() >= BATCH_RECORDINGS
            || self.bytes >= BATCH_BYTES
            || self.since.elapsed() >= BATCH_AGE
    }

    fn entries(&self) -> Vec<Entry> {
        let made = self.made.iter().filter_map(|(_, made)| made.as_ref().ok());
        made.map(|Made { recording, taken }| Entry {
            recording: recording.clone(),
            reference: taken.wire.clone(),
        })
        .collect()
    }

    fn take(&mut self) -> Vec<(usize, Result<Made, Failure>)> {
        std::mem::take(self).made
    }
}

fn read_catalogue(path: &Path) -> anyhow::Result<Catalogue> {
    let file = File::open(path)
        .with_context(|| format!("cannot read the catalogue {}", path.display()))?;
    let catalogue = catalogue_csv::read(file);
    catalogue.with_context(|| format!("cannot use the catalogue {}", path.display()))
}

/// What each file is enrolled as: what the catalogue says, else its stem. A second file of an id
/// fails instead of replacing the first.
fn name_recordings<'a>(files: &'a [PathBuf], catalogue: Option<&Catalogue>) -> Vec<Named<'a>> {
    let mut first_of: HashMap<String, &Path> = HashMap::new();
    let mut unlisted = Vec::new();
    let name = |file: &'a PathBuf| -> Result<Recording, Failure> {
        let stem = inputs::stem(file);
        let recording = match catalogue {
            None => Recording::new(stem),
            Some(catalogue) => catalogue.get(&stem).cloned().unwrap_or_else(|| {
                unlisted.push(file.display().to_string());
                Recording { rights: Rights::Unknown, ..Recording::new(stem) }
            }),
        };
        recording.check()?;
        if let Some(first) = first_of.insert(recording.recording_id.clone(), file) {
            let message = format!(
                "the id `{}` is taken by {} in this call; rename a file or give ids with --catalogue",
                recording.recording_id,
                first.display()
            );
            first_of.insert(recording.recording_id.clone(), first);
            return Err(Failure::new("duplicate_id", message));
        }
        Ok(recording)
    };
    let recordings: Vec<_> = files.iter().map(name).collect();
    if let Some(first) = unlisted.first() {
        eprintln!(
            "warning: {} file(s) not in the catalogue ({first} first): enrolled with unknown rights",
            unlisted.len()
        );
    }
    files.iter().zip(recordings).collect()
}

/// Prints what became of each file.
struct Report<'a> {
    bar: Bar,
    files: &'a [PathBuf],
    jsonl: bool,
    failed: usize,
    enrolled: usize,
}

#[derive(Serialize)]
struct Line {
    file: String,
    recording_id: Option<String>,
    replaced: bool,
    duration_ms: Option<u32>,
    bytes: usize,
    ms: TakenMs,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

impl Report<'_> {
    fn tell(&mut self, index: usize, made: Result<(&Made, bool), &Failure>) -> anyhow::Result<()> {
        let Some(file) = self.files.get(index) else { return Ok(()) };
        match made {
            Ok(_) => self.enrolled += 1,
            Err(_) => self.failed += 1,
        }
        if self.jsonl {
            self.bar.done(Some(&serde_json::to_string(&Line::new(file, made))?));
            return Ok(());
        }
        match made {
            Ok((made, replaced)) => {
                let replaced = if replaced { " (again)" } else { "" };
                let id = &made.recording.recording_id;
                self.bar.done(Some(&format!("enrolled {id}{replaced}  {}", file.display())));
            }
            Err(failure) => {
                self.bar.done(None);
                self.bar.warn(&format!("{}: {failure}", file.display()));
            }
        }
        Ok(())
    }
}

impl Line {
    fn new(file: &Path, made: Result<(&Made, bool), &Failure>) -> Self {
        let file = file.display().to_string();
        match made {
            Ok((Made { recording, taken }, replaced)) => Self {
                file,
                recording_id: Some(recording.recording_id.clone()),
                replaced,
                duration_ms: wire::decode(&taken.wire).ok().map(|found| found.duration_ms()),
                bytes: taken.wire.len(),
                ms: taken.ms(),
                error: None,
            },
            Err(failure) => Self {
                file,
                recording_id: None,
                replaced: false,
                duration_ms: None,
                bytes: 0,
                ms: TakenMs::default(),
                error: Some(failure.to_string()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_file_of_an_id_fails_and_names_the_first() {
        let files = ["a/x.mp3", "b/x.flac", "y.ogg", "c/x.wav"].map(PathBuf::from);
        let named = name_recordings(&files, None);
        let failure = |at: usize| named[at].1.as_ref().unwrap_err().to_string();
        assert!(named[0].1.is_ok() && named[2].1.is_ok());
        for at in [1, 3] {
            assert!(failure(at).starts_with("duplicate_id: ") && failure(at).contains("a/x.mp3"));
        }
    }

    #[test]
    fn the_catalogue_names_and_what_it_leaves_out_has_unknown_rights() {
        let csv = "file,recording_id,rights\nx.mp3,id-of-x,not_entrusted\n";
        let catalogue = catalogue_csv::read(csv.as_bytes()).unwrap();
        let files = ["x.mp3", "y.mp3"].map(PathBuf::from);
        let named = name_recordings(&files, Some(&catalogue));
        let [x, y] = [0, 1].map(|at| named[at].1.clone().unwrap());
        assert_eq!((x.recording_id.as_str(), x.rights), ("id-of-x", Rights::NotEntrusted));
        assert_eq!((y.recording_id.as_str(), y.rights), ("y", Rights::Unknown));
    }
}
