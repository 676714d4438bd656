//! Content to sealed content, as it is read.

use std::io::{self, Read};

use zeroize::Zeroize;

use crate::cipher::{ContentKey, RecordCipher, content_bytes, read_up_to};
use crate::error::SealError;
use crate::header::{HEADER_BYTES, Header, check};
use crate::{RECORD_BYTES, RECORD_OVERHEAD_BYTES};

/// Reads content and gives sealed content. Holds two records in memory.
pub struct Sealer<R> {
    source: R,
    cipher: RecordCipher,
    record_bytes: u32,
    number: u64,
    /// Content that was read ahead: at least one byte, unless the content has ended.
    ahead: Vec<u8>,
    /// Sealed bytes, and how many of them were handed out.
    ready: Vec<u8>,
    taken: usize,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Start,
    Records,
    Done,
}

impl<R: Read> Sealer<R> {
    /// A sealer of everything that `source` gives. `salt` is 16 random bytes that were never used
    /// with this key before: the same salt twice would give both contents away.
    pub fn new(source: R, key: &ContentKey, kid: &[u8; 16], salt: [u8; 16]) -> Self {
        Self::sized(source, key, kid, salt, RECORD_BYTES)
    }

    /// The same with records of another size.
    ///
    /// # Errors
    /// [`SealError::RecordSize`] below 18 bytes and above 16 MiB.
    pub fn with_record_bytes(
        source: R,
        key: &ContentKey,
        kid: &[u8; 16],
        salt: [u8; 16],
        record_bytes: u32,
    ) -> Result<Self, SealError> {
        check(record_bytes)?;
        Ok(Self::sized(source, key, kid, salt, record_bytes))
    }

    fn sized(
        source: R,
        key: &ContentKey,
        kid: &[u8; 16],
        salt: [u8; 16],
        record_bytes: u32,
    ) -> Self {
        let header = Header { salt, record_bytes, key_id: kid.to_vec() };
        Self {
            source,
            cipher: RecordCipher::new(key, &salt),
            record_bytes,
            number: 0,
            ahead: Vec::new(),
            ready: header.encode(),
            taken: 0,
            state: State::Start,
        }
    }

    /// The next record, if there is one. It is known to be the last only when a byte more was asked
    /// for.
    fn next_record(&mut self) -> Result<(), SealError> {
        let full = content_bytes(self.record_bytes);
        if self.state == State::Start {
            read_up_to(&mut self.source, full + 1, &mut self.ahead)?;
            self.state = State::Records;
        } else {
            let missing = (full + 1).saturating_sub(self.ahead.len());
            read_up_to(&mut self.source, missing, &mut self.ahead)?;
        }
        let is_last = self.ahead.len() <= full;
        let rest = self.ahead.split_off(self.ahead.len().min(full));
        self.ready = std::mem::replace(&mut self.ahead, rest);
        self.cipher.seal(self.number, is_last, &mut self.ready);
        self.taken = 0;
        self.number += 1;
        if is_last {
            self.state = State::Done;
        }
        Ok(())
    }
}

impl<R: Read> Read for Sealer<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.taken == self.ready.len() {
            if self.state == State::Done || out.is_empty() {
                return Ok(0);
            }
            self.next_record()?;
        }
        let rest = self.ready.get(self.taken..).unwrap_or_default();
        let count = rest.len().min(out.len());
        out[..count].copy_from_slice(&rest[..count]);
        self.taken += count;
        Ok(count)
    }
}

impl<R> Drop for Sealer<R> {
    fn drop(&mut self) {
        self.ahead.zeroize();
    }
}

/// Bytes of sealed content, header included, of `len` bytes of content under one of our kids.
/// `None` where no such file can be.
pub fn sealed_len(len: u64, record_bytes: u32) -> Option<u64> {
    check(record_bytes).ok()?;
    let records = len.div_ceil(content_bytes(record_bytes) as u64).max(1);
    let overhead = records.checked_mul(RECORD_OVERHEAD_BYTES.into())?;
    len.checked_add(overhead)?.checked_add(HEADER_BYTES as u64)
}
