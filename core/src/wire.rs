//! Fingerprint to bytes and back: exactly what is sent, and what a `.afp` file holds. See
//! `spec/wire.md`.
//!
//! ```text
//! "ONM" 01 | header (postcard)                                            | codes   | CRC-32
//!          | kind, profile, encoder, duration_ms, samples: [(start, len)] | 1 B each| LE
//! ```

use crate::fingerprint::{
    ENCODER, EncoderId, Fingerprint, FingerprintError, Kind, PROFILE, ProfileId, Spans,
};
use crate::profile::{CODES_PER_QUERY, SAMPLES_MAX};

/// The media type under which fingerprints travel.
pub const MEDIA_TYPE: &str = "application/vnd.onmon.fingerprint";

/// First bytes of every message.
pub const MAGIC: [u8; 3] = *b"ONM";

/// Version of the layout, the fourth byte.
pub const VERSION: u8 = 1;

/// Bytes of a full song's fingerprint, at most.
pub const QUERY_BYTES_MAX: usize = encoded_len_max(CODES_PER_QUERY);

/// Bytes before the header: magic and version.
const PREFIX_BYTES: usize = MAGIC.len() + 1;

/// Bytes of the header, at most: kind 1, profile 1, encoder 3, duration 5, count 1, samples 5 + 5
/// each.
const HEADER_BYTES_MAX: usize = 1 + 1 + 3 + 5 + 1 + SAMPLES_MAX * (5 + 5);

const CHECKSUM_BYTES: usize = 4;

/// CRC-32/ISO-HDLC (the one of zip and Ethernet), over all bytes before it.
const CHECKSUM: crc::Crc<u32> = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC);

const _: () = assert!(QUERY_BYTES_MAX <= 1_900);

/// Bytes that a fingerprint of this many codes takes, at most: what to make a buffer for.
pub const fn encoded_len_max(codes: usize) -> usize {
    PREFIX_BYTES + HEADER_BYTES_MAX + codes + CHECKSUM_BYTES
}

/// Writes a fingerprint into `out` and says how many bytes that took.
///
/// # Errors
/// [`WireError::BufferTooSmall`]; [`encoded_len_max`] bytes always suffice.
pub fn encode(fingerprint: &Fingerprint<'_>, out: &mut [u8]) -> Result<usize, WireError> {
    let header = Header {
        kind: fingerprint.kind(),
        profile: fingerprint.profile(),
        encoder: fingerprint.encoder(),
        duration_ms: fingerprint.duration_ms(),
        samples: fingerprint.spans().clone(),
    };
    let too_small = WireError::BufferTooSmall;
    let (prefix, rest) = out.split_at_mut_checked(PREFIX_BYTES).ok_or(too_small)?;
    let (magic, version) = prefix.split_at_mut_checked(MAGIC.len()).ok_or(too_small)?;
    magic.copy_from_slice(&MAGIC);
    version.fill(VERSION);
    let header_len = postcard::to_slice(&header, rest).map_err(|_| too_small)?.len();
    let codes_at = PREFIX_BYTES + header_len;
    let end = codes_at + fingerprint.codes().len();
    out.get_mut(codes_at..end).ok_or(too_small)?.copy_from_slice(fingerprint.codes());
    let (message, tail) = out.split_at_mut_checked(end).ok_or(too_small)?;
    let sum = CHECKSUM.checksum(message).to_le_bytes();
    tail.get_mut(..CHECKSUM_BYTES).ok_or(too_small)?.copy_from_slice(&sum);
    Ok(end + CHECKSUM_BYTES)
}

/// Reads a fingerprint, checking everything that [`Fingerprint`] promises. Borrows the codes.
///
/// # Errors
/// A [`WireError`] that says what is wrong with the bytes. Any bytes at all are safe to pass.
pub fn decode(bytes: &[u8]) -> Result<Fingerprint<'_>, WireError> {
    let rest = bytes.strip_prefix(&MAGIC).ok_or(WireError::NotAFingerprint)?;
    let (&version, _) = rest.split_first().ok_or(WireError::Truncated)?;
    if version != VERSION {
        return Err(WireError::Version { found: version });
    }
    let (message, sum) = bytes.split_last_chunk::<CHECKSUM_BYTES>().ok_or(WireError::Truncated)?;
    let body = message.get(PREFIX_BYTES..).ok_or(WireError::Truncated)?;
    if CHECKSUM.checksum(message) != u32::from_le_bytes(*sum) {
        return Err(WireError::Checksum);
    }
    let (header, codes) =
        postcard::take_from_bytes::<Header>(body).map_err(|_| WireError::Malformed)?;
    if header.profile != PROFILE {
        return Err(WireError::Profile { found: header.profile });
    }
    if header.encoder != ENCODER {
        return Err(WireError::Encoder { found: header.encoder });
    }
    Fingerprint::new(header.kind, header.duration_ms, header.samples, codes)
        .map_err(WireError::Content)
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Header {
    kind: Kind,
    profile: ProfileId,
    encoder: EncoderId,
    duration_ms: u32,
    samples: Spans,
}

/// Bytes that are not a fingerprint, or room that does not suffice for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WireError {
    /// The first bytes are not [`MAGIC`]: something else was sent.
    NotAFingerprint,
    /// A layout that this build does not know: update the older side.
    Version {
        /// The version byte.
        found: u8,
    },
    /// Cut off before the checksum: send it again.
    Truncated,
    /// Changed or cut on the way: send it again.
    Checksum,
    /// A header that does not parse: the sender is faulty or hostile.
    Malformed,
    /// Codes of another extraction, which do not compare with this build's: update the older
    /// side.
    Profile {
        /// The profile that made them.
        found: ProfileId,
    },
    /// Codes of another encoder, which do not compare with this build's: update the older side.
    Encoder {
        /// The encoder that made them.
        found: EncoderId,
    },
    /// A header that parses but breaks a promise of [`Fingerprint`].
    Content(FingerprintError),
    /// The output buffer is too small: see [`encoded_len_max`].
    BufferTooSmall,
}

impl WireError {
    /// A stable name for programs (HTTP answers, JavaScript errors).
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotAFingerprint => "not_a_fingerprint",
            Self::Version { .. } => "unknown_wire_version",
            Self::Truncated => "truncated",
            Self::Checksum => "checksum_mismatch",
            Self::Malformed => "malformed",
            Self::Profile { .. } => "unknown_profile",
            Self::Encoder { .. } => "unknown_encoder",
            Self::Content(_) => "invalid_fingerprint",
            Self::BufferTooSmall => "buffer_too_small",
        }
    }
}

impl core::fmt::Display for WireError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::NotAFingerprint => f.write_str("not an onmon fingerprint (no ONM at its start)"),
            Self::Version { found } => {
                write!(
                    f,
                    "wire version {found}, but this build reads {VERSION}; update the older side"
                )
            }
            Self::Truncated => f.write_str("cut off before its checksum; send it again"),
            Self::Checksum => {
                f.write_str("its checksum is wrong: changed or cut on the way; send it again")
            }
            Self::Malformed => f.write_str("its header does not parse"),
            Self::Profile { found } => {
                write!(f, "made with profile {}, this build compares {}", found.0, PROFILE.0)
            }
            Self::Encoder { found } => {
                write!(f, "made with encoder {}, this build compares {}", found.0, ENCODER.0)
            }
            Self::Content(error) => error.fmt(f),
            Self::BufferTooSmall => f.write_str("the output buffer is too small"),
        }
    }
}

impl core::error::Error for WireError {}
