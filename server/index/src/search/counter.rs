//! Counts bits in the same place of many vectors: carry-save adders add eight at a time to
//! bit-sliced counters (Harley and Seal; Warren, Hacker's Delight, 5-2).

use fearless_simd::{prelude::*, u64x8};

/// Words of a vector.
pub(super) const LANES: usize = 8;

/// One bit of as many counts as a vector has.
pub(super) type Slice = [u64; LANES];

/// Bits of a counter above those of the first three adders.
const HIGH: usize = 5;

/// What it counts to, eight at a time.
pub(super) const COUNT_MAX: usize = 248;

const _: () = assert!(COUNT_MAX < 8 << HIGH && COUNT_MAX.is_multiple_of(8));

/// A count for each bit of a vector.
#[derive(Clone, Copy)]
pub(super) struct Counter<S: Simd> {
    ones: u64x8<S>,
    twos: u64x8<S>,
    fours: u64x8<S>,
    high: [u64x8<S>; HIGH],
}

impl<S: Simd> Counter<S> {
    #[inline(always)]
    pub(super) fn new(simd: S) -> Self {
        let none = u64x8::splat(simd, 0);
        Self { ones: none, twos: none, fours: none, high: [none; HIGH] }
    }

    /// One more wherever one of these is set.
    #[inline(always)]
    pub(super) fn add(&mut self, x: [u64x8<S>; 8]) {
        let eights = self.eights(x);
        self.carry(eights, 0);
    }

    /// The same of twice as many, which a carry less is needed for.
    #[inline(always)]
    pub(super) fn add_both(&mut self, x: [u64x8<S>; 8], y: [u64x8<S>; 8]) {
        let (one, other) = (self.eights(x), self.eights(y));
        let (sixteens, eights) = sum(one, other, self.high[0]);
        self.high[0] = eights;
        self.carry(sixteens, 1);
    }

    /// Adds them up to ones, twos and fours, and tells the eights that this makes.
    #[inline(always)]
    fn eights(&mut self, x: [u64x8<S>; 8]) -> u64x8<S> {
        // What was counted before comes in late: all else need not wait for it.
        let (twos_a, a) = sum(x[0], x[1], x[2]);
        let (twos_b, b) = sum(x[3], x[4], x[5]);
        let (twos_c, c) = sum(x[6], x[7], self.ones);
        let (twos_d, ones) = sum(a, b, c);
        let (fours_a, e) = sum(twos_a, twos_b, twos_c);
        let (fours_b, twos) = sum(twos_d, e, self.twos);
        let (eights, fours) = sum(fours_a, fours_b, self.fours);
        (self.ones, self.twos, self.fours) = (ones, twos, fours);
        eights
    }

    /// Adds to this digit of the high ones.
    #[inline(always)]
    fn carry(&mut self, mut carry: u64x8<S>, digit: usize) {
        for digit in &mut self.high[digit..] {
            (carry, *digit) = (carry & *digit, carry ^ *digit);
        }
    }

    /// Where the count is `most` or less.
    #[inline(always)]
    pub(super) fn at_most(self, most: u32) -> Slice {
        let low = [self.ones, self.twos, self.fours];
        let mut near = self.ones | !self.ones;
        for (at, digit) in low.into_iter().chain(self.high).enumerate() {
            near = if most >> at & 1 == 1 { near | !digit } else { near & !digit };
        }
        let mut told = [0; LANES];
        near.store_slice(&mut told);
        told
    }
}

/// A full adder: carry and sum.
#[inline(always)]
fn sum<S: Simd>(a: u64x8<S>, b: u64x8<S>, c: u64x8<S>) -> (u64x8<S>, u64x8<S>) {
    (a & b | (a | b) & c, a ^ b ^ c)
}
