//! Fingerprint to candidates to match: which enrolled recordings a query is, and at what offset.
//!
//! ```text
//! query        six samples of 300 codes
//!   | key.rs, run.rs        four codes 150 ms apart -> posting lists -> votes per alignment
//!   | scan.rs               (small libraries, when no key survived) every alignment there is
//! candidates   places in the code space where one sample may lie
//!   | core's align.rs       all samples together on the raw codes: one speed, one offset
//! matches      recording, offset, confidence; best first; nothing below the threshold
//! ```
//! The index knows recordings by number alone (a [`Slot`] of the catalogue); titles and rights
//! are not its business. It is derived: [`Index::snapshot`] makes start-up quick, and a lost or
//! damaged snapshot costs no more than enrolling the catalogue's codes again.

#![forbid(unsafe_code)]

mod arena;
mod identify;
mod key;
mod run;
mod scan;
mod snapshot;

use std::path::{Path, PathBuf};

use arena::Arena;
use identify::Search;
use onmon_core::{Fingerprint, certainty};
use run::Runs;

pub use identify::Match;
pub use snapshot::IndexError;

/// The catalogue's number of a recording.
pub type Slot = u32;

/// Every enrolled recording's codes, and where each key occurs in them.
pub struct Index {
    directory: PathBuf,
    applied_seq: u64,
    arena: Arena,
    runs: Runs,
}

impl Index {
    /// Opens the index kept in `directory` (made if missing) as its last snapshot left it.
    ///
    /// Empty, with [`Index::applied_seq`] 0, where there is no snapshot yet.
    ///
    /// # Errors
    /// The directory cannot be read or made, or the snapshot is damaged
    /// ([`IndexError::Damaged`]): then call [`Index::empty`] and insert everything again.
    pub fn open(directory: &Path) -> Result<Self, IndexError> {
        std::fs::create_dir_all(directory).map_err(|e| IndexError::io(directory, e))?;
        let mut index = Self::empty(directory);
        if let Some((applied_seq, arena, runs)) = snapshot::read(directory)? {
            (index.applied_seq, index.arena, index.runs) = (applied_seq, arena, runs);
        }
        Ok(index)
    }

    /// An index without recordings, whose snapshots will go to `directory`.
    pub fn empty(directory: &Path) -> Self {
        Self {
            directory: directory.to_owned(),
            applied_seq: 0,
            arena: Arena::default(),
            runs: Runs::default(),
        }
    }

    /// The catalogue's sequence number up to which the snapshot that was opened goes.
    pub fn applied_seq(&self) -> u64 {
        self.applied_seq
    }

    /// Enrols a recording's codes, instead of those that the slot had before. Found from now on.
    pub fn insert(&mut self, slot: Slot, codes: &[u8]) {
        let place = self.arena.insert(slot, codes);
        self.runs.add(place, codes);
    }

    /// Forgets a recording; without effect where there is none in the slot.
    pub fn remove(&mut self, slot: Slot) {
        self.arena.remove(slot);
    }

    /// Gives back the room of recordings that were removed or replaced.
    pub fn compact(&mut self) {
        if self.arena.has_dead() {
            (self.arena, self.runs) = self.compacted();
        }
    }

    /// Writes everything to disk as of the catalogue's `applied_seq`: whole or not at all.
    ///
    /// Needs twice the memory where recordings were removed since [`Index::compact`].
    ///
    /// # Errors
    /// The file could not be written (disk full, no permission); the last snapshot stays in force.
    pub fn snapshot(&self, applied_seq: u64) -> Result<(), IndexError> {
        if self.arena.has_dead() {
            let (arena, runs) = self.compacted();
            return snapshot::write(&self.directory, applied_seq, &arena, &runs);
        }
        snapshot::write(&self.directory, applied_seq, &self.arena, &self.runs)
    }

    /// Recordings enrolled.
    pub fn len(&self) -> usize {
        self.arena.len()
    }

    /// Whether nothing is enrolled.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Codes of all recordings enrolled (20 per second of music).
    pub fn codes(&self) -> u64 {
        self.arena.live_codes()
    }

    /// The enrolled recordings that a query is made of, best first; empty where none is certain
    /// enough.
    ///
    /// All samples are laid on a recording together, at one offset and one speed (0.94 to 1.06),
    /// so that what one sample alone leaves open six can settle. A query of which a single
    /// sample is certain is found as well (a part of it may be something else).
    pub fn identify(&self, query: &Fingerprint<'_>) -> Vec<Match> {
        self.search(query, certainty::deviations_min(self.codes())).identify()
    }

    /// Every recording that agrees with the query by at least so many standard deviations, by the
    /// candidates of all tiers: what the most tolerant threshold could name. For measurements;
    /// [`Index::identify`] stops where it is certain.
    pub fn nearest(&self, query: &Fingerprint<'_>, deviations_min: f32) -> Vec<Match> {
        self.search(query, deviations_min).nearest()
    }

    fn search<'a>(&'a self, query: &'a Fingerprint<'_>, deviations_min: f32) -> Search<'a> {
        let query = query.samples().collect();
        Search { arena: &self.arena, runs: &self.runs, query, deviations_min }
    }

    fn compacted(&self) -> (Arena, Runs) {
        let (arena, mut runs) = (self.arena.compacted(), Runs::default());
        for (_, place, codes) in arena.recordings() {
            runs.add(place, codes);
        }
        (arena, runs)
    }
}
