//! Two runs of codes laid side by side, code by code: bits that differ, and codes that come through
//! whole. Eight codes at once, in a word.

/// Bits in a code.
pub(crate) const BITS: usize = 8;

/// Bits that differ over the codes that both have.
pub fn bit_errors(one: &[u8], other: &[u8]) -> u32 {
    let (words, others) = (one.as_chunks::<8>().0, other.as_chunks::<8>().0);
    let whole = words.iter().zip(others);
    let errors: u32 =
        whole.map(|(x, y)| (u64::from_le_bytes(*x) ^ u64::from_le_bytes(*y)).count_ones()).sum();
    let rest = one.iter().zip(other).skip(8 * words.len().min(others.len()));
    errors + rest.map(|(x, y)| (x ^ y).count_ones()).sum::<u32>()
}

/// Share of bits that differ over the codes that both have; 0.5 where that is none.
pub fn bit_error(one: &[u8], other: &[u8]) -> f32 {
    share(bit_errors(one, other), one.len().min(other.len()) as u32)
}

/// Those as a share of all bits of so many codes; 0.5 where there are none.
pub(crate) fn share(bit_errors: u32, codes: u32) -> f32 {
    if codes == 0 { 0.5 } else { bit_errors as f32 / (codes as f32 * BITS as f32) }
}

/// What two runs have in common, over the codes that both have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct CodeByCode {
    /// Bits that differ.
    pub errors: u32,
    /// Sum over the codes of the bits by which one agrees in more than five, or differs in more
    /// than five (less than 0 then): -3 to 3 a code.
    pub whole: i32,
}

/// Words that are summed up byte by byte: no byte reaches 256.
const WORDS_AT_ONCE: usize = 24;

impl CodeByCode {
    pub(crate) fn of(one: &[u8], other: &[u8]) -> Self {
        let (words, others) = (one.as_chunks::<8>().0, other.as_chunks::<8>().0);
        let mut all = Self::default();
        for (words, others) in words.chunks(WORDS_AT_ONCE).zip(others.chunks(WORDS_AT_ONCE)) {
            let (mut errors, mut whole) = (0, 0);
            for (x, y) in words.iter().zip(others) {
                let differing = ones_in_each(u64::from_le_bytes(*x) ^ u64::from_le_bytes(*y));
                errors += differing;
                // Never less than 0 in a byte: 3 more.
                whole += beyond_five(8 * EACH - differing) + 3 * EACH - beyond_five(differing);
            }
            let codes = 8 * words.len().min(others.len()) as i32;
            all.errors += sum_of_bytes(errors);
            all.whole += sum_of_bytes(whole) as i32 - 3 * codes;
        }
        let rest = one.iter().zip(other).skip(8 * words.len().min(others.len()));
        for differing in rest.map(|(x, y)| (x ^ y).count_ones()) {
            all.errors += differing;
            let differing = differing as i32;
            all.whole += (3 - differing).max(0) - (differing - 5).max(0);
        }
        all
    }
}

/// 1 in each byte.
const EACH: u64 = 0x0101_0101_0101_0101;

/// The bits that are set, counted in each byte (Warren, Hacker's Delight, 5-1).
fn ones_in_each(bits: u64) -> u64 {
    const PAIRS: u64 = 0x55 * EACH;
    const FOURS: u64 = 0x33 * EACH;
    const EIGHTS: u64 = 0x0f * EACH;
    let pairs = bits - (bits >> 1 & PAIRS);
    let fours = (pairs & FOURS) + (pairs >> 2 & FOURS);
    (fours + (fours >> 4)) & EIGHTS
}

/// By how much each byte, 0 to 8, is more than five.
fn beyond_five(counts: u64) -> u64 {
    // 8 or more is its fourth bit: once for each bit beyond five.
    let reached = |more: u64| (counts + more * EACH) >> 3 & EACH;
    reached(0) + reached(1) + reached(2)
}

fn sum_of_bytes(word: u64) -> u32 {
    word.to_le_bytes().iter().map(|byte| u32::from(*byte)).sum()
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use crate::compare::tests::random;
    use std::vec::Vec;

    #[test]
    fn codes_are_compared_eight_at_once_as_one_by_one() {
        for codes in [0, 1, 7, 8, 9, 8 * WORDS_AT_ONCE, 300, 700] {
            let (one, other) = (random(1, codes), random(2, codes));
            let plain = |x: u8, y: u8| match (x ^ y).count_ones() as i32 {
                differing @ 0..=4 => (3 - differing).max(0),
                differing => (5 - differing).min(0),
            };
            let whole: i32 = one.iter().zip(&other).map(|(x, y)| plain(*x, *y)).sum();
            let found = CodeByCode::of(&one, &other);
            assert_eq!(found, CodeByCode { errors: bit_errors(&one, &other), whole });
            let codes = codes as i32;
            let opposite: Vec<u8> = one.iter().map(|code| !code).collect();
            assert_eq!(CodeByCode::of(&one, &one), CodeByCode { errors: 0, whole: 3 * codes });
            assert_eq!(CodeByCode::of(&one, &opposite).whole, -3 * codes);
            assert_eq!(CodeByCode::of(&one, &opposite).errors, 8 * codes as u32);
        }
    }
}
