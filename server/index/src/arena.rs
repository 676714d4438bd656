//! All codes of all recordings in one space, and who lies where in it.

use std::collections::HashMap;

use crate::Slot;

/// A position in the code space.
pub(crate) type Place = usize;

/// Codes of recordings end to end. What is removed keeps its room until the space is compacted.
#[derive(Default)]
pub(crate) struct Arena {
    codes: Vec<u8>,
    /// In order of `start`; adjacent.
    extents: Vec<Extent>,
    /// Where in `extents` each living recording is.
    by_slot: HashMap<Slot, usize>,
    live_codes: u64,
}

#[derive(Clone, Copy)]
struct Extent {
    start: Place,
    slot: Slot,
    live: bool,
}

/// A living recording and its stretch of the code space.
#[derive(Clone, Copy)]
pub(crate) struct Recording<'a> {
    pub slot: Slot,
    /// Place of its first code.
    pub start: Place,
    pub codes: &'a [u8],
}

impl Arena {
    /// Appends a recording, instead of what its slot held; says where its codes begin.
    pub(crate) fn insert(&mut self, slot: Slot, codes: &[u8]) -> Place {
        self.remove(slot);
        let start = self.codes.len();
        self.codes.extend_from_slice(codes);
        self.by_slot.insert(slot, self.extents.len());
        self.extents.push(Extent { start, slot, live: true });
        self.live_codes += codes.len() as u64;
        start
    }

    pub(crate) fn remove(&mut self, slot: Slot) {
        let Some(at) = self.by_slot.remove(&slot) else { return };
        self.live_codes -= self.extent_codes(at).len() as u64;
        self.extents[at].live = false;
    }

    pub(crate) fn len(&self) -> usize {
        self.by_slot.len()
    }

    pub(crate) fn live_codes(&self) -> u64 {
        self.live_codes
    }

    pub(crate) fn has_dead(&self) -> bool {
        self.by_slot.len() < self.extents.len()
    }

    /// The living recording that has a code at `place`.
    pub(crate) fn at(&self, place: Place) -> Option<Recording<'_>> {
        let at = self.extents.partition_point(|extent| extent.start <= place).checked_sub(1)?;
        let Extent { start, slot, live } = self.extents[at];
        let codes = self.extent_codes(at);
        (live && place < start + codes.len()).then_some(Recording { slot, start, codes })
    }

    /// The living recordings in order: slot, place of the first code, codes.
    pub(crate) fn recordings(&self) -> impl Iterator<Item = (Slot, Place, &[u8])> {
        let living = self.extents.iter().enumerate().filter(|(_, extent)| extent.live);
        living.map(|(at, extent)| (extent.slot, extent.start, self.extent_codes(at)))
    }

    /// The same without the room of what was removed.
    pub(crate) fn compacted(&self) -> Self {
        let mut arena = Self::default();
        for (slot, _, codes) in self.recordings() {
            arena.insert(slot, codes);
        }
        arena
    }

    fn extent_codes(&self, at: usize) -> &[u8] {
        let end = self.extents.get(at + 1).map_or(self.codes.len(), |next| next.start);
        &self.codes[self.extents[at].start..end]
    }
}
