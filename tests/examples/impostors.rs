//! How certain the index gets of recordings that are not in it: leave one out, ask for it.
//!
//! `impostors DIR [CODES]` reads the reference fingerprints (`*.ref.afp`) in DIR, prints a JSON
//! object. Every recording is taken out in turn and asked for: as six samples, and as clips of 15 s
//! and of 5 s from all over it. What then agrees is an impostor, unless the folder holds the song
//! twice or the two share material: `train/onmon_train/calibration.py` looks at that, and counts.
//! CODES is a file of queries as `cargo xtask bench robustness --codes-to` writes it: those of a
//! recording are asked while it is out as well, and of the recording alone
//! (`train/onmon_train/reach.py`). What is printed does not depend on the calibration that it is
//! made for.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::{Context, Result};
use onmon_core::align::speed_toll;
use onmon_core::{HOP_MS, QueryBuilder, wire};
use onmon_index::{Index, Match};
use onmon_tests::codes_file::CodesFile;
use serde_json::{Value, json};

/// Below this nothing is told.
const DEVIATIONS_MIN: f32 = 3.0;

/// Of the recording itself everything is.
const OF_ITSELF_MIN: f32 = 0.5;

/// The nearest recordings told of each query.
const NEAREST: usize = 6;

/// Clips of each length per recording.
const CLIPS: usize = 6;

type Recordings = [(String, Vec<u8>)];

/// A query of a recording.
struct Question {
    kind: &'static str,
    /// The code of the recording at which it begins; 0 where CODES has it.
    at: usize,
    /// What happened to it; nothing where that is empty.
    condition: String,
    query: QueryBuilder,
}

/// Questions out of CODES, by the recording that they are of.
type Degraded = HashMap<String, Vec<Question>>;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().context("usage: impostors DIR [CODES]")?;
    let recordings = read(Path::new(&folder))?;
    let degraded = match arguments.next() {
        Some(path) => degraded(&path)?,
        None => Degraded::new(),
    };
    let next = AtomicUsize::new(0);
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let parts: Vec<Result<Vec<(usize, Value)>>> = thread::scope(|scope| {
        let start = |_| scope.spawn(|| measure(&recordings, &degraded, &next));
        let started: Vec<_> = (0..workers).map(start).collect();
        started.into_iter().map(|worker| worker.join().expect("a worker")).collect()
    });
    let mut queries = vec![];
    for part in parts {
        queries.extend(part?);
    }
    queries.sort_by_key(|(slot, _)| *slot);
    let codes: usize = recordings.iter().map(|(_, codes)| codes.len()).sum();
    let queries: Vec<Value> = queries.into_iter().map(|(_, query)| query).collect();
    println!("{}", json!({ "recordings": recordings.len(), "codes": codes, "queries": queries }));
    Ok(())
}

/// Takes recordings from the queue until there are none.
fn measure(
    recordings: &Recordings,
    degraded: &Degraded,
    next: &AtomicUsize,
) -> Result<Vec<(usize, Value)>> {
    let mut answered = vec![];
    loop {
        let asked = next.fetch_add(1, Ordering::Relaxed);
        let Some((name, codes)) = recordings.get(asked) else { return Ok(answered) };
        eprint!("\rasked for {asked} of {}", recordings.len());
        // Made anew each time: what is found must not depend on who was asked for before.
        let (mut index, mut alone) = (Index::empty(Path::new(".")), Index::empty(Path::new(".")));
        alone.insert(asked as u32, codes);
        for (slot, (_, codes)) in recordings.iter().enumerate().filter(|(slot, _)| *slot != asked) {
            index.insert(slot as u32, codes);
        }
        for question in questions(codes)?.iter().chain(degraded.get(name).into_iter().flatten()) {
            let query = question.query.finish()?;
            let samples: Vec<_> = query.samples().collect();
            let told = |found: &Match| {
                let toll = speed_toll(&samples, found.speed);
                told(&recordings[found.slot as usize].0, found, toll)
            };
            let nearest = index.nearest(&query, DEVIATIONS_MIN)?;
            let itself = match question.condition.as_str() {
                "" => vec![],
                _ => alone.nearest(&query, OF_ITSELF_MIN)?,
            };
            answered.push((
                asked,
                json!({
                    "kind": question.kind,
                    "of": name,
                    "at": question.at,
                    "condition": question.condition,
                    "alignments": index.codes() * query.samples().len() as u64,
                    "nearest": nearest.iter().take(NEAREST).map(told).collect::<Vec<_>>(),
                    "itself": itself.first().map(told),
                }),
            ));
        }
    }
}

fn told(of: &str, found: &Match, toll: f32) -> Value {
    json!({
        "of": of,
        "deviations": found.deviations,
        "toll": toll,
        "reach": found.surest.reach(),
        "beside": found.surest.beside(),
        "gathered": found.surest.gathered(),
        "shared_period": found.surest.shared_period(),
        "place": found.offset_ms / i64::from(HOP_MS),
        "speed": found.speed,
    })
}

fn read(folder: &Path) -> Result<Vec<(String, Vec<u8>)>> {
    let mut recordings = vec![];
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if let Some(stem) = name.strip_suffix(".ref.afp") {
            let bytes = fs::read(&path)?;
            recordings.push((stem.to_owned(), wire::decode(&bytes)?.codes().to_vec()));
        }
    }
    recordings.sort();
    Ok(recordings)
}

/// The six samples, and [`CLIPS`] clips of each length.
fn questions(codes: &[u8]) -> Result<Vec<Question>> {
    let question = |kind, at, query| Question { kind, at, condition: String::new(), query };
    let mut questions = vec![question("six samples", 0, QueryBuilder::of_recording(0, codes)?)];
    // As many codes as such a clip has, margins and all; these have their whole context.
    for (kind, len) in [("15 s", 298), ("5 s", 98)] {
        for clip in 0..CLIPS {
            let at = codes.len() * clip / CLIPS;
            let mut query = QueryBuilder::new(0);
            let clip = part(codes, at, len);
            if clip.len() == len {
                query.push(0, clip)?;
                questions.push(question(kind, at, query));
            }
        }
    }
    Ok(questions)
}

fn part(codes: &[u8], start: usize, len: usize) -> &[u8] {
    &codes[start..(start + len).min(codes.len())]
}

/// The queries of a file of codes, by their songs as references are called. What is no music is of
/// none of ours.
fn degraded(path: &str) -> Result<Degraded> {
    let mut degraded = Degraded::new();
    for asked in CodesFile::read(Path::new(path))?.queries {
        let kind = match asked.length.as_str() {
            "six" => "six samples",
            "15" => "15 s",
            _ => "5 s",
        };
        let song = asked.song.trim_end_matches(" unknown").replace('/', "__");
        let (condition, query) = (asked.condition, asked.query);
        degraded.entry(song).or_default().push(Question { kind, at: 0, condition, query });
    }
    Ok(degraded)
}
