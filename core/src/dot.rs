//! Sums of products of small integers: the one place that asks for SIMD, without `unsafe`.
//!
//! The scalar form is everywhere the truth. Where a target has vectors the same sum goes through
//! `wide`, which knows the one instruction made for it: `pmaddwd`, `i32x4.dot_i16x8_s`.
//!
//! Integers: the order of a sum does not matter, so every form gives the same. Callers see to it
//! that none can overflow.

/// 16-bit values taken at a time. What is left over of either side is not looked at.
const LANES: usize = 8;

/// Values that 8-bit weights meet at a time, likewise: as many weights as fill a vector.
pub(crate) const WEIGHT_LANES: usize = 16;

/// Rows of weights that meet values together: each value is loaded once for all of them.
pub(crate) const ROWS: usize = 4;

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64", target_feature = "simd128")))]
pub(crate) use scalar::{Sum, dots};
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64", target_feature = "simd128"))]
pub(crate) use vectors::{Sum, dots};

#[cfg(any(
    test,
    not(any(target_arch = "x86_64", target_arch = "aarch64", target_feature = "simd128"))
))]
mod scalar {
    use super::{LANES, ROWS, WEIGHT_LANES};

    /// Products that are summed before they meet the sum: four vectors, which also a compiler for
    /// a scalar machine unrolls well.
    const BLOCK: usize = 4 * LANES;

    /// A sum to which products are added.
    #[derive(Default)]
    pub(crate) struct Sum(i32);

    impl Sum {
        /// Adds the products of both sides.
        #[inline]
        pub(crate) fn add(&mut self, a: &[i16], b: &[i16]) {
            let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<BLOCK>(), b.as_chunks::<BLOCK>());
            self.0 += blocks(a, b) + blocks(a_rest.as_chunks::<LANES>().0, b_rest.as_chunks().0);
        }

        #[inline]
        pub(crate) fn total(self) -> i32 {
            self.0
        }
    }

    /// Of each row, the sum of its products with the values.
    #[inline]
    pub(crate) fn dots(rows: [&[i8]; ROWS], values: &[i16]) -> [i32; ROWS] {
        let values = values.as_chunks::<WEIGHT_LANES>().0;
        rows.map(|row| blocks(row.as_chunks().0, values))
    }

    #[inline]
    fn blocks<const N: usize>(a: &[[impl Copy + Into<i32>; N]], b: &[[i16; N]]) -> i32 {
        a.iter().zip(b).map(|(a, b)| block(a, b)).sum()
    }

    #[inline]
    fn block<const N: usize>(a: &[impl Copy + Into<i32>; N], b: &[i16; N]) -> i32 {
        a.iter().zip(b).map(|(&a, &b)| a.into() * i32::from(b)).sum()
    }
}

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64", target_feature = "simd128"))]
mod vectors {
    use super::{LANES, ROWS, WEIGHT_LANES};
    use wide::{i8x16, i16x8, i16x16, i32x4};

    /// A sum to which products are added; its lanes meet only at the end.
    #[derive(Default)]
    pub(crate) struct Sum(i32x4);

    impl Sum {
        /// Adds the products of both sides.
        #[inline]
        pub(crate) fn add(&mut self, a: &[i16], b: &[i16]) {
            let (a, b) = (a.as_chunks::<LANES>().0, b.as_chunks::<LANES>().0);
            for (&a, &b) in a.iter().zip(b) {
                self.0 += i16x8::new(a).dot(i16x8::new(b));
            }
        }

        #[inline]
        pub(crate) fn total(self) -> i32 {
            self.0.reduce_add()
        }
    }

    /// Of each row, the sum of its products with the values.
    #[inline]
    pub(crate) fn dots(rows: [&[i8]; ROWS], values: &[i16]) -> [i32; ROWS] {
        let [a, b, c, d] = rows.map(|row| row.as_chunks::<WEIGHT_LANES>().0);
        let values = values.as_chunks::<WEIGHT_LANES>().0;
        let mut sums = [i32x4::ZERO; ROWS];
        // One zip over all: the loop asks once whether there is more, not for each row.
        for ((((&values, a), b), c), d) in values.iter().zip(a).zip(b).zip(c).zip(d) {
            let [low, high] = halves(i16x16::new(values));
            for (sum, &weights) in sums.iter_mut().zip([a, b, c, d]) {
                let [low_weights, high_weights] = halves(i16x16::from_i8x16(i8x16::new(weights)));
                *sum += low.dot(low_weights) + high.dot(high_weights);
            }
        }
        sums.map(|sum| sum.reduce_add())
    }

    fn halves(values: i16x16) -> [i16x8; 2] {
        let array = values.to_array();
        let (halves, _) = array.as_chunks::<LANES>();
        [i16x8::new(halves[0]), i16x8::new(halves[1])]
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use proptest::prelude::*;
    use std::vec::Vec;

    /// The twin: one product after the other, in 64 bits.
    fn plain<T: Copy + Into<i64>>(a: &[T], b: &[i16], lanes: usize) -> i64 {
        let whole = a.len().min(b.len()) / lanes * lanes;
        a.iter().zip(b).take(whole).map(|(&a, &b)| a.into() * i64::from(b)).sum()
    }

    fn by_vectors(a: &[i16], b: &[i16]) -> i32 {
        let mut sum = Sum::default();
        sum.add(a, b);
        sum.total()
    }

    fn by_scalars(a: &[i16], b: &[i16]) -> i32 {
        let mut sum = scalar::Sum::default();
        sum.add(a, b);
        sum.total()
    }

    proptest! {
        #[test]
        fn every_form_gives_the_plain_sum(
            pairs in prop::collection::vec((-2_047_i16..=2_047, -2_047_i16..=2_047), 0..400)
        ) {
            let (a, b): (Vec<i16>, Vec<i16>) = pairs.into_iter().unzip();
            prop_assert_eq!(i64::from(by_vectors(&a, &b)), plain(&a, &b, LANES));
            prop_assert_eq!(by_scalars(&a, &b), by_vectors(&a, &b));
        }

        #[test]
        fn every_row_gives_the_plain_sum(
            met in prop::collection::vec(
                (any::<[i8; ROWS]>(), -2_047_i16..=2_047), 0..400
            )
        ) {
            let values: Vec<i16> = met.iter().map(|(_, value)| *value).collect();
            let rows: [Vec<i8>; ROWS] =
                core::array::from_fn(|row| met.iter().map(|(weights, _)| weights[row]).collect());
            let rows = rows.each_ref().map(Vec::as_slice);
            let expected = rows.map(|row| plain(row, &values, WEIGHT_LANES));
            prop_assert_eq!(dots(rows, &values).map(i64::from), expected);
            prop_assert_eq!(scalar::dots(rows, &values).map(i64::from), expected);
        }
    }

    #[test]
    fn the_extremes_of_i16_do_not_saturate() {
        let mut low = [0; LANES];
        low[..2].fill(i16::MIN);
        let high = [i16::MAX; LANES];
        assert_eq!(i64::from(by_vectors(&low, &high)), plain(&low, &high, LANES));
        assert_eq!(i64::from(by_scalars(&low, &high)), plain(&low, &high, LANES));
    }
}
