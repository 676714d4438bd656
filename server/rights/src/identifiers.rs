//! The numbers of the trade, checked when read: ISRC of a recording, ISWC and the codes of JASRAC
//! and NexTone of a work, IPI of a party, and our own name of an organisation.
//!
//! | | example | check digit | shape from |
//! |---|---|---|---|
//! | [`Isrc`] | `JPB012345678` | none | ISO 3901 |
//! | [`Iswc`] | `T-034.524.680-1` | one, modulo 10 | ISO 15707 |
//! | [`Ipi`] | `00014107338` | two, modulo 101 | CISAC's IPI name number, as CWR tools check it |
//! | [`JasracCode`] | `0A0-0000-0` | not published | JASRAC's help on work codes: a digit, a digit or capital letter, six digits |
//! | [`NextoneCode`] | `N00000000` | not published | as NexTone's search shows them: a letter, eight digits |

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

/// An IPI name number: who owns a share of a work. Held as its 11 digits.
///
/// Read from 9 to 11 digits (leading zeros may be left out), dots and spaces between them ignored.
/// The last two are verified: with d1 … d9 before them, 10·d1 + 9·d2 + … + 2·d9 modulo 101, taken
/// from 101 (and 100 written as `00`).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Ipi(String);

impl Ipi {
    /// The 11 digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Ipi {
    type Err = IdentifierError;

    fn from_str(text: &str) -> Result<Self, IdentifierError> {
        let digits = text.trim().replace(['.', ' '], "");
        let fits = (9..=IPI_CHARS).contains(&digits.len());
        if !fits || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(IdentifierError::Ipi);
        }
        let digits = format!("{digits:0>IPI_CHARS$}");
        let expected = ipi_check_digits(&digits[..9]);
        if digits[9..] == format!("{expected:02}") {
            Ok(Ipi(digits))
        } else {
            Err(IdentifierError::IpiCheckDigits { expected })
        }
    }
}

const IPI_CHARS: usize = 11;

fn ipi_check_digits(digits: &str) -> u8 {
    let weights = (2..=10u32).rev();
    let weighted: u32 = weights.zip(digits.bytes()).map(|(w, d)| w * u32::from(d - b'0')).sum();
    match weighted % 101 {
        0 => 0,
        rest => ((101 - rest) % 100) as u8,
    }
}

/// JASRAC's code of a work, held as `ddd-dddd-d`; the second character may be a capital letter.
///
/// Read with or without hyphens, in either case. What the last digit checks is not published, so
/// only the shape is verified.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct JasracCode(String);

impl JasracCode {
    /// The code as `0A0-0000-0`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The eight characters without hyphens, as reports take them.
    pub fn plain(&self) -> String {
        self.0.replace('-', "")
    }
}

impl FromStr for JasracCode {
    type Err = IdentifierError;

    fn from_str(text: &str) -> Result<Self, IdentifierError> {
        let text = text.trim().to_ascii_uppercase();
        let groups: Vec<&str> = text.split('-').collect();
        let lengths_fit = match groups[..] {
            [whole] => whole.len() == 8,
            [a, b, c] => [a.len(), b.len(), c.len()] == [3, 4, 1],
            _ => false,
        };
        let plain = groups.concat();
        let bytes = plain.as_bytes();
        let fits = lengths_fit
            && bytes.len() == 8
            && bytes[0].is_ascii_digit()
            && (bytes[1].is_ascii_digit() || bytes[1].is_ascii_uppercase())
            && bytes[2..].iter().all(u8::is_ascii_digit);
        if fits {
            Ok(JasracCode(format!("{}-{}-{}", &plain[..3], &plain[3..7], &plain[7..])))
        } else {
            Err(IdentifierError::JasracCode)
        }
    }
}

/// NexTone's code of a work: a letter and eight digits, in either case. Only the shape is verified.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct NextoneCode(String);

impl NextoneCode {
    /// The code as `N00000000`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for NextoneCode {
    type Err = IdentifierError;

    fn from_str(text: &str) -> Result<Self, IdentifierError> {
        let code = text.trim().to_ascii_uppercase();
        let bytes = code.as_bytes();
        let fits = bytes.len() == 9
            && bytes[0].is_ascii_uppercase()
            && bytes[1..].iter().all(u8::is_ascii_digit);
        if fits { Ok(NextoneCode(code)) } else { Err(IdentifierError::NextoneCode) }
    }
}

/// Our name of an organisation that claims, as `JASRAC`: 1 to 32 of `A-Z 0-9 _ . -`. Read in either
/// case. It is part of the names of ledger accounts, so it never has a colon or a space.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OrganisationId(String);

impl OrganisationId {
    /// The name in capitals.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for OrganisationId {
    type Err = IdentifierError;

    fn from_str(text: &str) -> Result<Self, IdentifierError> {
        let name = text.trim().to_ascii_uppercase();
        let known = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-');
        if (1..=32).contains(&name.len()) && name.bytes().all(known) {
            Ok(OrganisationId(name))
        } else {
            Err(IdentifierError::Organisation)
        }
    }
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
    /// Not of the form of an IPI name number.
    #[error("an IPI name number has 9 to 11 digits (as 00014107338)")]
    Ipi,
    /// The form of an IPI name number, but a digit is wrong.
    #[error("the IPI's last two digits should be {expected:02}: look for a wrong or swapped digit")]
    IpiCheckDigits {
        /// The two digits that would fit the nine before them.
        expected: u8,
    },
    /// Not of the form of a JASRAC work code.
    #[error(
        "a JASRAC code has 8 characters, a digit, a digit or letter, six digits, hyphens optional \
         (as 0A0-0000-0)"
    )]
    JasracCode,
    /// Not of the form of a NexTone work code.
    #[error("a NexTone code is a letter and eight digits (as N00000000)")]
    NextoneCode,
    /// Not a name of an organisation.
    #[error("an organisation's name has 1 to 32 characters of A-Z 0-9 _ . - (as JASRAC)")]
    Organisation,
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
as_text!(Isrc, Iswc, Ipi, JasracCode, NextoneCode, OrganisationId);

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
    fn ipi_of_known_parties() {
        // Pablo Picasso's, the example that public descriptions of the number print.
        for text in ["00014107338", "14107338.0", "000.14107338", " 014107338"] {
            let known = text.parse::<Ipi>().ok().map(String::from);
            let want = (text != "14107338.0").then(|| "00014107338".to_owned());
            assert_eq!(known, want, "{text}");
        }
        assert_eq!("1294".parse::<Ipi>(), Err(IdentifierError::Ipi));
        // By hand: 3·1 + 2·2 = 7, 101 - 7 = 94.
        assert_eq!("000001294".parse::<Ipi>().unwrap().as_str(), "00000001294");
        assert_eq!(
            "000001293".parse::<Ipi>(),
            Err(IdentifierError::IpiCheckDigits { expected: 94 })
        );
    }

    #[test]
    fn every_single_wrong_digit_of_an_ipi_is_found() {
        let good = "00000001294";
        for at in 0..11 {
            for digit in b'0'..=b'9' {
                let mut text = good.as_bytes().to_vec();
                text[at] = digit;
                let text = String::from_utf8(text).unwrap();
                assert_eq!(text.parse::<Ipi>().is_ok(), text == good, "{text}");
            }
        }
    }

    #[test]
    fn codes_of_japanese_societies_by_their_shape() {
        for text in ["0A0-0000-0", "0a000000", " 0A0-0000-0 "] {
            let code = text.parse::<JasracCode>().unwrap();
            assert_eq!((code.as_str(), code.plain().as_str()), ("0A0-0000-0", "0A000000"));
        }
        assert_eq!("052-2119-3".parse::<JasracCode>().unwrap().as_str(), "052-2119-3");
        for text in ["", "A00-0000-0", "0A0-000-00", "0A0-0000-A", "0Ａ000000", "052-21193"] {
            assert_eq!(text.parse::<JasracCode>(), Err(IdentifierError::JasracCode), "{text}");
        }
        assert_eq!("n00000001".parse::<NextoneCode>().unwrap().as_str(), "N00000001");
        for text in ["", "000000001", "N0000001", "N0000000A", "Nあ00000"] {
            assert_eq!(text.parse::<NextoneCode>(), Err(IdentifierError::NextoneCode), "{text}");
        }
    }

    #[test]
    fn organisations_have_plain_names() {
        assert_eq!("jasrac".parse::<OrganisationId>().unwrap().as_str(), "JASRAC");
        for text in ["", "A B", "org:A", "日本", &"A".repeat(33)] {
            let read = text.parse::<OrganisationId>();
            assert_eq!(read, Err(IdentifierError::Organisation), "{text}");
        }
    }

    #[test]
    fn json_is_the_canonical_text_and_is_checked() {
        let isrc: Isrc = serde_json::from_str("\"jp-b01-23-45678\"").unwrap();
        assert_eq!(serde_json::to_string(&isrc).unwrap(), "\"JPB012345678\"");
        assert!(serde_json::from_str::<Iswc>("\"T-034.524.680-2\"").is_err());
    }
}
