//! Money and percentages as people write and read them.

use onmon_ledger::Sen;
use serde::Serialize;

/// Money in JSON: hundredths of a yen for programs, yen for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Yen {
    sen: i64,
    yen: String,
}

impl Yen {
    /// As people read it.
    pub fn yen(&self) -> &str {
        &self.yen
    }
}

impl From<Sen> for Yen {
    fn from(amount: Sen) -> Yen {
        Yen { sen: amount.get(), yen: amount.to_string() }
    }
}

/// A text that is no amount, or no percentage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotADecimal {
    /// No amount.
    #[error("an amount is yen with at most two digits behind the point, as 7.70; not below 0")]
    Yen,
    /// No percentage.
    #[error("a percentage is 0 to 100 with at most four digits behind the point, as 7.7")]
    Percent,
}

/// Yen, exactly.
pub fn yen(text: &str) -> Result<Sen, NotADecimal> {
    decimal(text, 2).map(Sen::new).ok_or(NotADecimal::Yen)
}

/// Percent, as parts per million.
pub fn percent(text: &str) -> Result<u32, NotADecimal> {
    let ppm = decimal(text, 4).and_then(|ppm| u32::try_from(ppm).ok());
    ppm.filter(|ppm| *ppm <= 1_000_000).ok_or(NotADecimal::Percent)
}

/// Parts per million as percent without needless zeros: `7.7 %`.
pub fn percent_of(ppm: u32) -> String {
    let digits = format!("{}.{:04}", ppm / 10_000, ppm % 10_000);
    format!("{} %", digits.trim_end_matches('0').trim_end_matches('.'))
}

/// A number that is not below 0, times 10^places; none where that is no whole number.
fn decimal(text: &str, places: usize) -> Option<i64> {
    let (whole, rest) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(rest) || rest.len() > places {
        return None;
    }
    format!("{whole}{rest:0<places$}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_is_read_exactly() {
        for (text, sen) in [("7.70", 770), ("7.7", 770), ("5000", 500_000), ("0", 0), ("0.05", 5)] {
            assert_eq!(yen(text), Ok(Sen::new(sen)), "{text}");
        }
        for text in ["", ".", "7.", ".7", "-1", "+1", "7.705", "7,70", "1e3", "92233720368547759"] {
            assert_eq!(yen(text), Err(NotADecimal::Yen), "{text}");
        }
        for (text, ppm, shown) in
            [("7.7", 77_000, "7.7 %"), ("100", 1_000_000, "100 %"), ("0.0001", 1, "0.0001 %")]
        {
            assert_eq!(percent(text), Ok(ppm));
            assert_eq!(percent_of(ppm), shown);
        }
        for text in ["100.0001", "7.70001", "-1", "%"] {
            assert_eq!(percent(text), Err(NotADecimal::Percent), "{text}");
        }
    }
}
