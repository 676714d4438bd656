//! Ids: a prefix and 26 characters of Crockford's base 32, of 128 random bits.

use crate::error::LedgerError;

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Characters after the prefix: 26 of 5 bits hold 128 bits, the first of them 3.
const CHARACTERS: usize = 26;

/// A new id: `prefix` and 26 characters.
///
/// # Errors
/// [`LedgerError::NoRandomness`] where the system gives none.
pub fn new_id(prefix: &str) -> Result<String, LedgerError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(LedgerError::NoRandomness)?;
    Ok(format!("{prefix}{}", base32(u128::from_be_bytes(bytes))))
}

fn base32(number: u128) -> String {
    let character = |at: usize| {
        let five = number >> (5 * (CHARACTERS - 1 - at)) & 31;
        ALPHABET[five as usize] as char
    };
    (0..CHARACTERS).map(character).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_answers() {
        assert_eq!(base32(0), "00000000000000000000000000");
        assert_eq!(base32(32), "00000000000000000000000010");
        assert_eq!(base32(u128::MAX), "7ZZZZZZZZZZZZZZZZZZZZZZZZZ");
        let id = new_id("trf_").unwrap();
        assert_eq!(id.len(), 30);
        assert_ne!(id, new_id("trf_").unwrap());
    }
}
