//! The release: what an account gets that has paid for a tagged file.

use alloc::string::String;
use alloc::vec::Vec;

use crate::envelope::{self, Unverified, malformed};
use crate::error::TagError;
use crate::keys::{KeyId, PublicKeys};
use crate::payload::{Payload, VERSION};
use crate::tag::Tag;

const RELEASE_VERSION: u64 = 1;

const CONTENT_TYPE: &str = "application/vnd.onmon.release";

// Keys of the payload; shared with the tag where they mean the same.
const PERMIT: u8 = 3;
const ESSENCE: u8 = 4;
const ISSUED: u8 = 6;
const ACCOUNT: u8 = 8;
const EXPIRES: u8 = 9;

/// Unlocks one file for one account, for a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// The permit that the file was shared under. 1 to 255 bytes.
    pub permit_id: String,
    /// Who has paid. 1 to 255 bytes.
    pub account_id: String,
    /// Digest of the file's encoded audio.
    pub essence: [u8; 32],
    /// When it was given, Unix milliseconds.
    pub issued_ms: i64,
    /// Until when it unlocks, Unix milliseconds; after `issued_ms`.
    pub expires_ms: i64,
}

/// Why a genuine release does not unlock a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Locked {
    /// It is for another permit or for other audio.
    #[error("this release is for another file")]
    OtherFile,
    /// It is for somebody else.
    #[error("this release is for another account")]
    OtherAccount,
    /// Its time is over: ask the server again, which costs nothing.
    #[error("this release has expired; fetch it again")]
    Expired,
}

impl Locked {
    /// A stable name for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::OtherFile => "release_other_file",
            Self::OtherAccount => "release_other_account",
            Self::Expired => "release_expired",
        }
    }
}

impl Release {
    /// The signed bytes; see [`Tag::sign`].
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

    /// The release that one of `keys` has signed; see [`Tag::verify`]. Says nothing of its time.
    ///
    /// # Errors
    /// Any [`TagError`] but [`TagError::InvalidField`].
    pub fn verify(bytes: &[u8], keys: &PublicKeys) -> Result<Self, TagError> {
        Self::parse(&Unverified::parse(CONTENT_TYPE, bytes)?.verify(keys)?)
    }

    /// Whether it unlocks a file with this (verified) tag for this account, now.
    ///
    /// # Errors
    /// [`Locked`], the first reason that applies.
    pub fn unlocks(&self, tag: &Tag, account_id: &str, now_ms: i64) -> Result<(), Locked> {
        if self.permit_id != tag.permit_id || self.essence != tag.essence {
            return Err(Locked::OtherFile);
        }
        if self.account_id != account_id {
            return Err(Locked::OtherAccount);
        }
        if now_ms >= self.expires_ms { Err(Locked::Expired) } else { Ok(()) }
    }

    fn encode(&self) -> Result<Vec<u8>, TagError> {
        if self.expires_ms <= self.issued_ms {
            return Err(TagError::InvalidField { field: "expires_ms" });
        }
        Payload::default()
            .number(VERSION, RELEASE_VERSION)
            .id(PERMIT, "permit_id", &self.permit_id)?
            .id(ACCOUNT, "account_id", &self.account_id)?
            .digest(ESSENCE, &self.essence)
            .time(ISSUED, "issued_ms", self.issued_ms)?
            .time(EXPIRES, "expires_ms", self.expires_ms)?
            .encode()
    }

    fn parse(bytes: &[u8]) -> Result<Self, TagError> {
        let mut payload = Payload::parse(bytes, RELEASE_VERSION)?;
        let release = Self {
            permit_id: payload.take_id(PERMIT)?,
            account_id: payload.take_id(ACCOUNT)?,
            essence: payload.take_digest(ESSENCE)?,
            issued_ms: payload.take_time(ISSUED)?,
            expires_ms: payload.take_time(EXPIRES)?,
        };
        match release.encode().as_deref() {
            Ok(again) if again == bytes => Ok(release),
            _ => Err(malformed("its encoding")),
        }
    }
}
