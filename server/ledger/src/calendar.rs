//! Dates and months as Japan counts them (UTC+9, no summer time).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::LedgerError;

const DAY_MS: i64 = 86_400_000;
const JAPAN_MS: i64 = 9 * 3_600_000;
const YEARS: std::ops::RangeInclusive<u16> = 1970..=9999;

/// A day of the Gregorian calendar, `YYYY-MM-DD`, of the years 1970 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Date {
    month: Month,
    day: u8,
}

/// A month, `YYYY-MM`, of the years 1970 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Month {
    year: u16,
    month: u8,
}

impl Date {
    /// The day it is in Japan at `at_ms` (Unix milliseconds).
    ///
    /// # Errors
    /// [`LedgerError::Calendar`] outside the years 1970 to 9999.
    pub fn in_japan(at_ms: i64) -> Result<Date, LedgerError> {
        let shifted = at_ms.checked_add(JAPAN_MS).ok_or(LedgerError::Calendar)?;
        let (year, month, day) = civil(shifted.div_euclid(DAY_MS));
        let year = u16::try_from(year).map_err(|_| LedgerError::Calendar)?;
        Ok(Date { month: Month::new(year, month)?, day })
    }

    /// Its month.
    pub fn month(self) -> Month {
        self.month
    }

    /// When the day begins in Japan (Unix milliseconds).
    pub fn start_ms(self) -> i64 {
        let Month { year, month } = self.month;
        days(i64::from(year), month, self.day) * DAY_MS - JAPAN_MS
    }
}

impl Month {
    /// A month; `month` counts from 1.
    ///
    /// # Errors
    /// [`LedgerError::Calendar`] outside the calendar.
    pub fn new(year: u16, month: u8) -> Result<Month, LedgerError> {
        match YEARS.contains(&year) && (1..=12).contains(&month) {
            true => Ok(Month { year, month }),
            false => Err(LedgerError::Calendar),
        }
    }

    /// The month it is in Japan at `at_ms` (Unix milliseconds).
    ///
    /// # Errors
    /// [`LedgerError::Calendar`] outside the years 1970 to 9999.
    pub fn in_japan(at_ms: i64) -> Result<Month, LedgerError> {
        Date::in_japan(at_ms).map(Date::month)
    }

    /// When it begins in Japan (Unix milliseconds).
    pub fn start_ms(self) -> i64 {
        self.first_day().start_ms()
    }

    /// When the next one begins in Japan (Unix milliseconds): the first moment not in it.
    pub fn end_ms(self) -> i64 {
        self.last_day().start_ms() + DAY_MS
    }

    /// Its first day.
    pub fn first_day(self) -> Date {
        Date { month: self, day: 1 }
    }

    /// Its last day.
    pub fn last_day(self) -> Date {
        Date { month: self, day: self.days() }
    }

    fn days(self) -> u8 {
        let century = self.year.is_multiple_of(100) && !self.year.is_multiple_of(400);
        let leap = self.year.is_multiple_of(4) && !century;
        match self.month {
            2 => 28 + u8::from(leap),
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        }
    }
}

/// Days from 1970-01-01 to a day. Years are counted from March, so that February's end is a year's:
/// https://howardhinnant.github.io/date_algorithms.html
fn days(year: i64, month: u8, day: u8) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let from_march = (i64::from(month) + 9) % 12;
    let of_year = (153 * from_march + 2) / 5 + i64::from(day) - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The year, month and day so many days from 1970-01-01.
fn civil(days: i64) -> (i64, u8, u8) {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (year + era * 400 + i64::from(month <= 2), month as u8, day as u8)
}

/// The number that is `digits` wide and nothing but digits.
fn number(text: &str, digits: usize) -> Result<u16, LedgerError> {
    match text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit()) {
        true => text.parse().map_err(|_| LedgerError::Calendar),
        false => Err(LedgerError::Calendar),
    }
}

impl FromStr for Month {
    type Err = LedgerError;

    fn from_str(text: &str) -> Result<Month, LedgerError> {
        let (year, month) = text.split_once('-').ok_or(LedgerError::Calendar)?;
        // Two digits fit.
        Month::new(number(year, 4)?, number(month, 2)? as u8)
    }
}

impl FromStr for Date {
    type Err = LedgerError;

    fn from_str(text: &str) -> Result<Date, LedgerError> {
        let (month, day) = text.rsplit_once('-').ok_or(LedgerError::Calendar)?;
        let (month, day): (Month, u8) = (month.parse()?, number(day, 2)? as u8);
        match (1..=month.days()).contains(&day) {
            true => Ok(Date { month, day }),
            false => Err(LedgerError::Calendar),
        }
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:02}", self.month, self.day)
    }
}

impl From<Month> for String {
    fn from(month: Month) -> String {
        month.to_string()
    }
}

impl From<Date> for String {
    fn from(date: Date) -> String {
        date.to_string()
    }
}

impl TryFrom<String> for Month {
    type Error = LedgerError;

    fn try_from(text: String) -> Result<Month, LedgerError> {
        text.parse()
    }
}

impl TryFrom<String> for Date {
    type Error = LedgerError;

    fn try_from(text: String) -> Result<Date, LedgerError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn month(text: &str) -> Month {
        text.parse().unwrap()
    }

    #[test]
    fn months_begin_at_midnight_in_japan() {
        // 2026-01-01T00:00:00+09:00 is 2025-12-31T15:00:00Z.
        assert_eq!(month("2026-01").start_ms(), 1_767_193_200_000);
        assert_eq!(Month::in_japan(1_767_193_200_000).unwrap(), month("2026-01"));
        assert_eq!(Month::in_japan(1_767_193_199_999).unwrap(), month("2025-12"));
        assert_eq!(month("2025-12").end_ms(), month("2026-01").start_ms());
        assert_eq!(Date::in_japan(0).unwrap().to_string(), "1970-01-01");
        assert!(Date::in_japan(-JAPAN_MS - 1).is_err());
        assert!(Date::in_japan(i64::MAX).is_err());
    }

    #[test]
    fn every_day_there_and_back() {
        let mut date: Date = "1970-01-01".parse().unwrap();
        for _ in 0..200_000 {
            let next = Date::in_japan(date.start_ms() + DAY_MS).unwrap();
            assert_eq!(next.to_string().parse::<Date>().unwrap(), next);
            assert!(next > date);
            assert_eq!(next.start_ms(), date.start_ms() + DAY_MS);
            assert_eq!(next.month() == date.month(), date != date.month().last_day());
            date = next;
        }
    }

    #[test]
    fn only_days_of_the_calendar() {
        for text in ["2024-02-29", "2000-02-29", "9999-12-31"] {
            assert_eq!(text.parse::<Date>().unwrap().to_string(), text);
        }
        for text in [
            "2025-02-29",
            "1900-02-28",
            "1969-12-31",
            "2026-1-01",
            "2026-01-00",
            "2026-13-01",
            "2026-01-32",
            "+026-01-01",
            "2026-01",
            "",
            "2026-01-01 ",
        ] {
            assert!(text.parse::<Date>().is_err(), "{text}");
        }
        for text in ["2026-00", "2026-13", "26-01", "2026-01-01", "２０２６-01"] {
            assert!(text.parse::<Month>().is_err(), "{text}");
        }
    }
}
