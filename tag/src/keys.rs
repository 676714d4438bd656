//! The public keys that signatures are checked with, as servers publish them.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use coset::cbor::value::Value;
use coset::iana::{self, EnumI64};
use coset::{CborSerializable, CoseKeySet, KeyType, Label};
use ed25519_dalek::VerifyingKey;
use serde::Deserialize;

/// Keys in a set, at most: a server has two or three live ones.
const KEYS_MAX: usize = 64;

/// Bytes of a published set, at most.
const SET_BYTES_MAX: usize = 64 << 10;

/// Names a key: 16 bytes, written as 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub [u8; 16]);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

impl FromStr for KeyId {
    type Err = KeysError;

    /// From 32 lower-case hexadecimal digits.
    fn from_str(text: &str) -> Result<Self, KeysError> {
        let mut id = [0; 16];
        if text.len() != 32 || text.bytes().any(|b| !matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(KeysError::BadKeyId);
        }
        for (byte, pair) in id.iter_mut().zip(text.as_bytes().chunks(2)) {
            let pair = core::str::from_utf8(pair).map_err(|_| KeysError::BadKeyId)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| KeysError::BadKeyId)?;
        }
        Ok(Self(id))
    }
}

/// A set of public keys that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeysError {
    /// Not JSON, not CBOR, or not a set of keys.
    #[error("not a set of public keys")]
    Malformed,
    /// An Ed25519 key whose id is not 32 hexadecimal digits (16 bytes in COSE).
    #[error("a key whose id is not 16 bytes (32 hexadecimal digits)")]
    BadKeyId,
    /// An Ed25519 key that is no point of the curve, or a weak one.
    #[error("an Ed25519 key that is none")]
    BadKey,
    /// Two different keys under one id.
    #[error("two keys under one id")]
    Twice,
    /// More keys or bytes than any server publishes.
    #[error("more keys than any server publishes")]
    TooMany,
}

impl KeysError {
    /// A stable name for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed => "keys_malformed",
            Self::BadKeyId => "keys_bad_id",
            Self::BadKey => "keys_bad_key",
            Self::Twice => "keys_twice",
            Self::TooMany => "keys_too_many",
        }
    }
}

/// The Ed25519 keys that a player trusts. Empty trusts nobody.
#[derive(Clone, Debug, Default)]
pub struct PublicKeys(Vec<(KeyId, VerifyingKey)>);

#[derive(Deserialize)]
struct JwkSet {
    keys: Vec<Jwk>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    crv: Option<String>,
    kid: Option<String>,
    x: Option<String>,
}

impl PublicKeys {
    /// Keys by their ids.
    ///
    /// # Errors
    /// [`KeysError::BadKey`], [`KeysError::Twice`], [`KeysError::TooMany`].
    pub fn new(keys: &[(KeyId, [u8; 32])]) -> Result<Self, KeysError> {
        let mut set = Self::default();
        keys.iter().try_for_each(|(id, key)| set.add(*id, key))?;
        Ok(set)
    }

    /// From a JWK Set (RFC 7517, RFC 8037). Keys of other kinds than Ed25519 are passed over.
    ///
    /// # Errors
    /// Any [`KeysError`].
    pub fn from_jwks(json: &str) -> Result<Self, KeysError> {
        if json.len() > SET_BYTES_MAX {
            return Err(KeysError::TooMany);
        }
        let read: JwkSet = serde_json::from_str(json).map_err(|_| KeysError::Malformed)?;
        let mut set = Self::default();
        for key in &read.keys {
            if key.kty != "OKP" || key.crv.as_deref() != Some("Ed25519") {
                continue;
            }
            let id = key.kid.as_deref().ok_or(KeysError::BadKeyId)?.parse()?;
            let x = key.x.as_deref().ok_or(KeysError::BadKey)?;
            let x = URL_SAFE_NO_PAD.decode(x).map_err(|_| KeysError::BadKey)?;
            set.add(id, &x)?;
        }
        Ok(set)
    }

    /// From a COSE_KeySet (RFC 9052 section 7). Keys of other kinds than Ed25519 are passed over.
    ///
    /// # Errors
    /// Any [`KeysError`].
    pub fn from_cose(bytes: &[u8]) -> Result<Self, KeysError> {
        if bytes.len() > SET_BYTES_MAX {
            return Err(KeysError::TooMany);
        }
        let read = CoseKeySet::from_slice(bytes).map_err(|_| KeysError::Malformed)?;
        let mut set = Self::default();
        for key in &read.0 {
            let parameter = |name: iana::OkpKeyParameter| {
                let label = Label::Int(name.to_i64());
                key.params.iter().find(|(l, _)| *l == label).map(|(_, value)| value)
            };
            let curve = Value::from(iana::EllipticCurve::Ed25519.to_i64());
            let is_okp = key.kty == KeyType::Assigned(iana::KeyType::OKP);
            if !is_okp || parameter(iana::OkpKeyParameter::Crv) != Some(&curve) {
                continue;
            }
            let id = key.key_id.as_slice().try_into().map_err(|_| KeysError::BadKeyId)?;
            let x = parameter(iana::OkpKeyParameter::X).and_then(Value::as_bytes);
            set.add(KeyId(id), x.ok_or(KeysError::BadKey)?)?;
        }
        Ok(set)
    }

    /// Adds a key. The same key once more changes nothing.
    ///
    /// # Errors
    /// [`KeysError::BadKey`], [`KeysError::Twice`], [`KeysError::TooMany`].
    pub fn add(&mut self, id: KeyId, key: &[u8]) -> Result<(), KeysError> {
        let key = key.try_into().map_err(|_| KeysError::BadKey)?;
        let key = VerifyingKey::from_bytes(key).map_err(|_| KeysError::BadKey)?;
        if key.is_weak() {
            return Err(KeysError::BadKey);
        }
        match self.get(id) {
            Some(known) if *known == key => return Ok(()),
            Some(_) => return Err(KeysError::Twice),
            None if self.0.len() >= KEYS_MAX => return Err(KeysError::TooMany),
            None => self.0.push((id, key)),
        }
        Ok(())
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn get(&self, id: KeyId) -> Option<&VerifyingKey> {
        self.0.iter().find(|(known, _)| *known == id).map(|(_, key)| key)
    }
}
