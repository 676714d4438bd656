//! How certain the index gets of recordings that are not in it: leave one out, ask for it.
//!
//! `impostors DIR [--json]` reads the reference fingerprints (`*.ref.afp`) in DIR. Every
//! recording is taken out in turn and asked for: as six samples, and as clips of 15 s and of 5 s
//! from all over it. What is then named is wrong, unless the folder holds the recording twice
//! (those pairs are printed, to be looked at).

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result};
use onmon_core::{Fingerprint, QueryBuilder, plan, wire};
use onmon_index::{CONFIDENCE_MIN, Index};

/// Below this the tail is not shown.
const SHOWN_MIN: f32 = 4.0;

/// Most alike pairs shown per kind of query.
const PAIRS_SHOWN: usize = 40;

/// Clips of each length per recording.
const CLIPS: usize = 6;

fn main() -> Result<()> {
    let folder = std::env::args().nth(1).context("usage: impostors DIR [--json]")?;
    let json = std::env::args().any(|argument| argument == "--json");
    let recordings = read(Path::new(&folder))?;
    let mut index = Index::empty(Path::new(&folder));
    for (slot, (_, codes)) in recordings.iter().enumerate() {
        index.insert(slot as u32, codes);
    }
    let total = index.codes();
    let mut tails: BTreeMap<&str, Vec<(f32, usize, usize)>> = BTreeMap::new();
    let mut alignments = 0_u64;
    for (slot, (_, codes)) in recordings.iter().enumerate() {
        index.remove(slot as u32);
        for (name, query) in queries(codes)? {
            alignments += (total - codes.len() as u64) * query.finish()?.samples().len() as u64;
            let best = index.identify_above(&query.finish()?, SHOWN_MIN);
            let best = best.first().map(|best| (best.confidence, slot, best.slot as usize));
            tails.entry(name).or_default().extend(best);
        }
        index.insert(slot as u32, codes);
    }
    let name = |slot: usize| recordings[slot].0.as_str();
    for (query, tail) in &mut tails {
        tail.sort_by(|a, b| b.0.total_cmp(&a.0));
        let named = tail.iter().filter(|best| best.0 >= CONFIDENCE_MIN).count();
        let highest = tail.first().map_or(0.0, |best| best.0);
        if json {
            println!(
                r#"{{"query":"{query}","recordings":{},"alignments":{alignments},"named":{named},"highest":{highest:.2}}}"#,
                recordings.len()
            );
            continue;
        }
        println!("{query}: {named} of {} named, most certain:", recordings.len());
        let mut shown = BTreeSet::new();
        for &(confidence, asked, answered) in tail.iter() {
            let new_pair = shown.insert((asked.min(answered), asked.max(answered)));
            if new_pair && shown.len() <= PAIRS_SHOWN {
                println!("  {confidence:5.2}  {} -> {}", name(asked), name(answered));
            }
        }
    }
    if !json {
        println!("{alignments} alignments, threshold {CONFIDENCE_MIN}");
    }
    Ok(())
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
    for (name, len) in [("15 s", 300), ("5 s", 100)] {
        for clip in 0..CLIPS {
            let start = codes.len() * clip / CLIPS;
            let mut one = QueryBuilder::new(0);
            one.push(0, part(codes, start, len))?;
            if one.finish().is_ok_and(|query: Fingerprint<'_>| query.codes().len() == len) {
                queries.push((name, one));
            }
        }
    }
    Ok(queries)
}

fn part(codes: &[u8], start: usize, len: usize) -> &[u8] {
    &codes[start..(start + len).min(codes.len())]
}
