//! Builds the index of a synthetic catalogue: `synthetic_index DIR SONGS`, the work of
//! `cargo xtask synth`.
//!
//! One thread makes songs and enrols them, another writes and merges segments, as in a server.
//! Prints one JSON object. A folder that already holds this catalogue is left as it is.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use onmon_index::Index;
use onmon_synth::Catalogue;
use onmon_tests::synthetic::{SEED, memory_bytes};
use serde_json::json;

/// Codes in memory (12,000 songs) that become a segment: 64 MB and 130 MB of postings.
const SEGMENT_CODES: u64 = 64_000_000;

/// Songs that wait in memory for the writer, at most: 2 GB. While it merges, segments pile up.
const WAITING_SONGS: u64 = 120_000;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, songs] = arguments.as_slice() else {
        anyhow::bail!("usage: synthetic_index DIR SONGS");
    };
    let songs: u32 = songs.parse().context("SONGS is a number")?;
    let mut index = Index::open(Path::new(folder))?;
    ensure!(
        index.is_empty() || index.applied_seq() <= u64::from(songs),
        "{folder} holds a larger catalogue; remove it or name another folder"
    );
    let begun = Instant::now();
    // The change that enrols song n is number n + 1: an interrupted run goes on where it was.
    let first = index.applied_seq() as u32;
    if first < songs {
        index = build(index, first, songs)?;
    }
    let seconds = begun.elapsed().as_secs_f64();
    let built = songs - first;
    println!(
        "{}",
        json!({
            "songs": index.len(),
            "codes": index.codes(),
            "built": built,
            "seconds": seconds,
            "songs_per_second": f64::from(built) / seconds,
            "peak_resident_bytes": memory_bytes("VmHWM"),
            "segments": index.segments().len(),
        })
    );
    Ok(())
}

fn build(index: Index, first: u32, songs: u32) -> Result<Index> {
    let (index, done) = (Mutex::new(index), AtomicBool::new(false));
    let catalogue = Catalogue::new(SEED, songs);
    thread::scope(|scope| -> Result<()> {
        let writer = scope.spawn(|| write_out(&index, &done));
        let style =
            ProgressStyle::with_template("{bar:40} {pos}/{len} songs, {per_sec}, {eta} left")?;
        let progress = ProgressBar::new(u64::from(songs)).with_style(style);
        let mut codes = vec![];
        for song in first..songs {
            catalogue.song(song, &mut codes);
            let mut open = lock(&index);
            open.insert(song, &codes);
            if open.codes_in_memory() > SEGMENT_CODES {
                open.freeze(u64::from(song) + 1);
            }
            drop(open);
            progress.set_position(u64::from(song) + 1);
            let waits = || u64::from(song) > lock(&index).applied_seq() + WAITING_SONGS;
            while waits() && !writer.is_finished() {
                thread::sleep(Duration::from_millis(5));
            }
            // A writer that has failed is told of below; songs beyond it would only fill the
            // memory.
            if writer.is_finished() {
                break;
            }
        }
        lock(&index).freeze(u64::from(songs));
        done.store(true, Ordering::Release);
        writer.join().map_err(|_| anyhow::anyhow!("the writing thread panicked"))??;
        progress.finish_and_clear();
        Ok(())
    })?;
    let mut index = index.into_inner().map_err(|_| anyhow::anyhow!("a thread panicked"))?;
    index.flush(u64::from(songs))?;
    // As an index is that is left alone for a while: one segment is asked once.
    index.compact()?;
    Ok(index)
}

/// Writes and merges whatever is due until all is enrolled.
fn write_out(index: &Mutex<Index>, done: &AtomicBool) -> Result<()> {
    loop {
        let last = done.load(Ordering::Acquire);
        let job = lock(index).due();
        match job {
            Some(job) => {
                let written = job.run();
                lock(index).install(written)?;
            }
            None if last => return Ok(()),
            None => thread::sleep(Duration::from_millis(5)),
        }
    }
}

fn lock(index: &Mutex<Index>) -> std::sync::MutexGuard<'_, Index> {
    index.lock().expect("a thread that panicked ends the program")
}
