//! How certain the index gets of recordings that are not in it: leave one out, ask for it.
//!
//! `impostors DIR` reads the reference fingerprints (`*.ref.afp`) in DIR, prints a JSON object.
//! Every recording is taken out in turn and asked for: as six samples, and as clips of 15 s and of
//! 5 s from all over it. What then agrees is an impostor, unless the folder holds the song twice or
//! the two share material: `train/onmon_train/calibration.py` looks at that, and counts. What is
//! printed does not depend on the calibration that it is made for.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::{Context, Result};
use onmon_core::{HOP_MS, QueryBuilder, wire};
use onmon_index::Index;
use serde_json::{Value, json};

/// Below this nothing is told.
const DEVIATIONS_MIN: f32 = 3.0;

/// The nearest recordings told of each query.
const NEAREST: usize = 6;

/// Clips of each length per recording.
const CLIPS: usize = 6;

type Recordings = [(String, Vec<u8>)];

/// A query of a recording, and the code of the recording at which it begins.
struct Question {
    kind: &'static str,
    at: usize,
    query: QueryBuilder,
}

fn main() -> Result<()> {
    let folder = std::env::args().nth(1).context("usage: impostors DIR")?;
    let recordings = read(Path::new(&folder))?;
    let next = AtomicUsize::new(0);
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let parts: Vec<Result<Vec<(usize, Value)>>> = thread::scope(|scope| {
        let start = |_| scope.spawn(|| measure(&recordings, &next));
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
fn measure(recordings: &Recordings, next: &AtomicUsize) -> Result<Vec<(usize, Value)>> {
    let mut answered = vec![];
    loop {
        let asked = next.fetch_add(1, Ordering::Relaxed);
        let Some((name, codes)) = recordings.get(asked) else { return Ok(answered) };
        eprint!("\rasked for {asked} of {}", recordings.len());
        // Made anew each time: what is found must not depend on who was asked for before.
        let mut index = Index::empty(Path::new("."));
        for (slot, (_, codes)) in recordings.iter().enumerate().filter(|(slot, _)| *slot != asked) {
            index.insert(slot as u32, codes);
        }
        for Question { kind, at, query } in questions(codes)? {
            let query = query.finish()?;
            let nearest = index.nearest(&query, DEVIATIONS_MIN)?;
            let told = nearest.iter().take(NEAREST).map(|found| {
                let of = &recordings[found.slot as usize].0;
                let place = found.offset_ms / i64::from(HOP_MS);
                json!({ "of": of, "deviations": found.deviations, "place": place, "speed": found.speed })
            });
            answered.push((
                asked,
                json!({
                    "kind": kind,
                    "of": name,
                    "at": at,
                    "alignments": index.codes() * query.samples().len() as u64,
                    "nearest": told.collect::<Vec<_>>(),
                }),
            ));
        }
    }
}

fn read(folder: &Path) -> Result<Vec<(String, Vec<u8>)>> {
    let mut recordings = vec![];
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if let Some(stem) = name.strip_suffix(".ref.afp") {
            let bytes = std::fs::read(&path)?;
            recordings.push((stem.to_owned(), wire::decode(&bytes)?.codes().to_vec()));
        }
    }
    recordings.sort();
    Ok(recordings)
}

/// The six samples, and [`CLIPS`] clips of each length.
fn questions(codes: &[u8]) -> Result<Vec<Question>> {
    let whole = QueryBuilder::of_recording(0, codes)?;
    let mut questions = vec![Question { kind: "six samples", at: 0, query: whole }];
    for (kind, len) in [("15 s", 275), ("5 s", 76)] {
        for clip in 0..CLIPS {
            let at = codes.len() * clip / CLIPS;
            let mut query = QueryBuilder::new(0);
            let clip = part(codes, at, len);
            if clip.len() == len {
                query.push(0, clip)?;
                questions.push(Question { kind, at, query });
            }
        }
    }
    Ok(questions)
}

fn part(codes: &[u8], start: usize, len: usize) -> &[u8] {
    &codes[start..(start + len).min(codes.len())]
}
