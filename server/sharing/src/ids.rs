//! Ids that say what they name and cannot be guessed.

use crate::error::SharingError;

/// Crockford's base32: no letter is taken for a digit. <https://www.crockford.com/base32.html>
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// A new id, as `prm_1v8k…`: the ledger's, in lower case.
///
/// # Errors
/// An operating system that gives no randomness.
pub(crate) fn new(prefix: &str) -> Result<String, SharingError> {
    let id = onmon_ledger::new_id(prefix).map_err(|_| SharingError::NoRandomness)?;
    Ok(id.to_ascii_lowercase())
}

/// Characters behind the prefix.
const CHARACTERS: usize = 26;

/// Whether a text has the form of an id of this kind: what has not is not asked for.
pub(crate) fn is(prefix: &str, id: &str) -> bool {
    id.strip_prefix(prefix).is_some_and(|rest| {
        rest.len() == CHARACTERS && rest.bytes().all(|byte| ALPHABET.contains(&byte))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_their_form_and_differ() {
        let ids: Vec<_> = (0..100).map(|_| new("prm_").unwrap()).collect();
        assert!(ids.iter().all(|id| is("prm_", id) && !is("buy_", id) && id.len() == 30));
        let distinct: std::collections::HashSet<_> = ids.iter().collect();
        assert_eq!(distinct.len(), ids.len());
        for other in ["", "prm_", "prm_0123", "prm_0123456789abcdefghjkmnpqrU"] {
            assert!(!is("prm_", other), "{other}");
        }
    }
}
