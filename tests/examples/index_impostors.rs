//! How often the index names what is not in it: `index_impostors SONGS QUERIES KEPT [CODES]`, the
//! work of `cargo xtask bench index --impostors`. Prints one JSON object.
//!
//! A million queries take hours: what was counted is put into the file KEPT as it goes, and a run
//! that was stopped goes on from there, if it is the same program that asks the same.
//!
//! The library holds SONGS synthetic songs, and the real recordings of CODES (as `robustness
//! --codes-to` writes them). Most queries are of synthetic songs that it does not hold; the others
//! of the real recordings, of which every name but their own is wrong, unless two are one piece:
//! whoever reads what is told looks. Degradations and lengths take turns.

use std::collections::BTreeMap;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use indicatif::{ProgressBar, ProgressStyle};
use onmon_core::{CODES_PER_SAMPLE, HOP_MS, QueryBuilder, certainty};
use onmon_index::{Depth, Index};
use onmon_synth::{Catalogue, Degradation, degraded};
use onmon_tests::codes_file::CodesFile;
use onmon_tests::synthetic::SEED;
use serde::{Deserialize, Serialize};
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

/// Deviations from which on it is counted how far a query came: as far below any threshold as the
/// search costs no more.
const COUNTED_FROM: f32 = 8.0;

/// Steps of that count in a deviation.
const STEPS: f32 = 4.0;

/// Queries between what is kept.
const A_ROUND: u64 = 1_000;

/// A recording that is or was asked for.
type Recording = (String, Vec<u8>);

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (songs, queries, kept, real) = match arguments.as_slice() {
        [songs, queries, kept] => (songs, queries, kept, vec![]),
        [songs, queries, kept, codes] => {
            (songs, queries, kept, CodesFile::read(Path::new(codes))?.references)
        }
        _ => bail!("usage: index_impostors SONGS QUERIES KEPT [CODES]"),
    };
    let (songs, queries): (u32, u64) = (songs.parse()?, queries.parse()?);
    let kept = Kept { file: kept.into(), of: what_is_asked(songs, &real)? };
    let library = Library::holding(songs, real);
    let mut tally = kept.read();
    let bar = ProgressBar::new(queries).with_style(ProgressStyle::with_template(
        "{bar:40} {pos}/{len} queries, {per_sec}, {eta} left",
    )?);
    bar.set_position(tally.asked);
    bar.reset_eta();
    while tally.asked < queries {
        let begun = Instant::now();
        let until = queries.min(tally.asked + A_ROUND);
        library.ask_all(&mut tally, until)?;
        tally.seconds += begun.elapsed().as_secs_f64();
        kept.write(&tally)?;
        bar.set_position(tally.asked);
    }
    bar.finish_and_clear();
    println!(
        "{}",
        json!({
            "songs": songs,
            "real": library.real.len(),
            "codes": library.index.codes(),
            "deviations_min": certainty::deviations_min(library.index.codes()),
            "queries": tally.queries,
            "beyond": tally.beyond(),
            "named": tally.named(),
            "seconds": tally.seconds,
        })
    );
    Ok(())
}

/// Tells this program and what it is asked from every other, but for how many queries it is.
fn what_is_asked(songs: u32, real: &[Recording]) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    fs::read(std::env::current_exe()?)?.hash(&mut hasher);
    (songs, real).hash(&mut hasher);
    Ok(format!("{:016x}", hasher.finish()))
}

/// Where what was counted is between two runs.
struct Kept {
    file: PathBuf,
    of: String,
}

impl Kept {
    /// What was counted so far of the same.
    fn read(&self) -> Tally {
        let kept = fs::read(&self.file).ok();
        let kept: Option<(String, Tally)> = kept.and_then(|k| serde_json::from_slice(&k).ok());
        kept.filter(|(of, _)| *of == self.of).map(|(_, tally)| tally).unwrap_or_default()
    }

    /// Keeps this in place of what was there, whole or not at all.
    fn write(&self, tally: &Tally) -> Result<()> {
        let folder = self.file.parent().context("the file is in no folder")?;
        fs::create_dir_all(folder)?;
        let mut new = tempfile::NamedTempFile::new_in(folder)?;
        new.write_all(&serde_json::to_vec(&(&self.of, tally))?)?;
        new.persist(&self.file)?;
        Ok(())
    }
}

struct Library {
    catalogue: Catalogue,
    songs: u32,
    real: Vec<Recording>,
    index: Index,
}

/// What was asked, and what was named though it is not that.
#[derive(Default, Serialize, Deserialize)]
struct Tally {
    /// Queries from the first on.
    asked: u64,
    seconds: f64,
    /// Queries of each kind.
    queries: BTreeMap<String, u64>,
    /// How many of each kind came how far: by steps from [`COUNTED_FROM`] on.
    reached: BTreeMap<String, BTreeMap<u32, u64>>,
    /// Of each: what was asked, what was named, which length, deviations.
    named: Vec<(String, String, String, f32)>,
}

impl Tally {
    /// Queries of each kind that came so many deviations or more near to what they are not.
    fn beyond(&self) -> BTreeMap<&str, BTreeMap<String, u64>> {
        let beyond = |steps: &BTreeMap<u32, u64>| {
            let mut sum = 0;
            let sums = steps.iter().rev().map(|(step, queries)| {
                sum += queries;
                (format!("{:05.2}", COUNTED_FROM + *step as f32 / STEPS), sum)
            });
            sums.collect()
        };
        self.reached.iter().map(|(kind, steps)| (kind.as_str(), beyond(steps))).collect()
    }

    /// Which recordings were named for which others: in how many queries, and how certainly.
    fn named(&self) -> Vec<Value> {
        let mut all: BTreeMap<[&str; 3], (u64, f32)> = BTreeMap::new();
        for (asked, named, length, deviations) in &self.named {
            let (queries, most) = all.entry([asked, named, length]).or_default();
            (*queries, *most) = (*queries + 1, most.max(*deviations));
        }
        let told = |([asked, named, length], (queries, most)): ([&str; 3], (u64, f32))| {
            json!({
                "asked": asked, "named": named, "length": length,
                "queries": queries, "deviations_max": most,
            })
        };
        all.into_iter().map(told).collect()
    }
}

impl Library {
    fn holding(songs: u32, real: Vec<Recording>) -> Self {
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
        Self { catalogue, songs, real, index }
    }

    /// Asks the queries that were not asked yet, up to `until`.
    fn ask_all(&self, tally: &mut Tally, until: u64) -> Result<()> {
        let (next, shared) = (AtomicU64::new(tally.asked), Mutex::new(&mut *tally));
        thread::scope(|scope| {
            let ask = || {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= until {
                        return anyhow::Ok(());
                    }
                    self.ask(number, &shared)?;
                }
            };
            let workers = thread::available_parallelism().map_or(1, usize::from);
            let all: Vec<_> = (0..workers).map(|_| scope.spawn(ask)).collect();
            all.into_iter()
                .try_for_each(|one| one.join().unwrap_or_else(|_| bail!("a worker died")))
        })?;
        tally.asked = until;
        Ok(())
    }

    /// Asks a query that nothing but its own recording, if that is here, should answer.
    fn ask(&self, number: u64, tally: &Mutex<&mut Tally>) -> Result<()> {
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
            (synthetic(song), None, codes)
        };
        let heard = degraded(&codes, how, number);
        let length =
            LENGTHS[(number / (REAL * DEGRADATIONS.len() as u64)) as usize % LENGTHS.len()];
        let query = match length {
            "six" => QueryBuilder::of_recording(heard.len() as u32 * HOP_MS, &heard)?,
            _ => {
                let codes = if length == "15" { CODES_PER_SAMPLE } else { CLIP_CODES };
                let places = heard.len().saturating_sub(codes).max(1);
                let at = number as usize * STEP % places;
                let mut query = QueryBuilder::new(0);
                query.push(at as u32, &heard[at..heard.len().min(at + codes)])?;
                query
            }
        };
        let found = self.index.search_from(&query.finish()?, Depth::Usual, COUNTED_FROM)?;
        let least = certainty::deviations_min(self.index.codes());
        let mut tally = tally.lock().map_err(|_| anyhow::anyhow!("another worker died"))?;
        let kind = format!("{} {length}", if is_real { "real" } else { "synthetic" });
        *tally.queries.entry(kind.clone()).or_default() += 1;
        let wrong = || found.matches.iter().filter(|m| Some(m.slot) != own);
        if let Some(most) = wrong().map(|m| m.deviations).max_by(f32::total_cmp) {
            let step = ((most - COUNTED_FROM) * STEPS) as u32;
            *tally.reached.entry(kind).or_default().entry(step).or_default() += 1;
        }
        for wrong in wrong().filter(|m| m.deviations >= least) {
            let other = match wrong.slot.checked_sub(self.songs) {
                Some(at) => self.real[at as usize].0.clone(),
                None => synthetic(wrong.slot),
            };
            tally.named.push((name.clone(), other, length.into(), wrong.deviations));
        }
        Ok(())
    }
}

/// The name of a synthetic song.
fn synthetic(song: u32) -> String {
    format!("synthetic {song}")
}
