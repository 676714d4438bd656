//! Encrypted content: RFC 8188 (`aes128gcm`), streamed, and read at any place.
//!
//! ```text
//! header    salt 16 | record size, u32 BE | length of the key id | key id (ours: the kid, 16)
//! record 0  record size bytes: AES-128-GCM( content | 01 )         key and nonce: HKDF(salt, key)
//! record 1  the same, nonce xor 1
//! ...
//! the last  up to record size bytes: AES-128-GCM( content | 02 )   the 02 says: nothing was cut off
//! ```
//! Each record is bound to its number, the last is marked: cut, reordered, repeated or altered
//! content does not open. What was opened before the place of the damage was genuine. The header
//! is bound by the key that is derived from it; the key id alone is not, and a wrong one finds a
//! wrong key.
//!
//! ```
//! use std::io::Read;
//! use onmon_seal::{ContentKey, Sealed, Sealer};
//!
//! let key = ContentKey::new([7; 16]);
//! let salt = [9; 16]; // random, and never twice with the same key
//! let mut sealed = Vec::new();
//! Sealer::new(&b"some audio"[..], &key, &[1; 16], salt).read_to_end(&mut sealed)?;
//!
//! let sealed = Sealed::read(sealed.as_slice())?;
//! assert_eq!(sealed.kid(), Some([1; 16]));
//! let mut audio = Vec::new();
//! sealed.unlock(&key).read_to_end(&mut audio)?;
//! assert_eq!(audio, b"some audio");
//! # Ok::<(), std::io::Error>(())
//! ```

mod cipher;
mod error;
mod header;
mod opener;
mod sealer;
mod seeker;

pub use cipher::ContentKey;
pub use error::SealError;
pub use header::{Header, is_sealed};
pub use opener::{Opener, Sealed};
pub use sealer::{Sealer, sealed_len};
pub use seeker::SeekOpener;

/// Bytes of a record unless said otherwise. 64 KiB cost 17 bytes of overhead each (0.03 %), are
/// 1.6 s of an MP3 of 320 kbit/s (what a player waits for after a jump), and are long enough that
/// the cost of a call (WebCrypto's is some 50 µs) does not show.
pub const RECORD_BYTES: u32 = 64 << 10;

/// The longest record that is opened: a header must not make anybody allocate 4 GiB.
pub const RECORD_BYTES_MAX: u32 = 16 << 20;

/// The shortest record that RFC 8188 allows: one byte of content, its delimiter, GCM's tag.
pub const RECORD_BYTES_MIN: u32 = 18;

/// Bytes of a record that are not content: the delimiter and GCM's tag.
pub const RECORD_OVERHEAD_BYTES: u32 = 17;

/// The content coding's name, as in HTTP's `Content-Encoding`.
pub const CONTENT_CODING: &str = "aes128gcm";
