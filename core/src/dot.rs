//! Sum of products of small integers: the one place that asks for SIMD, without `unsafe`.
//!
//! The scalar form is everywhere the truth. Where a target has vectors the same sum goes through
//! `wide`, which knows the one instruction made for it: `pmaddwd`, `i32x4.dot_i16x8_s`.

/// Values taken at a time. What is left over of either side is not looked at.
pub(crate) const LANES: usize = 8;

/// The left side of a product: what is kept in a table, in as few bits as it needs.
pub(crate) trait Factor: Copy + Into<i16> {}

impl Factor for i8 {}
impl Factor for i16 {}

/// Sum of products of both sides, in blocks of [`LANES`].
///
/// Integers: the order of the sum does not matter, so every form gives the same. Callers see to it
/// that it cannot overflow.
#[inline]
pub(crate) fn dot(a: &[impl Factor], b: &[i16]) -> i32 {
    let mut sum = Sum::default();
    sum.add(a, b);
    sum.total()
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64", target_feature = "simd128")))]
pub(crate) use scalar::Sum;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64", target_feature = "simd128"))]
pub(crate) use vectors::Sum;

#[cfg(any(
    test,
    not(any(target_arch = "x86_64", target_arch = "aarch64", target_feature = "simd128"))
))]
mod scalar {
    use super::{Factor, LANES};

    /// Products that are summed before they meet the sum: four vectors, which also a compiler for
    /// a scalar machine unrolls well.
    const BLOCK: usize = 4 * LANES;

    /// A sum to which products are added.
    #[derive(Default)]
    pub(crate) struct Sum(i32);

    impl Sum {
        /// Adds the products of both sides.
        #[inline]
        pub(crate) fn add(&mut self, a: &[impl Factor], b: &[i16]) {
            let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<BLOCK>(), b.as_chunks::<BLOCK>());
            self.0 += blocks(a, b) + blocks(a_rest.as_chunks::<LANES>().0, b_rest.as_chunks().0);
        }

        #[inline]
        pub(crate) fn total(self) -> i32 {
            self.0
        }
    }

    #[inline]
    fn blocks<const N: usize>(a: &[[impl Factor; N]], b: &[[i16; N]]) -> i32 {
        a.iter().zip(b).map(|(a, b)| block(a, b)).sum()
    }

    #[inline]
    fn block<const N: usize>(a: &[impl Factor; N], b: &[i16; N]) -> i32 {
        a.iter().zip(b).map(|(&a, &b)| i32::from(Into::<i16>::into(a)) * i32::from(b)).sum()
    }
}

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64", target_feature = "simd128"))]
mod vectors {
    use super::{Factor, LANES};
    use wide::{i16x8, i32x4};

    /// A sum to which products are added; its lanes meet only at the end.
    #[derive(Default)]
    pub(crate) struct Sum(i32x4);

    impl Sum {
        /// Adds the products of both sides.
        #[inline]
        pub(crate) fn add(&mut self, a: &[impl Factor], b: &[i16]) {
            let (a, b) = (a.as_chunks::<LANES>().0, b.as_chunks::<LANES>().0);
            for (&a, &b) in a.iter().zip(b) {
                self.0 += i16x8::new(a.map(Into::into)).dot(i16x8::new(b));
            }
        }

        #[inline]
        pub(crate) fn total(self) -> i32 {
            self.0.reduce_add()
        }
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

    fn by_scalars(a: &[impl Factor], b: &[i16]) -> i32 {
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
            prop_assert_eq!(i64::from(dot(&a, &b)), plain(&a, &b));
            prop_assert_eq!(by_scalars(&a, &b), dot(&a, &b));
        }

        #[test]
        fn eight_bits_give_what_sixteen_do(
            pairs in prop::collection::vec((i8::MIN..=i8::MAX, -2_047_i16..=2_047), 0..400)
        ) {
            let (a, b): (Vec<i8>, Vec<i16>) = pairs.into_iter().unzip();
            let wide: Vec<i16> = a.iter().map(|&a| a.into()).collect();
            prop_assert_eq!(dot(&a, &b), dot(&wide, &b));
            prop_assert_eq!(by_scalars(&a, &b), dot(&wide, &b));
        }
    }

    #[test]
    fn the_extremes_of_i16_do_not_saturate() {
        let mut low = [0; LANES];
        low[..2].fill(i16::MIN);
        let high = [i16::MAX; LANES];
        assert_eq!(i64::from(dot(&low, &high)), plain(&low, &high));
        assert_eq!(i64::from(by_scalars(&low, &high)), plain(&low, &high));
    }
}
