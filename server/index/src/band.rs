//! What is expected of the recording that a query is of, where the query is of a whole sound: that
//! it is about as long, and that a key occurs in it about when it was heard. Most copies are taken
//! to begin and end as the recording does, within some seconds.
//!
//! Those that do not are looked for as well, with what time there is besides ([`crate::search`]).

use std::ops::RangeInclusive;

use crate::posting::{PHASE_CELLS, PHASES, TURN_CELLS};
use crate::recordings::CELL_CODES;

/// How much earlier or later than the recording a copy may begin, in codes (3.2 s).
const BEGINS_CODES: u64 = 64;

/// What it may be faster or slower by: one part of so many (0.8 %).
const SPEED: u64 = 128;

/// How much longer or shorter than the recording a copy may be, in codes (7 s, at one speed): as
/// much as AcoustID lets two durations differ (`FINGERPRINT_MAX_LENGTH_DIFF` in acoustid-server's
/// `const.py`).
const LONGER_CODES: u32 = 140;

/// How many codes a copy is taken to lack, at both ends together (1.5 s), where it has to be said.
pub(crate) const LACKS_CODES: u32 = 30;

/// A sound that a query is all of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Whole {
    /// How many codes it has, if that is known.
    pub codes: Option<u32>,
}

/// How many codes a recording may have that a sound is a copy of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lengths(RangeInclusive<u32>);

impl Lengths {
    /// About as many as a sound has.
    pub(crate) fn about(codes: u32) -> Self {
        let away = LONGER_CODES + codes / SPEED as u32;
        Self(codes.saturating_sub(away)..=codes.saturating_add(away))
    }

    /// Those of recordings that a sound is played slower than, and faster, by up to 5 %. What is
    /// off by one per cent keys find, and what is as long. (Of 4.5 min 944 per mille and the codes
    /// that are taken to lack are the 950 of what lacks nothing.)
    pub(crate) fn at_other_speeds(codes: u32) -> [Self; 2] {
        let at = |per_mille: u32, more: u32| {
            let there = u64::from(codes) * u64::from(per_mille) / 1_000 + u64::from(more);
            u32::try_from(there).unwrap_or(u32::MAX)
        };
        let slower = at(944, LACKS_CODES)..=at(985, LACKS_CODES);
        [Self(slower), Self(at(1_010, LACKS_CODES)..=at(1_050, LONGER_CODES))]
    }

    /// So many or more.
    pub(crate) fn at_least(codes: u32) -> Self {
        Self(codes..=u32::MAX)
    }

    /// The nearer three quarters of them.
    pub(crate) fn narrowed(&self) -> Self {
        let (least, most) = self.ends();
        let eighth = (most - least) / 8;
        Self(least + eighth..=most - eighth)
    }

    pub(crate) fn has(&self, codes: u32) -> bool {
        self.0.contains(&codes)
    }

    /// The least and the most.
    pub(crate) fn ends(&self) -> (u32, u32) {
        (*self.0.start(), *self.0.end())
    }
}

/// The cells that a recording's codes of one time may lie in: so many from the first on, in any
/// turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Band {
    first: u32,
    cells: u32,
}

impl Band {
    /// About a time, in codes from the beginning.
    pub(crate) fn about(time: u64) -> Self {
        Self::within(time, BEGINS_CODES + time / SPEED)
    }

    fn within(time: u64, away: u64) -> Self {
        let first = time.saturating_sub(away) / CELL_CODES as u64;
        let cells = (time + away) / CELL_CODES as u64 - first + 1;
        let cells = cells.min(u64::from(TURN_CELLS)) as u32;
        Self { first: (first % u64::from(TURN_CELLS)) as u32, cells }
    }

    /// Whether a cell may be it, where recordings begin with turns.
    pub(crate) fn has(self, cell: u32) -> bool {
        cell.wrapping_sub(self.first) % TURN_CELLS < self.cells
    }

    /// The phases that it lies in, from the first of each range to its last: two ranges where it
    /// goes from the last phase of a turn on to the first.
    pub(crate) fn phases(self) -> impl Iterator<Item = (u32, u32)> {
        let first = self.first / PHASE_CELLS;
        let last = ((self.first + self.cells - 1) / PHASE_CELLS).min(first + PHASES - 1);
        let over = last.checked_sub(PHASES).map(|last| (0, last));
        std::iter::once((first, last.min(PHASES - 1))).chain(over)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::posting::phase;

    #[test]
    fn its_phases_are_those_of_its_cells_and_no_others() {
        for time in (0..20_000).step_by(37).chain([1 << 20, 1 << 33]) {
            for band in [Band::about(time), Band::within(time, 64 + time / 20)] {
                let mut read = vec![];
                for (first, last) in band.phases() {
                    read.extend(first..=last);
                }
                let mut own: Vec<u32> =
                    (0..TURN_CELLS).filter(|&at| band.has(at)).map(phase).collect();
                assert_eq!(own.len(), band.cells as usize);
                own.dedup();
                own.sort_unstable();
                own.dedup();
                read.sort_unstable();
                assert_eq!(read, own, "at {time}");
                let cell = (time / CELL_CODES as u64) as u32;
                assert!(band.has(cell) && band.has(cell + TURN_CELLS) && band.has(cell + 4));
            }
        }
    }

    #[test]
    fn a_copy_may_be_a_little_longer_or_shorter_and_not_much() {
        let lengths = Lengths::about(5_400);
        assert_eq!(lengths.ends(), (5_400 - 182, 5_400 + 182));
        assert!(lengths.has(5_582) && !lengths.has(5_583));
        assert_eq!(Lengths::about(20).ends().0, 0);
        assert_eq!(lengths.narrowed().ends(), (5_400 - 137, 5_400 + 137));
        assert_eq!(
            Lengths::at_other_speeds(5_000).map(|of| of.ends()),
            [(4_750, 4_955), (5_080, 5_390)]
        );
        let most = Lengths::at_other_speeds(u32::MAX)[1].ends();
        assert_eq!(most, (u32::MAX, u32::MAX));
    }

    #[test]
    fn a_copy_may_begin_a_little_earlier_or_later_and_not_far_off() {
        let band = Band::about(200);
        let cells: Vec<u32> = (0..TURN_CELLS).filter(|&cell| band.has(cell)).collect();
        // 200 codes are 12.5 cells, 65 codes 4.
        assert_eq!(cells, (8..=16).collect::<Vec<u32>>());
        assert!(Band::about(5_000).cells > band.cells);
    }
}
