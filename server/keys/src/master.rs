//! The key over all keys: it wraps them for the database and opens them again.
//!
//! ```text
//! 0      1   version, 1
//! 1      8   which master key: the first bytes of a hash of it
//! 9     12   nonce, random
//! 21  n+16   AES-256-GCM of the secret
//! ```
//! Authenticated beside it: the first nine bytes, what the secret is for, and its id. So wrapped
//! bytes open in their own place only.
//!
//! With random nonces a key may wrap 2^32 secrets (NIST SP 800-38D, 8.3); change it before.

use std::fmt;

use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, KeyInit, Nonce};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::error::KeysError;
use crate::kid::from_hex;

/// A master key: 256 random bits. Wiped when dropped, never printed.
pub struct MasterKey {
    key: Zeroizing<[u8; MasterKey::BYTES]>,
    id: MasterId,
}

/// Which master key; tells nothing of the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MasterId([u8; 8]);

impl fmt::Display for MasterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterKey({}, ..)", self.id)
    }
}

impl MasterKey {
    /// Its length.
    pub const BYTES: usize = 32;

    /// From random bytes, which the caller wipes.
    pub fn from_bytes(bytes: &[u8; MasterKey::BYTES]) -> MasterKey {
        let hash = Sha256::new().chain_update(b"onmon master key\0").chain_update(bytes).finalize();
        let mut id = [0; 8];
        id.copy_from_slice(&hash[..8]);
        MasterKey { key: Zeroizing::new(*bytes), id: MasterId(id) }
    }

    /// A new one.
    ///
    /// # Errors
    /// [`KeysError::Random`].
    pub fn random() -> Result<MasterKey, KeysError> {
        let mut bytes = Zeroizing::new([0; MasterKey::BYTES]);
        getrandom::fill(bytes.as_mut_slice()).map_err(|_| KeysError::Random)?;
        Ok(MasterKey::from_bytes(&bytes))
    }

    /// From 64 hexadecimal digits, spaces around them aside.
    ///
    /// # Errors
    /// [`KeysError::MasterMalformed`].
    pub fn from_text(text: &str) -> Result<MasterKey, KeysError> {
        let bytes = from_hex(text.trim()).map(Zeroizing::new).ok_or(KeysError::MasterMalformed)?;
        Ok(MasterKey::from_bytes(&bytes))
    }

    /// The 64 digits, for its file.
    pub(crate) fn to_text(&self) -> Zeroizing<String> {
        use fmt::Write;
        // As long as it gets: a string that grows leaves copies behind.
        let mut text = Zeroizing::new(String::with_capacity(2 * MasterKey::BYTES));
        for byte in self.key.iter() {
            // Writing to a string never fails.
            let _ = write!(text, "{byte:02x}");
        }
        text
    }

    /// Which one it is.
    pub fn id(&self) -> MasterId {
        self.id
    }

    fn cipher(&self) -> Aes256Gcm {
        Aes256Gcm::new((&*self.key).into())
    }
}

/// The master keys that live: one wraps, and while it takes over from another, that one still
/// opens.
#[derive(Debug)]
pub struct MasterKeys {
    current: MasterKey,
    previous: Option<MasterKey>,
}

impl MasterKeys {
    /// `current` wraps; `previous` still opens.
    pub fn new(current: MasterKey, previous: Option<MasterKey>) -> MasterKeys {
        MasterKeys { current, previous }
    }

    /// Which one wraps.
    pub fn current(&self) -> MasterId {
        self.current.id
    }

    /// Which one still opens, while one takes over from another.
    pub fn previous(&self) -> Option<MasterId> {
        self.previous.as_ref().map(MasterKey::id)
    }

    /// Whether what this key has wrapped can be opened.
    pub fn has(&self, id: MasterId) -> bool {
        self.find(id).is_some()
    }

    /// Wraps a secret: only [`MasterKeys::open`] with the same `purpose` and `id` gives it back.
    /// 37 bytes longer than the secret.
    ///
    /// # Errors
    /// [`KeysError::Random`].
    pub fn wrap(&self, purpose: &str, id: &str, secret: &[u8]) -> Result<Vec<u8>, KeysError> {
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce).map_err(|_| KeysError::Random)?;
        let mut wrapped = Vec::with_capacity(HEADER_BYTES + NONCE_BYTES + secret.len() + 16);
        wrapped.push(VERSION);
        wrapped.extend_from_slice(&self.current.id.0);
        let aad = associated(&wrapped, purpose, id);
        let payload = Payload { msg: secret, aad: &aad };
        // AES-GCM refuses only messages of 64 GiB.
        let sealed = self.current.cipher().encrypt(&Nonce::from(nonce), payload);
        wrapped.extend_from_slice(&nonce);
        wrapped.extend_from_slice(&sealed.map_err(|_| KeysError::Damaged)?);
        Ok(wrapped)
    }

    /// Opens what [`MasterKeys::wrap`] made for the same `purpose` and `id`.
    ///
    /// # Errors
    /// [`KeysError::UnknownMaster`] where its master key is not one of these;
    /// [`KeysError::Damaged`] where it was altered or belongs elsewhere.
    pub fn open(
        &self,
        purpose: &str,
        id: &str,
        wrapped: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, KeysError> {
        let master = MasterKeys::wrapped_by(wrapped)?;
        let (header, rest) = wrapped.split_at(HEADER_BYTES);
        let (nonce, sealed) = rest.split_first_chunk().ok_or(KeysError::Damaged)?;
        let key = self.find(master).ok_or(KeysError::UnknownMaster)?;
        let aad = associated(header, purpose, id);
        let nonce: &[u8; NONCE_BYTES] = nonce;
        key.cipher()
            .decrypt(&Nonce::from(*nonce), Payload { msg: sealed, aad: &aad })
            .map(Zeroizing::new)
            .map_err(|_| KeysError::Damaged)
    }

    /// Which master key has wrapped this.
    ///
    /// # Errors
    /// [`KeysError::Damaged`] where nothing of ours has.
    pub fn wrapped_by(wrapped: &[u8]) -> Result<MasterId, KeysError> {
        match wrapped.split_first() {
            Some((&VERSION, rest)) => {
                rest.first_chunk().map(|id| MasterId(*id)).ok_or(KeysError::Damaged)
            }
            _ => Err(KeysError::Damaged),
        }
    }

    fn find(&self, id: MasterId) -> Option<&MasterKey> {
        [Some(&self.current), self.previous.as_ref()].into_iter().flatten().find(|key| key.id == id)
    }
}

const VERSION: u8 = 1;
const HEADER_BYTES: usize = 9;
const NONCE_BYTES: usize = 12;

/// The length before the purpose keeps "ab" + "c" apart from "a" + "bc".
fn associated(header: &[u8], purpose: &str, id: &str) -> Vec<u8> {
    let length = (purpose.len() as u64).to_be_bytes();
    [header, &length, purpose.as_bytes(), id.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn masters(byte: u8) -> MasterKeys {
        MasterKeys::new(MasterKey::from_bytes(&[byte; 32]), None)
    }

    proptest! {
        #[test]
        fn only_the_same_place_and_the_same_bytes_open(
            secret in proptest::collection::vec(any::<u8>(), 0..80),
            at: prop::sample::Index,
            change in 1..=255_u8,
        ) {
            let masters = masters(7);
            let wrapped = masters.wrap("content", "ab", &secret).unwrap();
            prop_assert_eq!(wrapped.len(), secret.len() + 37);
            prop_assert_eq!(&**masters.open("content", "ab", &wrapped).unwrap(), &secret[..]);
            prop_assert!(masters.open("contenta", "b", &wrapped).is_err());
            prop_assert!(masters.open("content", "ac", &wrapped).is_err());
            let mut altered = wrapped.clone();
            altered[at.index(wrapped.len())] ^= change;
            prop_assert!(masters.open("content", "ab", &altered).is_err());
            prop_assert!(masters.open("content", "ab", &wrapped[..at.index(wrapped.len())]).is_err());
        }
    }

    #[test]
    fn two_live_while_one_takes_over() {
        let old = masters(1);
        let wrapped = old.wrap("content", "x", b"secret").unwrap();
        let both =
            MasterKeys::new(MasterKey::from_bytes(&[2; 32]), Some(MasterKey::from_bytes(&[1; 32])));
        assert_eq!(&**both.open("content", "x", &wrapped).unwrap(), b"secret");
        let again = both.wrap("content", "x", b"secret").unwrap();
        assert_eq!(MasterKeys::wrapped_by(&again).unwrap(), both.current());
        assert!(matches!(old.open("content", "x", &again), Err(KeysError::UnknownMaster)));
        assert!(both.has(old.current()) && !old.has(both.current()));
    }

    #[test]
    fn the_nonce_is_never_the_same_and_nothing_is_printed() {
        let masters = masters(9);
        let once = masters.wrap("content", "x", b"secret").unwrap();
        assert_ne!(once, masters.wrap("content", "x", b"secret").unwrap());
        let text = format!("{masters:?}");
        assert!(!text.contains("09") && !text.contains("[9"), "{text}");
    }

    #[test]
    fn the_format_stays() {
        // Made by Python's `cryptography`: AESGCM(bytes([7] * 32)).encrypt(bytes([3] * 12), b"secret",
        // header + (7).to_bytes(8, "big") + b"content" + b"ab").
        let kept = format!("0188aeb380a8010d5b{}{}", "03".repeat(12), KEPT);
        let bytes: [u8; 43] = from_hex(&kept).unwrap();
        assert_eq!(&**masters(7).open("content", "ab", &bytes).unwrap(), b"secret");
    }

    const KEPT: &str = "569bc0713f5c12f3c4dfae6e3e5cd9f26f128bbf75d8";
}
