//! Two runs of codes laid side by side, code by code: bits that differ, and codes that come through
//! whole. Many codes at once, in words and in vectors.

/// Bits in a code.
pub(crate) const BITS: usize = 8;

/// Bits that differ over the codes that both have.
// As `planes.rs` has it, for small devices.
#[cfg_attr(not(target_pointer_width = "64"), inline(never))]
pub fn bit_errors(one: &[u8], other: &[u8]) -> u32 {
    let both = one.len().min(other.len());
    let (one, other) = (one.get(..both).unwrap_or(one), other.get(..both).unwrap_or(other));
    let (words, others) = (one.as_chunks::<8>(), other.as_chunks::<8>());
    let whole = words.0.iter().zip(others.0);
    let errors: u32 =
        whole.map(|(x, y)| (u64::from_le_bytes(*x) ^ u64::from_le_bytes(*y)).count_ones()).sum();
    let rest = match (one.last_chunk::<8>(), other.last_chunk::<8>()) {
        // The last eight, without those that were counted.
        (Some(x), Some(y)) => {
            let differing = u64::from_le_bytes(*x) ^ u64::from_le_bytes(*y);
            let counted = 8 * (8 - both % 8) as u32;
            differing.checked_shr(counted).unwrap_or(0).count_ones()
        }
        _ => words.1.iter().zip(others.1).map(|(x, y)| (x ^ y).count_ones()).sum(),
    };
    errors + rest
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

/// Codes that are compared at once: compilers turn these loops into vectors of bytes.
const AT_ONCE: usize = 16;

/// How often so many are summed up byte by byte: no byte reaches 256.
const ROUNDS: usize = 31;

/// What is added to a code's part of [`CodeByCode::whole`], so that it is never less than 0.
const WHOLE_BIAS: u8 = 5;

impl CodeByCode {
    pub(crate) fn of(one: &[u8], other: &[u8]) -> Self {
        let (runs, others) = (one.as_chunks::<AT_ONCE>(), other.as_chunks::<AT_ONCE>());
        let rounds = runs.0.chunks(ROUNDS).zip(others.0.chunks(ROUNDS));
        let mut all = Self::default();
        for (runs, others) in rounds {
            let (mut errors, mut whole) = ([0; AT_ONCE], [0; AT_ONCE]);
            for (x, y) in runs.iter().zip(others) {
                for (((x, y), errors), whole) in x.iter().zip(y).zip(&mut errors).zip(&mut whole) {
                    let differing = (x ^ y).count_ones() as u8;
                    *errors += differing;
                    *whole += biased_whole(differing);
                }
            }
            let codes = AT_ONCE * runs.len().min(others.len());
            let sum =
                |bytes: &[u8; AT_ONCE]| bytes.iter().map(|byte| u32::from(*byte)).sum::<u32>();
            all.errors += sum(&errors);
            all.whole += sum(&whole) as i32 - i32::from(WHOLE_BIAS) * codes as i32;
        }
        let rest = one.iter().zip(other).skip(AT_ONCE * runs.0.len().min(others.0.len()));
        for differing in rest.map(|(x, y)| (x ^ y).count_ones() as u8) {
            all.errors += u32::from(differing);
            all.whole += i32::from(biased_whole(differing)) - i32::from(WHOLE_BIAS);
        }
        all
    }
}

/// The bits by which a code agrees in more than five, or less those by which it differs in more
/// than five, of so many that differ, 0 to 8; and [`WHOLE_BIAS`].
fn biased_whole(differing: u8) -> u8 {
    8_u8.wrapping_sub(differing).max(10_u8.wrapping_sub(differing).min(WHOLE_BIAS))
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use crate::compare::tests::random;
    use std::vec::Vec;

    #[test]
    fn codes_are_compared_many_at_once_as_one_by_one() {
        for codes in [0, 1, 7, 8, 9, 15, 16, 17, AT_ONCE * ROUNDS, 300, 700] {
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
