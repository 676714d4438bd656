//! The number that a segment keeps for each posting, in order: its shelf, and where on that shelf
//! it is. Segments of the first version go by the key alone.

use std::ops::Range;

use crate::key::LASTS;
use crate::posting::{PHASE_CELLS, Posting, TURN_CELLS, cell_of, within_phase};
use crate::probe::Probe;
use crate::recordings::Recordings;

/// What a segment's postings are ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// Key and cell: the first version.
    Keys,
    /// As [`Posting`]s are.
    Phases,
}

/// Numbers of a segment's postings: `shelf * universe + place on the shelf`, with the key for the
/// shelf in the first version.
#[derive(Clone, Copy, Debug)]
pub(super) struct Numbers {
    order: Order,
    universe: u64,
    /// 2^64 - 1 by the universe, rounded down: multiplied by a number it tells the shelf or the one
    /// before (Warren, Hacker's Delight, 10-9), and a search has a million numbers to divide.
    inverse: u64,
}

impl Numbers {
    /// Of postings in these recordings' cells.
    pub(super) fn of(order: Order, recordings: &Recordings) -> Self {
        let cells = u64::from(recordings.cells());
        let places = match order {
            Order::Keys => cells,
            Order::Phases => cells.div_ceil(TURN_CELLS.into()) * u64::from(PHASE_CELLS),
        };
        Self::with_universe(order, places.max(1))
    }

    fn with_universe(order: Order, universe: u64) -> Self {
        Self { order, universe, inverse: u64::MAX / universe }
    }

    /// A posting's number, in the order that postings have.
    pub(super) fn number(self, posting: Posting) -> u64 {
        let within = u64::from(within_phase(posting.cell()));
        u64::from(posting.shelf()) * self.universe + within
    }

    /// The shelf, or key, that a number is of.
    pub(super) fn shelf(self, number: u64) -> u64 {
        self.divided(number).0
    }

    /// The shelf, and the place on it.
    fn divided(self, number: u64) -> (u64, u64) {
        let shelf = ((u128::from(number) * u128::from(self.inverse)) >> 64) as u64;
        let within = number - shelf * self.universe;
        let more = u64::from(within >= self.universe);
        (shelf + more, within - more * self.universe)
    }

    /// The posting of a number, if it is one.
    pub(super) fn posting(self, number: u64) -> Option<Posting> {
        let (shelf, within) = self.divided(number);
        let shelf = u32::try_from(shelf).ok()?;
        let in_order = self.order == Order::Phases || shelf >> crate::key::KEY_BITS == 0;
        in_order.then(|| self.on_shelf(shelf, within as u32))
    }

    /// The posting of a number that is on some shelf.
    pub(super) fn told(self, number: u64) -> Posting {
        let (shelf, within) = self.divided(number);
        self.on_shelf(shelf as u32, within as u32)
    }

    fn on_shelf(self, shelf: u32, within: u32) -> Posting {
        match self.order {
            Order::Keys => Posting::new(shelf, within),
            Order::Phases => Posting::on_shelf(shelf, cell_of(shelf, within)),
        }
    }

    /// The shelves, or keys, that a probe asks for, from the first to the last of each run.
    pub(super) fn runs(self, probe: &Probe) -> impl Iterator<Item = (u32, u32)> {
        let (first, last) = match self.order {
            Order::Keys => probe.keys(),
            Order::Phases => probe.shelves(),
        };
        // A whole key is on one shelf of each phase.
        let (from, length, step) = match (self.order, probe.whole) {
            (Order::Phases, Some(last)) => (first + u32::from(last), 1, LASTS as u32),
            _ => (first, last - first + 1, last - first + 1),
        };
        (0..(last - first + 1) / step).map(move |number| {
            let begin = from + number * step;
            (begin, begin + (length - 1))
        })
    }

    /// The numbers of these shelves.
    pub(super) fn range(self, (first, last): (u32, u32)) -> Range<u64> {
        u64::from(first) * self.universe..(u64::from(last) + 1) * self.universe
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::KEY_BITS;
    use crate::random::random;

    fn recordings(codes: u32) -> Recordings {
        let mut all = Recordings::default();
        all.push(1, codes, 0);
        all
    }

    #[test]
    fn numbers_are_in_the_order_of_postings_and_tell_them() {
        let mut next = random(2);
        for codes in [1, 100, 5_000, 1 << 30] {
            let recordings = recordings(codes);
            let numbers = Numbers::of(Order::Phases, &recordings);
            let mut postings: Vec<Posting> = (0..2_000)
                .map(|_| Posting::new((next() % 40) as u32, next() as u32 % recordings.cells()))
                .collect();
            let last = (1 << KEY_BITS) - 1;
            postings.extend([Posting::new(last, recordings.cells() - 1), Posting::new(0, 0)]);
            postings.sort_unstable();
            let all: Vec<u64> = postings.iter().map(|posting| numbers.number(*posting)).collect();
            assert!(all.is_sorted());
            let told: Vec<Posting> = all.iter().filter_map(|n| numbers.posting(*n)).collect();
            assert_eq!(told, postings);
            for (posting, number) in postings.iter().zip(&all).take(2_001) {
                assert_eq!(numbers.told(*number), *posting);
                // The whole key is in one of its runs.
                let probe = Probe::anywhere(posting.key(), true, 0, 0, 0);
                let in_run = |run| numbers.range(run).contains(number);
                assert_eq!(numbers.runs(&probe).filter(|run| in_run(*run)).count(), 1);
            }
        }
    }

    #[test]
    fn the_first_version_goes_by_keys() {
        let numbers = Numbers::with_universe(Order::Keys, 1_000);
        assert_eq!(numbers.runs(&Probe::anywhere(20, true, 0, 0, 0)).next(), Some((20, 20)));
        for key in 16..32_u32 {
            for cell in [0, 1, 500, 999] {
                let number = u64::from(key) * 1_000 + u64::from(cell);
                assert_eq!(numbers.told(number), Posting::new(key, cell));
                assert_eq!(numbers.posting(number), Some(Posting::new(key, cell)));
            }
        }
        assert_eq!(numbers.posting((1 << KEY_BITS) * 1_000), None);
    }

    #[test]
    fn shelf_and_place_are_quotient_and_remainder() {
        let mut next = random(4);
        for universe in [1, 2, 3, 16, 1_000, (1 << 28) - 1, 1 << 28, u64::from(u32::MAX)] {
            let numbers = Numbers::with_universe(Order::Phases, universe);
            let near = (0..6).flat_map(|n| [n * universe, (n * universe).wrapping_sub(1)]);
            let random = (0..1_000).map(|_| next() >> (next() % 64));
            for number in near.chain(random).chain([u64::MAX, u64::MAX - universe]) {
                assert_eq!(numbers.divided(number), (number / universe, number % universe));
            }
        }
    }
}
