//! Access tokens: JWS compact (RFC 7515) signed by Ed25519, at most five minutes long.
//!
//! JWS and not PASETO, because organisations can check it against the JWKS with what they have. Its
//! known weakness, a header that chooses the algorithm, is not there: there is one algorithm, and
//! the key is found by its id among our own.

use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};

use crate::caller::{Caller, Role};
use crate::error::TokenError;
use crate::id::OrganisationId;
use crate::token_keys::Terms;

/// No token lives longer, in seconds; this is also the default.
pub const LIFETIME_S_MAX: i64 = 300;

/// A clock may be this much behind the one that issued a token, in seconds.
pub(crate) const SKEW_S: i64 = 10;

/// A token just made. Its text is not printed.
pub struct Issued {
    /// What the caller sends from now on.
    pub token: String,
    /// Until when it is believed, in Unix milliseconds.
    pub expires_ms: i64,
}

impl fmt::Debug for Issued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issued").field("expires_ms", &self.expires_ms).finish_non_exhaustive()
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    typ: String,
    kid: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    role: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    org: Option<String>,
    iat: i64,
    exp: i64,
}

/// Signs a token for the caller.
pub(crate) fn sign(
    key: &SigningKey,
    kid: &str,
    terms: &Terms,
    caller: &Caller,
    now_ms: i64,
) -> Issued {
    let header = Header { alg: ALGORITHM.into(), typ: TYPE.into(), kid: kid.into() };
    let iat = now_ms.div_euclid(1000);
    let exp = iat + terms.lifetime_s;
    let claims = Claims {
        iss: terms.issuer.clone(),
        aud: terms.audience.clone(),
        sub: caller.account_id.to_string(),
        role: caller.role.name().into(),
        org: caller.role.organisation().map(OrganisationId::to_string),
        iat,
        exp,
    };
    let mut token = format!("{}.{}", part(&header), part(&claims));
    let signature = key.sign(token.as_bytes());
    token.push('.');
    token.push_str(&BASE64.encode(signature.to_bytes()));
    Issued { token, expires_ms: exp * 1000 }
}

/// Checks a token; `key_of` finds the public key of a key id that verifies now.
pub(crate) fn check(
    token: &str,
    terms: &Terms,
    now_ms: i64,
    key_of: impl FnOnce(&str) -> Option<VerifyingKey>,
) -> Result<Caller, TokenError> {
    if token.len() > BYTES_MAX {
        return Err(TokenError::Malformed);
    }
    let (signed, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
    let (header, claims) = signed.split_once('.').ok_or(TokenError::Malformed)?;
    let header: Header = read(header)?;
    if header.alg != ALGORITHM {
        return Err(TokenError::Algorithm);
    }
    if header.typ != TYPE {
        return Err(TokenError::Malformed);
    }
    let key = key_of(&header.kid).ok_or(TokenError::UnknownKey)?;
    let signature = BASE64.decode(signature).map_err(|_| TokenError::Malformed)?;
    let signature = Signature::from_slice(&signature).map_err(|_| TokenError::Malformed)?;
    key.verify_strict(signed.as_bytes(), &signature).map_err(|_| TokenError::Signature)?;
    let claims: Claims = read(claims)?;
    if claims.aud != terms.audience || claims.iss != terms.issuer {
        return Err(TokenError::Audience);
    }
    let now_s = now_ms.div_euclid(1000);
    if claims.iat > now_s.saturating_add(SKEW_S) {
        return Err(TokenError::NotYetValid);
    }
    // Never longer than any of ours, whatever it says.
    if claims.exp.min(claims.iat.saturating_add(LIFETIME_S_MAX)) <= now_s {
        return Err(TokenError::Expired);
    }
    let role = Role::from_parts(&claims.role, claims.org.as_deref());
    let account_id = claims.sub.parse().map_err(|_| TokenError::Malformed)?;
    Ok(Caller { account_id, role: role.ok_or(TokenError::Malformed)? })
}

const ALGORITHM: &str = "EdDSA";

/// A type of our own (RFC 8725, 3.11): no other JWT that these keys might sign passes for one.
const TYPE: &str = "onmon-access+jwt";

const BYTES_MAX: usize = 1024;

fn part(value: &impl Serialize) -> String {
    // Structs of texts and numbers always become JSON.
    BASE64.encode(serde_json::to_vec(value).unwrap_or_default())
}

fn read<'a, T: for<'de> Deserialize<'de>>(part: &'a str) -> Result<T, TokenError> {
    let bytes = BASE64.decode(part).map_err(|_| TokenError::Malformed)?;
    serde_json::from_slice(&bytes).map_err(|_| TokenError::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::AccountId;
    use proptest::prelude::*;

    const NOW: i64 = 1_790_000_000_000;

    fn terms(audience: &str) -> Terms {
        Terms { issuer: "onmon".into(), audience: audience.into(), lifetime_s: 300 }
    }

    fn key() -> SigningKey {
        SigningKey::from_bytes(&[7; 32])
    }

    fn caller() -> Caller {
        let role = Role::Organisation("JASRAC".parse().unwrap());
        Caller { account_id: format!("acc_{}", "0".repeat(26)).parse::<AccountId>().unwrap(), role }
    }

    fn issued() -> String {
        sign(&key(), "k1", &terms("api"), &caller(), NOW).token
    }

    fn checked(token: &str, audience: &str, now_ms: i64) -> Result<Caller, TokenError> {
        let key_of = |kid: &str| (kid == "k1").then(|| key().verifying_key());
        check(token, &terms(audience), now_ms, key_of)
    }

    /// A token with any header and claims, truly signed.
    fn forged(header: &str, claims: &str) -> String {
        let signed = format!("{}.{}", BASE64.encode(header), BASE64.encode(claims));
        let signature = key().sign(signed.as_bytes());
        format!("{signed}.{}", BASE64.encode(signature.to_bytes()))
    }

    #[test]
    fn believed_for_five_minutes_and_here_alone() {
        let token = issued();
        assert_eq!(checked(&token, "api", NOW), Ok(caller()));
        assert_eq!(checked(&token, "api", NOW + 299_999), Ok(caller()));
        assert_eq!(checked(&token, "api", NOW + 300_000), Err(TokenError::Expired));
        assert_eq!(checked(&token, "api", NOW - 10_000), Ok(caller()));
        assert_eq!(checked(&token, "api", NOW - 11_000), Err(TokenError::NotYetValid));
        assert_eq!(checked(&token, "other", NOW), Err(TokenError::Audience));
    }

    #[test]
    fn algorithms_types_and_keys_cannot_be_chosen() {
        let claims = r#"{"iss":"onmon","aud":"api","sub":"acc_00000000000000000000000000","role":"operator","iat":1790000000,"exp":1890000000}"#;
        let header = |alg: &str, typ: &str, kid: &str| {
            format!(r#"{{"alg":"{alg}","typ":"{typ}","kid":"{kid}"}}"#)
        };
        let good = header("EdDSA", TYPE, "k1");
        assert!(checked(&forged(&good, claims), "api", NOW).is_ok());
        // Whatever it says, it ends after five minutes.
        assert_eq!(checked(&forged(&good, claims), "api", NOW + 300_000), Err(TokenError::Expired));
        for alg in ["none", "None", "HS256", "RS256", "ES256", "eddsa", ""] {
            let token = forged(&header(alg, TYPE, "k1"), claims);
            assert_eq!(checked(&token, "api", NOW), Err(TokenError::Algorithm), "{alg}");
        }
        let other = forged(&header("EdDSA", TYPE, "k2"), claims);
        assert_eq!(checked(&other, "api", NOW), Err(TokenError::UnknownKey));
        let other = forged(&header("EdDSA", "JWT", "k1"), claims);
        assert_eq!(checked(&other, "api", NOW), Err(TokenError::Malformed));
        let extra = good.replace('}', r#","jwk":{}}"#);
        assert_eq!(checked(&forged(&extra, claims), "api", NOW), Err(TokenError::Malformed));
        let unsigned = issued().rsplit_once('.').map(|(signed, _)| format!("{signed}.")).unwrap();
        assert_eq!(checked(&unsigned, "api", NOW), Err(TokenError::Malformed));
        for text in ["", ".", "..", "a.b.c", &"a".repeat(2000)] {
            assert_eq!(checked(text, "api", NOW), Err(TokenError::Malformed));
        }
    }

    #[test]
    fn every_altered_byte_fails() {
        let token = issued();
        for at in 0..token.len() {
            for byte in 0..128_u8 {
                let mut bytes = token.clone().into_bytes();
                if bytes[at] == byte {
                    continue;
                }
                bytes[at] = byte;
                let altered = String::from_utf8(bytes).unwrap();
                // Another header never verifies; trying all of them is what takes the time.
                if at % 7 == 0 || byte.is_ascii_punctuation() {
                    assert!(checked(&altered, "api", NOW).is_err(), "{at} {byte}");
                }
            }
            assert!(checked(&token[..at], "api", NOW).is_err(), "{at}");
        }
        assert!(checked(&format!("{token}A"), "api", NOW).is_err());
    }

    proptest! {
        #[test]
        fn any_altered_byte_fails(at: prop::sample::Index, byte in 0..128_u8) {
            let mut bytes = issued().into_bytes();
            let at = at.index(bytes.len());
            prop_assume!(bytes[at] != byte);
            bytes[at] = byte;
            prop_assert!(checked(&String::from_utf8(bytes).unwrap(), "api", NOW).is_err());
        }
    }
}
