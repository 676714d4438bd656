//! What is due in the background: parts in memory go to disk, small segments become large ones.
//!
//! A job is planned under a short lock, runs without one, and is installed under a short lock
//! again: identifying goes on all the while, and so does enrolling.

use std::sync::Arc;

use crate::part::{IndexError, Part};
use crate::segment::{self, Segment};
use crate::storage::Storage;

/// Neighbouring segments of like size that are merged into one. So every posting is moved once per
/// level, and there are at most 7 segments of a level.
const MERGED: usize = 8;

/// A segment of which this share of the codes is dead is written anew.
const DEAD_SHARE: f64 = 0.25;

/// Neighbouring parts that become one segment.
pub struct Job {
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) parts: Vec<Part>,
    pub(crate) id: u64,
}

/// A job whose segment is on disk, but in no manifest.
pub struct Written {
    pub(crate) job: Job,
    pub(crate) segment: Arc<Segment>,
}

impl Job {
    /// Writes the segment. Takes as long as reading and writing all of it does.
    ///
    /// # Errors
    /// The disk says no, or a part is damaged; nothing has changed then.
    pub fn run(self) -> Result<Written, IndexError> {
        segment::write(self.storage.as_ref(), self.id, &self.parts)?;
        let segment = Arc::new(Segment::open(self.storage.as_ref(), self.id)?);
        Ok(Written { job: self, segment })
    }

    /// Codes of all recordings that it writes.
    pub fn codes(&self) -> u64 {
        self.parts.iter().map(|part| part.view().live_codes()).sum()
    }
}

/// Which neighbouring parts are to become one segment now; `None` where all is well.
pub(crate) fn due(parts: &[Part]) -> Option<std::ops::Range<usize>> {
    // What is only in memory first, oldest first: it is what a start would have to replay.
    if let Some(first) = parts.iter().position(|part| part.segment.is_none()) {
        return Some(first..first + 1);
    }
    let level = |part: &Part| part.source.recordings().codes().max(1).ilog(MERGED as u64);
    let mut end = parts.len();
    while end > 0 {
        // Segments no larger than the last one count as of its level: they are among older ones.
        let most = level(&parts[end - 1]);
        let begin = parts[..end].iter().rposition(|part| level(part) > most).map_or(0, |at| at + 1);
        if end - begin >= MERGED {
            return Some(begin..end);
        }
        end = begin;
    }
    let dead = |part: &Part| {
        part.view().dead_codes() as f64 > DEAD_SHARE * part.source.recordings().codes() as f64
    };
    parts.iter().position(dead).map(|at| at..at + 1)
}
