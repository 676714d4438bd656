//! Fingerprint to candidates to match: which enrolled recordings a query is, and at what offset.
//!
//! ```text
//! Index            a list of parts                         jobs.rs keeps them few
//!   Memory         what was enrolled last                  memory.rs, run.rs, posting.rs
//!   Segment ...    files that never change                 segment/
//!   Manifest       which segments there are                manifest.rs
//! Search           query -> keys -> votes -> matches       search/, key.rs, doubt.rs, band.rs
//! ```
//! The index knows recordings by number alone (a [`Slot`] of the catalogue); titles and rights
//! are not its business. It is derived, and it keeps no log: the catalogue's change sequence is the
//! log, and [`Index::applied_seq`] says up to where it is on disk. A lost or damaged index costs no
//! more than enrolling the catalogue's codes again.

#![forbid(unsafe_code)]

mod band;
mod doubt;
mod jobs;
mod key;
mod manifest;
mod memory;
mod part;
mod posting;
mod probe;
#[cfg(test)]
mod random;
mod recordings;
mod run;
mod search;
mod segment;
mod sketch;
mod storage;
mod writing;

use std::path::Path;
use std::sync::Arc;

use band::Whole;
use onmon_core::{Fingerprint, HOP_MS, Kind, certainty};
use part::{Part, View};
use search::Search;
use writing::Writing;

pub use jobs::{Job, Written};
pub use key::Sampling;
pub use part::{Cost, IndexError};
pub use recordings::Living;
pub use search::{Depth, Effort, Found, Match, NotAnEffort, SampleMatch};
pub use segment::LAYOUT;
pub use storage::{Disk, ReadFile, Storage, WriteFile};
pub use writing::SegmentStats;

/// The catalogue's number of a recording.
pub type Slot = u32;

/// Every enrolled recording's codes, and where each key occurs in them.
pub struct Index {
    parts: Vec<Part>,
    /// The newest part, which takes what is enrolled.
    memory: memory::Open,
    writing: Writing,
    effort: Effort,
    depth: Depth,
}

impl Index {
    /// Opens the index kept in `directory` (made if missing) to write and to read, as it was when
    /// it was last written.
    ///
    /// Empty, with [`Index::applied_seq`] 0, where there is none yet.
    ///
    /// # Errors
    /// The directory cannot be read or made, or the index is damaged ([`IndexError::Damaged`]):
    /// then remove the directory and insert everything again.
    pub fn open(directory: &Path) -> Result<Self, IndexError> {
        std::fs::create_dir_all(directory).map_err(|e| IndexError::io(directory, e))?;
        Self::open_on(Disk::at(directory), Sampling::default())
    }

    /// Opens the index kept in `directory` to read; it may be open to write elsewhere.
    ///
    /// # Errors
    /// As [`Index::open`].
    pub fn open_to_read(directory: &Path) -> Result<Self, IndexError> {
        let storage = Disk::at(directory);
        let (parts, writing) = writing::open_to_read(&storage)?;
        Ok(Self::of(parts, writing, Sampling::default()))
    }

    /// Opens the index kept in this storage as far as it can be opened, to check it: why the rest
    /// cannot is told beside it. It may be open to write elsewhere.
    ///
    /// # Errors
    /// The manifest cannot be read or is damaged, or names recordings that a segment does not have.
    pub fn open_to_check(
        storage: &Arc<dyn Storage>,
    ) -> Result<(Self, Vec<IndexError>), IndexError> {
        let (parts, writing, unopened) = writing::open_to_check(storage)?;
        Ok((Self::of(parts, writing, Sampling::default()), unopened))
    }

    /// Opens the index kept in this storage to write and to read. `sampling` is for an index that
    /// is empty: one that is not keeps its own.
    ///
    /// # Errors
    /// As [`Index::open`].
    pub fn open_on(storage: Arc<dyn Storage>, sampling: Sampling) -> Result<Self, IndexError> {
        let (parts, writing) = writing::open(&storage)?;
        Ok(Self::of(parts, writing, sampling))
    }

    /// An index without recordings, which would be written to `directory`.
    pub fn empty(directory: &Path) -> Self {
        let writing = Writing::of_nothing(Disk::at(directory));
        Self::of(vec![], writing, Sampling::default())
    }

    /// What is new is sampled as what is there; as `sampling` says where nothing is.
    fn of(parts: Vec<Part>, writing: Writing, sampling: Sampling) -> Self {
        let sampling = parts.last().map_or(sampling, |part| part.source.sampling());
        Self {
            parts,
            memory: memory::Open::new(sampling),
            writing,
            effort: Effort::default(),
            depth: Depth::Usual,
        }
    }

    /// From now on searches may take so much time for what noise has left.
    pub fn set_effort(&mut self, effort: Effort) {
        self.effort = effort;
    }

    /// From now on [`Index::identify`] goes so far.
    pub fn set_depth(&mut self, depth: Depth) {
        self.depth = depth;
    }

    /// How far [`Index::identify`] goes: [`Depth::Usual`] unless it was told otherwise.
    pub fn depth(&self) -> Depth {
        self.depth
    }

    /// The catalogue's sequence number up to which the index is on disk.
    pub fn applied_seq(&self) -> u64 {
        self.writing.applied_seq()
    }

    /// Enrols a recording's codes, instead of those that the slot had before. Found from now on; on
    /// disk after the next [`Index::flush`].
    pub fn insert(&mut self, slot: Slot, codes: &[u8]) {
        self.remove(slot);
        self.memory.push(slot, codes);
    }

    /// Forgets a recording; without effect where there is none in the slot.
    pub fn remove(&mut self, slot: Slot) {
        if !self.memory.remove(slot) {
            // The newest part that has it is the one where it lives.
            self.parts.iter_mut().rev().any(|part| part.remove(slot));
        }
    }

    /// Codes that are in memory and in no file yet.
    pub fn codes_in_memory(&self) -> u64 {
        self.memory.view().source.recordings().codes()
    }

    /// Recordings enrolled.
    pub fn len(&self) -> usize {
        self.views().map(|view| view.live()).sum()
    }

    /// Whether nothing is enrolled.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Every recording enrolled, in no order.
    pub fn living(&self) -> impl Iterator<Item = Living> {
        self.views().flat_map(|view| view.living())
    }

    /// Codes of all recordings enrolled (20 per second of music).
    pub fn codes(&self) -> u64 {
        self.views().map(|view| view.live_codes()).sum()
    }

    /// The enrolled recordings that a query is made of, best first; empty where none is certain
    /// enough.
    ///
    /// All samples are laid on a recording together, at one offset and one speed (0.94 to 1.06),
    /// so that what one sample alone leaves open six can settle. A query of which a single
    /// sample is certain is found as well (a part of it may be something else), and so is a query
    /// of several recordings.
    ///
    /// # Errors
    /// A segment cannot be read or is damaged where the query led.
    pub fn identify(&self, query: &Fingerprint<'_>) -> Result<Vec<Match>, IndexError> {
        Ok(self.search(query, self.depth)?.matches)
    }

    /// The same as far as `depth` allows, and what it took.
    ///
    /// # Errors
    /// As [`Index::identify`].
    pub fn search(&self, query: &Fingerprint<'_>, depth: Depth) -> Result<Found, IndexError> {
        self.search_from(query, depth, certainty::deviations_min(self.codes()))
    }

    /// The same with another threshold. For measurements.
    ///
    /// # Errors
    /// As [`Index::identify`].
    pub fn search_from(
        &self,
        query: &Fingerprint<'_>,
        depth: Depth,
        deviations_min: f32,
    ) -> Result<Found, IndexError> {
        let mut found = self.put(query, self.codes(), deviations_min, depth).identify()?;
        found.matches = of_sound(query, found.matches);
        Ok(found)
    }

    /// Every recording that agrees with the query by at least so many standard deviations, by the
    /// candidates of all tiers: what the most tolerant threshold could name. For measurements;
    /// [`Index::identify`] stops where it is certain.
    ///
    /// # Errors
    /// As [`Index::identify`].
    pub fn nearest(
        &self,
        query: &Fingerprint<'_>,
        deviations_min: f32,
    ) -> Result<Vec<Match>, IndexError> {
        let near = self.put(query, self.codes(), deviations_min, Depth::Scan).nearest()?;
        Ok(of_sound(query, near))
    }

    fn put<'a>(
        &'a self,
        query: &'a Fingerprint<'_>,
        codes: u64,
        deviations_min: f32,
        depth: Depth,
    ) -> Search<'a> {
        let parts = self.views().filter(|part| part.live() > 0).collect();
        let (whole, query) = (whole(query), query.samples().collect());
        Search { parts, query, whole, codes, deviations_min, depth, effort: self.effort }
    }

    fn views(&self) -> impl Iterator<Item = View<'_>> {
        self.parts.iter().map(Part::view).chain([self.memory.view()])
    }
}

/// What a query is all of; `None` where it is of a part.
fn whole(query: &Fingerprint<'_>) -> Option<Whole> {
    if query.kind() != Kind::Query || query.samples().len() < 2 {
        return None;
    }
    let codes = query.duration_ms() / HOP_MS;
    let end = query.samples().last().map_or(0, |last| last.start + last.codes.len() as u32);
    // A container that tells less than there is knows nothing.
    Some(Whole { codes: (codes >= end).then_some(codes) })
}

/// Matches of a query's codes as those of the sound that they were made of.
fn of_sound(query: &Fingerprint<'_>, matches: Vec<Match>) -> Vec<Match> {
    let margin = query.kind().margin_codes();
    matches.into_iter().map(|found| found.of_margin(margin)).collect()
}
