//! How often the index names what is not in it: `index_impostors SONGS QUERIES [CODES]`, the work
//! of `cargo xtask bench index --impostors`. Prints one JSON object.
//!
//! The library holds SONGS synthetic songs, and the real recordings of CODES (as `robustness
//! --codes-to` writes them). Most queries are of synthetic songs that it does not hold; the others
//! of the real recordings, of which every name but their own is wrong, unless two are one piece:
//! whoever reads what is told looks. Degradations and lengths take turns.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use anyhow::{Result, bail};
use onmon_core::{CODES_PER_SAMPLE, QueryBuilder, certainty};
use onmon_index::{Depth, Index};
use onmon_synth::{Catalogue, Degradation, degraded};
use onmon_tests::codes_file::CodesFile;
use onmon_tests::synthetic::SEED;
use serde_json::{Value, json};

/// What happened to the sound.
const DEGRADATIONS: [Degradation; 5] = [
    Degradation::CLEAN,
    Degradation::OPUS_8,
    Degradation::WHITE_0,
    Degradation::SPEECH_0,
    Degradation::SONG_0,
];

/// Of ten queries one is of six samples, five of 15 s, four of 5 s.
const LENGTHS: [&str; 10] = ["six", "15", "15", "15", "15", "15", "5", "5", "5", "5"];
const CLIP_CODES: usize = 100;

/// Every so many queries one of real music is asked.
const REAL: u64 = 4;

/// Queries of one song, each from another place.
const A_SONG: u64 = 20;

/// Codes between these places.
const STEP: usize = 37;

/// Queries between what is said of progress.
const PROGRESS: u64 = 1_000;

/// A recording that is or was asked for.
type Recording = (String, Vec<u8>);

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (songs, queries, real) = match arguments.as_slice() {
        [songs, queries] => (songs, queries, vec![]),
        [songs, queries, codes] => (songs, queries, CodesFile::read(Path::new(codes))?.references),
        _ => bail!("usage: index_impostors SONGS QUERIES [CODES]"),
    };
    let (songs, queries): (u32, u64) = (songs.parse()?, queries.parse()?);
    let catalogue = Catalogue::new(SEED, songs);
    let mut index = Index::empty(Path::new("unused"));
    let mut codes = vec![];
    for song in 0..songs {
        catalogue.song(song, &mut codes);
        index.insert(song, &codes);
    }
    for (slot, (_, codes)) in (songs..).zip(&real) {
        index.insert(slot, codes);
    }
    let library = Library { catalogue, songs, real, index };
    let (next, tally) = (AtomicU64::new(0), Mutex::new(Tally::default()));
    let begun = Instant::now();
    thread::scope(|scope| {
        let ask = || {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= queries {
                    return anyhow::Ok(());
                }
                if number % PROGRESS == 0 {
                    eprint!("\r{number} of {queries} ");
                }
                library.ask(number, &tally)?;
            }
        };
        let workers = thread::available_parallelism().map_or(1, usize::from);
        let all: Vec<_> = (0..workers).map(|_| scope.spawn(ask)).collect();
        all.into_iter().try_for_each(|one| one.join().unwrap_or_else(|_| bail!("a worker died")))
    })?;
    eprintln!();
    let tally = tally.into_inner().unwrap_or_default();
    println!(
        "{}",
        json!({
            "songs": songs,
            "real": library.real.len(),
            "codes": library.index.codes(),
            "deviations_min": certainty::deviations_min(library.index.codes()),
            "queries": tally.queries,
            "named": tally.named,
            "seconds": begun.elapsed().as_secs_f64(),
        })
    );
    Ok(())
}

struct Library {
    catalogue: Catalogue,
    songs: u32,
    real: Vec<Recording>,
    index: Index,
}

/// What was asked, and what was named though it is not that.
#[derive(Default)]
struct Tally {
    queries: BTreeMap<String, u64>,
    named: Vec<Value>,
}

impl Library {
    /// Asks a query that nothing but its own recording, if that is here, should answer.
    fn ask(&self, number: u64, tally: &Mutex<Tally>) -> Result<()> {
        let is_real = !self.real.is_empty() && number.is_multiple_of(REAL);
        let turn = number / A_SONG;
        let how = DEGRADATIONS[(number / REAL) as usize % DEGRADATIONS.len()];
        let (name, own, codes) = if is_real {
            let at = turn as usize % self.real.len();
            let (name, codes) = &self.real[at];
            (name.clone(), Some(self.songs + at as u32), codes.clone())
        } else {
            let (song, mut codes) = (self.songs + 7 + turn as u32, vec![]);
            self.catalogue.song(song, &mut codes);
            (format!("synthetic {song}"), None, codes)
        };
        let heard = degraded(&codes, how, number);
        let length =
            LENGTHS[(number / (REAL * DEGRADATIONS.len() as u64)) as usize % LENGTHS.len()];
        let query = match length {
            "six" => QueryBuilder::of_recording(0, &heard)?,
            _ => {
                let codes = if length == "15" { CODES_PER_SAMPLE } else { CLIP_CODES };
                let places = heard.len().saturating_sub(codes).max(1);
                let at = number as usize * STEP % places;
                let mut query = QueryBuilder::new(0);
                query.push(at as u32, &heard[at..heard.len().min(at + codes)])?;
                query
            }
        };
        let found = self.index.search(&query.finish()?, Depth::Usual)?;
        let mut tally = tally.lock().map_err(|_| anyhow::anyhow!("another worker died"))?;
        let kind = format!("{} {length}", if is_real { "real" } else { "synthetic" });
        *tally.queries.entry(kind).or_default() += 1;
        for wrong in found.matches.iter().filter(|m| Some(m.slot) != own) {
            let other = wrong.slot.checked_sub(self.songs).map(|at| &self.real[at as usize].0);
            tally.named.push(json!([name, other, length, wrong.deviations]));
        }
        Ok(())
    }
}
