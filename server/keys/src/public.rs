//! Public keys as others read them: JWKS (RFC 7517, 8037) and a COSE key set (RFC 9052, 9053).

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::error::KeysError;
use crate::kid::from_hex;
use crate::signing::SigningUse;

/// A signing key's name: the first 16 bytes of the SHA-256 of its public key. In COSE those bytes,
/// in text 32 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(pub [u8; 16]);

impl KeyId {
    /// The name of this public key.
    pub fn of(public: &[u8; 32]) -> KeyId {
        let mut id = [0; 16];
        id.copy_from_slice(&Sha256::digest(public)[..16]);
        KeyId(id)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for KeyId {
    type Err = KeysError;

    /// From 32 lower-case hexadecimal digits; anything else is a key that is not there.
    fn from_str(text: &str) -> Result<KeyId, KeysError> {
        from_hex(text).map(KeyId).ok_or(KeysError::NotFound)
    }
}

/// A key that verifies: Ed25519.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicKey {
    /// Its name.
    pub id: KeyId,
    /// What it verifies, and nothing else.
    pub purpose: SigningUse,
    /// The key, as RFC 8032 writes it.
    pub key: [u8; 32],
}

/// A JWKS document. `use` says that they sign, and the member `onmon_use` what: `tag` or
/// `release`.
pub fn jwks(keys: &[PublicKey]) -> String {
    let keys: Vec<serde_json::Value> = keys
        .iter()
        .map(|key| {
            serde_json::json!({
                "kty": "OKP",
                "crv": "Ed25519",
                "alg": "EdDSA",
                "use": "sig",
                "kid": key.id.to_string(),
                "x": BASE64_URL_SAFE_NO_PAD.encode(key.key),
                "onmon_use": key.purpose.name(),
            })
        })
        .collect();
    serde_json::json!({ "keys": keys }).to_string()
}

/// A `COSE_KeySet`: an array of `COSE_Key`, deterministically encoded.
///
/// Keys of one purpose only: COSE has no member that says what a key is for.
pub fn cose_key_set(keys: &[PublicKey], purpose: SigningUse) -> Vec<u8> {
    let keys: Vec<&PublicKey> = keys.iter().filter(|key| key.purpose == purpose).collect();
    let mut out = Vec::with_capacity(3 + keys.len() * 56);
    match keys.len() {
        few @ 0..24 => out.push(0x80 | few as u8),
        more @ 24..256 => out.extend([0x98, more as u8]),
        // Tens of thousands of rotations away.
        many => out.extend([0x99, (many >> 8) as u8, many as u8]),
    }
    for key in keys {
        cose_key(key, &mut out);
    }
    out
}

fn cose_key(key: &PublicKey, out: &mut Vec<u8>) {
    out.push(0xa6); // a map of six
    out.extend([0x01, 0x01]); // kty: OKP
    out.extend([0x02, 0x50]); // kid: 16 bytes
    out.extend(key.id.0);
    out.extend([0x03, 0x27]); // alg: -8, EdDSA
    out.extend([0x04, 0x81, 0x02]); // key_ops: [verify]
    out.extend([0x20, 0x06]); // crv: Ed25519
    out.extend([0x21, 0x58, 0x20]); // x: 32 bytes
    out.extend(key.key);
}

#[cfg(test)]
mod tests {
    use super::*;
    use coset::{CborSerializable, CoseKeySet, iana};

    /// RFC 8037, appendix A.
    const X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

    fn key(purpose: SigningUse) -> PublicKey {
        let key = BASE64_URL_SAFE_NO_PAD.decode(X).unwrap().try_into().unwrap();
        PublicKey { id: KeyId::of(&key), purpose, key }
    }

    #[test]
    fn jwks_as_rfc_8037_writes_it() {
        let text = jwks(&[key(SigningUse::Tag)]);
        let expected = format!(
            r#"{{"keys":[{{"alg":"EdDSA","crv":"Ed25519","kid":"{}","kty":"OKP","onmon_use":"tag","use":"sig","x":"{X}"}}]}}"#,
            "21fe31dfa154a261626bf854046fd227"
        );
        assert_eq!(text, expected);
    }

    #[test]
    fn a_cose_library_reads_the_set() {
        for count in [0, 1, 23, 24, 255, 256] {
            let mut keys = vec![key(SigningUse::Tag); count];
            keys.push(key(SigningUse::Release));
            let bytes = cose_key_set(&keys, SigningUse::Tag);
            let set = CoseKeySet::from_slice(&bytes).unwrap();
            assert_eq!(set.0.len(), count);
            if let Some(read) = set.0.first() {
                let alg = coset::RegisteredLabelWithPrivate::Assigned(iana::Algorithm::EdDSA);
                assert_eq!(read.alg, Some(alg));
                assert_eq!(read.key_id, keys[0].id.0);
                assert_eq!(read.params[1].1.as_bytes().unwrap()[..], keys[0].key);
            }
            assert_eq!(set.to_vec().unwrap(), bytes, "{count}: not as it would write it");
        }
    }

    #[test]
    fn ids_are_the_keys_own() {
        let id = key(SigningUse::Tag).id;
        assert_eq!(id.to_string().parse::<KeyId>().unwrap(), id);
        assert!("21FE31DFA154A261".parse::<KeyId>().is_err());
    }
}
