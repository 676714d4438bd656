//! Money: whole hundredths of a yen.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::LedgerError;

/// What a whole is in parts per million.
const WHOLE_PPM: i128 = 1_000_000;

/// An amount of money in sen, 1/100 yen; signed. Prints as yen: `7.70`.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Sen(i64);

impl Sen {
    /// Nothing.
    pub const ZERO: Sen = Sen(0);

    /// So many hundredths of a yen.
    pub const fn new(sen: i64) -> Sen {
        Sen(sen)
    }

    /// So many whole yen.
    ///
    /// # Errors
    /// [`LedgerError::Overflow`] beyond 92 quadrillion yen.
    pub fn from_yen(yen: i64) -> Result<Sen, LedgerError> {
        yen.checked_mul(100).map(Sen).ok_or(LedgerError::Overflow)
    }

    /// The hundredths of a yen.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// The whole yen, if there is nothing beside them.
    pub const fn whole_yen(self) -> Option<i64> {
        if self.0 % 100 == 0 { Some(self.0 / 100) } else { None }
    }

    /// The sum.
    ///
    /// # Errors
    /// [`LedgerError::Overflow`].
    pub fn plus(self, other: Sen) -> Result<Sen, LedgerError> {
        self.0.checked_add(other.0).map(Sen).ok_or(LedgerError::Overflow)
    }

    /// The difference.
    ///
    /// # Errors
    /// [`LedgerError::Overflow`].
    pub fn minus(self, other: Sen) -> Result<Sen, LedgerError> {
        self.0.checked_sub(other.0).map(Sen).ok_or(LedgerError::Overflow)
    }

    /// So many times this.
    ///
    /// # Errors
    /// [`LedgerError::Overflow`].
    pub fn times(self, count: u32) -> Result<Sen, LedgerError> {
        self.0.checked_mul(i64::from(count)).map(Sen).ok_or(LedgerError::Overflow)
    }

    /// So many parts per million of this, to the nearest sen; a half goes up.
    ///
    /// # Errors
    /// [`LedgerError::Overflow`].
    pub fn part(self, ppm: u32) -> Result<Sen, LedgerError> {
        let twice = 2 * i128::from(self.0) * i128::from(ppm) + WHOLE_PPM;
        let sen = twice.div_euclid(2 * WHOLE_PPM);
        i64::try_from(sen).map(Sen).map_err(|_| LedgerError::Overflow)
    }

    /// The sum of several.
    ///
    /// # Errors
    /// [`LedgerError::Overflow`].
    pub fn sum(amounts: impl IntoIterator<Item = Sen>) -> Result<Sen, LedgerError> {
        amounts.into_iter().try_fold(Sen::ZERO, Sen::plus)
    }
}

impl fmt::Display for Sen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let sen = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:02}", sen / 100, sen % 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_as_yen() {
        let printed = [770, 5, 0, -5, -12_345, i64::MIN].map(|sen| Sen::new(sen).to_string());
        let yen = ["7.70", "0.05", "0.00", "-0.05", "-123.45", "-92233720368547758.08"];
        assert_eq!(printed, yen);
    }

    #[test]
    fn a_part_is_rounded_to_the_nearest_sen() {
        // The examples of the crate's page: 7.7 % of a price.
        for (price, part) in [(15_000, 1_155), (15_001, 1_155), (15_006, 1_155), (15_007, 1_156)] {
            assert_eq!(Sen::new(price).part(77_000).unwrap(), Sen::new(part), "{price}");
        }
        // Halves go up, below nothing too.
        assert_eq!(Sen::new(1).part(500_000).unwrap(), Sen::new(1));
        assert_eq!(Sen::new(-1).part(500_000).unwrap(), Sen::ZERO);
        assert_eq!(Sen::new(i64::MAX).part(1_000_000).unwrap(), Sen::new(i64::MAX));
        assert!(matches!(Sen::new(i64::MAX).part(2_000_000), Err(LedgerError::Overflow)));
    }

    #[test]
    fn nothing_wraps() {
        let most = Sen::new(i64::MAX);
        assert!(most.plus(Sen::new(1)).is_err());
        assert!(Sen::new(i64::MIN).minus(Sen::new(1)).is_err());
        assert!(most.times(2).is_err());
        assert!(Sen::from_yen(i64::MAX).is_err());
        assert_eq!(Sen::from_yen(3).unwrap().whole_yen(), Some(3));
        assert_eq!(Sen::new(301).whole_yen(), None);
    }
}
