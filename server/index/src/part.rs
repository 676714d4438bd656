//! Parts: the index is a list of them, each with recordings, posting lists and codes of its own.
//! The newest is in memory, the others are files that never change.

use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::Slot;
use crate::band::Lengths;
use crate::key::Sampling;
use crate::posting::Posting;
use crate::probe::Probe;
use crate::recordings::{Dead, Living, Ordinal, Recordings};
use crate::segment::LAYOUT;

/// The index could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IndexError {
    /// The disk said no: full, no permission, gone.
    #[error("{path}: {source}")]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file is not what was written: build the index again from the catalogue.
    #[error(
        "{path}: the index is damaged ({what}); remove this folder, it is rebuilt from the catalogue"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What does not hold, and where.
        what: String,
    },
    /// A write or its fsync failed before: nothing more is written until the index is opened again.
    #[error("{path}: the index has stopped writing after the disk failed; open it again")]
    Stopped {
        /// The directory.
        path: PathBuf,
    },
}

impl IndexError {
    pub(crate) fn io(path: &Path, source: io::Error) -> Self {
        Self::Io { path: path.to_owned(), source }
    }

    pub(crate) fn damaged(path: &Path, what: impl Into<String>) -> Self {
        Self::Damaged { path: path.to_owned(), what: what.into() }
    }
}

/// All postings of a part in order.
pub(crate) type PostingStream<'a> = Box<dyn Iterator<Item = Result<Posting, IndexError>> + 'a>;

/// Where a part has its contents.
pub(crate) trait Source: Send + Sync {
    /// Which keys it holds.
    fn sampling(&self) -> Sampling;

    /// The version of the layout that it is in, or would be written in.
    fn layout(&self) -> u8 {
        LAYOUT
    }

    fn recordings(&self) -> &Recordings;

    /// Looks all probes up.
    fn look_up(&self, lookup: &mut Lookup<'_>) -> Result<(), IndexError>;

    /// Replaces `into` by the codes of a recording.
    fn read_codes(&self, ordinal: Ordinal, into: &mut Vec<u8>) -> Result<(), IndexError>;

    /// Fills `into` with a recording's codes from the code `from` on, of which there are as many.
    /// Not checked: whatever is to be relied on is read whole.
    fn peek_codes(&self, ordinal: Ordinal, from: usize, into: &mut [u8]) -> Result<(), IndexError>;

    /// Hands over the sketch of each of these recordings that is so long.
    fn sketches(
        &self,
        of: Range<usize>,
        lengths: &Lengths,
        visit: &mut dyn FnMut(Ordinal, &[u8]),
    ) -> Result<(), IndexError>;

    fn postings(&self) -> PostingStream<'_>;
}

/// A look-up of many keys: what is asked, what it may cost, what it did cost.
pub(crate) struct Lookup<'a> {
    /// In order of their shelves.
    pub probes: &'a [Probe],
    /// A list of more postings says too little to be worth reading.
    pub postings_most: usize,
    pub cost: &'a mut Cost,
    /// Takes where a probe's keys occur.
    pub visit: &'a mut dyn FnMut(&Probe, &[Posting]),
}

impl Lookup<'_> {
    /// Hands over what was found for a probe, unless it is too much.
    pub(crate) fn found(&mut self, probe: &Probe, postings: &[Posting]) {
        self.cost.probes += 1;
        if postings.len() > self.postings_most {
            self.cost.stop_keys += 1;
        } else if !postings.is_empty() {
            self.cost.postings += postings.len() as u64;
            (self.visit)(probe, postings);
        }
    }
}

/// What a search did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Keys, or ranges of keys, looked up in a part.
    pub probes: u64,
    /// Of these, how many lists were passed over because they are too long to say anything.
    pub stop_keys: u64,
    /// Blocks of 2 KiB read from files.
    pub blocks: u64,
    /// Postings taken from lists.
    pub postings: u64,
    /// Places compared on the raw codes.
    pub compared: u64,
    /// Of these, places where the whole query was aligned.
    pub aligned: u64,
    /// Codes scanned.
    pub scanned: u64,
}

/// One part that no longer grows.
#[derive(Clone)]
pub(crate) struct Part {
    pub source: Arc<dyn Source>,
    pub dead: Dead,
    /// The number of its file, if it is in one.
    pub segment: Option<u64>,
    /// Every change of the catalogue up to this one is in this part or an earlier one.
    pub seq: u64,
}

impl Part {
    /// Forgets a slot's recording; whether there was one.
    pub(crate) fn remove(&mut self, slot: Slot) -> bool {
        self.source.recordings().of_slot(slot).is_some_and(|ordinal| self.dead.insert(ordinal))
    }

    /// Whether one segment has cells for all of it: of the first layout more fitted into one.
    pub(crate) fn fits_a_segment(&self) -> bool {
        self.source.recordings().cells_written() <= u64::from(u32::MAX)
    }

    /// Whether it is in a file that would be written again as it is.
    pub(crate) fn is_as_written_now(&self) -> bool {
        let is_last = self.source.layout() == LAYOUT && self.source.recordings().are_by_length();
        self.segment.is_some() && self.dead.is_empty() && is_last
    }

    pub(crate) fn view(&self) -> View<'_> {
        View { source: self.source.as_ref(), dead: &self.dead }
    }
}

/// A part as a search sees it.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub source: &'a dyn Source,
    pub dead: &'a Dead,
}

impl<'a> View<'a> {
    /// The recordings that live.
    pub(crate) fn living(self) -> impl Iterator<Item = Living> + 'a {
        let rows = (0..).zip(self.source.recordings().rows());
        rows.filter(move |(ordinal, _)| !self.dead.contains(ordinal)).map(|(_, row)| (*row).into())
    }

    /// How many recordings live.
    pub(crate) fn live(&self) -> usize {
        self.source.recordings().rows().len() - self.dead.len()
    }

    /// Codes of those that do not.
    pub(crate) fn dead_codes(&self) -> u64 {
        let rows = self.source.recordings();
        self.dead.iter().map(|&ordinal| u64::from(rows.row(ordinal).codes)).sum()
    }

    /// Codes of those that do.
    pub(crate) fn live_codes(&self) -> u64 {
        self.source.recordings().codes() - self.dead_codes()
    }
}
