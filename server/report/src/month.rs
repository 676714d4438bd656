//! The month that a report is for.

use std::fmt;
use std::str::FromStr;

/// A month of the years 1900 to 9999, written `YYYY-MM`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Month {
    year: u16,
    month: u8,
}

const MS_PER_DAY: i64 = 86_400_000;

impl Month {
    /// Which month it is at a moment (Unix milliseconds) on clocks that are `utc_offset_min`
    /// minutes ahead of UTC; 540 in Japan. None outside 1900 to 9999.
    pub fn at(unix_ms: i64, utc_offset_min: i16) -> Option<Month> {
        let local = unix_ms.checked_add(i64::from(utc_offset_min) * 60_000)?;
        let (year, month, _) = civil(local.div_euclid(MS_PER_DAY))?;
        Month::new(year, month)
    }

    /// A month, if there is such a one.
    pub fn new(year: u16, month: u8) -> Option<Month> {
        let fits = (1900..=9999).contains(&year) && (1..=12).contains(&month);
        fits.then_some(Month { year, month })
    }

    /// Its first day as `YYYY-MM-DD`.
    pub fn first_day(&self) -> String {
        format!("{self}-01")
    }

    /// Its last day as `YYYY-MM-DD`.
    pub fn last_day(&self) -> String {
        let leap = self.year.is_multiple_of(4)
            && (!self.year.is_multiple_of(100) || self.year.is_multiple_of(400));
        let days = match self.month {
            2 if leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        format!("{self}-{days}")
    }

    /// Its six digits, as file names have them.
    pub fn digits(&self) -> String {
        format!("{:04}{:02}", self.year, self.month)
    }
}

/// A moment in UTC, as year, month, day, hour, minute, second; none outside the years 0 to 65535.
pub fn utc(unix_ms: i64) -> Option<(u16, u8, u8, u8, u8, u8)> {
    let (year, month, day) = civil(unix_ms.div_euclid(MS_PER_DAY))?;
    let seconds = unix_ms.rem_euclid(MS_PER_DAY) / 1_000;
    let [hour, minute, second] =
        [seconds / 3_600, seconds / 60 % 60, seconds % 60].map(|part| part as u8);
    Some((year, month, day, hour, minute, second))
}

/// Year, month and day of a day since 1970-01-01: counted from 0000-03-01 in eras of 400 years, so
/// that leap days end a year. (Hinnant, "chrono-compatible low-level date algorithms".)
fn civil(days: i64) -> Option<(u16, u8, u8)> {
    let days = days.checked_add(719_468)?;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + 400 * era + i64::from(month <= 2);
    Some((u16::try_from(year).ok()?, month as u8, day as u8))
}

impl FromStr for Month {
    type Err = NotAMonth;

    fn from_str(text: &str) -> Result<Month, NotAMonth> {
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        match text.split_once('-') {
            Some((year, month))
                if year.len() == 4 && month.len() == 2 && digits(year) && digits(month) =>
            {
                let (year, month) = (year.parse().unwrap_or(0), month.parse().unwrap_or(0));
                Month::new(year, month).ok_or(NotAMonth)
            }
            _ => Err(NotAMonth),
        }
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

/// A text that is no month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a month has the form YYYY-MM (as 2026-04)")]
pub struct NotAMonth;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_by_the_clocks_of_japan() {
        let april = "2026-04".parse::<Month>().unwrap();
        // 2026-03-31T15:00Z is the first moment of April in Japan.
        let begins = 1_774_969_200_000;
        assert_eq!(Month::at(begins, 540), Some(april));
        assert_eq!(Month::at(begins - 1, 540), "2026-03".parse().ok());
        assert_eq!(Month::at(begins, 0), "2026-03".parse().ok());
        assert_eq!(Month::at(i64::MAX, 540), None);
        assert_eq!(Month::at(i64::MIN, -540), None);
        assert_eq!((&*april.first_day(), &*april.last_day()), ("2026-04-01", "2026-04-30"));
        assert_eq!("2024-02".parse::<Month>().unwrap().last_day(), "2024-02-29");
        assert_eq!(april.digits(), "202604");
        for text in ["", "2026", "2026-13", "2026-00", "26-04", "2026-4", "2026-04-01", "1899-12"] {
            assert_eq!(text.parse::<Month>(), Err(NotAMonth), "{text}");
        }
        assert_eq!(utc(begins), Some((2026, 3, 31, 15, 0, 0)));
    }
}
