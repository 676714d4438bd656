//! Webhooks of payment providers: who sent them, and what they say.
//!
//! ```text
//! POST (the server's address for this provider)
//! Onmon-Signature: t=1767193200,v1=5257a869e7…
//!
//! {"id":"evt_1","created_ms":1767193199000,"payment":{"id":"pp_1","reference":"pay_…",
//!  "state":"paid","amount_yen":1200,"currency":"JPY"}}
//! ```
//! `t` is when it was sent, in Unix seconds; `v1` is HMAC-SHA256, in hex, under the shared secret,
//! over the digits of `t`, a full stop, and the body as it is. There may be several `v1` while a
//! secret is changed, and several secrets here: one match is enough. What is older or newer than
//! five minutes is refused, so a recorded request cannot be sent again later; within them, the
//! event's id counts once.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::provider::{Event, is_id};

/// The header of the signature.
pub const HEADER: &str = "Onmon-Signature";

/// How far the sender's clock and the way here may be off.
pub const TOLERANCE_MS: i64 = 5 * 60 * 1_000;

/// A shorter secret could be guessed.
pub const SECRET_BYTES_MIN: usize = 16;

/// A longer body is no event.
pub const BODY_BYTES_MAX: usize = 64 * 1024;

/// A header with more signatures than a change of secrets takes is refused.
const SIGNATURES_MAX: usize = 8;

/// Why a webhook is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WebhookError {
    /// No header of the form `t=…,v1=…`.
    #[error("the signature's header is not of its form")]
    Header,
    /// Sent more than five minutes ago, or from now.
    #[error("the request is too old, or a clock is wrong")]
    Time,
    /// Nobody who knows the secret has signed this.
    #[error("the signature is wrong")]
    Signature,
    /// Too long, or no event.
    #[error("the body is no event")]
    Body,
}

impl WebhookError {
    /// A stable name, for programs.
    pub fn code(self) -> &'static str {
        match self {
            WebhookError::Header => "webhook_header",
            WebhookError::Time => "webhook_time",
            WebhookError::Signature => "webhook_signature",
            WebhookError::Body => "webhook_body",
        }
    }
}

/// The header's value for a body sent at `at_s` (Unix seconds).
///
/// # Errors
/// [`WebhookError::Signature`] for a secret that is no key; every secret is one.
pub fn sign(secret: &[u8], at_s: i64, body: &[u8]) -> Result<String, WebhookError> {
    let signature = mac(secret, &at_s.to_string(), body)?.finalize().into_bytes();
    let hex: String = signature.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("t={at_s},v1={hex}"))
}

/// Reads an event from a request, after its signature, under one of the secrets, and its time.
///
/// # Errors
/// See [`WebhookError`].
pub fn read(
    secrets: &[Vec<u8>],
    header: &str,
    body: &[u8],
    now_ms: i64,
) -> Result<Event, WebhookError> {
    if body.len() > BODY_BYTES_MAX {
        return Err(WebhookError::Body);
    }
    let (time, signatures) = parse(header)?;
    let is_signed = signatures.iter().any(|signature| {
        // `verify_slice` takes as long for whatever is wrong.
        let is_by = |mac: Hmac<Sha256>| mac.verify_slice(signature).is_ok();
        secrets.iter().any(|secret| mac(secret, time, body).is_ok_and(is_by))
    });
    if !is_signed {
        return Err(WebhookError::Signature);
    }
    let sent_ms = time.parse::<i64>().ok().and_then(|s| s.checked_mul(1_000));
    let sent_ms = sent_ms.ok_or(WebhookError::Header)?;
    if now_ms.abs_diff(sent_ms) > TOLERANCE_MS.unsigned_abs() {
        return Err(WebhookError::Time);
    }
    let event: Event = serde_json::from_slice(body).map_err(|_| WebhookError::Body)?;
    match event.payment.is_sound() && is_id(&event.id) {
        true => Ok(event),
        false => Err(WebhookError::Body),
    }
}

fn mac(secret: &[u8], time: &str, body: &[u8]) -> Result<Hmac<Sha256>, WebhookError> {
    let mac = Hmac::<Sha256>::new_from_slice(secret);
    let mut mac = mac.map_err(|_| WebhookError::Signature)?;
    mac.update(time.as_bytes());
    mac.update(b".");
    mac.update(body);
    Ok(mac)
}

/// The time, as it was signed, and the signatures.
fn parse(header: &str) -> Result<(&str, Vec<[u8; 32]>), WebhookError> {
    let (mut time, mut signatures) = (None, Vec::new());
    for part in header.split(',') {
        match part.trim().split_once('=').ok_or(WebhookError::Header)? {
            ("t", digits) if time.is_none() => time = Some(digits),
            ("v1", hex) => signatures.push(unhex(hex).ok_or(WebhookError::Header)?),
            // Of a later version, beside this one's.
            (name, _) if name.starts_with('v') => {}
            _ => return Err(WebhookError::Header),
        }
    }
    let is_time = |time: &&str| {
        (1..=12).contains(&time.len()) && time.bytes().all(|byte| byte.is_ascii_digit())
    };
    let time = time.filter(is_time).ok_or(WebhookError::Header)?;
    match (1..=SIGNATURES_MAX).contains(&signatures.len()) {
        true => Ok((time, signatures)),
        false => Err(WebhookError::Header),
    }
}

fn unhex(hex: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if hex.len() != 64 || !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(hex.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sign(secret: &[u8], at_s: i64, body: &[u8]) -> String {
        super::sign(secret, at_s, body).unwrap()
    }

    const BODY: &[u8] = br#"{"id":"evt_1","created_ms":5,"extra":1,"payment":{"id":"pp_1",
        "reference":"pay_1","state":"paid","amount_yen":1200,"currency":"JPY"}}"#;
    const NOW_S: i64 = 1_767_193_200;

    fn secrets() -> Vec<Vec<u8>> {
        vec![b"new".to_vec(), b"old".to_vec()]
    }

    #[test]
    fn known_answer() {
        // printf '5.{}' | openssl dgst -sha256 -hmac secret
        let known = "t=5,v1=f18d2fcd9a24151471e3e2d71bc7ce901fb7b89b341918a08f95e9ffc497ea26";
        assert_eq!(sign(b"secret", 5, b"{}"), known);
    }

    #[test]
    fn signed_by_either_secret_within_five_minutes() {
        let at = |header: &str, off_ms: i64| read(&secrets(), header, BODY, NOW_S * 1_000 + off_ms);
        for secret in [&b"new"[..], b"old"] {
            let header = sign(secret, NOW_S, BODY);
            for off_ms in [0, TOLERANCE_MS, -TOLERANCE_MS] {
                assert_eq!(at(&header, off_ms).unwrap().id, "evt_1");
            }
            for off_ms in [TOLERANCE_MS + 1, -TOLERANCE_MS - 1, i64::MAX - NOW_S * 1_000] {
                assert_eq!(at(&header, off_ms), Err(WebhookError::Time));
            }
        }
        let other = sign(b"other", NOW_S, BODY);
        assert_eq!(at(&other, 0), Err(WebhookError::Signature));
        let both = format!("{other},{},v2=zz", &sign(b"old", NOW_S, BODY)[13..]);
        assert!(at(&both, 0).is_ok(), "{both}");
        // The time is signed too.
        let moved = sign(b"new", NOW_S - 9_000, BODY).replace("1767184200", "1767193200");
        assert_eq!(at(&moved, 0), Err(WebhookError::Signature));
        assert_eq!(
            read(&secrets(), &sign(b"new", NOW_S, BODY), &BODY[1..], NOW_S * 1_000),
            Err(WebhookError::Signature)
        );
        assert_eq!(
            read(&[], &sign(b"new", NOW_S, BODY), BODY, NOW_S * 1_000),
            Err(WebhookError::Signature)
        );
    }

    #[test]
    fn headers_and_bodies_of_another_form() {
        let good = sign(b"new", NOW_S, BODY);
        let hex = &good[16..];
        for header in [
            "",
            "t=",
            "t=1",
            "v1=",
            hex,
            "t=1,v1=00",
            &format!("v1={hex}"),
            &format!("t=x,v1={hex}"),
            &format!("t=-1,v1={hex}"),
            &format!("t=1,t=1,v1={hex}"),
            &format!("t=1234567890123,v1={hex}"),
            &format!("t=1,v1={}é", &hex[2..]),
            &format!("t=1{}", format!(",v1={hex}").repeat(9)),
        ] {
            let read = read(&secrets(), header, BODY, NOW_S * 1_000);
            assert_eq!(read, Err(WebhookError::Header), "{header}");
        }
        let long = vec![b' '; BODY_BYTES_MAX + 1];
        let dollars = String::from_utf8_lossy(BODY).replace("JPY", "USD");
        let path = String::from_utf8_lossy(BODY).replace("pp_1", "../x");
        for body in [&b"{}"[..], b"", &long, dollars.as_bytes(), path.as_bytes()] {
            let header = sign(b"new", NOW_S, body);
            assert_eq!(read(&secrets(), &header, body, NOW_S * 1_000), Err(WebhookError::Body));
        }
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig {
            cases: 2_000, failure_persistence: None, ..Default::default()
        })]

        #[test]
        fn whatever_comes_unsigned_is_an_error(
            header in "(t=[0-9]{0,20}|v1=[0-9a-fé]{0,70}|v2|,|=|.){0,12}",
            body in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200),
        ) {
            proptest::prop_assert!(read(&secrets(), &header, &body, NOW_S * 1_000).is_err());
        }
    }
}
