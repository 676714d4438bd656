//! The recordings of one part of the index: which slots they are, and where they lie in its space
//! of codes.
//!
//! Places are counted in cells of [`CELL_CODES`] codes, and every recording begins with a new turn
//! of cells (`posting.rs`), in segments of the first version with a new cell. A posting tells the
//! cell alone: that is as near as votes can tell, and the raw codes tell the rest.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use crate::Slot;
use crate::band::Lengths;
use crate::posting::TURN_CELLS;

/// Codes in a cell (0.8 s).
pub(crate) const CELL_CODES: usize = 16;

/// Number of a recording within its part.
pub(crate) type Ordinal = u32;

/// Recordings of a part that were removed or replaced since it was written.
pub(crate) type Dead = HashSet<Ordinal>;

/// Recordings from one of which the first cell is kept apart to that of the next: the cells of two
/// million recordings fill no cache, these do.
const STRIDE: usize = 64;

pub(crate) struct Recordings {
    /// Every recording begins with a multiple of so many cells.
    apart: u32,
    rows: Vec<Row>,
    /// The first cell of every [`STRIDE`]th.
    strides: Vec<u32>,
    /// The last recording of each slot.
    by_slot: HashMap<Slot, Ordinal>,
    cells: u32,
    codes: u64,
    /// Whether none is shorter than the one before.
    by_length: bool,
    /// Cells that they take where each begins with a new turn.
    turned: u64,
}

/// Each begins with a new turn.
impl Default for Recordings {
    fn default() -> Self {
        Self::apart(TURN_CELLS)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub slot: Slot,
    /// How many codes it has.
    pub codes: u32,
    /// CRC-32 of them.
    pub sum: u32,
    /// Its first cell.
    pub cell: u32,
    /// Codes of all before it.
    pub first_code: u64,
}

/// An enrolled recording, as the index holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Living {
    /// Whose it is.
    pub slot: Slot,
    /// How many codes it has.
    pub codes: u32,
    sum: u32,
}

impl Living {
    /// Whether these are its codes, by their number and their CRC-32; nothing is read for it.
    pub fn has(&self, codes: &[u8]) -> bool {
        self.codes as usize == codes.len() && self.sum == crc32fast::hash(codes)
    }
}

impl From<Row> for Living {
    fn from(row: Row) -> Self {
        Self { slot: row.slot, codes: row.codes, sum: row.sum }
    }
}

impl Recordings {
    /// Each begins with a new cell.
    pub(crate) fn end_to_end() -> Self {
        Self::apart(1)
    }

    fn apart(apart: u32) -> Self {
        let (rows, strides, by_slot) = (vec![], vec![], HashMap::new());
        Self { apart, rows, strides, by_slot, cells: 0, codes: 0, by_length: true, turned: 0 }
    }

    /// Whether each begins with a new turn.
    pub(crate) fn begin_with_turns(&self) -> bool {
        self.apart == TURN_CELLS
    }

    /// Whether they are in order of their lengths, as they are in a segment that is written now.
    pub(crate) fn are_by_length(&self) -> bool {
        self.by_length
    }

    /// Where those lie that are so long: among all, where these are in no order.
    pub(crate) fn so_long(&self, lengths: &Lengths) -> Range<usize> {
        if !self.by_length {
            return 0..self.rows.len();
        }
        let (least, most) = lengths.ends();
        let first = self.rows.partition_point(|row| row.codes < least);
        first..self.rows.partition_point(|row| row.codes <= most)
    }

    /// How many are so long.
    pub(crate) fn count_so_long(&self, lengths: &Lengths) -> usize {
        let rows = &self.rows[self.so_long(lengths)];
        if self.by_length {
            return rows.len();
        }
        rows.iter().filter(|row| lengths.has(row.codes)).count()
    }

    /// Adds one after all others.
    pub(crate) fn push(&mut self, slot: Slot, codes: u32, sum: u32) -> Row {
        let row = Row { slot, codes, sum, cell: self.cells, first_code: self.codes };
        self.by_slot.insert(slot, self.rows.len() as Ordinal);
        if self.rows.len().is_multiple_of(STRIDE) {
            self.strides.push(row.cell);
        }
        self.by_length &= self.rows.last().is_none_or(|last| last.codes <= codes);
        self.rows.push(row);
        let cells = codes.div_ceil(CELL_CODES as u32);
        self.cells += cells.next_multiple_of(self.apart);
        self.turned += u64::from(cells.next_multiple_of(TURN_CELLS));
        self.codes += u64::from(codes);
        row
    }

    /// Whether one of so many codes would still have cells of its own.
    pub(crate) fn has_room_for(&self, codes: u64) -> bool {
        let cells = codes.div_ceil(CELL_CODES as u64).next_multiple_of(self.apart.into());
        u64::from(self.cells) + cells <= u64::from(u32::MAX)
    }

    pub(crate) fn rows(&self) -> &[Row] {
        &self.rows
    }

    pub(crate) fn of_slot(&self, slot: Slot) -> Option<Ordinal> {
        self.by_slot.get(&slot).copied()
    }

    /// The recording that this cell belongs to.
    pub(crate) fn at_cell(&self, cell: u32) -> Option<Ordinal> {
        let stride = self.strides.partition_point(|first| *first <= cell).checked_sub(1)?;
        let rows = &self.rows[stride * STRIDE..self.rows.len().min((stride + 1) * STRIDE)];
        let at = stride * STRIDE + rows.partition_point(|row| row.cell <= cell) - 1;
        (cell < self.cells).then_some(at as Ordinal)
    }

    pub(crate) fn row(&self, ordinal: Ordinal) -> Row {
        self.rows[ordinal as usize]
    }

    /// Cells that they take in a segment that is written now.
    pub(crate) fn cells_written(&self) -> u64 {
        self.turned
    }

    /// Cells of all recordings.
    pub(crate) fn cells(&self) -> u32 {
        self.cells
    }

    /// Codes of all recordings.
    pub(crate) fn codes(&self) -> u64 {
        self.codes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_recording_has_cells_of_its_own() {
        let mut recordings = Recordings::end_to_end();
        for (slot, codes) in [(7, 16), (8, 17), (9, 1), (7, 40)] {
            recordings.push(slot, codes, 0);
        }
        let owners: Vec<Option<Ordinal>> = (0..8).map(|cell| recordings.at_cell(cell)).collect();
        assert_eq!(
            owners,
            [0, 1, 1, 2, 3, 3, 3].map(Some).into_iter().chain([None]).collect::<Vec<_>>()
        );
        assert_eq!((recordings.cells(), recordings.codes()), (7, 74));
        assert_eq!(recordings.cells_written(), 4 * 256);
        assert_eq!((recordings.of_slot(7), recordings.row(3).first_code), (Some(3), 34));
        assert!(recordings.has_room_for(16 * (u64::from(u32::MAX) - 7)));
        assert!(!recordings.has_room_for(16 * (u64::from(u32::MAX) - 7) + 1));
    }

    #[test]
    fn every_recording_begins_with_a_turn() {
        let mut recordings = Recordings::default();
        let cells = [(7, 16), (8, 256 * 16 + 1), (9, 0), (7, 40)]
            .map(|(slot, codes)| recordings.push(slot, codes, 0).cell);
        assert_eq!(cells, [0, 256, 768, 768]);
        assert_eq!(recordings.cells(), 1_024);
        // What no recording fills is that of the one before.
        let owners = [0, 255, 256, 767, 768].map(|cell| recordings.at_cell(cell));
        assert_eq!(owners, [0, 0, 1, 1, 3].map(Some));
        assert!(recordings.has_room_for(16 * (u64::from(u32::MAX) - 1_024 - 255)));
        assert!(!recordings.has_room_for(16 * (u64::from(u32::MAX) - 1_024 - 254)));
    }

    #[test]
    fn recordings_that_are_so_long_lie_together_where_all_are_in_order() {
        let lengths = Lengths::about(5_000);
        let mut all: Vec<u32> = (0..300).map(|n| n * 7_919 % 300 * 40).collect();
        let of = |all: &[u32]| {
            let mut recordings = Recordings::default();
            (0..).zip(all).for_each(|(slot, codes)| _ = recordings.push(slot, *codes, 0));
            recordings
        };
        let mixed = of(&all);
        assert_eq!((mixed.are_by_length(), mixed.so_long(&lengths)), (false, 0..300));
        let count = mixed.count_so_long(&lengths);
        all.sort_unstable();
        let ordered = of(&all);
        assert!(ordered.are_by_length());
        let own: Vec<usize> = (0..300).filter(|&at| lengths.has(all[at])).collect();
        assert_eq!(ordered.so_long(&lengths).collect::<Vec<_>>(), own);
        assert_eq!([own.len(), ordered.count_so_long(&lengths)], [count; 2]);
        assert!(own.len() > 5 && ordered.so_long(&Lengths::at_least(0)).len() == 300);
    }

    #[test]
    fn every_cell_of_many_recordings_is_somebodys() {
        let mut recordings = Recordings::default();
        for ordinal in 0..3 * STRIDE as u32 + 1 {
            // Some have no codes, and so no cells.
            let row = recordings.push(ordinal, ordinal % 5 * 20, 0);
            for cell in row.cell..recordings.cells() {
                assert_eq!(recordings.at_cell(cell), Some(ordinal));
            }
            assert_eq!(recordings.at_cell(recordings.cells()), None);
        }
    }
}
