//! Ids of accounts, API keys and organisations, as newtypes that only good texts become.

use std::fmt;
use std::str::FromStr;

use crate::error::AccountsError;

/// An account: `acc_` and 26 characters of Crockford's base32, 128 random bits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccountId(String);

/// An API key, without its secret: `key_` and 26 characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ApiKeyId(String);

/// An organisation that manages rights, as the register of rights names it: 1 to 64 letters,
/// digits, `-`, `_` and `.`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OrganisationId(String);

macro_rules! text_id {
    ($name:ident, $what:literal, $good:expr) => {
        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = AccountsError;

            fn from_str(text: &str) -> Result<$name, AccountsError> {
                let good: fn(&str) -> bool = $good;
                match good(text) {
                    true => Ok($name(text.to_owned())),
                    false => Err(AccountsError::Malformed($what)),
                }
            }
        }
    };
}

text_id!(AccountId, "account id", |text| is_random(text, "acc_"));
text_id!(ApiKeyId, "API key id", |text| is_random(text, "key_"));
text_id!(OrganisationId, "organisation", |text| {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    (1..=64).contains(&text.len()) && text.bytes().all(plain)
});

impl AccountId {
    /// A new one.
    ///
    /// # Errors
    /// [`AccountsError::Random`].
    pub fn random() -> Result<AccountId, AccountsError> {
        Ok(AccountId(format!("acc_{}", base32(&random::<16>()?))))
    }
}

impl ApiKeyId {
    pub(crate) fn random() -> Result<ApiKeyId, AccountsError> {
        Ok(ApiKeyId(format!("key_{}", base32(&random::<16>()?))))
    }
}

/// Bytes nobody can guess.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], AccountsError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| AccountsError::Random)?;
    Ok(bytes)
}

/// Crockford's base32 of a big-endian number, zero bits before it to fill the first character.
pub(crate) fn base32(bytes: &[u8]) -> String {
    let chars = (bytes.len() * 8).div_ceil(5);
    // As long as it gets: it may be a secret, and a string that grows leaves copies behind.
    let mut out = String::with_capacity(chars);
    let (mut bits, mut held) = (0_u32, chars * 5 - bytes.len() * 8);
    for byte in bytes {
        bits = bits << 8 | u32::from(*byte);
        held += 8;
        while held >= 5 {
            held -= 5;
            out.push(char::from(ALPHABET[(bits >> held & 31) as usize]));
        }
    }
    out
}

/// Whether `base32` could have written this from so many bytes.
pub(crate) fn is_base32(text: &str, bytes: usize) -> bool {
    let chars = (bytes * 8).div_ceil(5);
    // The first character has room for fewer values, its upper bits being zero.
    let first = 1_usize << (bytes * 8 - (chars - 1) * 5);
    text.len() == chars
        && text.bytes().all(|byte| ALPHABET.contains(&byte))
        && text.bytes().next().is_some_and(|byte| ALPHABET[..first].contains(&byte))
}

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

fn is_random(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix).is_some_and(|rest| is_base32(rest, 16))
}

/// A name or label as people write it: 1 to 200 characters without control characters.
pub(crate) fn plain<'a>(what: &'static str, text: &'a str) -> Result<&'a str, AccountsError> {
    let text = text.trim();
    match (1..=200).contains(&text.chars().count()) && !text.chars().any(char::is_control) {
        true => Ok(text),
        false => Err(AccountsError::Malformed(what)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn base32_as_numbers_are_written() {
        assert_eq!(base32(&[0; 16]), "0".repeat(26));
        assert_eq!(base32(&[255; 16]), format!("7{}", "Z".repeat(25)));
        assert_eq!(base32(&1_u128.to_be_bytes()), format!("{}1", "0".repeat(25)));
        assert_eq!(base32(&[255; 32]), format!("1{}", "Z".repeat(51)));
    }

    proptest! {
        #[test]
        fn every_number_has_its_text(a: u128, b: u128) {
            let (x, y) = (base32(&a.to_be_bytes()), base32(&b.to_be_bytes()));
            prop_assert!(is_base32(&x, 16));
            // Texts sort as their numbers do.
            prop_assert_eq!(x.cmp(&y), a.cmp(&b));
        }
    }

    #[test]
    fn only_good_texts_become_ids() {
        let id = AccountId::random().unwrap();
        assert_eq!(id.as_str().parse::<AccountId>().unwrap(), id);
        let zeros = "0".repeat(26);
        for text in ["", "acc_", &zeros, &format!("key_{zeros}"), &format!("acc_{zeros}0")] {
            assert!(text.parse::<AccountId>().is_err(), "{text}");
        }
        // Not of the alphabet, lower case, a number of 129 bits.
        for text in ["U", "a", "8"] {
            assert!(format!("acc_{text}{}", "0".repeat(25)).parse::<AccountId>().is_err());
        }
        for (text, good) in [("JASRAC", true), ("a.b-c_9", true), ("", false), ("a b", false)] {
            assert_eq!(text.parse::<OrganisationId>().is_ok(), good, "{text}");
        }
        assert!("x".repeat(65).parse::<OrganisationId>().is_err());
    }
}
