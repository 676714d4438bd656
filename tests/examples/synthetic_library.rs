//! Enrols a synthetic catalogue in a library that a server can open: `synthetic_library DIR SONGS`,
//! the first half of `cargo xtask load`. A folder that already holds it is left as it is.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use onmon_core::{Fingerprint, HOP_MS, wire};
use onmon_library::{Entry, Library, Place, Progress, Recording, compact_index};
use onmon_synth::Catalogue;
use onmon_tests::synthetic::SEED;

/// Songs of one transaction.
const BATCH: u32 = 500;

/// Songs after which the library is closed and opened again: enrolling is faster than the disk, and
/// closing waits for it.
const WRITTEN_OUT: u32 = 10_000;

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, songs] = arguments.as_slice() else {
        bail!("usage: synthetic_library DIR SONGS");
    };
    let (folder, songs) = (Path::new(folder), songs.parse().context("SONGS is a number")?);
    std::fs::create_dir_all(folder)?;
    let there = enrolled(folder).await?;
    ensure!(there <= songs, "{} holds a larger catalogue", folder.display());
    if there == songs {
        return Ok(());
    }
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} songs, {per_sec}, {eta} left")?;
    let progress = ProgressBar::new(u64::from(songs)).with_style(style);
    for first in (there..songs).step_by(WRITTEN_OUT as usize) {
        enrol(folder, songs, first..songs.min(first + WRITTEN_OUT), &progress).await?;
    }
    progress.finish_and_clear();
    // As an index is that is left alone for a while: one segment is asked once.
    compact_index(&Place::new(folder), &Progress::default()).await?;
    Ok(())
}

/// How many songs of it are there: an interrupted run goes on where it was.
async fn enrolled(folder: &Path) -> Result<u32> {
    let library = Library::open(folder).await?;
    let recordings = library.stats().await?.recordings;
    library.close().await?;
    Ok(u32::try_from(recordings)?)
}

async fn enrol(
    folder: &Path,
    songs: u32,
    numbers: std::ops::Range<u32>,
    progress: &ProgressBar,
) -> Result<()> {
    let library = Library::open(folder).await?;
    let catalogue = Catalogue::new(SEED, songs);
    for first in numbers.clone().step_by(BATCH as usize) {
        let batch = first..numbers.end.min(first + BATCH);
        let entries = batch.clone().map(|number| entry(&catalogue, number));
        library.enrol(entries.collect::<Result<_>>()?).await?;
        progress.set_position(u64::from(batch.end));
    }
    Ok(library.close().await?)
}

fn entry(catalogue: &Catalogue, number: u32) -> Result<Entry> {
    let mut codes = vec![];
    catalogue.song(number, &mut codes);
    let reference = Fingerprint::reference(codes.len() as u32 * HOP_MS, &codes)?;
    let mut bytes = vec![0; wire::encoded_len_max(codes.len())];
    let length = wire::encode(&reference, &mut bytes)?;
    bytes.truncate(length);
    Ok(Entry { recording: Recording::new(format!("song-{number}")), reference: bytes })
}
