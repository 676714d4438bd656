//! The tag: under which permit this file was shared.

use alloc::string::String;
use alloc::vec::Vec;

use crate::envelope::{self, Unverified, malformed};
use crate::error::TagError;
use crate::keys::{KeyId, PublicKeys};
use crate::payload::{Payload, VERSION};

/// The layout of a tag that this build writes, and the newest that it reads.
pub const TAG_VERSION: u16 = 1;

const CONTENT_TYPE: &str = "application/vnd.onmon.tag";

// Keys of the payload; never given to another meaning.
const RECORDING: u8 = 2;
const PERMIT: u8 = 3;
const ESSENCE: u8 = 4;
const FINGERPRINT: u8 = 5;
const ISSUED: u8 = 6;
const ENCODER: u8 = 7;

/// Says under which permit a file was shared, and which audio that was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// The layout: [`TAG_VERSION`].
    pub version: u16,
    /// The recording that was recognised, as the catalogue names it. 1 to 255 bytes.
    pub recording_id: String,
    /// The permit (`prm_…`). 1 to 255 bytes.
    pub permit_id: String,
    /// Digest of the encoded audio (`onmon_decode::essence`): the tag belongs to this file alone.
    pub essence: [u8; 32],
    /// SHA-256 of the fingerprint's wire bytes.
    pub fingerprint: [u8; 32],
    /// When the permit was given, Unix milliseconds.
    pub issued_ms: i64,
    /// The encoder of the fingerprint's codes (`onmon_core::EncoderId`).
    pub encoder: u16,
}

impl Tag {
    /// The signed bytes: below 300 with ids of 30 bytes. `signer` is given what to sign and answers
    /// with the Ed25519 signature of the key that `key_id` names.
    ///
    /// # Errors
    /// [`TagError::InvalidField`]; nothing was signed then.
    pub fn sign(
        &self,
        key_id: KeyId,
        signer: impl FnOnce(&[u8]) -> [u8; 64],
    ) -> Result<Vec<u8>, TagError> {
        envelope::sign(CONTENT_TYPE, self.encode()?, key_id, signer)
    }

    /// The tag that one of `keys` has signed. Any bytes are safe to pass; of a signed tag no byte
    /// can be changed, added or left out.
    ///
    /// # Errors
    /// Any [`TagError`] but [`TagError::InvalidField`].
    pub fn verify(bytes: &[u8], keys: &PublicKeys) -> Result<Self, TagError> {
        Self::parse(&Unverified::parse(CONTENT_TYPE, bytes)?.verify(keys)?)
    }

    /// What the bytes say, believed by nobody: to show it, and to learn whose keys are needed.
    ///
    /// # Errors
    /// [`TagError::Malformed`], [`TagError::WrongKind`], [`TagError::TooNew`].
    pub fn unverified(bytes: &[u8]) -> Result<(Self, KeyId), TagError> {
        let message = Unverified::parse(CONTENT_TYPE, bytes)?;
        Ok((Self::parse(&message.payload)?, message.key_id))
    }

    fn encode(&self) -> Result<Vec<u8>, TagError> {
        if self.version != TAG_VERSION {
            return Err(TagError::InvalidField { field: "version" });
        }
        Payload::default()
            .number(VERSION, self.version.into())
            .id(RECORDING, "recording_id", &self.recording_id)?
            .id(PERMIT, "permit_id", &self.permit_id)?
            .digest(ESSENCE, &self.essence)
            .digest(FINGERPRINT, &self.fingerprint)
            .time(ISSUED, "issued_ms", self.issued_ms)?
            .number(ENCODER, self.encoder.into())
            .encode()
    }

    fn parse(bytes: &[u8]) -> Result<Self, TagError> {
        let mut payload = Payload::parse(bytes, TAG_VERSION.into())?;
        let tag = Self {
            version: payload.take_number(VERSION)? as u16,
            recording_id: payload.take_id(RECORDING)?,
            permit_id: payload.take_id(PERMIT)?,
            essence: payload.take_digest(ESSENCE)?,
            fingerprint: payload.take_digest(FINGERPRINT)?,
            issued_ms: payload.take_time(ISSUED)?,
            encoder: u16::try_from(payload.take_number(ENCODER)?)
                .map_err(|_| malformed("its encoder"))?,
        };
        match tag.encode().as_deref() {
            Ok(again) if again == bytes => Ok(tag),
            _ => Err(malformed("its encoding")),
        }
    }
}
