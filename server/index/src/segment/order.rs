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
}

impl Numbers {
    /// Of postings in these recordings' cells.
    pub(super) fn of(order: Order, recordings: &Recordings) -> Self {
        let cells = u64::from(recordings.cells());
        let places = match order {
            Order::Keys => cells,
            Order::Phases => cells.div_ceil(TURN_CELLS.into()) * u64::from(PHASE_CELLS),
        };
        Self { order, universe: places.max(1) }
    }

    /// A posting's number, in the order that postings have.
    pub(super) fn number(self, posting: Posting) -> u64 {
        let within = u64::from(within_phase(posting.cell()));
        u64::from(posting.shelf()) * self.universe + within
    }

    /// The shelf, or key, that a number is of.
    pub(super) fn shelf(self, number: u64) -> u64 {
        number / self.universe
    }

    /// The posting of a number, if it is one.
    pub(super) fn posting(self, number: u64) -> Option<Posting> {
        let shelf = u32::try_from(self.shelf(number)).ok()?;
        let in_order = self.order == Order::Phases || shelf >> crate::key::KEY_BITS == 0;
        in_order.then(|| self.on_shelf(shelf, (number % self.universe) as u32))
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

/// Tells postings by their numbers, which come in order but for damage: from one shelf to the next
/// is a step, and a division only where many are empty.
pub(super) struct Told {
    numbers: Numbers,
    shelf: u32,
    /// The first number of this shelf.
    first: u64,
}

/// Shelves that are gone over one by one.
const STEPS: u64 = 4;

impl Told {
    /// From the first that a probe asks for on.
    pub(super) fn of(numbers: Numbers, probe: &Probe) -> Self {
        let shelf = numbers.runs(probe).next().map_or(0, |(first, _)| first);
        Self { numbers, shelf, first: numbers.range((shelf, shelf)).start }
    }

    /// The posting of a number that the probe asks for.
    pub(super) fn posting(&mut self, number: u64) -> Posting {
        let universe = self.numbers.universe;
        if number.checked_sub(self.first).is_none_or(|distance| distance >= STEPS * universe) {
            self.shelf = self.numbers.shelf(number) as u32;
            self.first = u64::from(self.shelf) * universe;
        }
        while number - self.first >= universe {
            self.shelf += 1;
            self.first += universe;
        }
        self.numbers.on_shelf(self.shelf, (number - self.first) as u32)
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
                let probe = Probe::anywhere(posting.key(), false, 0, 0, 0);
                assert_eq!(Told::of(numbers, &probe).posting(*number), *posting);
                // The whole key is in one of its runs.
                let probe = Probe::anywhere(posting.key(), true, 0, 0, 0);
                let in_run = |run| numbers.range(run).contains(number);
                assert_eq!(numbers.runs(&probe).filter(|run| in_run(*run)).count(), 1);
                assert_eq!(Told::of(numbers, &probe).posting(*number), *posting);
            }
        }
    }

    #[test]
    fn the_first_version_goes_by_keys() {
        let numbers = Numbers { order: Order::Keys, universe: 1_000 };
        let mut told = Told::of(numbers, &Probe::anywhere(20, false, 0, 0, 0));
        assert_eq!(numbers.runs(&Probe::anywhere(20, true, 0, 0, 0)).next(), Some((20, 20)));
        for key in 16..32_u32 {
            for cell in [0, 1, 500, 999] {
                let number = u64::from(key) * 1_000 + u64::from(cell);
                assert_eq!(told.posting(number), Posting::new(key, cell));
                assert_eq!(numbers.posting(number), Some(Posting::new(key, cell)));
            }
        }
        assert_eq!(numbers.posting((1 << KEY_BITS) * 1_000), None);
    }
}
