//! How like music synthetic songs are: `statistics [REAL_CODES_FOLDER]` prints what
//! `onmon_synth::statistics` counts in synthetic songs, and beside it the same of the reference
//! fingerprints (`*.ref.afp`) in the folder; and how long a song takes to make.

use std::fmt::Display;
use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};
use onmon_core::align::{Anchor, align};
use onmon_core::{Sample, compare, wire};
use onmon_synth::statistics::{Codes, Keys, LAGS, POPULAR, repeats};
use onmon_synth::{Catalogue, Kind};

/// Synthetic songs: about as many codes as the music there was to fit to (1.37 M).
const SONGS: u32 = 255;

/// Keys looked at: codes and their spacing.
const KEYS: [(usize, usize); 3] = [(4, 3), (3, 3), (2, 4)];

/// Codes of a stretch that is looked for elsewhere: 5 s.
const STRETCH: usize = 100;

/// Codes of a query that is laid on an unrelated song (15 s), and how many are.
const QUERY: usize = 300;
const UNRELATED: usize = 600;

fn main() -> Result<()> {
    let mut columns = vec![];
    if let Some(folder) = std::env::args().nth(1) {
        columns.push(Column::of("real", &read(Path::new(&folder))?));
    }
    columns.push(Column::of("synthetic", &synthetic()));
    let lines = columns[0].cells.len();
    let titles: Vec<&str> = columns.iter().map(|column| column.title).collect();
    println!("{:44} {}", "", titles.join(" | "));
    for line in 0..lines {
        let name = &columns[0].cells[line].0;
        let values: Vec<&str> =
            columns.iter().map(|column| column.cells[line].1.as_str()).collect();
        println!("{name:44} {}", values.join(" | "));
    }
    Ok(())
}

/// Song after song, timed.
fn synthetic() -> Vec<Vec<u8>> {
    let catalogue = Catalogue::new(1, 2_000_000);
    let mut codes = vec![];
    let (begin, mut count) = (Instant::now(), 0);
    for n in 0..4 * SONGS {
        catalogue.song(n, &mut codes);
        count += codes.len();
    }
    let took = begin.elapsed();
    println!("{:.1} ns a code ({count} codes)", took.as_nanos() as f64 / count as f64);
    let make = |n| {
        catalogue.song(n, &mut codes);
        codes.clone()
    };
    // The real ones are songs of their own as well.
    (0..SONGS).filter(|n| catalogue.kind(*n) == Kind::Original).map(make).collect()
}

/// The reference fingerprints of a folder.
fn read(folder: &Path) -> Result<Vec<Vec<u8>>> {
    let mut paths = vec![];
    for entry in fs::read_dir(folder).with_context(|| format!("{}", folder.display()))? {
        let path = entry?.path();
        if path.to_string_lossy().ends_with(".ref.afp") {
            paths.push(path);
        }
    }
    paths.sort();
    let codes = |path: &std::path::PathBuf| {
        let bytes = fs::read(path)?;
        let fingerprint = wire::decode(&bytes).with_context(|| format!("{}", path.display()))?;
        Ok(fingerprint.codes().to_vec())
    };
    paths.iter().map(codes).collect()
}

/// What is told of one set of songs: names and values.
struct Column {
    title: &'static str,
    cells: Vec<(String, String)>,
}

impl Column {
    fn of(title: &'static str, songs: &[Vec<u8>]) -> Self {
        let mut column = Self { title, cells: vec![] };
        column.add("songs", songs.len());
        column.add("codes", songs.iter().map(Vec::len).sum::<usize>());
        let codes = Codes::of(songs);
        column.add("equal to the code before", format!("{:.4}", codes.equal));
        column.add("runs of 1, 2, 3, 4, more codes", list(&codes.runs, 5));
        column.add("means of bits", list(&codes.means, 2));
        column.add(format!("autocorrelation at {LAGS:?}"), list(&codes.autocorrelation, 3));
        column.add("correlation of bits, root mean square", format!("{:.3}", codes.correlation));
        for (codes, spacing) in KEYS {
            let name = format!("{codes} codes {spacing} apart");
            let all = Keys::of(songs, codes, spacing, true);
            column.add(format!("{name}: between, within"), bits(&all));
            column.add(format!("  popular {POPULAR:?}"), list(&all.popular, 4));
            column.add("  share of one code only", format!("{:.5}", all.held));
            let moving = Keys::of(songs, codes, spacing, false);
            column.add("  without those: between, within", bits(&moving));
            column.add("  popular", list(&moving.popular, 5));
        }
        let repeats: Vec<f64> = repeats(songs, STRETCH).into_iter().map(f64::from).collect();
        column.add("repeats of 5 s, bit error, tenths of songs", list(&tenths(&repeats), 2));
        let far = unrelated(songs);
        column.add("unrelated 15 s, deviations, tenths", list(&tenths(&far), 1));
        column.add("  the three largest", list(&far[far.len().saturating_sub(3)..], 1));
        column
    }

    fn add(&mut self, name: impl Display, value: impl Display) {
        self.cells.push((name.to_string(), value.to_string()));
    }
}

fn list(values: &[f64], digits: usize) -> String {
    let text: Vec<String> = values.iter().map(|value| format!("{value:.digits$}")).collect();
    text.join(" ")
}

fn bits(keys: &Keys) -> String {
    format!("2^-{:.1} 2^-{:.1}", keys.between, keys.within)
}

fn tenths(sorted: &[f64]) -> Vec<f64> {
    (1..10).filter_map(|tenth| sorted.get(sorted.len() * tenth / 10).copied()).collect()
}

/// Deviations of queries laid where they agree best on a song that they are not from, sorted.
fn unrelated(songs: &[Vec<u8>]) -> Vec<f64> {
    let long: Vec<&Vec<u8>> = songs.iter().filter(|song| song.len() > 2 * QUERY).collect();
    let mut deviations = vec![];
    for pair in 0..UNRELATED {
        // Any two: steps that share no factor with most numbers of songs.
        let (one, other) = (long[pair * 7 % long.len()], long[(pair * 13 + 1) % long.len()]);
        if std::ptr::eq(one, other) {
            continue;
        }
        let query = &one[one.len() / 3..][..QUERY];
        let errors = |place: &usize| compare::bit_errors(query, &other[*place..]);
        let Some(place) = (0..other.len() - QUERY).min_by_key(errors) else { continue };
        let samples = [Sample { start: 0, codes: query }];
        let anchor = Anchor { sample: 0, code: 0, place };
        deviations.extend(align(&samples, other, anchor, 0.0).map(|it| f64::from(it.deviations)));
    }
    deviations.sort_by(f64::total_cmp);
    deviations
}
