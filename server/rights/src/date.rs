//! Days and spans of days: when a claim holds and when a use took place.

use std::fmt;
use std::str::FromStr;

/// A day of the Gregorian calendar, 1900-01-01 to 9999-12-31, written `YYYY-MM-DD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

/// Japan's clocks are this far ahead of UTC, all year.
const JAPAN_OFFSET_MS: i64 = 9 * 3_600_000;

const MS_PER_DAY: i64 = 86_400_000;

impl Date {
    /// A day, if there is such a one.
    pub const fn new(year: u16, month: u8, day: u8) -> Option<Date> {
        let fits = year >= 1900 && year <= 9999 && month >= 1 && month <= 12;
        if fits && day >= 1 && day <= days_of(year, month) {
            Some(Date { year, month, day })
        } else {
            None
        }
    }

    /// Which day it is in Japan at a moment, in Unix milliseconds. None outside 1900 to 9999.
    pub fn in_japan(unix_ms: i64) -> Option<Date> {
        let days = unix_ms.checked_add(JAPAN_OFFSET_MS)?.div_euclid(MS_PER_DAY);
        // Days since 0000-03-01, in eras of 400 years: leap days then end each year.
        // (Hinnant, "chrono-compatible low-level date algorithms".)
        let days = days.checked_add(719_468)?;
        let era = days.div_euclid(146_097);
        let of_era = days.rem_euclid(146_097);
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted = (5 * of_year + 2) / 153;
        let day = of_year - (153 * shifted + 2) / 5 + 1;
        let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
        let year = year_of_era + 400 * era + i64::from(month <= 2);
        Date::new(year.try_into().ok()?, month.try_into().ok()?, day.try_into().ok()?)
    }

    /// Its month as `YYYY-MM`.
    pub fn month(&self) -> String {
        format!("{:04}-{:02}", self.year, self.month)
    }
}

const fn days_of(year: u16, month: u8) -> u8 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl FromStr for Date {
    type Err = DateError;

    fn from_str(text: &str) -> Result<Date, DateError> {
        let text = text.trim();
        let bytes = text.as_bytes();
        let shaped = bytes.len() == 10
            && bytes.iter().enumerate().all(|(i, b)| match i {
                4 | 7 => *b == b'-',
                _ => b.is_ascii_digit(),
            });
        if !shaped {
            return Err(DateError::Form);
        }
        let number = |range: std::ops::Range<usize>| text[range].parse::<u16>().unwrap_or(0);
        let (year, month, day) = (number(0..4), number(5..7), number(8..10));
        Date::new(year, month as u8, day as u8).ok_or(DateError::NoSuchDay)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// A span of days, **half open**: from a day on, until the day before another. Either may be left
/// out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Period {
    from: Option<Date>,
    until: Option<Date>,
}

impl Period {
    /// At all times.
    pub const ALWAYS: Period = Period { from: None, until: None };

    /// From a day on (that day counts) until a day (that day does not).
    ///
    /// # Errors
    /// [`DateError::EmptyPeriod`]: no day lies between them.
    pub fn new(from: Option<Date>, until: Option<Date>) -> Result<Period, DateError> {
        match (from, until) {
            (Some(from), Some(until)) if from >= until => Err(DateError::EmptyPeriod),
            _ => Ok(Period { from, until }),
        }
    }

    /// The first day, if there is one.
    pub fn from(&self) -> Option<Date> {
        self.from
    }

    /// The first day that no longer counts, if there is one.
    pub fn until(&self) -> Option<Date> {
        self.until
    }

    /// Whether a day lies in it.
    pub fn contains(&self, day: Date) -> bool {
        self.from.is_none_or(|from| from <= day) && self.until.is_none_or(|until| day < until)
    }
}

/// Why a text is no day, or two days no span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DateError {
    /// Not of the form.
    #[error("a date has the form YYYY-MM-DD (as 2026-04-01)")]
    Form,
    /// Of the form, but not in the calendar.
    #[error("there is no such day between 1900-01-01 and 9999-12-31")]
    NoSuchDay,
    /// From a day until the same or an earlier one.
    #[error("the period ends before it begins: its last column is the first day no longer meant")]
    EmptyPeriod,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn days_that_are_and_days_that_are_not() {
        for text in ["1900-01-01", "2000-02-29", "2024-02-29", "9999-12-31"] {
            assert_eq!(day(text).to_string(), text);
        }
        for text in ["2026-02-29", "1900-02-29", "2026-13-01", "2026-00-10", "2026-04-31"] {
            assert_eq!(text.parse::<Date>(), Err(DateError::NoSuchDay), "{text}");
        }
        for text in ["", "2026-4-01", "20260401", "2026/04/01", "2026-04-01T", "２026-04-1"] {
            assert_eq!(text.parse::<Date>(), Err(DateError::Form), "{text}");
        }
    }

    #[test]
    fn japan_s_day_begins_at_15_utc() {
        // 2026-03-31T14:59:59.999Z and one millisecond later.
        assert_eq!(Date::in_japan(1_774_969_199_999), Some(day("2026-03-31")));
        assert_eq!(Date::in_japan(1_774_969_200_000), Some(day("2026-04-01")));
        assert_eq!(Date::in_japan(0), Some(day("1970-01-01")));
        assert_eq!(Date::in_japan(i64::MAX), None);
        assert_eq!(Date::in_japan(i64::MIN), None);
        assert_eq!(day("2026-04-01").month(), "2026-04");
    }

    #[test]
    fn every_day_follows_the_one_before() {
        let mut expected = day("1970-01-01");
        for days in 0..60_000 {
            let found = Date::in_japan(days * MS_PER_DAY).unwrap();
            assert_eq!(found, expected);
            let Date { year, month, day } = expected;
            expected = Date::new(year, month, day + 1)
                .or_else(|| Date::new(year, month + 1, 1))
                .or_else(|| Date::new(year + 1, 1, 1))
                .unwrap();
        }
    }

    #[test]
    fn a_period_ends_before_its_end() {
        let period = Period::new(Some(day("2026-04-01")), Some(day("2026-05-01"))).unwrap();
        for (text, inside) in [
            ("2026-03-31", false),
            ("2026-04-01", true),
            ("2026-04-30", true),
            ("2026-05-01", false),
        ] {
            assert_eq!(period.contains(day(text)), inside, "{text}");
            assert!(Period::ALWAYS.contains(day(text)));
        }
        let same = Some(day("2026-04-01"));
        assert_eq!(Period::new(same, same), Err(DateError::EmptyPeriod));
    }
}
