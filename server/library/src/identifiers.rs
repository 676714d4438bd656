//! ISRC and ISWC: the industry's numbers of a recording and of a musical work, checked when read.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An International Standard Recording Code (ISO 3901), held as its 12 characters.
///
/// Read from `CCXXXYYNNNNN` or `CC-XXX-YY-NNNNN`, in either case: two letters, three letters or
/// digits (the registrant), two digits (the year), five digits. An ISRC has no check digit.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Isrc(String);

impl Isrc {
    /// The 12 characters, upper case, without hyphens.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Isrc {
    type Err = IdentifierError;

    fn from_str(text: &str) -> Result<Self, IdentifierError> {
        let text = text.trim();
        let groups: Vec<&str> = text.split('-').collect();
        let lengths_fit = match groups[..] {
            [whole] => whole.len() == ISRC_CHARS,
            [country, registrant, year, designation] => {
                [country.len(), registrant.len(), year.len(), designation.len()] == [2, 3, 2, 5]
            }
            _ => false,
        };
        let code = groups.concat().to_ascii_uppercase();
        let bytes = code.as_bytes();
        let characters_fit = lengths_fit
            && bytes.len() == ISRC_CHARS
            && bytes[..2].iter().all(u8::is_ascii_uppercase)
            && bytes[2..5].iter().all(u8::is_ascii_alphanumeric)
            && bytes[5..].iter().all(u8::is_ascii_digit);
        if characters_fit { Ok(Isrc(code)) } else { Err(IdentifierError::Isrc) }
    }
}

const ISRC_CHARS: usize = 12;

/// An International Standard Musical Work Code (ISO 15707), held as `T-ddd.ddd.ddd-c`.
///
/// Read with or without its punctuation; the check digit `c` is verified.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Iswc(String);

impl Iswc {
    /// The code as `T-ddd.ddd.ddd-c`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Iswc {
    type Err = IdentifierError;

    fn from_str(text: &str) -> Result<Self, IdentifierError> {
        let text = text.trim();
        if !text.is_ascii() {
            return Err(IdentifierError::Iswc);
        }
        let plain = text.replace(['-', '.'], "").to_ascii_uppercase();
        let digits = match plain.strip_prefix('T') {
            Some(digits) if digits.len() == 10 && digits.bytes().all(|b| b.is_ascii_digit()) => {
                digits
            }
            _ => return Err(IdentifierError::Iswc),
        };
        let (a, b, c, check) = (&digits[..3], &digits[3..6], &digits[6..9], &digits[9..]);
        let code = format!("T-{a}.{b}.{c}-{check}");
        if !text.eq_ignore_ascii_case(&plain) && !text.eq_ignore_ascii_case(&code) {
            return Err(IdentifierError::Iswc);
        }
        let expected = iswc_check_digit(&digits[..9]);
        if check.as_bytes() != [b'0' + expected] {
            return Err(IdentifierError::IswcCheckDigit { expected });
        }
        Ok(Iswc(code))
    }
}

/// The digit that makes 1 + 1·d1 + 2·d2 + … + 9·d9 + c a multiple of ten.
fn iswc_check_digit(digits: &str) -> u8 {
    let weighted: u32 = (1..).zip(digits.bytes()).map(|(i, d)| i * u32::from(d - b'0')).sum();
    ((10 - (1 + weighted) % 10) % 10) as u8
}

/// Why a text is no identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdentifierError {
    /// Not of the form of an ISRC.
    #[error("an ISRC has 12 characters, CC-XXX-YY-NNNNN, hyphens optional (as JP-B01-23-45678)")]
    Isrc,
    /// Not of the form of an ISWC.
    #[error("an ISWC has the form T-ddd.ddd.ddd-c, punctuation optional (as T-034.524.680-1)")]
    Iswc,
    /// The form of an ISWC, but a digit is wrong.
    #[error("the ISWC's check digit should be {expected}: look for a wrong or swapped digit")]
    IswcCheckDigit {
        /// The digit that would fit the nine before it.
        expected: u8,
    },
}

macro_rules! as_text {
    ($($name:ident),*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl TryFrom<String> for $name {
            type Error = IdentifierError;
            fn try_from(text: String) -> Result<Self, IdentifierError> {
                text.parse()
            }
        }
        impl From<$name> for String {
            fn from(code: $name) -> String {
                code.0
            }
        }
    )*};
}
as_text!(Isrc, Iswc);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn isrc_with_and_without_hyphens_is_the_same_code() {
        let want = "JPB012345678";
        for text in ["JPB012345678", "JP-B01-23-45678", "jp-b01-23-45678", " JPB012345678 "] {
            assert_eq!(text.parse::<Isrc>().unwrap().as_str(), want, "{text}");
        }
    }

    #[test]
    fn not_an_isrc() {
        let wrong = [
            "",
            "JPB01234567",
            "JPB0123456789",
            "1PB012345678",
            "JPB01234567X",
            "JP-B012345678",
            "J-PB0-12-345678",
            "JP-B01-23-4567é",
            "JP--B0123-45678",
            "JPB01-2345678",
            "----",
            "ＪＰB012345678",
        ];
        for text in wrong {
            assert_eq!(text.parse::<Isrc>(), Err(IdentifierError::Isrc), "{text}");
        }
    }

    #[test]
    fn iswc_of_published_examples() {
        // The standard's own two examples.
        for text in ["T-034.524.680-1", "T0345246801", "t-034.524.680-1"] {
            assert_eq!(text.parse::<Iswc>().unwrap().as_str(), "T-034.524.680-1", "{text}");
        }
        assert_eq!("T-000.000.001-0".parse::<Iswc>().unwrap().as_str(), "T-000.000.001-0");
    }

    #[test]
    fn every_single_wrong_check_digit_is_found() {
        for c in (0..10).filter(|c| *c != 1) {
            let text = format!("T-034.524.680-{c}");
            assert_eq!(
                text.parse::<Iswc>(),
                Err(IdentifierError::IswcCheckDigit { expected: 1 }),
                "{text}"
            );
        }
    }

    #[test]
    fn not_an_iswc() {
        let wrong =
            ["", "T", "034.524.680-1", "T-034.524.680", "T-03.4524.680-1", "T-034524680-1", "Té"];
        for text in wrong {
            assert_eq!(text.parse::<Iswc>(), Err(IdentifierError::Iswc), "{text}");
        }
    }

    #[test]
    fn json_is_the_canonical_text_and_is_checked() {
        let isrc: Isrc = serde_json::from_str("\"jp-b01-23-45678\"").unwrap();
        assert_eq!(serde_json::to_string(&isrc).unwrap(), "\"JPB012345678\"");
        assert!(serde_json::from_str::<Iswc>("\"T-034.524.680-2\"").is_err());
    }
}
