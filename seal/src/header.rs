//! What sealed content begins with.

use std::io::{self, Read};

use crate::error::SealError;
use crate::{RECORD_BYTES_MAX, RECORD_BYTES_MIN};

/// Bytes before the key id.
const FIXED_BYTES: usize = 21;

/// Bytes of a header with our kid.
pub(crate) const HEADER_BYTES: usize = FIXED_BYTES + 16;

/// The header of sealed content: in the clear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// What makes key and nonces of this content differ from any other's under the same key.
    pub salt: [u8; 16],
    /// Bytes of a record, the last one's at most.
    pub record_bytes: u32,
    /// Which key opens it; 0 to 255 bytes, ours 16.
    pub key_id: Vec<u8>,
}

impl Header {
    /// Reads a header and not a byte more.
    ///
    /// # Errors
    /// [`SealError::NotSealed`], [`SealError::RecordSize`], [`SealError::Read`].
    pub fn read(source: &mut impl Read) -> Result<Self, SealError> {
        let mut fixed = [0; FIXED_BYTES];
        fill(source, &mut fixed)?;
        let [salt @ .., a, b, c, d, len] = fixed;
        let record_bytes = u32::from_be_bytes([a, b, c, d]);
        check(record_bytes)?;
        let mut key_id = vec![0; len.into()];
        fill(source, &mut key_id)?;
        Ok(Self { salt, record_bytes, key_id })
    }

    /// The header's bytes. A key id of more than 255 bytes is cut.
    pub fn encode(&self) -> Vec<u8> {
        let key_id = self.key_id.get(..255).unwrap_or(&self.key_id);
        let size = self.record_bytes.to_be_bytes();
        [self.salt.as_slice(), &size, &[key_id.len() as u8], key_id].concat()
    }

    /// The key id, if it is one of ours.
    pub fn kid(&self) -> Option<[u8; 16]> {
        self.key_id.as_slice().try_into().ok()
    }

    /// Bytes of the header.
    pub fn encoded_len(&self) -> u64 {
        (FIXED_BYTES + self.key_id.len().min(255)) as u64
    }
}

/// Whether a file's first bytes (37 or more) can be those of sealed content of ours. There is no
/// magic number in RFC 8188: it looks at the record size and at the kid's length, and 1 in 10^5 of
/// other files passes.
pub fn is_sealed(head: &[u8]) -> bool {
    let mut rest = head;
    head.len() >= HEADER_BYTES
        && Header::read(&mut rest)
            .is_ok_and(|header| header.kid().is_some() && header.record_bytes >= 1 << 10)
}

pub(crate) fn check(record_bytes: u32) -> Result<(), SealError> {
    match (RECORD_BYTES_MIN..=RECORD_BYTES_MAX).contains(&record_bytes) {
        true => Ok(()),
        false => Err(SealError::RecordSize { bytes: record_bytes }),
    }
}

fn fill(source: &mut impl Read, bytes: &mut [u8]) -> Result<(), SealError> {
    source.read_exact(bytes).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => SealError::NotSealed,
        _ => SealError::Read(error),
    })
}
