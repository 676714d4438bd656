//! Key and nonces of one content, and its records.

use std::fmt;
use std::io::Read;

use aes_gcm::aead::inout::InOutBuf;
use aes_gcm::{AeadInOut, Aes128Gcm, KeyInit, Nonce, Tag};
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::{Zeroize, Zeroizing};

use crate::RECORD_OVERHEAD_BYTES;
use crate::error::SealError;

const KEY_INFO: &[u8] = b"Content-Encoding: aes128gcm\0";
const NONCE_INFO: &[u8] = b"Content-Encoding: nonce\0";
const GCM_TAG_BYTES: usize = 16;

/// Ends the content of a record that others follow.
const MORE: u8 = 1;

/// Ends the content of the last record.
const LAST: u8 = 2;

/// The key of one content. Wiped when dropped, never printed.
#[derive(Clone)]
pub struct ContentKey(Zeroizing<[u8; 16]>);

impl ContentKey {
    /// A key of 128 random bits.
    pub fn new(mut key: [u8; 16]) -> Self {
        let kept = Self(Zeroizing::new(key));
        key.zeroize();
        kept
    }
}

impl fmt::Debug for ContentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ContentKey(..)")
    }
}

/// What a record was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Opened {
    pub(crate) is_last: bool,
    pub(crate) is_padded: bool,
}

/// Seals and opens the records of one content. Its parts are wiped when dropped.
pub(crate) struct RecordCipher {
    cipher: Aes128Gcm,
    nonce: Zeroizing<[u8; 12]>,
}

impl RecordCipher {
    pub(crate) fn new(key: &ContentKey, salt: &[u8; 16]) -> Self {
        let derived = Hkdf::<Sha256>::new(Some(salt), key.0.as_slice());
        let mut content_key = Zeroizing::new([0; 16]);
        let mut nonce = Zeroizing::new([0; 12]);
        // Fails beyond 8,160 bytes.
        let _ = derived.expand(KEY_INFO, content_key.as_mut_slice());
        let _ = derived.expand(NONCE_INFO, nonce.as_mut_slice());
        Self { cipher: Aes128Gcm::new(&(*content_key).into()), nonce }
    }

    /// Content to record, in place.
    pub(crate) fn seal(&self, number: u64, is_last: bool, record: &mut Vec<u8>) {
        record.push(if is_last { LAST } else { MORE });
        let nonce = self.nonce(number);
        let content = InOutBuf::from(record.as_mut_slice());
        match self.cipher.encrypt_inout_detached(&nonce, &[], content) {
            Ok(tag) => record.extend(tag),
            // Beyond 64 GiB, and a record has 16 MiB at most. Whatever happens, content never goes
            // out in the clear.
            Err(_) => record.zeroize(),
        }
    }

    /// Record to content, in place; padding is taken off. Nothing of a record that does not open is
    /// left.
    pub(crate) fn open(&self, number: u64, record: &mut Vec<u8>) -> Result<Opened, SealError> {
        let opened = self.open_in_place(number, record);
        if opened.is_none() {
            record.zeroize();
        }
        opened.ok_or(SealError::Altered { record: number })
    }

    fn open_in_place(&self, number: u64, record: &mut Vec<u8>) -> Option<Opened> {
        let len = record.len().checked_sub(GCM_TAG_BYTES)?;
        let (content, tag) = record.split_at_mut(len);
        let tag = Tag::try_from(&*tag).ok()?;
        let nonce = self.nonce(number);
        self.cipher.decrypt_inout_detached(&nonce, &[], content.into(), &tag).ok()?;
        record.truncate(len);
        let end = record.iter().rposition(|byte| *byte != 0)?;
        let is_last = match *record.get(end)? {
            MORE => false,
            LAST => true,
            _ => return None,
        };
        let is_padded = end + 1 != record.len();
        record.truncate(end);
        Some(Opened { is_last, is_padded })
    }

    fn nonce(&self, number: u64) -> Nonce<aes_gcm::aead::consts::U12> {
        let mut nonce = *self.nonce;
        for (byte, of_number) in nonce.iter_mut().skip(4).zip(number.to_be_bytes()) {
            *byte ^= of_number;
        }
        nonce.into()
    }
}

/// Content bytes of a full record.
pub(crate) fn content_bytes(record_bytes: u32) -> usize {
    (record_bytes - RECORD_OVERHEAD_BYTES) as usize
}

/// Reads up to `len` bytes behind what `buffer` holds; fewer at the source's end alone. The buffer
/// grows with what is there, not with `len`.
pub(crate) fn read_up_to(
    source: &mut impl Read,
    len: usize,
    buffer: &mut Vec<u8>,
) -> Result<(), SealError> {
    source.by_ref().take(len as u64).read_to_end(buffer).map_err(SealError::Read)?;
    Ok(())
}
