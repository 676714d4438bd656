//! The signed tag of a shared file: which permit it was shared under, and the release that unlocks
//! it. Readable by everyone, made by the server alone.
//!
//! ```text
//! server   Tag      -> sign   -> at most some 300 bytes (COSE_Sign1, Ed25519)
//! client   bytes    -> files  -> into the file, into no byte of its audio     feature `files`
//! player   file     -> files  -> bytes -> verify(PublicKeys) -> Tag
//! server   Release  -> sign   -> bytes, to the account that has paid
//! player   bytes    -> verify(PublicKeys) -> Release::unlocks(Tag, account, now)
//! ```
//!
//! A tag names the audio that it belongs to (the essence) and what was recognised (the
//! fingerprint), so a tag copied into another file shows as foreign. It cannot make a player lock:
//! it tells one that wants to keep the rules.
//!
//! No key that signs ever enters here: [`Tag::sign`] takes a function. Without the feature `files`
//! there is no standard library either.
#![no_std]

extern crate alloc;
#[cfg(feature = "files")]
extern crate std;

mod envelope;
mod error;
#[cfg(feature = "files")]
pub mod files;
mod keys;
mod payload;
mod release;
mod tag;

pub use error::TagError;
pub use keys::{KeyId, KeysError, PublicKeys};
pub use release::{Locked, Release};
pub use tag::{TAG_VERSION, Tag};

/// Bytes of a signed message, at most; longer ones are refused unread.
pub const MESSAGE_BYTES_MAX: usize = 1_024;

/// The media type of a signed tag, in files and over HTTP.
pub const TAG_MEDIA_TYPE: &str = "application/vnd.onmon.tag+cose";

/// The media type of a signed release.
pub const RELEASE_MEDIA_TYPE: &str = "application/vnd.onmon.release+cose";
