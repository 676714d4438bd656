//! The part of the index that is in memory: what was enrolled since the last part was frozen.

use std::ops::Range;
use std::sync::Arc;

use crate::Slot;
use crate::band::Lengths;
use crate::key::{KEY_SPAN, Sampling};
use crate::part::{IndexError, Lookup, Part, PostingStream, Source, View};
use crate::posting::Posting;
use crate::recordings::{CELL_CODES, Dead, Ordinal, Recordings};
use crate::run::Runs;
use crate::sketch;

/// The newest part, which still grows.
pub(crate) struct Open {
    memory: Memory,
    dead: Dead,
}

impl Open {
    pub(crate) fn new(sampling: Sampling) -> Self {
        Self { memory: Memory::new(sampling), dead: Dead::default() }
    }

    pub(crate) fn push(&mut self, slot: Slot, codes: &[u8]) {
        self.memory.push(slot, codes);
    }

    /// Forgets a slot's recording; whether there was one.
    pub(crate) fn remove(&mut self, slot: Slot) -> bool {
        let found = self.memory.recordings.of_slot(slot);
        found.is_some_and(|ordinal| self.dead.insert(ordinal))
    }

    pub(crate) fn view(&self) -> View<'_> {
        View { source: &self.memory, dead: &self.dead }
    }

    /// What was enrolled up to this change as a part of its own; `None` where nothing of it lives.
    pub(crate) fn freeze(&mut self, seq: u64) -> Option<Part> {
        let full = std::mem::replace(self, Self::new(self.memory.sampling));
        let lives = full.view().live() > 0;
        let source = Arc::new(full.memory);
        lives.then_some(Part { source, dead: full.dead, segment: None, seq })
    }
}

/// Recordings with their codes and postings. What is removed keeps its room until the part is
/// written to disk.
#[derive(Default)]
pub(crate) struct Memory {
    recordings: Recordings,
    codes: Vec<u8>,
    runs: Runs,
    sampling: Sampling,
}

impl Memory {
    pub(crate) fn new(sampling: Sampling) -> Self {
        Self { sampling, ..Self::default() }
    }

    /// Appends a recording.
    pub(crate) fn push(&mut self, slot: Slot, codes: &[u8]) {
        let row = self.recordings.push(slot, codes.len() as u32, crc32fast::hash(codes));
        self.codes.extend_from_slice(codes);
        self.runs.add(postings(self.sampling, codes, row.cell).collect());
    }

    fn codes_of(&self, ordinal: Ordinal) -> &[u8] {
        let row = self.recordings.row(ordinal);
        let first = row.first_code as usize;
        &self.codes[first..first + row.codes as usize]
    }
}

/// The keys that a recording keeps, and the cells that they occur in.
fn postings(sampling: Sampling, codes: &[u8], first_cell: u32) -> impl Iterator<Item = Posting> {
    codes.windows(KEY_SPAN).enumerate().filter_map(move |(at, window)| {
        Some(Posting::new(sampling.key(window)?, first_cell + (at / CELL_CODES) as u32))
    })
}

impl Source for Memory {
    fn sampling(&self) -> Sampling {
        self.sampling
    }

    fn recordings(&self) -> &Recordings {
        &self.recordings
    }

    fn look_up(&self, lookup: &mut Lookup<'_>) -> Result<(), IndexError> {
        let mut postings = vec![];
        let probes = lookup.probes;
        for probe in probes {
            let (first, last) = probe.shelves();
            let asked = self.runs.of_shelves(first, last).filter(|posting| probe.takes(*posting));
            postings.clear();
            postings.extend(asked.take(lookup.postings_most + 1));
            lookup.found(probe, &postings);
        }
        Ok(())
    }

    fn read_codes(&self, ordinal: Ordinal, into: &mut Vec<u8>) -> Result<(), IndexError> {
        into.clear();
        into.extend_from_slice(self.codes_of(ordinal));
        Ok(())
    }

    fn peek_codes(&self, ordinal: Ordinal, from: usize, into: &mut [u8]) -> Result<(), IndexError> {
        into.copy_from_slice(&self.codes_of(ordinal)[from..from + into.len()]);
        Ok(())
    }

    fn sketches(
        &self,
        of: Range<usize>,
        lengths: &Lengths,
        visit: &mut dyn FnMut(Ordinal, &[u8]),
    ) -> Result<(), IndexError> {
        sketch::of_codes(self, of, lengths, visit)
    }

    fn postings(&self) -> PostingStream<'_> {
        Box::new(self.runs.sorted().map(Ok))
    }
}
