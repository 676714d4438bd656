//! JASRAC's figures for interactive distribution, as an example set of tariffs.
//!
//! Source: JASRAC, 使用料規程 (tariff of fees), section 11, interactive distribution; the same
//! figures stand in the government's table of 2003. As this project's notes have them (2026-11).
//! **Check the current text** before anything is charged by them: <https://www.jasrac.or.jp/>
//!
//! | form | per song and request, without consumption tax |
//! |---|---|
//! | `download_paid` | the larger of 7.7 % of the price and 7.70 yen |
//! | `download_advertising` | 6.60 yen |
//! | `download_free` | 5.50 yen |
//! | `download_limited` (plays for 7 to 30 days, cannot be copied) | from 5.00 yen |
//!
//! Each with 5,000 yen a month at least. The text's 1,000 yen a day, up to five days, for users of
//! less than a month, and its shares of income for streams (3.5 % music, 2.8 % with pictures) are
//! not a charge per request and not in this set.

use crate::calendar::Date;
use crate::sen::Sen;
use crate::tariff::{Rate, Tariff};

/// The organisation's id in this set.
pub const ORGANISATION: &str = "JASRAC";

/// What every row of the set says of its source.
pub const SOURCE: &str =
    "JASRAC tariff, section 11, interactive distribution; example, check the current text";

/// 5,000 yen.
pub const MONTH_MINIMUM: Sen = Sen::new(500_000);

/// The example set, valid from a day.
pub fn example(valid_from: Date) -> Vec<Tariff> {
    let rates = [
        ("download_paid", Rate::Share { ppm: 77_000, floor: Sen::new(770) }),
        ("download_advertising", Rate::Flat { amount: Sen::new(660) }),
        ("download_free", Rate::Flat { amount: Sen::new(550) }),
        ("download_limited", Rate::Flat { amount: Sen::new(500) }),
    ];
    let tariff = |(form, rate): (&str, Rate)| Tariff {
        organisation: ORGANISATION.to_owned(),
        form: form.to_owned(),
        valid_from,
        valid_to: None,
        rate,
        month_minimum: MONTH_MINIMUM,
        source: SOURCE.to_owned(),
    };
    rates.into_iter().map(tariff).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::LedgerError;
    use crate::tariff::charge;

    #[test]
    fn the_charges_of_the_text() {
        let set = example("2026-04-01".parse().unwrap());
        // In sen: the price and what each row charges at it.
        let rows: [(i64, [i64; 4]); 5] = [
            (0, [770, 660, 550, 500]),
            (10_000, [770, 660, 550, 500]),
            // One sen above the price where share and floor meet, to the nearest sen.
            (10_007, [771, 660, 550, 500]),
            (15_000, [1_155, 660, 550, 500]),
            (25_000, [1_925, 660, 550, 500]),
        ];
        for (price, charges) in rows {
            for (tariff, expected) in set.iter().zip(charges) {
                let charged = charge(tariff, Sen::new(price)).unwrap();
                assert_eq!(charged, Sen::new(expected), "{} at {price}", tariff.form);
            }
        }
        assert!(matches!(charge(&set[0], Sen::new(-1)), Err(LedgerError::Amount(_))));
        let closed = Tariff { rate: Rate::Closed, ..set[0].clone() };
        assert!(matches!(charge(&closed, Sen::ZERO), Err(LedgerError::TariffClosed)));
        assert!(set.iter().all(|tariff| tariff.source.contains("check the current text")));
    }
}
