//! The latest codes of a stream, by their numbers: each counted once, none lost in silence.

use std::collections::VecDeque;
use std::ops::Range;

use crate::error::LibraryError;

/// Codes kept (1 min): a recording is traced back this far when it is first named.
const KEPT_CODES: usize = 1_200;

/// Losses kept; of a stream that loses more, the oldest are forgotten.
const LOSSES_MAX: usize = 100;

/// Consecutive codes up to the newest, and what was lost before.
#[derive(Debug, Default)]
pub(crate) struct History {
    codes: VecDeque<u8>,
    next: u64,
    losses: VecDeque<Range<u64>>,
}

impl History {
    /// Number of the code that is expected next: how many there were, lost ones included.
    pub fn next(&self) -> u64 {
        self.next
    }

    /// Number of the oldest code that is kept.
    pub fn first(&self) -> u64 {
        self.next - self.codes.len() as u64
    }

    /// How many of the codes from number `first` on were taken before, so that a request that is
    /// sent again, or overlaps the one before, does not count twice.
    ///
    /// # Errors
    /// [`LibraryError::CodesMissing`] where codes before `first` have not come.
    pub fn known(&self, first: u64, codes: usize) -> Result<usize, LibraryError> {
        let next = self.next;
        let overlap = next.checked_sub(first).ok_or(LibraryError::CodesMissing { first, next })?;
        Ok(usize::try_from(overlap).unwrap_or(usize::MAX).min(codes))
    }

    /// Takes the next code.
    pub fn push(&mut self, code: u8) {
        if self.codes.len() == KEPT_CODES {
            self.codes.pop_front();
        }
        self.codes.push_back(code);
        self.next += 1;
    }

    /// Gives up every code before number `first` that has not come. Whether there was one.
    pub fn lose_until(&mut self, first: u64) -> bool {
        if first <= self.next {
            return false;
        }
        if self.losses.len() == LOSSES_MAX {
            self.losses.pop_front();
        }
        self.losses.push_back(self.next..first);
        self.codes.clear();
        self.next = first;
        true
    }

    /// The newest codes, at most so many, and the number of their first.
    pub fn latest(&mut self, codes_max: usize) -> (u64, &[u8]) {
        let next = self.next;
        let kept: &[u8] = self.codes.make_contiguous();
        let latest = &kept[kept.len().saturating_sub(codes_max)..];
        (next - latest.len() as u64, latest)
    }

    /// The codes from number `from` on, as far as they are kept, and the number of their first.
    pub fn since(&mut self, from: u64) -> (u64, &[u8]) {
        let from = from.clamp(self.first(), self.next);
        self.latest((self.next - from) as usize)
    }

    /// What was given up, in order.
    pub fn losses(&self) -> impl Iterator<Item = &Range<u64>> {
        self.losses.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(history: &mut History, first: u64, codes: &[u8]) -> Result<(), LibraryError> {
        let known = history.known(first, codes.len())?;
        codes[known..].iter().for_each(|code| history.push(*code));
        Ok(())
    }

    #[test]
    fn what_comes_twice_overlapping_or_in_pieces_counts_once() {
        let codes: Vec<u8> = (0..200).collect();
        let mut history = History::default();
        for (first, len) in [(0, 50), (0, 50), (20, 50), (10, 20), (70, 1), (0, 200), (199, 1)] {
            take(&mut history, first, &codes[first as usize..][..len]).unwrap();
        }
        assert_eq!(history.latest(usize::MAX), (0, &codes[..]));
        assert_eq!(history.latest(3), (197, &codes[197..]));
        assert_eq!(history.since(190), (190, &codes[190..]));
        assert_eq!(history.since(500), (200, &[][..]));
    }

    #[test]
    fn codes_ahead_are_told_and_change_nothing_until_the_others_are_given_up() {
        let mut history = History::default();
        take(&mut history, 0, &[1; 30]).unwrap();
        let error = take(&mut history, 31, &[2; 5]).unwrap_err();
        assert!(matches!(error, LibraryError::CodesMissing { first: 31, next: 30 }), "{error:?}");
        assert_eq!((history.next(), history.losses().count()), (30, 0));
        assert!(history.lose_until(31));
        assert!(!history.lose_until(31) && !history.lose_until(3));
        take(&mut history, 31, &[2; 5]).unwrap();
        assert_eq!(history.latest(usize::MAX), (31, &[2; 5][..]));
        assert_eq!(history.losses().collect::<Vec<_>>(), [&(30..31)]);
    }

    #[test]
    fn it_is_bounded() {
        let mut history = History::default();
        for at in 0..500 {
            history.lose_until(at * 1_000 + 1);
            (0..900).for_each(|_| history.push(7));
        }
        (0..5_000).for_each(|_| history.push(8));
        assert_eq!(history.latest(usize::MAX).1, [8; KEPT_CODES]);
        assert_eq!(history.first(), history.next() - KEPT_CODES as u64);
        assert_eq!(history.losses().count(), LOSSES_MAX);
    }
}
