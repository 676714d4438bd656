//! Where a segment has its codes and their sketches: recordings lie in groups, of each first the
//! codes and then the sketches, so that both are written in one pass and the sketches of recordings
//! that are as long as a query's sound are read in few pieces.

use std::ops::Range;

use super::format::HEAD_BYTES;
use crate::recordings::{Ordinal, Recordings, Row};
use crate::sketch::SKETCH_CODES;

/// Recordings in a group, but for the last one: of songs of 4.5 min 1.4 MB of codes and 69 KB of
/// sketches.
pub(super) const GROUP: usize = 256;

/// Bytes of a group's sum.
pub(super) const SUM_BYTES: usize = 4;

/// Where codes and sketches are, of a segment that has sketches or of one that has none.
pub(super) struct Places {
    /// For each group the bytes of all sketches before it, with their sums; empty where there are
    /// none.
    before: Vec<u64>,
    /// Of all groups.
    bytes: u64,
}

/// A group of recordings.
pub(super) struct Group {
    pub ordinals: Range<usize>,
    /// Where its sketches begin in the file, and how many bytes they have with their sum.
    pub at: u64,
    pub bytes: usize,
}

impl Places {
    pub(super) fn of(recordings: &Recordings, has_sketches: bool) -> Self {
        let (mut before, mut bytes) = (vec![], 0);
        let groups =
            recordings.rows().chunks(GROUP).take(if has_sketches { usize::MAX } else { 0 });
        for group in groups {
            before.push(bytes);
            bytes += group.iter().map(|row| sketched(row) as u64).sum::<u64>() + SUM_BYTES as u64;
        }
        Self { before, bytes }
    }

    /// Bytes of all sketches and their sums.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn has_sketches(&self) -> bool {
        !self.before.is_empty()
    }

    /// Where in the file a recording's codes begin.
    pub(super) fn codes_at(&self, ordinal: Ordinal, row: &Row) -> u64 {
        let before = self.before.get(ordinal as usize / GROUP).copied().unwrap_or(0);
        HEAD_BYTES as u64 + row.first_code + before
    }

    /// The groups that these recordings are in, in order.
    pub(super) fn groups(&self, recordings: &Recordings, ordinals: Range<usize>) -> Vec<Group> {
        let groups = ordinals.start / GROUP..ordinals.end.div_ceil(GROUP).min(self.before.len());
        let group = |number: usize| {
            let past = ((number + 1) * GROUP).min(recordings.rows().len());
            let codes =
                recordings.rows().get(past).map_or(recordings.codes(), |row| row.first_code);
            let next = self.before.get(number + 1).copied().unwrap_or(self.bytes);
            Group {
                ordinals: number * GROUP..past,
                at: HEAD_BYTES as u64 + codes + self.before[number],
                bytes: (next - self.before[number]) as usize,
            }
        };
        if ordinals.is_empty() { vec![] } else { groups.map(group).collect() }
    }
}

/// Bytes of a recording's sketch.
pub(super) fn sketched(row: &Row) -> usize {
    (row.codes as usize).div_ceil(SKETCH_CODES)
}
