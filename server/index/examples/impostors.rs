//! How certain the index gets of recordings that are not in it: leave one out, ask for it.
//!
//! `impostors DIR` reads the reference fingerprints (`*.ref.afp`) in DIR, prints a JSON object.
//! Every recording is taken out in turn and asked for: as six samples, and as clips of 15 s and of
//! 5 s from all over it. What then agrees best is an impostor, unless the folder holds the song
//! twice or the two share material: the most alike pairs are named, to be looked at. Counts are
//! independent of the calibration that they are made for.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::{Context, Result};
use onmon_core::{QueryBuilder, certainty, plan, wire};
use onmon_index::Index;

/// Below this the tail is not counted.
const COUNTED_MIN: f32 = 3.0;

/// Counts are given at so many steps per standard deviation.
const STEPS: f32 = 4.0;

/// Most alike pairs named per kind of query.
const PAIRS_SHOWN: usize = 25;

/// Clips of each length per recording.
const CLIPS: usize = 6;

type Recordings = [(String, Vec<u8>)];

/// The best impostor of a query: its deviations, who asked, who answered.
type Best = (f32, usize, usize);

#[derive(Default)]
struct Tail {
    queries: u64,
    alignments: u64,
    bests: Vec<Best>,
}

fn main() -> Result<()> {
    let folder = std::env::args().nth(1).context("usage: impostors DIR")?;
    let recordings = read(Path::new(&folder))?;
    let next = AtomicUsize::new(0);
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let parts: Vec<Result<BTreeMap<&str, Tail>>> = thread::scope(|scope| {
        let start = |_| scope.spawn(|| measure(&recordings, &next));
        let started: Vec<_> = (0..workers).map(start).collect();
        started.into_iter().map(|worker| worker.join().expect("a worker")).collect()
    });
    let mut tails: BTreeMap<&str, Tail> = BTreeMap::new();
    for part in parts {
        for (name, more) in part? {
            let tail = tails.entry(name).or_default();
            tail.queries += more.queries;
            tail.alignments += more.alignments;
            tail.bests.extend(more.bests);
        }
    }
    print(&recordings, &mut tails);
    Ok(())
}

/// Takes recordings from the queue until there are none.
fn measure<'a>(recordings: &Recordings, next: &AtomicUsize) -> Result<BTreeMap<&'a str, Tail>> {
    let mut index = Index::empty(Path::new("."));
    for (slot, (_, codes)) in recordings.iter().enumerate() {
        index.insert(slot as u32, codes);
    }
    let mut tails: BTreeMap<&str, Tail> = BTreeMap::new();
    loop {
        let slot = next.fetch_add(1, Ordering::Relaxed);
        let Some((_, codes)) = recordings.get(slot) else { return Ok(tails) };
        eprint!("\rasked for {slot} of {}", recordings.len());
        index.remove(slot as u32);
        for (name, query) in queries(codes)? {
            let query = query.finish()?;
            let tail = tails.entry(name).or_default();
            tail.queries += 1;
            tail.alignments += index.codes() * query.samples().len() as u64;
            let best = index.identify_above(&query, COUNTED_MIN);
            tail.bests.extend(best.first().map(|best| (best.deviations, slot, best.slot as usize)));
        }
        index.insert(slot as u32, codes);
    }
}

fn print(recordings: &Recordings, tails: &mut BTreeMap<&str, Tail>) {
    let codes: usize = recordings.iter().map(|(_, codes)| codes.len()).sum();
    let mut kinds = serde_json::Map::new();
    for (kind, tail) in tails {
        tail.bests.sort_by(|a, b| b.0.total_cmp(&a.0));
        let mut beyond = serde_json::Map::new();
        let mut step = COUNTED_MIN;
        while tail.bests.first().is_some_and(|best| best.0 >= step) {
            let count = tail.bests.iter().take_while(|best| best.0 >= step).count();
            beyond.insert(format!("{step:.2}"), count.into());
            step += 1.0 / STEPS;
        }
        kinds.insert(
            (*kind).to_owned(),
            serde_json::json!({
                "queries": tail.queries,
                "alignments": tail.alignments,
                "beyond": beyond,
                "most_alike": pairs(recordings, &tail.bests),
            }),
        );
    }
    let all = serde_json::json!({
        "recordings": recordings.len(),
        "codes": codes,
        "threshold_deviations": certainty::deviations_min(codes as u64),
        "kinds": kinds,
    });
    println!("{all}");
}

/// The most alike pairs, each once.
fn pairs(recordings: &Recordings, bests: &[Best]) -> Vec<serde_json::Value> {
    let mut seen = std::collections::BTreeSet::new();
    let new = bests.iter().filter(|(_, a, b)| seen.insert((*a.min(b), *a.max(b))));
    let named = |&(deviations, asked, answered): &Best| {
        let name = |slot: usize| recordings[slot].0.as_str();
        serde_json::json!([deviations, name(asked), name(answered)])
    };
    new.take(PAIRS_SHOWN).map(named).collect()
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
fn queries(codes: &[u8]) -> Result<Vec<(&'static str, QueryBuilder)>> {
    let mut whole = QueryBuilder::new(0);
    for span in plan::spans(codes.len() as u32)? {
        whole.push(span.start, part(codes, span.start as usize, span.len as usize))?;
    }
    let mut queries = vec![("six samples", whole)];
    for (name, len) in [("15 s", 275), ("5 s", 76)] {
        for clip in 0..CLIPS {
            let mut one = QueryBuilder::new(0);
            let clip = part(codes, codes.len() * clip / CLIPS, len);
            if clip.len() == len {
                one.push(0, clip)?;
                queries.push((name, one));
            }
        }
    }
    Ok(queries)
}

fn part(codes: &[u8], start: usize, len: usize) -> &[u8] {
    &codes[start..(start + len).min(codes.len())]
}
