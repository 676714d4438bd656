//! Postings: which key occurs in which cell, and the order of all posting lists.
//!
//! The order is that of the key's first three codes, then of the *phase*, then of the key's last
//! bits, then of the cell. Time goes round in *turns* of [`TURN_CELLS`] cells (3 min 25 s), as on a
//! clock, and the phase says which sixteenth of a turn a cell lies in. So what is asked for the
//! beginning of a key anywhere reads one range of the list, as it would without phases, and a query
//! that knows about when in a recording the key must occur reads a sixteenth of it or two.

use crate::key::{LAST_BITS, LASTS};

/// Cells of a turn; every recording begins with a new one.
pub(crate) const TURN_CELLS: u32 = 256;

/// Phases of a turn.
pub(crate) const PHASES: u32 = 1 << PHASE_BITS;

/// Cells of a phase (12.8 s).
pub(crate) const PHASE_CELLS: u32 = TURN_CELLS / PHASES;

const PHASE_BITS: u32 = 4;

/// A key and the cell that it occurs in: `shelf << 32 | cell`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Posting(u64);

impl Posting {
    pub(crate) fn new(key: u32, cell: u32) -> Self {
        let (begun, last) = (key >> LAST_BITS, key % LASTS as u32);
        Self::on_shelf(shelf(begun, phase(cell), last), cell)
    }

    /// One of this shelf, in a cell of its phase.
    pub(crate) fn on_shelf(shelf: u32, cell: u32) -> Self {
        Self(u64::from(shelf) << 32 | u64::from(cell))
    }

    /// What its order goes by before the cell: `first three codes << 8 | phase << 4 | last bits`.
    pub(crate) fn shelf(self) -> u32 {
        (self.0 >> 32) as u32
    }

    /// The key's first three codes.
    pub(crate) fn begun(self) -> u32 {
        self.shelf() >> (PHASE_BITS + LAST_BITS)
    }

    /// The bits of the key that these do not decide.
    pub(crate) fn last(self) -> usize {
        self.shelf() as usize % LASTS
    }

    pub(crate) fn key(self) -> u32 {
        self.begun() << LAST_BITS | self.last() as u32
    }

    pub(crate) fn cell(self) -> u32 {
        self.0 as u32
    }

    /// The first that may be on a shelf.
    pub(crate) fn first_of(shelf: u32) -> Self {
        Self::on_shelf(shelf, 0)
    }

    /// The last that may be on a shelf.
    pub(crate) fn last_of(shelf: u32) -> Self {
        Self::on_shelf(shelf, u32::MAX)
    }
}

/// What postings of these are ordered by.
pub(crate) fn shelf(begun: u32, phase: u32, last: u32) -> u32 {
    (begun << PHASE_BITS | phase) << LAST_BITS | last
}

/// The phase of a cell, where recordings begin with turns.
pub(crate) fn phase(cell: u32) -> u32 {
    cell / PHASE_CELLS % PHASES
}

/// Which of the cells of its phase a cell is, over all turns.
pub(crate) fn within_phase(cell: u32) -> u32 {
    cell / TURN_CELLS * PHASE_CELLS + cell % PHASE_CELLS
}

/// The cell that is so many cells into the phase of a shelf: what [`within_phase`] was told of.
pub(crate) fn cell_of(shelf: u32, within: u32) -> u32 {
    let phase = shelf >> LAST_BITS & (PHASES - 1);
    within / PHASE_CELLS * TURN_CELLS + phase * PHASE_CELLS + within % PHASE_CELLS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::random;

    #[test]
    fn a_posting_tells_what_it_was_made_of() {
        let mut next = random(1);
        for _ in 0..1_000 {
            let (key, cell) = (next() as u32 >> 4, next() as u32);
            let posting = Posting::new(key, cell);
            assert_eq!((posting.key(), posting.cell()), (key, cell));
            assert_eq!((posting.begun(), posting.last()), (key >> 4, key as usize & 15));
            assert_eq!(cell_of(posting.shelf(), within_phase(cell)), cell);
            assert!(Posting::first_of(posting.shelf()) <= posting);
            assert!(posting <= Posting::last_of(posting.shelf()));
        }
    }

    #[test]
    fn the_order_is_beginning_phase_last_bits_cell() {
        // 12.8 s, and the same a turn later.
        let (early, later, again) = (3, 3 + PHASE_CELLS, 3 + TURN_CELLS);
        let order = [
            Posting::new(0x10, early),
            Posting::new(0x10, again),
            Posting::new(0x1f, early),
            Posting::new(0x10, later),
            Posting::new(0x20, early),
        ];
        assert!(order.is_sorted(), "{order:?}");
        assert_eq!((phase(early), phase(later), phase(again)), (0, 1, 0));
    }
}
