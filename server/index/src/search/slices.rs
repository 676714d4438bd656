//! Counts, for 512 places at once, how many bits of a pattern differ from a recording.
//!
//! The recording's codes are turned into eight rows of bits, one per bit of a code. A pattern is a
//! list of terms: at a distance of so many codes, this bit should be 1 (or 0). One word of a row,
//! shifted by the distance, is one term for 64 places; carry-save adders count the terms that
//! differ in bit-sliced counters (Harley and Seal; Warren, Hacker's Delight, 5-2). Plain integers,
//! which compilers turn into vectors.

/// Words that are counted together.
pub(super) const LANES: usize = 8;

/// Places counted together.
pub(super) const PLACES: usize = 64 * LANES;

/// One bit of [`PLACES`] places.
type Slice = [u64; LANES];

/// Bits of a counter above those of the first three adders: counts to 255.
const HIGH: usize = 5;

/// The most terms of a pattern.
pub(super) const TERMS_MAX: usize = 248;

/// A bit that a recording should have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Term {
    /// Codes from a place to the code that it is in,
    pub distance: usize,
    /// which of its bits, 0 the lowest,
    pub bit: usize,
    /// and what it should be.
    pub set: bool,
}

/// A recording's codes as eight rows of bits, the first code lowest.
#[derive(Default)]
pub(super) struct Rows {
    rows: [Vec<u64>; 8],
}

impl Rows {
    /// Replaces what was there.
    pub(super) fn set(&mut self, codes: &[u8]) {
        let words = codes.len().div_ceil(64);
        for row in &mut self.rows {
            row.clear();
            row.reserve(words + LANES + 2);
        }
        let (whole, rest) = codes.as_chunks::<64>();
        let mut last = [0; 64];
        last[..rest.len()].copy_from_slice(rest);
        for codes in whole.iter().chain(Some(&last).filter(|_| !rest.is_empty())) {
            let turned = turned(codes);
            for (row, word) in self.rows.iter_mut().zip(turned) {
                row.push(word);
            }
        }
        // Beyond the end there are zeros for as far as any place of a group may look.
        for row in &mut self.rows {
            row.resize(words + LANES + 2, 0);
        }
    }

    /// For each of the [`PLACES`] places from `first` (a multiple of 64) on, whether at most `most`
    /// terms differ there. Places that the pattern leads beyond the recording tell nothing.
    pub(super) fn near(&self, first: usize, pattern: &[Term], most: u32) -> Slice {
        let mut count = Counter::default();
        let (eights, rest) = pattern.as_chunks::<8>();
        for eight in eights {
            count.add(eight.map(|term| self.differs(first, term)));
        }
        let mut others = [[0; LANES]; 8];
        for (other, term) in others.iter_mut().zip(rest) {
            *other = self.differs(first, *term);
        }
        count.add(others);
        count.at_most(most)
    }

    fn differs(&self, first: usize, term: Term) -> Slice {
        let (word, shift) = ((first + term.distance) / 64, (first + term.distance) % 64);
        let flip = if term.set { u64::MAX } else { 0 };
        let Some(words) = self.rows[term.bit].get(word..=word + LANES) else {
            return [flip; LANES];
        };
        // Twice by less than 64: by 64 in one would be an overflow.
        std::array::from_fn(|i| (words[i] >> shift | words[i + 1] << 1 << (63 - shift)) ^ flip)
    }
}

/// 64 codes as a word for each of their bits.
fn turned(codes: &[u8; 64]) -> [u64; 8] {
    let (eights, _) = codes.as_chunks::<8>();
    let squares = transposed(std::array::from_fn(|at| u64::from_le_bytes(eights[at])));
    let bytes = squares.map(u64::to_le_bytes);
    std::array::from_fn(|bit| u64::from_le_bytes(std::array::from_fn(|at| bytes[at][bit])))
}

/// The 8 x 8 bits of each word turned about their diagonal (Hacker's Delight, 7-3).
fn transposed(mut words: [u64; 8]) -> [u64; 8] {
    let mut swap = |shift: u32, mask: u64| {
        for x in &mut words {
            let t = (*x ^ *x >> shift) & mask;
            *x ^= t ^ t << shift;
        }
    };
    swap(7, 0x00aa_00aa_00aa_00aa);
    swap(14, 0x0000_cccc_0000_cccc);
    swap(28, 0x0000_0000_f0f0_f0f0);
    words
}

#[derive(Default)]
struct Counter {
    ones: Slice,
    twos: Slice,
    fours: Slice,
    high: [Slice; HIGH],
}

impl Counter {
    fn add(&mut self, x: [Slice; 8]) {
        let (twos_a, ones) = sum(self.ones, x[0], x[1]);
        let (twos_b, ones) = sum(ones, x[2], x[3]);
        let (fours_a, twos) = sum(self.twos, twos_a, twos_b);
        let (twos_a, ones) = sum(ones, x[4], x[5]);
        let (twos_b, ones) = sum(ones, x[6], x[7]);
        let (fours_b, twos) = sum(twos, twos_a, twos_b);
        let (mut carry, fours) = sum(self.fours, fours_a, fours_b);
        (self.ones, self.twos, self.fours) = (ones, twos, fours);
        for digit in &mut self.high {
            let both = each(carry, *digit, |carry, digit| carry & digit);
            *digit = each(carry, *digit, |carry, digit| carry ^ digit);
            carry = both;
        }
    }

    /// Where the count is `most` or less.
    fn at_most(&self, most: u32) -> Slice {
        let digits = [self.ones, self.twos, self.fours].into_iter().chain(self.high);
        let (mut less, mut equal) = ([0; LANES], [u64::MAX; LANES]);
        for (at, digit) in digits.enumerate().collect::<Vec<_>>().into_iter().rev() {
            if most >> at & 1 == 1 {
                less = std::array::from_fn(|i| less[i] | equal[i] & !digit[i]);
                equal = each(equal, digit, |equal, digit| equal & digit);
            } else {
                equal = each(equal, digit, |equal, digit| equal & !digit);
            }
        }
        each(less, equal, |less, equal| less | equal)
    }
}

/// A full adder: carry and sum.
fn sum(a: Slice, b: Slice, c: Slice) -> (Slice, Slice) {
    let (mut carry, mut sum) = ([0; LANES], [0; LANES]);
    for i in 0..LANES {
        let either = a[i] ^ b[i];
        carry[i] = a[i] & b[i] | either & c[i];
        sum[i] = either ^ c[i];
    }
    (carry, sum)
}

fn each(a: Slice, b: Slice, of: impl Fn(u64, u64) -> u64) -> Slice {
    std::array::from_fn(|i| of(a[i], b[i]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::random;

    #[test]
    fn places_are_near_where_a_plain_count_says_so() {
        let mut next = random(5);
        for (codes, terms) in [(2_000, 192), (700, 5), (641, 8), (1, 1), (4_000, TERMS_MAX)] {
            let codes: Vec<u8> = (0..codes).map(|_| next() as u8).collect();
            let pattern: Vec<Term> = (0..terms)
                .map(|_| Term {
                    distance: next() as usize % 500,
                    bit: next() as usize % 8,
                    set: next() % 2 == 1,
                })
                .collect();
            let mut rows = Rows::default();
            rows.set(&[7; 9_000]);
            rows.set(&codes);
            for first in (0..codes.len()).step_by(PLACES) {
                for most in [0, 3, terms as u32 / 2, terms as u32] {
                    let near = rows.near(first, &pattern, most);
                    for place in first..codes.len().min(first + PLACES) {
                        let bit = |term: &Term| {
                            let code = codes.get(place + term.distance).copied().unwrap_or(0);
                            code >> term.bit & 1 == 1
                        };
                        let differ = pattern.iter().filter(|term| bit(term) != term.set).count();
                        let at = place - first;
                        let told = near[at / 64] >> (at % 64) & 1 == 1;
                        if pattern.iter().all(|term| place + term.distance < codes.len()) {
                            assert_eq!(told, differ <= most as usize, "{place} {differ} {most}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn turning_a_square_of_bits_twice_gives_it_back() {
        let mut next = random(9);
        for _ in 0..100 {
            let x = next();
            let y = transposed([0, 0, 0, x, 0, 0, 0, 0])[3];
            assert_eq!(transposed([y; 8]), [x; 8]);
            for (row, column) in [(0, 0), (1, 0), (7, 3), (4, 6)] {
                assert_eq!(x >> (8 * row + column) & 1, y >> (8 * column + row) & 1);
            }
        }
    }
}
