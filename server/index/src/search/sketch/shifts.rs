//! A query between the codes of a sketch, on 64 places of it at once: how many bits of a pattern
//! differ.
//!
//! A pattern is the steadiest of the bits that the query's sketch would have, which noise has
//! changed the least: at a distance of so many codes one bit of a code, which a shift has or has
//! not. A word of the sketch is that bit of 64 places; it is as many words as there are shifts in
//! which these differ, and a [`Counter`] adds them up. The rows that hold these words are there
//! eight times, each a bit later than the one before: so each word begins with a byte.

use fearless_simd::{Level, dispatch, prelude::*, u8x64, u64x8};
use onmon_core::SAMPLES_MAX;

use super::pattern::{Pattern, Rows, SOME, Sampled};
use crate::search::bit_rows::{IN_BYTE, turn};
use crate::search::counter::{COUNT_MAX, Counter, LANES, Slice};
use crate::search::look::errors_most;

/// Places that are counted together.
pub(super) const PLACES: usize = 64;

/// Bits of a pattern, at most.
const TERMS: usize = COUNT_MAX;

/// Terms that are added up at once.
const AT_ONCE: usize = 8;

const _: () = assert!(TERMS.is_multiple_of(AT_ONCE));

/// Rows of a sketch, one for each bit of a code, as often as a byte has bits.
const ROWS: usize = 8 * IN_BYTE;

/// The places where each of [`SOME`] shifts is near, the first the lowest.
pub(super) type Places = Slice;

const _: () = assert!(SOME.len() == LANES);

/// Bits of a query, and the sketch that they are held against.
pub(super) struct Shifts {
    terms: Vec<Term>,
    /// For each of them where the rows have it,
    at: Vec<u32>,
    /// and of each shift all ones if that has it.
    has: Vec<Has>,
    /// Terms that may differ.
    most: u32,
    /// The sketch's own rows,
    rows: [Vec<u8>; 8],
    /// all [`ROWS`] of them one after another, and the bytes of each.
    later: Vec<u8>,
    stride: usize,
    level: Level,
}

/// Which of the rows has a bit of a pattern, and its bytes before those of the first place.
#[derive(Clone, Copy)]
struct Term {
    row: u32,
    bytes: u32,
}

impl Term {
    /// A bit that no sketch has.
    const NONE: Self = Self { row: ROWS as u32, bytes: 0 };

    /// This bit of a code that lies so many codes of a sketch behind a place.
    fn new(distance: usize, bit: usize) -> Self {
        let row = 8 * (distance % IN_BYTE) + bit;
        u32::try_from(distance / IN_BYTE)
            .map_or(Self::NONE, |bytes| Self { row: row as u32, bytes })
    }
}

#[derive(Clone, Copy, Default)]
#[repr(align(64))]
struct Has(Slice);

impl Shifts {
    /// Those where the pattern is so near, in standard deviations of independent bits.
    pub(super) fn of(pattern: &Pattern, near: f32) -> Self {
        let (mut terms, mut has) = (vec![], vec![]);
        let samples = &pattern.samples[..pattern.samples.len().min(SAMPLES_MAX)];
        for sample in samples {
            for (code, bit) in steadiest(sample, TERMS / samples.len()) {
                let shift = SOME.map(|shift| sample.smoothed[shift] >> (8 * code + bit) & 1);
                has.push(Has(shift.map(|has| 0_u64.wrapping_sub(has as u64))));
                terms.push(Term::new(sample.behind + code, bit));
            }
        }
        let most = errors_most(terms.len(), near);
        has.resize(terms.len().next_multiple_of(AT_ONCE), Has::default());
        terms.resize(has.len(), Term::NONE);
        let (at, rows, later) = Default::default();
        Self { terms, at, has, most, rows, later, stride: 0, level: Level::new() }
    }

    /// Replaces the sketch.
    pub(super) fn set(&mut self, sketch: &[u8]) {
        // As many vectors as there are places for, and a byte to be later by.
        let vectors = sketch.len() / (PLACES * LANES) + 1;
        self.put(vectors * size_of::<Slice>());
        for row in &mut self.rows {
            row.clear();
            row.resize(self.stride + size_of::<u64>(), 0);
        }
        dispatch!(self.level, simd => self.turn(simd, sketch));
    }

    /// Rows have so many bytes from now on.
    fn put(&mut self, stride: usize) {
        if self.stride != stride {
            self.stride = stride;
            // One more for [`Term::NONE`].
            self.later.clear();
            self.later.resize((ROWS + 1) * stride, 0);
            let at = |term: &Term| u64::from(term.row) * stride as u64 + u64::from(term.bytes);
            self.at.clear();
            self.at.extend(self.terms.iter().map(|term| at(term).min(u64::from(u32::MAX)) as u32));
        }
    }

    #[inline(always)]
    fn turn<S: Simd>(&mut self, simd: S, sketch: &[u8]) {
        turn(simd, sketch, &mut self.rows);
        let vectors = self.stride / size_of::<Slice>();
        for (bit, row) in self.rows.iter().enumerate() {
            for vector in 0..vectors {
                let at = vector * size_of::<Slice>();
                let own: u64x8<S> = words(simd, row, at);
                let next: u64x8<S> = words(simd, row, at + 1);
                for later in 0..IN_BYTE {
                    // Where both have bits these are the same.
                    let by = u64x8::splat(simd, later as u64);
                    let behind = u64x8::splat(simd, (IN_BYTE - later) as u64);
                    let moved: u8x64<S> = (own >> by | next << behind).bitcast();
                    let to = (8 * later + bit) * self.stride + at;
                    moved.store_slice(&mut self.later[to..to + size_of::<Slice>()]);
                }
            }
        }
    }

    /// At which of the [`PLACES`] places from `first` (a multiple of them) on the pattern is near,
    /// for each of [`SOME`]. Places that the pattern leads beyond the sketch tell nothing.
    pub(super) fn near(&self, first: usize) -> Places {
        dispatch!(self.level, simd => self.near_by_vectors(simd, first))
    }

    // Loops and no closures: these would not be as wide.
    #[inline(always)]
    fn near_by_vectors<S: Simd>(&self, simd: S, first: usize) -> Places {
        let bytes = first / IN_BYTE;
        let mut count = Counter::new(simd);
        let (has, at) = (self.has.as_chunks::<AT_ONCE>().0, self.at.as_chunks::<AT_ONCE>().0);
        let (has, last_has) = has.as_chunks::<2>();
        let (at, last_at) = at.as_chunks::<2>();
        for (has, at) in has.iter().zip(at) {
            let one = self.differ(simd, &has[0], &at[0], bytes);
            let other = self.differ(simd, &has[1], &at[1], bytes);
            count.add_both(one, other);
        }
        for (has, at) in last_has.iter().zip(last_at) {
            count.add(self.differ(simd, has, at, bytes));
        }
        count.at_most(self.most)
    }

    /// Where these differ from the sketch, so many bytes later.
    #[inline(always)]
    fn differ<S: Simd>(
        &self,
        simd: S,
        has: &[Has; AT_ONCE],
        at: &[u32; AT_ONCE],
        bytes: usize,
    ) -> [u64x8<S>; AT_ONCE] {
        let mut differ = [u64x8::splat(simd, 0); AT_ONCE];
        for ((differ, has), at) in differ.iter_mut().zip(has).zip(at) {
            let there = self.later.get(*at as usize + bytes..).and_then(<[u8]>::first_chunk);
            let there = u64::from_le_bytes(*there.unwrap_or(&[0; size_of::<u64>()]));
            *differ = u64x8::from_slice(simd, &has.0) ^ u64x8::splat(simd, there);
        }
        differ
    }
}

/// The eight words of a row from this byte on.
#[inline(always)]
fn words<S: Simd>(simd: S, row: &[u8], at: usize) -> u64x8<S> {
    u8x64::from_slice(simd, &row[at..at + size_of::<Slice>()]).bitcast()
}

/// The bits of a sample that are steadiest over all shifts, so many, as code and bit.
fn steadiest(sample: &Sampled, most: usize) -> Vec<(usize, usize)> {
    let mut all: Vec<usize> = (0..8 * sample.codes).collect();
    let shifts = |rows: &Rows, at| rows.iter().filter(|row| *row >> at & 1 == 1).count();
    let steady = |at: &usize| shifts(&sample.steady, *at) + shifts(&sample.steadier, *at);
    all.sort_by_cached_key(|at| std::cmp::Reverse(steady(at)));
    all.into_iter().take(most).map(|at| (at / 8, at % 8)).collect()
}

#[cfg(test)]
mod tests {
    use onmon_core::Sample;

    use super::super::lay::tests::{SIX, codes, noisy, samples};
    use super::*;

    #[test]
    fn places_are_near_where_a_plain_count_says_so() {
        let heard = codes(1, 5_400);
        for (spans, terms) in [(&SIX[..], 246), (&[(0, 300), (777, 110), (995, 47)], 122)] {
            let query: Vec<Sample<'_>> = samples(&heard, spans);
            let pattern = Pattern::of(&query).unwrap();
            let mut shifts = Shifts::of(&pattern, 1.5);
            let ends = pattern.samples.iter().map(|sample| sample.behind + sample.codes);
            let span = ends.max().unwrap();
            let is_one = |term: &&Term| term.row < ROWS as u32;
            assert_eq!(shifts.terms.iter().filter(is_one).count(), terms);
            // What was there before is forgotten.
            shifts.set(&codes(2, 900));
            let sketch = noisy(&codes(3, 700), 4, 100);
            shifts.set(&sketch);
            let mut some = 0;
            for first in (0..sketch.len()).step_by(PLACES) {
                let near = shifts.near(first);
                for (lane, near) in near.iter().enumerate() {
                    for at in 0..PLACES {
                        if first + at + span > sketch.len() {
                            continue;
                        }
                        let differs = |(term, has): &(&Term, &Has)| {
                            let (bit, later) = (term.row % 8, (term.row / 8) as usize);
                            let code = first + at + IN_BYTE * term.bytes as usize + later;
                            is_one(term) && u64::from(sketch[code] >> bit & 1) != has.0[lane] & 1
                        };
                        let terms = shifts.terms.iter().zip(shifts.has.iter());
                        let differ = terms.filter(differs).count() as u32;
                        let is_near = near >> at & 1 == 1;
                        assert_eq!(is_near, differ <= shifts.most, "{lane} {first} {at}");
                        some += usize::from(is_near);
                    }
                }
            }
            assert!(some > 100 && some < 3_000, "{some}");
        }
    }

    #[test]
    fn a_pattern_is_of_the_bits_that_the_shift_leaves_on_the_sketch() {
        let song = codes(5, 5_400);
        let mut own = vec![];
        crate::sketch::sketch(&song, &mut own);
        let query = samples(&song[1_003..], &[(0, 300), (899, 300), (2_000, 300)]);
        let mut shifts = Shifts::of(&Pattern::of(&query).unwrap(), 5.0);
        shifts.set(&own);
        let mut found = vec![];
        for first in (0..own.len()).step_by(PLACES) {
            for (shift, near) in SOME.iter().zip(shifts.near(first)) {
                let places = (0..PLACES).filter(|at| near >> at & 1 == 1);
                found.extend(places.map(|at| (first + at, *shift)));
            }
        }
        // Code 1,003 is 20 * 51 - 19 + 2.
        assert_eq!(found, [(51, 1), (51, 3)]);
    }
}
