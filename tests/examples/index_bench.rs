//! What the index does with queries of a synthetic catalogue: `index_bench DIR SONGS QUERIES EFFORT
//! [CODES]`, the work of `cargo xtask bench index`. Prints one JSON object.
//!
//! Every query is of six samples but for those of clips. Recall is held against an oracle: a query
//! counts if the whole query, aligned at the true place, is certain by the library's own threshold,
//! which is what a full scan would find. CODES is a file of real music's codes as `robustness
//! --codes-to` writes it: its references are enrolled beside the synthetic songs, and its queries
//! asked.

use std::collections::BTreeMap;
use std::fs::File;
use std::ops::Range;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use onmon_core::align::{Anchor, align};
use onmon_core::{CODES_PER_SECOND, Fingerprint, HOP_MS, QueryBuilder, certainty};
use onmon_index::{Cost, Depth, Effort, Found, Index};
use onmon_synth::{Catalogue, Degradation, Kind, degraded};
use onmon_tests::codes_file::{Asked, CodesFile};
use onmon_tests::synthetic::{SEED, memory_bytes};
use serde_json::{Value, json};

/// Song asked for after song: far apart, so that no two share a page.
const STRIDE: u64 = 7_919 * 13;

/// Codes that a clip begins later in its song than the one before in its own.
const CLIP_STRIDE: usize = 1_031;

/// Cold queries are dear to prepare: every page of the index is dropped before each.
const COLD_QUERIES: u32 = 20;

/// Queries that all codes are scanned for.
const SCANNED_FOR: u32 = 6;

/// Songs of a library that is scanned whole, for the time that a scan takes a code.
const SCANNED_SONGS: u32 = 200;
const SCANS: u32 = 5;

/// How long throughput is measured.
const THROUGHPUT: Duration = Duration::from_secs(10);

/// What is asked: a name, what happened to the sound, how much of the song is cut off, whether the
/// song is enrolled.
const ROWS: [(&str, Degradation, Cut, bool); 21] = [
    ("clean", Degradation::CLEAN, Cut::Little, true),
    ("mp3 32", Degradation::MP3_32, Cut::Little, true),
    ("gsm", Degradation::GSM, Cut::Little, true),
    ("opus 8", Degradation::OPUS_8, Cut::Little, true),
    ("speed +3 %", Degradation::CLEAN.faster(30), Cut::Little, true),
    ("white 0 dB", Degradation::WHITE_0, Cut::Little, true),
    ("pink 0 dB", Degradation::PINK_0, Cut::Little, true),
    ("speech 0 dB", Degradation::SPEECH_0, Cut::Little, true),
    ("song 0 dB", Degradation::SONG_0, Cut::Little, true),
    ("clean, from 40 s", Degradation::CLEAN, Cut::Forty, true),
    ("white 0 dB, from 40 s", Degradation::WHITE_0, Cut::Forty, true),
    ("white 0 dB, 40 s short", Degradation::WHITE_0, Cut::LastForty, true),
    ("unknown", Degradation::CLEAN, Cut::Little, false),
    ("speed +5 %", Degradation::CLEAN.faster(50), Cut::Little, true),
    ("speed -5 %", Degradation::CLEAN.faster(-50), Cut::Little, true),
    ("clean, 15 s", Degradation::CLEAN, Cut::Clip(15), true),
    ("opus 8, 15 s", Degradation::OPUS_8, Cut::Clip(15), true),
    ("white 0 dB, 15 s", Degradation::WHITE_0, Cut::Clip(15), true),
    ("unknown, 15 s", Degradation::CLEAN, Cut::Clip(15), false),
    ("clean, 5 s", Degradation::CLEAN, Cut::Clip(5), true),
    ("opus 8, 5 s", Degradation::OPUS_8, Cut::Clip(5), true),
];

/// How much of a song a query lacks.
#[derive(Clone, Copy)]
enum Cut {
    /// 0 to 2 s of its beginning and 0 to 3 s of its end, as copies of one recording do.
    Little,
    /// 40 s of its beginning.
    Forty,
    /// 40 s of its end.
    LastForty,
    /// All but so many seconds from anywhere in it.
    Clip(usize),
}

impl Cut {
    /// What is left of so many codes, for the query of this number.
    fn left(self, codes: usize, number: u32) -> Range<usize> {
        let number = number as usize;
        let (begin, end) = (number % 41, number * 7 % 61);
        let (begin, end) = match self {
            Self::Clip(seconds) => {
                let clip = (seconds * CODES_PER_SECOND as usize).min(codes);
                let begin = number * CLIP_STRIDE % (codes - clip + 1);
                return begin..begin + clip;
            }
            Self::Little => (begin, end),
            Self::Forty => (800 + number % 16, end),
            Self::LastForty => (begin, 800),
        };
        // The shortest songs are of 35 s.
        begin.min(codes / 3)..codes - end.min(codes / 3)
    }
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, songs, queries, effort, real @ ..] = arguments.as_slice() else {
        bail!("usage: index_bench DIR SONGS QUERIES EFFORT [CODES]");
    };
    let effort: Effort = effort.parse()?;
    let folder = Path::new(folder);
    let (songs, queries): (u32, u32) = (songs.parse()?, queries.parse()?);
    let begun = Instant::now();
    let mut index = Index::open_to_read(folder)?;
    index.set_effort(effort);
    let opened = begun.elapsed().as_secs_f64();
    let bench = Bench { catalogue: Catalogue::new(SEED, songs), songs, queries };
    let mut rows = vec![];
    for (name, how, cut, enrolled) in ROWS {
        eprint!("\r{name:30}");
        rows.push(bench.row(&index, name, (how, cut), enrolled, Depth::Usual)?);
    }
    eprint!("\r{:30}", "scan of all codes");
    let catalogue = bench.catalogue.clone();
    let few = Bench { catalogue, queries: queries.min(SCANNED_FOR), ..bench };
    let noisy = (Degradation::WHITE_0, Cut::Forty);
    rows.push(few.row(&index, "white 0 dB, from 40 s, scan", noisy, true, Depth::Scan)?);
    eprint!("\rthroughput, scan, real music, cold");
    let throughput = json!({
        "clean_per_second": bench.throughput(&index, 0),
        "half_unknown_per_second": bench.throughput(&index, 2),
    });
    let scan = bench.scan()?;
    let resident = memory_bytes("VmRSS");
    let real = match real.first() {
        Some(path) => real_rows(&mut index, songs, path)?,
        None => Value::Null,
    };
    // Last: it leaves nothing in memory.
    let cold = bench.cold(&index, folder)?;
    eprintln!();
    let segments = index.segments();
    let sum = |of: fn(&onmon_index::SegmentStats) -> u64| segments.iter().map(of).sum::<u64>();
    println!(
        "{}",
        json!({
            "songs": songs,
            "codes": index.codes(),
            "segments": segments.len(),
            "bytes": sum(|segment| segment.bytes),
            "posting_bytes": sum(|segment| segment.posting_bytes),
            "open_seconds": opened,
            "resident_bytes": resident,
            "deviations_min": certainty::deviations_min(index.codes()),
            "rows": rows,
            "cold": cold,
            "throughput": throughput,
            "scan": scan,
            "real": real,
        })
    );
    Ok(())
}

/// A song as it is.
const CLEAN: (Degradation, Cut) = (Degradation::CLEAN, Cut::Little);

struct Bench {
    catalogue: Catalogue,
    songs: u32,
    queries: u32,
}

/// A query of a song, and the song.
struct OfSong {
    song: u32,
    codes: Vec<u8>,
    /// Where in it the query begins.
    cut: usize,
    query: QueryBuilder,
}

impl Bench {
    fn asked(&self, number: u32, (how, cut): (Degradation, Cut), enrolled: bool) -> Result<OfSong> {
        let song = match enrolled {
            true => (u64::from(number) * STRIDE % u64::from(self.songs)) as u32,
            false => self.songs + 7 + number,
        };
        let mut codes = vec![];
        self.catalogue.song(song, &mut codes);
        let left = cut.left(codes.len(), number);
        let cut = left.start;
        let heard = degraded(&codes[left], how, u64::from(number));
        let query = QueryBuilder::of_recording(heard.len() as u32 * HOP_MS, &heard)?;
        Ok(OfSong { song, codes, cut, query })
    }

    /// One kind of query, warm, on one core (but for scans, which take all).
    fn row(
        &self,
        index: &Index,
        name: &str,
        how: (Degradation, Cut),
        enrolled: bool,
        depth: Depth,
    ) -> Result<Value> {
        let least = certainty::deviations_min(index.codes());
        let mut tally = Tally::default();
        for number in 0..self.queries {
            let asked = self.asked(number, how, enrolled)?;
            let query = asked.query.finish()?;
            // Asked once before: what is timed is warm.
            index.search(&query, depth)?;
            let begun = Instant::now();
            let found = index.search(&query, depth)?;
            tally.add(begun.elapsed(), &found);
            let named = found.matches.iter().any(|m| self.same(m.slot, asked.song));
            let wrong = found.matches.iter().any(|m| !self.same(m.slot, asked.song));
            let certain = enrolled && oracle(&query, &asked, how.0, least);
            tally.judge(certain, named, wrong);
        }
        Ok(tally.told(name))
    }

    /// Whether two songs of the catalogue are one recording, or versions of one.
    fn same(&self, one: u32, other: u32) -> bool {
        let original = |song: u32| match self.catalogue.kind(song) {
            Kind::Original => song,
            Kind::Remaster { of } | Kind::Edit { of } => of,
        };
        original(one) == original(other)
    }

    /// Clean queries of which nothing is in memory but the tables.
    fn cold(&self, index: &Index, folder: &Path) -> Result<Value> {
        let mut tally = Tally::default();
        for number in 0..COLD_QUERIES.min(self.queries) {
            let asked = self.asked(self.queries + number, CLEAN, true)?;
            drop_pages(folder)?;
            let begun = Instant::now();
            let found = index.search(&asked.query.finish()?, Depth::Usual)?;
            tally.add(begun.elapsed(), &found);
        }
        Ok(tally.told("clean, cold"))
    }

    /// Queries a second on all cores, every `unknown`th of a song that is not enrolled (0: none).
    fn throughput(&self, index: &Index, unknown: u32) -> f64 {
        let asked: Vec<OfSong> = (0..self.queries.min(100))
            .filter_map(|n| {
                let enrolled = unknown == 0 || !n.is_multiple_of(unknown);
                self.asked(n, CLEAN, enrolled).ok()
            })
            .collect();
        let (answered, begun) = (AtomicU32::new(0), Instant::now());
        thread::scope(|scope| {
            for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
                scope.spawn(|| {
                    while begun.elapsed() < THROUGHPUT {
                        let number = answered.fetch_add(1, Ordering::Relaxed);
                        let asked = &asked[number as usize % asked.len()];
                        if let Ok(query) = asked.query.finish() {
                            let _ = index.search(&query, Depth::Usual);
                        }
                    }
                });
            }
        });
        f64::from(answered.into_inner()) / begun.elapsed().as_secs_f64()
    }

    /// Nanoseconds that the naive scan takes per code of the library and query of six samples.
    fn scan(&self) -> Result<Value> {
        let mut small = Index::empty(Path::new("unused"));
        let mut codes = vec![];
        for song in 0..SCANNED_SONGS.min(self.songs) {
            self.catalogue.song(song, &mut codes);
            small.insert(song, &codes);
        }
        let mut seconds = 0.0;
        for number in 0..SCANS {
            let asked = self.asked(number, CLEAN, false)?;
            let query = asked.query.finish()?;
            let begun = Instant::now();
            let by_keys = small.search(&query, Depth::Keys)?;
            let without = begun.elapsed();
            small.search(&query, Depth::Naive)?;
            let scan = begun.elapsed() - without;
            seconds += scan.as_secs_f64() / f64::from(SCANS);
            anyhow::ensure!(by_keys.matches.is_empty(), "an unknown song was named");
        }
        Ok(json!({ "library_codes": small.codes(), "seconds": seconds }))
    }
}

/// Whether the query, laid where it belongs, is certain.
fn oracle(query: &Fingerprint<'_>, asked: &OfSong, how: Degradation, least: f32) -> bool {
    let samples: Vec<_> = query.samples().collect();
    let speed = 1.0 + f64::from(how.faster) / 1_000.0;
    (0..samples.len()).any(|sample| {
        let code = samples[sample].codes.len() / 2;
        let time = samples[sample].start as usize + code;
        let place = asked.cut + (time as f64 * speed).round() as usize;
        let anchor = Anchor { sample, code, place };
        align(&samples, &asked.codes, anchor, least).is_some_and(|found| found.deviations >= least)
    })
}

/// Real music among the synthetic: recall by condition and length.
fn real_rows(index: &mut Index, songs: u32, path: &str) -> Result<Value> {
    let mut names = vec![];
    // The oracle scans the real recordings alone.
    let mut alone = Index::empty(Path::new("unused"));
    let file = CodesFile::read(Path::new(path))?;
    for (id, codes) in &file.references {
        let slot = songs + names.len() as u32;
        index.insert(slot, codes);
        alone.insert(slot, codes);
        names.push(id);
    }
    let least = certainty::deviations_min(index.codes());
    let mut rows: BTreeMap<String, (Tally, Vec<Value>)> = BTreeMap::new();
    for Asked { song, condition, length, query } in &file.queries {
        let Some(slot) = names.iter().position(|name| *name == song) else { continue };
        let query = query.finish()?;
        let begun = Instant::now();
        let found = index.search(&query, Depth::Usual)?;
        let (tally, others) = rows.entry(format!("{length} {condition}")).or_default();
        tally.add(begun.elapsed(), &found);
        let slot = songs + slot as u32;
        let near = alone.nearest(&query, least)?;
        let certain = near.iter().any(|m| m.slot == slot);
        let named = found.matches.iter().any(|m| m.slot == slot);
        let mut wrong = found.matches.iter().filter(|m| m.slot != slot).peekable();
        tally.judge(certain, named, wrong.peek().is_some());
        // Some real recordings are one piece, or share material: whoever reads this looks.
        for m in wrong {
            let other = m.slot.checked_sub(songs).and_then(|at| names.get(at as usize));
            others.push(json!([song, other, m.deviations]));
        }
    }
    let told = |(name, (tally, others)): (&String, &(Tally, Vec<Value>))| {
        let mut row = tally.told(name);
        row["others"] = json!(others);
        row
    };
    Ok(rows.iter().map(told).collect())
}

/// Times, costs and right answers of one kind of query.
#[derive(Default)]
struct Tally {
    milliseconds: Vec<f64>,
    cost: Cost,
    tiers: [u32; 7],
    certain: u32,
    named: u32,
    named_where_certain: u32,
    wrong: u32,
}

impl Tally {
    fn add(&mut self, took: Duration, found: &Found) {
        self.milliseconds.push(1_000.0 * took.as_secs_f64());
        self.tiers[usize::from(found.tier)] += 1;
        self.cost.blocks += found.cost.blocks;
        self.cost.postings += found.cost.postings;
        self.cost.stop_keys += found.cost.stop_keys;
        self.cost.probes += found.cost.probes;
    }

    fn judge(&mut self, certain: bool, named: bool, wrong: bool) {
        self.certain += u32::from(certain);
        self.named += u32::from(named);
        self.named_where_certain += u32::from(certain && named);
        self.wrong += u32::from(wrong);
    }

    fn told(&self, name: &str) -> Value {
        let mut sorted = self.milliseconds.clone();
        sorted.sort_by(f64::total_cmp);
        let at = |share: f64| sorted[((sorted.len() - 1) as f64 * share).round() as usize];
        let mean = |sum: u64| sum as f64 / sorted.len() as f64;
        json!({
            "name": name,
            "queries": sorted.len(),
            "p50_ms": at(0.5), "p95_ms": at(0.95), "p99_ms": at(0.99),
            "named": self.named, "wrong": self.wrong,
            "oracle": self.certain, "named_of_oracle": self.named_where_certain,
            "tiers": self.tiers[1..],
            "probes": mean(self.cost.probes), "stop_keys": mean(self.cost.stop_keys),
            "blocks": mean(self.cost.blocks), "postings": mean(self.cost.postings),
        })
    }
}

/// Lets the system forget the pages of all files in a folder.
fn drop_pages(folder: &Path) -> Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let file = File::open(entry?.path())?;
        rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed)?;
    }
    Ok(())
}
