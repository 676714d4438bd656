//! Counts, for 512 places at once, how many bits of a pattern differ from a recording.
//!
//! The recording's codes are turned into eight rows of bits, one per bit of a code. A pattern is a
//! list of terms: at a distance of so many codes, this bit should be 1 (or 0). One stretch of a
//! row is one term for 512 places, and [`super::counter`] counts those that differ. As wide as the
//! machine it runs on: five times as fast as plain integers with AVX-512, three times with AVX2.

use fearless_simd::{Level, dispatch, prelude::*, u8x64, u64x8};

use super::bit_rows::{IN_BYTE, turn};
use super::counter::{Counter, LANES, Slice};

/// Places counted together.
pub(super) const PLACES: usize = 64 * LANES;

/// Distances of terms are multiples of so many codes: so a stretch of a row begins with a byte, of
/// the row as it is or of its copy that begins so many codes later.
pub(super) const SPACING: usize = 4;

/// A row and its copy.
const COPIES: usize = IN_BYTE / SPACING;

/// A bit that a recording should have: which stretch of its rows has it for places from 0 on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Term {
    /// Among all rows, the copies' after the others.
    row: usize,
    /// From its beginning.
    bytes: usize,
    /// What makes a bit that is as it should be 0, and any other 1.
    flip: u64,
}

impl Term {
    /// The code that lies so many codes behind a place, a multiple of [`SPACING`], should have this
    /// bit (0 the lowest) set, or not set.
    pub(super) fn new(distance: usize, bit: usize, set: bool) -> Self {
        let copy = distance / SPACING % COPIES;
        let flip = if set { u64::MAX } else { 0 };
        Self { row: 8 * copy + bit, bytes: distance / IN_BYTE, flip }
    }
}

/// A recording's codes as eight rows of bits, the first code lowest.
pub(super) struct Rows {
    level: Level,
    copies: [[Vec<u8>; 8]; COPIES],
}

impl Rows {
    pub(super) fn new() -> Self {
        Self { level: Level::new(), copies: Default::default() }
    }

    /// Replaces what was there.
    pub(super) fn set(&mut self, codes: &[u8]) {
        // Beyond the end there are zeros for as far as any place of a group may look.
        let bytes = codes.len().next_multiple_of(PLACES) / IN_BYTE + size_of::<Slice>();
        for row in self.copies.as_flattened_mut() {
            row.clear();
            row.resize(bytes, 0);
        }
        dispatch!(self.level, simd => turn(simd, codes, &mut self.copies[0]));
        let [rows, later] = &mut self.copies;
        for (row, later) in rows.iter().zip(later) {
            let bytes = row.iter().zip(row.iter().skip(1));
            later.iter_mut().zip(bytes).for_each(|(later, (one, next))| {
                *later = one >> SPACING | next << SPACING;
            });
        }
    }

    /// For each of the [`PLACES`] places from `first` (a multiple of them) on, whether at most
    /// `most` terms differ there. Places that the pattern leads beyond the recording tell nothing.
    pub(super) fn near(&self, first: usize, pattern: &[Term], most: u32) -> Slice {
        dispatch!(self.level, simd => self.near_by_vectors(simd, first, pattern, most))
    }

    #[inline(always)]
    fn near_by_vectors<S: Simd>(
        &self,
        simd: S,
        first: usize,
        pattern: &[Term],
        most: u32,
    ) -> Slice {
        let mut count = Counter::new(simd);
        let (eights, rest) = pattern.as_chunks::<8>();
        let (both, eights) = eights.as_chunks::<2>();
        for [one, other] in both {
            let one = self.eight_differ(simd, first, one);
            count.add_both(one, self.eight_differ(simd, first, other));
        }
        for eight in eights {
            count.add(self.eight_differ(simd, first, eight));
        }
        let mut others = [u64x8::splat(simd, 0); 8];
        for (other, term) in others.iter_mut().zip(rest) {
            *other = self.differs(simd, first, *term);
        }
        count.add(others);
        count.at_most(most)
    }

    // A loop and no closure: that would not be as wide.
    #[inline(always)]
    fn eight_differ<S: Simd>(&self, simd: S, first: usize, terms: &[Term; 8]) -> [u64x8<S>; 8] {
        let mut differ = [u64x8::splat(simd, 0); 8];
        for (differ, term) in differ.iter_mut().zip(terms) {
            *differ = self.differs(simd, first, *term);
        }
        differ
    }

    #[inline(always)]
    fn differs<S: Simd>(&self, simd: S, first: usize, term: Term) -> u64x8<S> {
        let row = self.copies.as_flattened().get(term.row);
        let stretch = row.and_then(|row| row.get(first / IN_BYTE + term.bytes..)?.first_chunk());
        let stretch = u8x64::from_slice(simd, stretch.unwrap_or(&[0; size_of::<Slice>()]));
        stretch.bitcast::<u64x8<S>>() ^ u64x8::splat(simd, term.flip)
    }
}

const _: () = assert!(PLACES.is_multiple_of(IN_BYTE) && COPIES == 2);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::random;
    use crate::search::counter::COUNT_MAX;

    #[test]
    fn places_are_near_where_a_plain_count_says_so() {
        let mut next = random(5);
        for (codes, terms) in [(2_000, 192), (700, 5), (641, 8), (1, 1), (4_000, COUNT_MAX)] {
            let codes: Vec<u8> = (0..codes).map(|_| next() as u8).collect();
            let wanted: Vec<(usize, usize, bool)> = (0..terms)
                .map(|_| (next() as usize % 125 * SPACING, next() as usize % 8, next() % 2 == 1))
                .collect();
            let pattern: Vec<Term> = wanted
                .iter()
                .map(|(distance, bit, set)| Term::new(*distance, *bit, *set))
                .collect();
            let mut rows = Rows::new();
            rows.set(&[7; 9_000]);
            rows.set(&codes);
            for first in (0..codes.len()).step_by(PLACES) {
                for most in [0, 3, terms as u32 / 2, terms as u32] {
                    let near = rows.near(first, &pattern, most);
                    for place in first..codes.len().min(first + PLACES) {
                        let is_set = |distance: usize, bit: usize| {
                            codes.get(place + distance).copied().unwrap_or(0) >> bit & 1 == 1
                        };
                        let differs = |(distance, bit, set): &&(usize, usize, bool)| {
                            is_set(*distance, *bit) != *set
                        };
                        let differ = wanted.iter().filter(differs).count();
                        let at = place - first;
                        let told = near[at / 64] >> (at % 64) & 1 == 1;
                        if wanted.iter().all(|(distance, ..)| place + distance < codes.len()) {
                            assert_eq!(told, differ <= most as usize, "{place} {differ} {most}");
                        }
                    }
                }
            }
        }
    }
}
