//! Keys for other vendors' DRM, as a CPIX document (DASH-IF, version 2.3): which keys, for which
//! systems, for which tracks.
//!
//! This is the *shape* of the exchange, the door that is kept open. What a vendor adds in its own
//! name (the data in a Widevine or PlayReady `pssh` box, FairPlay's key URIs) is not made here, and
//! encrypted values are for a recipient with whom the document key was agreed beforehand: there is
//! no `DeliveryDataList` with certificates.

use std::fmt::Write;

use aes_gcm::aead::Aead;
use aes_gcm::{Aes256Gcm, KeyInit, Nonce};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use zeroize::Zeroizing;

use crate::content::ContentKey;
use crate::error::KeysError;
use crate::kid::Kid;
use crate::pssh::pssh;
use crate::system::SystemId;

/// What goes into a document.
#[derive(Debug, Clone, Copy)]
pub struct Document<'a> {
    /// Which content the keys are for, in the recipient's words; at most 255 characters.
    pub content_id: &'a str,
    /// The keys.
    pub keys: &'a [(Kid, ContentKey)],
    /// Each key is announced for each of these.
    pub systems: &'a [SystemId],
    /// How content is encrypted with them.
    pub scheme: Scheme,
    /// Whether and how the keys themselves are in it.
    pub values: Values<'a>,
}

/// A scheme of common encryption.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// AES-CTR.
    Cenc,
    /// AES-CBC, every tenth block.
    Cbcs,
}

/// How the keys are in a document.
#[derive(Debug, Clone, Copy)]
pub enum Values<'a> {
    /// Not at all: their names only, as a packager asks for them.
    Absent,
    /// In clear. For an operator alone; the caller has made sure that it is one.
    ClearForOperator,
    /// Encrypted with a key that the recipient has.
    Encrypted(&'a DocumentKey),
}

/// The 256-bit key that encrypts the keys of a document. Wiped when dropped, never printed.
pub struct DocumentKey(Zeroizing<[u8; 32]>);

impl DocumentKey {
    /// From bytes, which the caller wipes.
    pub fn from_bytes(bytes: &[u8; 32]) -> DocumentKey {
        DocumentKey(Zeroizing::new(*bytes))
    }
}

impl std::fmt::Debug for DocumentKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DocumentKey(..)")
    }
}

/// Writes a document. It may hold keys: it is wiped when dropped.
///
/// # Errors
/// [`KeysError::Cpix`] for a content id that XML cannot hold, or a document without a key or a
/// system; [`KeysError::Random`].
pub fn write(document: &Document<'_>) -> Result<Zeroizing<String>, KeysError> {
    let Document { content_id, keys, systems, scheme, values } = *document;
    if keys.is_empty() || systems.is_empty() {
        return Err(KeysError::Cpix("it names no key or no system"));
    }
    // As long as it gets: a string that grows leaves copies of keys behind.
    let room = 1024 + content_id.len() * 6 + keys.len() * (1024 + systems.len() * 512);
    let mut out = Zeroizing::new(String::with_capacity(room));
    let content_id = escape(content_id)?;
    // Writing to a string never fails.
    let _ = write!(
        out,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <cpix:CPIX xmlns:cpix=\"urn:dashif:org:cpix\" \
         xmlns:pskc=\"urn:ietf:params:xml:ns:keyprov:pskc\" \
         xmlns:enc=\"http://www.w3.org/2001/04/xmlenc#\" \
         contentId=\"{content_id}\" version=\"2.3\">\n"
    );
    out.push_str("  <cpix:ContentKeyList>\n");
    for (kid, key) in keys {
        content_key(&mut out, kid, key, scheme, values)?;
    }
    out.push_str("  </cpix:ContentKeyList>\n  <cpix:DRMSystemList>\n");
    for system in systems {
        keys.iter().for_each(|(kid, _)| drm_system(&mut out, kid, *system));
    }
    out.push_str("  </cpix:DRMSystemList>\n  <cpix:ContentKeyUsageRuleList>\n");
    for (kid, _) in keys {
        let _ = write!(
            out,
            "    <cpix:ContentKeyUsageRule kid=\"{}\" intendedTrackType=\"AUDIO\">\n      \
             <cpix:AudioFilter/>\n    </cpix:ContentKeyUsageRule>\n",
            kid.uuid()
        );
    }
    out.push_str("  </cpix:ContentKeyUsageRuleList>\n</cpix:CPIX>\n");
    debug_assert!(out.len() <= room);
    Ok(out)
}

fn content_key(
    out: &mut String,
    kid: &Kid,
    key: &ContentKey,
    scheme: Scheme,
    values: Values<'_>,
) -> Result<(), KeysError> {
    let scheme = match scheme {
        Scheme::Cenc => "cenc",
        Scheme::Cbcs => "cbcs",
    };
    let _ = write!(
        out,
        "    <cpix:ContentKey kid=\"{}\" commonEncryptionScheme=\"{scheme}\"",
        kid.uuid()
    );
    let secret = match values {
        Values::Absent => {
            out.push_str("/>\n");
            return Ok(());
        }
        Values::ClearForOperator => {
            let value = Zeroizing::new(BASE64_STANDARD.encode(key.as_bytes()));
            let mut secret = Zeroizing::new(String::with_capacity(128));
            secret.push_str("          <pskc:PlainValue>");
            secret.push_str(&value);
            secret.push_str("</pskc:PlainValue>\n");
            secret
        }
        Values::Encrypted(document_key) => Zeroizing::new(format!(
            "          <pskc:EncryptedValue>\n            \
             <enc:EncryptionMethod Algorithm=\"{AES_256_GCM}\"/>\n            \
             <enc:CipherData><enc:CipherValue>{}</enc:CipherValue></enc:CipherData>\n          \
             </pskc:EncryptedValue>\n",
            BASE64_STANDARD.encode(encrypt(document_key, key)?)
        )),
    };
    out.push_str(">\n      <cpix:Data>\n        <pskc:Secret>\n");
    out.push_str(&secret);
    out.push_str("        </pskc:Secret>\n      </cpix:Data>\n    </cpix:ContentKey>\n");
    Ok(())
}

/// XML Encryption 1.1, section 5.2.4: nonce, ciphertext, tag.
const AES_256_GCM: &str = "http://www.w3.org/2009/xmlenc11#aes256-gcm";

fn encrypt(document_key: &DocumentKey, key: &ContentKey) -> Result<Vec<u8>, KeysError> {
    let mut nonce = [0; 12];
    getrandom::fill(&mut nonce).map_err(|_| KeysError::Random)?;
    let cipher = Aes256Gcm::new((&*document_key.0).into());
    let sealed = cipher.encrypt(&Nonce::from(nonce), key.as_bytes().as_slice());
    // AES-GCM refuses only messages of 64 GiB.
    let sealed = sealed.map_err(|_| KeysError::Cpix("a key cannot be encrypted"))?;
    Ok([&nonce[..], &sealed].concat())
}

/// Clear Key's box is complete as it is; the others' boxes are their vendors' to fill.
fn drm_system(out: &mut String, kid: &Kid, system: SystemId) {
    let _ = write!(out, "    <cpix:DRMSystem kid=\"{}\" systemId=\"{system}\"", kid.uuid());
    if system == SystemId::CLEAR_KEY {
        let data = BASE64_STANDARD.encode(pssh(system, &[*kid]));
        let _ = write!(out, ">\n      <cpix:PSSH>{data}</cpix:PSSH>\n    </cpix:DRMSystem>\n");
    } else {
        out.push_str("/>\n");
    }
}

const CONTENT_ID_CHARS_MAX: usize = 255;

/// For an attribute in double quotes. White space is written as references, because a reader would
/// otherwise turn it into spaces.
fn escape(text: &str) -> Result<String, KeysError> {
    if text.chars().count() > CONTENT_ID_CHARS_MAX {
        return Err(KeysError::Cpix("the content id is too long"));
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\t' | '\n' | '\r' => {
                let _ = write!(out, "&#{};", u32::from(c));
            }
            // XML 1.0 has no way to write these.
            '\0'..' ' | '\u{fffe}' | '\u{ffff}' => {
                return Err(KeysError::Cpix("the content id holds a control character"));
            }
            c => out.push(c),
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOLDEN: &str = include_str!("../tests/golden/clear.cpix.xml");

    fn keys() -> [(Kid, ContentKey); 2] {
        [
            (Kid(*b"0123456789012345"), ContentKey::from_bytes(&[0xab; 16])),
            (Kid([0x98; 16]), ContentKey::from_bytes(&[0xff; 16])),
        ]
    }

    fn document<'a>(keys: &'a [(Kid, ContentKey)], values: Values<'a>) -> Document<'a> {
        Document {
            content_id: "prm_<1> & \"2\"",
            keys,
            systems: &[
                SystemId::CLEAR_KEY,
                SystemId::WIDEVINE,
                SystemId::PLAYREADY,
                SystemId::FAIRPLAY,
            ],
            scheme: Scheme::Cenc,
            values,
        }
    }

    #[test]
    fn as_it_was_agreed() {
        let text = write(&document(&keys(), Values::ClearForOperator)).unwrap();
        assert_eq!(text.as_str(), GOLDEN);
    }

    #[test]
    fn without_values_no_key_is_in_it() {
        let keys = keys();
        let text = write(&document(&keys, Values::Absent)).unwrap();
        assert!(!text.contains("pskc:Secret") && !text.contains("q6ur"));
        assert_eq!(text.matches("<cpix:ContentKey kid=").count(), 2);
        assert_eq!(text.matches("<cpix:DRMSystem kid=").count(), 8);
    }

    #[test]
    fn encrypted_values_open_with_the_document_key_alone() {
        let (keys, document_key) = (keys(), DocumentKey::from_bytes(&[5; 32]));
        let text = write(&document(&keys, Values::Encrypted(&document_key))).unwrap();
        assert!(!text.contains("PlainValue") && !text.contains("q6urq6ur"));
        let values: Vec<&str> = text
            .split("<enc:CipherValue>")
            .skip(1)
            .map(|rest| rest.split('<').next().unwrap())
            .collect();
        assert_eq!(values.len(), 2);
        for (value, (_, key)) in values.iter().zip(&keys) {
            let bytes = BASE64_STANDARD.decode(value).unwrap();
            let nonce = Nonce::from(*bytes.first_chunk::<12>().unwrap());
            let open =
                |key: [u8; 32]| Aes256Gcm::new((&key).into()).decrypt(&nonce, &bytes[12..]).ok();
            assert_eq!(open([5; 32]).unwrap(), key.as_bytes());
            assert_eq!(open([6; 32]), None);
        }
        assert!(!format!("{document_key:?} {keys:?}").contains("171"));
    }

    #[test]
    fn what_xml_cannot_hold_is_refused() {
        assert_eq!(escape("a\tb>'\u{1f3b5}").unwrap(), "a&#9;b&gt;&apos;\u{1f3b5}");
        for text in ["\0", "\u{1b}", "\u{ffff}", &"x".repeat(256)] {
            assert!(matches!(escape(text), Err(KeysError::Cpix(_))), "{text:?}");
        }
        let none = Document { keys: &[], ..document(&[], Values::Absent) };
        assert!(matches!(write(&none), Err(KeysError::Cpix(_))));
    }
}
