//! Sum of products of 16-bit integers: the one place that asks for SIMD, without `unsafe`.
//!
//! The scalar form is everywhere the truth. On wasm32 with `simd128` the same sum goes through
//! `i32x4.dot_i16x8_s`. On x86-64 nothing is asked for: compilers turn the scalar form into
//! `pmaddwd` as it stands, while the intrinsics may not be called without `unsafe` even where the
//! target always has SSE2.

/// Values taken at a time. What is left over of either side is not looked at.
pub(crate) const LANES: usize = 8;

/// Sum of products of both sides, in blocks of [`LANES`].
///
/// Integers: the order of the sum does not matter, so every form gives the same. Callers see to it
/// that it cannot overflow.
#[inline]
pub(crate) fn dot(a: &[i16], b: &[i16]) -> i32 {
    native::dot(a, b)
}

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
use scalar as native;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
use simd128 as native;

#[cfg(any(test, not(all(target_arch = "wasm32", target_feature = "simd128"))))]
mod scalar {
    use super::LANES;

    /// Products that are summed before they meet the sum: four vectors. Two or four are what LLVM
    /// sees `pmaddwd` in; of one at a time it would sum the lanes each time.
    const BLOCK: usize = 4 * LANES;

    #[inline]
    pub(super) fn dot(a: &[i16], b: &[i16]) -> i32 {
        let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<BLOCK>(), b.as_chunks::<BLOCK>());
        blocks(a, b) + blocks(a_rest.as_chunks::<LANES>().0, b_rest.as_chunks::<LANES>().0)
    }

    #[inline]
    fn blocks<const N: usize>(a: &[[i16; N]], b: &[[i16; N]]) -> i32 {
        a.iter().zip(b).map(|(a, b)| block(a, b)).sum()
    }

    #[inline]
    fn block<const N: usize>(a: &[i16; N], b: &[i16; N]) -> i32 {
        a.iter().zip(b).map(|(&a, &b)| i32::from(a) * i32::from(b)).sum()
    }
}

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod simd128 {
    use super::LANES;
    use core::arch::wasm32::{
        i16x8, i32x4_add, i32x4_dot_i16x8, i32x4_extract_lane, i32x4_splat, v128,
    };

    #[inline]
    pub(super) fn dot(a: &[i16], b: &[i16]) -> i32 {
        let (a, b) = (a.as_chunks::<LANES>().0, b.as_chunks::<LANES>().0);
        let mut sums = i32x4_splat(0);
        for (a, b) in a.iter().zip(b) {
            sums = i32x4_add(sums, i32x4_dot_i16x8(vector(a), vector(b)));
        }
        i32x4_extract_lane::<0>(sums)
            + i32x4_extract_lane::<1>(sums)
            + i32x4_extract_lane::<2>(sums)
            + i32x4_extract_lane::<3>(sums)
    }

    /// Compiles to one load.
    #[inline]
    fn vector(values: &[i16; LANES]) -> v128 {
        let &[a, b, c, d, e, f, g, h] = values;
        i16x8(a, b, c, d, e, f, g, h)
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use proptest::prelude::*;
    use std::vec::Vec;

    /// The twin: one product after the other, in 64 bits.
    fn plain(a: &[i16], b: &[i16]) -> i64 {
        let whole = a.len().min(b.len()) / LANES * LANES;
        a.iter().zip(b).take(whole).map(|(&a, &b)| i64::from(a) * i64::from(b)).sum()
    }

    proptest! {
        #[test]
        fn every_form_gives_the_plain_sum(
            pairs in prop::collection::vec((-2_047_i16..=2_047, -2_047_i16..=2_047), 0..400)
        ) {
            let (a, b): (Vec<i16>, Vec<i16>) = pairs.into_iter().unzip();
            prop_assert_eq!(i64::from(dot(&a, &b)), plain(&a, &b));
            prop_assert_eq!(scalar::dot(&a, &b), dot(&a, &b));
        }
    }

    #[test]
    fn the_extremes_of_i16_do_not_saturate() {
        let mut low = [0; LANES];
        low[..2].fill(i16::MIN);
        let high = [i16::MAX; LANES];
        assert_eq!(i64::from(dot(&low, &high)), plain(&low, &high));
        assert_eq!(i64::from(scalar::dot(&low, &high)), plain(&low, &high));
    }
}
