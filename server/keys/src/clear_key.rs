//! W3C Clear Key (Encrypted Media Extensions, section 9.1): requests and licences in JSON.
//!
//! Keys pass through the page's script, so this protects no better than WebCrypto does; it lets a
//! browser's own player decrypt MP4 and WebM. Sessions are `temporary`: nothing is kept.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::content::ContentKey;
use crate::error::KeysError;
use crate::kid::Kid;
use crate::pssh::pssh;
use crate::system::{KeySystem, LicenceRequest, SystemId};

/// `org.w3.clearkey`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ClearKey;

/// Initialisation data of type `keyids`: `{"kids":[...]}`.
pub fn keyids(kids: &[Kid]) -> String {
    let list: Vec<String> = kids.iter().map(|kid| format!("\"{}\"", kid.base64url())).collect();
    format!("{{\"kids\":[{}]}}", list.join(","))
}

impl KeySystem for ClearKey {
    fn name(&self) -> &'static str {
        "org.w3.clearkey"
    }

    fn system_id(&self) -> SystemId {
        SystemId::CLEAR_KEY
    }

    fn init_data(&self, kids: &[Kid]) -> Vec<u8> {
        pssh(SystemId::CLEAR_KEY, kids)
    }

    fn request(&self, body: &[u8]) -> Result<LicenceRequest, KeysError> {
        let bad = KeysError::LicenceRequest;
        if body.len() > LicenceRequest::BYTES_MAX {
            return Err(bad("it is too long"));
        }
        let wire: WireRequest = serde_json::from_slice(body)
            .map_err(|_| bad(r#"it is not {"kids":[...],"type":"temporary"}"#))?;
        if wire.session != "temporary" {
            return Err(bad("its session's type is not `temporary`"));
        }
        if !(1..=LicenceRequest::KIDS_MAX).contains(&wire.kids.len()) {
            return Err(bad("it asks for no key, or for too many"));
        }
        let mut kids: Vec<Kid> = Vec::with_capacity(wire.kids.len());
        for text in &wire.kids {
            let kid = Kid::from_base64url(text);
            let kid = kid.ok_or(bad("a kid is not 16 bytes in base64url without padding"))?;
            if !kids.contains(&kid) {
                kids.push(kid);
            }
        }
        Ok(LicenceRequest { kids })
    }

    fn licence(
        &self,
        request: &LicenceRequest,
        granted: &[(Kid, ContentKey)],
    ) -> Result<Zeroizing<String>, KeysError> {
        // As long as it gets: a string that grows leaves copies of keys behind.
        let mut out = Zeroizing::new(String::with_capacity(64 + request.kids.len() * 96));
        out.push_str("{\"keys\":[");
        let mut given = 0;
        for kid in &request.kids {
            let Some((_, key)) = granted.iter().find(|(granted, _)| granted == kid) else {
                continue;
            };
            if given > 0 {
                out.push(',');
            }
            given += 1;
            let k = Zeroizing::new(BASE64_URL_SAFE_NO_PAD.encode(key.as_bytes()));
            // Nothing of base64url needs escaping.
            out.push_str("{\"kty\":\"oct\",\"kid\":\"");
            out.push_str(&kid.base64url());
            out.push_str("\",\"k\":\"");
            out.push_str(&k);
            out.push_str("\"}");
        }
        out.push_str("],\"type\":\"temporary\"}");
        if given == 0 { Err(KeysError::NotFound) } else { Ok(out) }
    }
}

#[derive(Deserialize, Serialize)]
struct WireRequest {
    kids: Vec<String>,
    #[serde(rename = "type")]
    session: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const REQUEST: &str =
        r#"{"kids":["LwVHf8JLtPrv2GUXFW2v_A","0DdtU9od-Bh5L3xbv0Xf_A"],"type":"temporary"}"#;

    fn kid(text: &str) -> Kid {
        Kid::from_base64url(text).unwrap()
    }

    fn granted(texts: &[&str]) -> Vec<(Kid, ContentKey)> {
        let key = |at: usize| ContentKey::from_bytes(&[0xf0 | at as u8; 16]);
        texts.iter().enumerate().map(|(at, text)| (kid(text), key(at))).collect()
    }

    #[test]
    fn a_licence_holds_what_was_asked_for_and_granted() {
        let request = ClearKey.request(REQUEST.as_bytes()).unwrap();
        let both = granted(&["LwVHf8JLtPrv2GUXFW2v_A", "0DdtU9od-Bh5L3xbv0Xf_A"]);
        let licence = ClearKey.licence(&request, &both).unwrap();
        let expected = concat!(
            r#"{"keys":[{"kty":"oct","kid":"LwVHf8JLtPrv2GUXFW2v_A","k":"8PDw8PDw8PDw8PDw8PDw8A"},"#,
            r#"{"kty":"oct","kid":"0DdtU9od-Bh5L3xbv0Xf_A","k":"8fHx8fHx8fHx8fHx8fHx8Q"}],"#,
            r#""type":"temporary"}"#
        );
        assert_eq!(licence.as_str(), expected);
        assert!(serde_json::from_str::<serde_json::Value>(&licence).is_ok());

        // One that was granted and not asked for is not given, nor the other way about.
        let other = granted(&["0DdtU9od-Bh5L3xbv0Xf_A", "AAAAAAAAAAAAAAAAAAAAAA"]);
        let licence = ClearKey.licence(&request, &other).unwrap();
        assert!(licence.contains("0DdtU9od") && !licence.contains("LwVHf8JL"));
        assert!(!licence.contains("AAAAAAAAAAAAAAAAAAAAAA"));
        let none = ClearKey.licence(&request, &granted(&["AAAAAAAAAAAAAAAAAAAAAA"]));
        assert!(matches!(none, Err(KeysError::NotFound)));
    }

    #[test]
    fn what_is_no_request_is_refused() {
        let one = r#""LwVHf8JLtPrv2GUXFW2v_A""#;
        let many = [one; LicenceRequest::KIDS_MAX + 1].join(",");
        for body in [
            "",
            "{}",
            "[]",
            r#"{"kids":[],"type":"temporary"}"#,
            r#"{"kids":["LwVHf8JLtPrv2GUXFW2v_A"]}"#,
            r#"{"kids":["LwVHf8JLtPrv2GUXFW2v_A=="],"type":"temporary"}"#,
            r#"{"kids":["LwVHf8JLtPrv2GUXFW2v/A"],"type":"temporary"}"#,
            r#"{"kids":["LwVHf8JLtPrv2GUXFW2v_A"],"type":"persistent-license"}"#,
            &format!(r#"{{"kids":[{many}],"type":"temporary"}}"#),
            &" ".repeat(LicenceRequest::BYTES_MAX + 1),
        ] {
            let read = ClearKey.request(body.as_bytes());
            assert!(matches!(read, Err(KeysError::LicenceRequest(_))), "{body}");
        }
        let twice = format!(r#"{{"kids":[{one},{one}],"type":"temporary"}}"#);
        assert_eq!(ClearKey.request(twice.as_bytes()).unwrap().kids.len(), 1);
    }

    #[test]
    fn keyids_as_the_registry_writes_them() {
        let kids = [kid("LwVHf8JLtPrv2GUXFW2v_A"), kid("0DdtU9od-Bh5L3xbv0Xf_A")];
        assert_eq!(
            keyids(&kids),
            r#"{"kids":["LwVHf8JLtPrv2GUXFW2v_A","0DdtU9od-Bh5L3xbv0Xf_A"]}"#
        );
        assert_eq!(ClearKey.init_data(&kids), pssh(ClearKey.system_id(), &kids));
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_foreign_to_refuse(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(ClearKey.request(&body).is_err());
        }
    }
}
