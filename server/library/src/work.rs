//! What searches did since the library was opened, added up: for an operator's graphs.

use std::sync::atomic::{AtomicU64, Ordering};

use onmon_index::Found;

/// Tiers of a search, the last of which is the scan ([`Found::tier`]).
pub const TIERS: usize = 6;

/// What all searches came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Work {
    /// Searches by the last tier that they asked: 1 to [`TIERS`], the first at 0.
    pub searches: [u64; TIERS],
    /// Keys looked up.
    pub probes: u64,
    /// Of these, lists that were passed over because they are too long to say anything.
    pub stop_keys: u64,
    /// Blocks of 2 KiB read from segments.
    pub blocks: u64,
    /// Postings taken from lists.
    pub postings: u64,
}

/// The sums, while they grow.
#[derive(Debug, Default)]
pub(crate) struct WorkDone {
    searches: [AtomicU64; TIERS],
    probes: AtomicU64,
    stop_keys: AtomicU64,
    blocks: AtomicU64,
    postings: AtomicU64,
}

impl WorkDone {
    pub(crate) fn add(&self, found: &Found) {
        let tier = usize::from(found.tier).clamp(1, TIERS) - 1;
        let cost = &found.cost;
        for (sum, more) in [
            (&self.searches[tier], 1),
            (&self.probes, cost.probes),
            (&self.stop_keys, cost.stop_keys),
            (&self.blocks, cost.blocks),
            (&self.postings, cost.postings),
        ] {
            sum.fetch_add(more, Ordering::Relaxed);
        }
    }

    pub(crate) fn told(&self) -> Work {
        let read = |sum: &AtomicU64| sum.load(Ordering::Relaxed);
        Work {
            searches: std::array::from_fn(|tier| read(&self.searches[tier])),
            probes: read(&self.probes),
            stop_keys: read(&self.stop_keys),
            blocks: read(&self.blocks),
            postings: read(&self.postings),
        }
    }
}
