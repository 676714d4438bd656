//! A content key's name: 16 bytes, in the spellings that others want.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use crate::error::KeysError;

/// A content key's name; random, and no secret. Written as 32 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Kid(pub [u8; 16]);

impl Kid {
    /// A new one.
    ///
    /// # Errors
    /// [`KeysError::Random`].
    pub fn random() -> Result<Kid, KeysError> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(|_| KeysError::Random)?;
        Ok(Kid(bytes))
    }

    /// As Clear Key writes it: base64url without padding, 22 characters.
    pub fn base64url(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.0)
    }

    /// From [`Kid::base64url`]; nothing else is taken, padding neither.
    pub fn from_base64url(text: &str) -> Option<Kid> {
        let mut bytes = [0; 16];
        // The exact length first: a decoder would want room for what it does not know yet.
        if text.len() != 22 || BASE64_URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).ok()? != 16 {
            return None;
        }
        Some(Kid(bytes))
    }

    /// As CPIX writes it: `8-4-4-4-12` hexadecimal digits.
    pub fn uuid(&self) -> String {
        let hex = self.to_string();
        let cuts = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]];
        cuts.join("-")
    }
}

impl fmt::Display for Kid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for Kid {
    type Err = KeysError;

    /// From 32 lower-case hexadecimal digits; anything else is a key that is not there.
    fn from_str(text: &str) -> Result<Kid, KeysError> {
        from_hex(text).map(Kid).ok_or(KeysError::NotFound)
    }
}

/// Exactly `N` bytes from lower-case hexadecimal digits.
pub(crate) fn from_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let text = text.as_bytes();
    if text.len() != 2 * N {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_spelling_comes_back(bytes: [u8; 16]) {
            let kid = Kid(bytes);
            prop_assert_eq!(kid.to_string().parse::<Kid>().unwrap(), kid);
            prop_assert_eq!(Kid::from_base64url(&kid.base64url()), Some(kid));
            prop_assert_eq!(kid.uuid().replace('-', ""), kid.to_string());
        }
    }

    #[test]
    fn one_spelling_only() {
        for text in ["", "00", &"0".repeat(31), &"0".repeat(33), &"A".repeat(32), &"é".repeat(16)]
        {
            assert!(text.parse::<Kid>().is_err(), "{text}");
        }
        // Padding, the other alphabet, bits behind the last byte.
        for text in ["LwVHf8JLtPrv2GUXFW2v_A==", "LwVHf8JLtPrv2GUXFW2v/A", "LwVHf8JLtPrv2GUXFW2v_B"]
        {
            assert_eq!(Kid::from_base64url(text), None, "{text}");
        }
        assert_eq!(
            Kid::from_base64url("LwVHf8JLtPrv2GUXFW2v_A").unwrap().uuid(),
            "2f05477f-c24b-b4fa-efd8-6517156daffc"
        );
    }
}
