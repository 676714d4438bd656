//! COSE_Sign1 (RFC 9052) around a payload: one form, byte for byte, and nothing else is taken.
//!
//! ```text
//! 18([ << { 1: -8 (EdDSA), 3: content type, 4: key id } >>, {}, << payload >>, signature ])
//! ```
//! What is read is written again and compared, so there is one way to say a thing: no header that
//! nobody signed, no critical header that we do not know, no second encoding of the same number,
//! nothing after the end.

use alloc::string::ToString;
use alloc::vec::Vec;

use coset::{
    CoseSign1, CoseSign1Builder, Header, HeaderBuilder, SignatureContext, TaggedCborSerializable,
    iana, sig_structure_data,
};
use ed25519_dalek::Signature;

use crate::MESSAGE_BYTES_MAX;
use crate::error::TagError;
use crate::keys::{KeyId, PublicKeys};

/// What a message says it is. Signed along, so that none passes as another.
pub(crate) type ContentType = &'static str;

/// Signs a payload.
pub(crate) fn sign(
    content_type: ContentType,
    payload: Vec<u8>,
    key_id: KeyId,
    signer: impl FnOnce(&[u8]) -> [u8; 64],
) -> Result<Vec<u8>, TagError> {
    let message = CoseSign1Builder::new()
        .protected(header(content_type, key_id))
        .payload(payload)
        .create_signature(&[], |signed| signer(signed).to_vec())
        .build();
    let bytes = message.to_tagged_vec().map_err(|_| malformed("it does not encode"))?;
    if bytes.len() > MESSAGE_BYTES_MAX {
        return Err(malformed("too long"));
    }
    Ok(bytes)
}

/// A message that parses, before its signature is looked at.
pub(crate) struct Unverified {
    pub(crate) key_id: KeyId,
    pub(crate) payload: Vec<u8>,
    signature: [u8; 64],
    signed: Vec<u8>,
}

impl Unverified {
    pub(crate) fn parse(content_type: ContentType, bytes: &[u8]) -> Result<Self, TagError> {
        if bytes.len() > MESSAGE_BYTES_MAX {
            return Err(malformed("too long"));
        }
        let message =
            CoseSign1::from_tagged_slice(bytes).map_err(|_| malformed("not a COSE_Sign1"))?;
        let said = &message.protected.header;
        let key_id = said.key_id.as_slice().try_into().map_err(|_| malformed("its key id"))?;
        let key_id = KeyId(key_id);
        if said.content_type != header(content_type, key_id).content_type {
            return Err(TagError::WrongKind);
        }
        let signature = message.signature.as_slice();
        let signature = signature.try_into().map_err(|_| malformed("its signature"))?;
        let Some(payload) = message.payload else { return Err(malformed("no content")) };
        let again = CoseSign1Builder::new()
            .protected(header(content_type, key_id))
            .payload(payload)
            .signature(message.signature)
            .build();
        let signed = signed_bytes(&again);
        let payload = again.payload.clone().unwrap_or_default();
        if again.to_tagged_vec().ok().as_deref() != Some(bytes) {
            return Err(malformed("its headers or its encoding"));
        }
        Ok(Self { key_id, payload, signature, signed })
    }

    /// The payload, if one of `keys` has signed it.
    pub(crate) fn verify(self, keys: &PublicKeys) -> Result<Vec<u8>, TagError> {
        let key = keys.get(self.key_id).ok_or(TagError::UnknownKey(self.key_id))?;
        let signature = Signature::from_bytes(&self.signature);
        // Strict: one signature for one message, none under a key of small order.
        key.verify_strict(&self.signed, &signature).map_err(|_| TagError::BadSignature)?;
        Ok(self.payload)
    }
}

fn signed_bytes(message: &CoseSign1) -> Vec<u8> {
    let payload = message.payload.as_deref().unwrap_or_default();
    let protected = message.protected.clone();
    sig_structure_data(SignatureContext::CoseSign1, protected, None, &[], payload)
}

fn header(content_type: ContentType, key_id: KeyId) -> Header {
    HeaderBuilder::new()
        .algorithm(iana::Algorithm::EdDSA)
        .content_type(content_type.to_string())
        .key_id(key_id.0.to_vec())
        .build()
}

pub(crate) fn malformed(part: &'static str) -> TagError {
    TagError::Malformed { part }
}
