//! One amount over several shares, whole.

use crate::error::LedgerError;
use crate::sen::Sen;

/// Splits `total` over `shares` (parts of whatever they add up to; usually ppm of a million) in
/// proportion, so that the parts add up to `total`: each gets the whole sen of its exact part, and
/// the sen left over go one each to the largest remainders, to the earlier share among equals. So
/// nobody is off by a whole sen, and the same shares in the same order give the same parts.
///
/// # Errors
/// [`LedgerError::Shares`] where shares add up to nothing, [`LedgerError::Amount`] below nothing.
pub fn split(total: Sen, shares: &[u32]) -> Result<Vec<Sen>, LedgerError> {
    if total < Sen::ZERO {
        return Err(LedgerError::Amount(total));
    }
    let all: u128 = shares.iter().copied().map(u128::from).sum();
    if all == 0 {
        return Err(LedgerError::Shares);
    }
    let amount = u128::from(total.get().unsigned_abs());
    // An amount below 2^63 by a share below 2^32 stays below 2^95.
    let exact = shares.iter().map(|share| amount * u128::from(*share));
    let (mut parts, remainders): (Vec<u128>, Vec<u128>) =
        exact.map(|product| (product / all, product % all)).unzip();
    let left = amount - parts.iter().sum::<u128>();
    let mut order: Vec<usize> = (0..shares.len()).collect();
    // A stable sort: the earlier of equals stays the earlier.
    order.sort_by_key(|&at| std::cmp::Reverse(remainders[at]));
    for &at in order.iter().take(left as usize) {
        parts[at] += 1;
    }
    // No part exceeds the total, which fits.
    Ok(parts.into_iter().map(|part| Sen::new(part as i64)).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parts(total: i64, shares: &[u32]) -> Vec<i64> {
        split(Sen::new(total), shares).unwrap().into_iter().map(Sen::get).collect()
    }

    #[test]
    fn the_sen_left_over_go_to_the_largest_remainders() {
        assert_eq!(parts(1_155, &[500_000, 500_000]), [578, 577]);
        assert_eq!(parts(770, &[333_333, 333_333, 333_334]), [257, 256, 257]);
        assert_eq!(parts(1, &[1, 0, 999_999]), [0, 0, 1]);
        assert_eq!(parts(0, &[1, 1]), [0, 0]);
        assert_eq!(parts(i64::MAX, &[u32::MAX]), [i64::MAX]);
        assert!(matches!(split(Sen::new(1), &[]), Err(LedgerError::Shares)));
        assert!(matches!(split(Sen::new(1), &[0, 0]), Err(LedgerError::Shares)));
        assert!(matches!(split(Sen::new(-1), &[1]), Err(LedgerError::Amount(_))));
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            cases: 4_000, failure_persistence: None, ..ProptestConfig::default()
        })]

        #[test]
        fn nothing_is_lost_and_nobody_is_off_by_a_sen(
            total in prop_oneof![0..1_000_000i64, 0..=i64::MAX],
            shares in prop::collection::vec(prop_oneof![0..=1_000_000u32, any::<u32>()], 1..40),
        ) {
            let all: i128 = shares.iter().copied().map(i128::from).sum();
            prop_assume!(all > 0);
            let parts = parts(total, &shares);
            prop_assert_eq!(parts.iter().copied().map(i128::from).sum::<i128>(), i128::from(total));
            for (part, share) in parts.iter().zip(&shares) {
                let off = i128::from(*part) * all - i128::from(total) * i128::from(*share);
                prop_assert!(off.abs() < all, "{} of {:?}", part, shares);
            }
            // A larger share never gets less.
            for (a, b) in parts.iter().zip(&shares).zip(parts.iter().zip(&shares).skip(1)) {
                prop_assert!((a.1 <= b.1) || a.0 >= b.0);
            }
        }
    }
}
