//! `onmon identify`: files to decisions, from a library on this machine or from a server.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context;
use onmon_library::Library;
use serde::Serialize;
use tokio::runtime::Handle;

use crate::args::{IdentifyArgs, WhereArgs};
use crate::bar::Bar;
use crate::in_order::in_order;
use crate::inputs::{self, Also};
use crate::jobs;
use crate::outcome::{Done, Failure};
use crate::remote::Remote;
use crate::stop::Stop;
use crate::take::{self, Taken, thousandths};

/// Runs the command.
pub fn run(args: &IdentifyArgs, stop: &Stop, runtime: &Handle) -> anyhow::Result<Done> {
    let files = inputs::files(&args.files.files, Also::Queries);
    let asked = Asked::open(&args.at, runtime)?;
    let bar = Bar::new(files.len());
    let mut tally = Tally::default();
    let work = |_, file: &PathBuf| -> Result<Identified, Failure> {
        let taken = take::query(file, stop)?;
        let began = Instant::now();
        let answer = asked.identify(&taken.wire)?;
        Ok(Identified { taken, answer, match_ms: began.elapsed().as_secs_f64() * 1_000.0 })
    };
    let handled = in_order(&files, jobs(&args.files), stop, work, |index, identified| {
        let Some(file) = files.get(index) else { return Ok(()) };
        tally.count(&identified);
        if args.files.jsonl {
            bar.done(Some(&serde_json::to_string(&Line::new(file, &identified))?));
            return anyhow::Ok(());
        }
        match &identified {
            Ok(identified) => bar.done(Some(&for_people(file, &identified.answer))),
            Err(failure) => {
                bar.done(None);
                bar.warn(&format!("{}: {failure}", file.display()));
            }
        }
        Ok(())
    })?;
    drop(bar);
    if !args.files.jsonl && handled > 1 {
        eprintln!("{}", tally.for_people());
    }
    asked.close();
    Ok(Done::of(tally.failed, handled < files.len()))
}

/// What a library or a server says to a query.
pub struct Answer {
    /// `permit`, `refuse` or `unregistered`.
    pub decision: String,
    /// Why, in words.
    pub rule: String,
    /// The surest match.
    pub best: Option<BestMatch>,
    /// Matches beside it.
    pub others: usize,
}

/// The surest match.
#[derive(Clone, Debug, Serialize)]
pub struct BestMatch {
    /// The owner's id.
    pub recording_id: String,
    /// Its title, if the catalogue has one.
    pub title: Option<String>,
    /// Where in the recording the file's beginning lies.
    pub offset_ms: i64,
    /// c: at most 10^-c expected false identifications per query against 2 million songs.
    pub confidence: f32,
}

/// Who is asked.
enum Asked {
    Library { library: Library, runtime: Handle },
    Server(Remote),
}

impl Asked {
    fn open(at: &WhereArgs, runtime: &Handle) -> anyhow::Result<Self> {
        if let Some(url) = &at.server {
            let remote = Remote::new(url, None)?;
            remote.check()?;
            return Ok(Self::Server(remote));
        }
        let directory = at.library.as_deref().context("--library or --server is needed")?;
        let library = runtime.block_on(Library::open_to_read(directory))?;
        Ok(Self::Library { library, runtime: runtime.clone() })
    }

    fn identify(&self, query: &[u8]) -> Result<Answer, Failure> {
        let (library, runtime) = match self {
            Self::Server(remote) => return remote.identify(query),
            Self::Library { library, runtime } => (library, runtime),
        };
        let answer = runtime.block_on(library.identify(query))?;
        let best = answer.matches.first().map(|found| BestMatch {
            recording_id: found.recording.recording_id.clone(),
            title: found.recording.title.clone(),
            offset_ms: found.offset_ms,
            confidence: found.confidence,
        });
        let decision = answer.decision.as_str().to_owned();
        let others = answer.matches.len().saturating_sub(1);
        Ok(Answer { decision, rule: answer.rule.to_owned(), best, others })
    }

    fn close(self) {
        if let Self::Library { library, runtime } = self {
            // Opened to read: there is nothing to lose.
            let _ = runtime.block_on(library.close());
        }
    }
}

struct Identified {
    taken: Taken,
    answer: Answer,
    match_ms: f64,
}

/// The object that `--jsonl` prints: scripts rely on it.
#[derive(Serialize)]
struct Line {
    file: String,
    r#match: Option<BestMatch>,
    decision: Option<String>,
    bytes: usize,
    ms: Ms,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

#[derive(Default, Serialize)]
struct Ms {
    decode: f64,
    extract: f64,
    r#match: f64,
}

impl Line {
    fn new(file: &Path, identified: &Result<Identified, Failure>) -> Self {
        let file = file.display().to_string();
        match identified {
            Ok(Identified { taken, answer, match_ms }) => Self {
                file,
                r#match: answer.best.clone(),
                decision: Some(answer.decision.clone()),
                bytes: taken.wire.len(),
                ms: Ms {
                    decode: taken.ms().decode,
                    extract: taken.ms().extract,
                    r#match: thousandths(*match_ms),
                },
                error: None,
            },
            Err(failure) => Self {
                file,
                r#match: None,
                decision: None,
                bytes: 0,
                ms: Ms::default(),
                error: Some(failure.to_string()),
            },
        }
    }
}

fn for_people(file: &Path, answer: &Answer) -> String {
    let file = file.display();
    let Some(best) = &answer.best else {
        return format!("{:<12}  {file}: {}", answer.decision, answer.rule);
    };
    let title = best.title.as_ref().map(|title| format!(" \"{title}\"")).unwrap_or_default();
    let others = match answer.others {
        0 => String::new(),
        others => format!(", and {others} more"),
    };
    format!(
        "{:<12}  {file}: {}{title} from {}, confidence {:.1}{others} ({})",
        answer.decision,
        best.recording_id,
        clock_time(best.offset_ms),
        best.confidence,
        answer.rule,
    )
}

/// Minutes, seconds and tenths, as a player shows them.
pub fn clock_time(ms: i64) -> String {
    let sign = if ms < 0 { "-" } else { "" };
    let tenths = ms.unsigned_abs() / 100;
    format!("{sign}{}:{:02}.{}", tenths / 600, tenths / 10 % 60, tenths % 10)
}

#[derive(Default)]
struct Tally {
    permit: usize,
    refuse: usize,
    unregistered: usize,
    failed: usize,
}

impl Tally {
    fn count(&mut self, identified: &Result<Identified, Failure>) {
        *match identified.as_ref().map(|identified| identified.answer.decision.as_str()) {
            Ok("permit") => &mut self.permit,
            Ok("refuse") => &mut self.refuse,
            Ok(_) => &mut self.unregistered,
            Err(_) => &mut self.failed,
        } += 1;
    }

    fn for_people(&self) -> String {
        let Self { permit, refuse, unregistered, failed } = self;
        format!("{permit} permit, {refuse} refuse, {unregistered} unregistered, {failed} failed")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_as_players_show_them() {
        for (ms, expected) in
            [(0, "0:00.0"), (83_250, "1:23.2"), (-950, "-0:00.9"), (3_600_000, "60:00.0")]
        {
            assert_eq!(clock_time(ms), expected);
        }
    }
}
