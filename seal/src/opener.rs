//! Sealed content to content, from the start to the end.

use std::io::{self, Read, Seek};

use zeroize::Zeroize;

use crate::cipher::{ContentKey, RecordCipher, read_up_to};
use crate::error::SealError;
use crate::header::Header;
use crate::seeker::SeekOpener;

/// Sealed content whose header was read: it says which key is needed.
pub struct Sealed<R> {
    pub(crate) header: Header,
    pub(crate) source: R,
}

impl<R: Read> Sealed<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// [`SealError::NotSealed`], [`SealError::RecordSize`], [`SealError::Read`].
    pub fn read(mut source: R) -> Result<Self, SealError> {
        let header = Header::read(&mut source)?;
        Ok(Self { header, source })
    }

    /// The header.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The id of the key that opens it, if it is one of ours.
    pub fn kid(&self) -> Option<[u8; 16]> {
        self.header.kid()
    }

    /// A reader of the content. Whether the key is right shows at the first read.
    pub fn unlock(self, key: &ContentKey) -> Opener<R> {
        Opener {
            cipher: RecordCipher::new(key, &self.header.salt),
            source: self.source,
            record_bytes: self.header.record_bytes as usize,
            number: 0,
            ahead: Vec::new(),
            ready: Vec::new(),
            taken: 0,
            done: false,
            broken: false,
        }
    }

    /// A reader that goes to any place of the content. Opens the last record at once: key and end
    /// are right if it succeeds.
    ///
    /// # Errors
    /// Any [`SealError`].
    pub fn unlock_seekable(self, key: &ContentKey) -> Result<SeekOpener<R>, SealError>
    where
        R: Seek,
    {
        SeekOpener::new(self, key)
    }
}

/// Reads sealed content and gives content. Holds two records in memory.
///
/// Everything that it gives is genuine and in its place; that nothing is missing is known when it
/// ends without an error. After an error there is no more content.
pub struct Opener<R> {
    source: R,
    cipher: RecordCipher,
    record_bytes: usize,
    number: u64,
    /// Sealed bytes that were read ahead.
    ahead: Vec<u8>,
    /// Content, and how much of it was handed out.
    ready: Vec<u8>,
    taken: usize,
    done: bool,
    broken: bool,
}

impl<R: Read> Opener<R> {
    fn next_record(&mut self) -> Result<(), SealError> {
        let missing = (self.record_bytes + 1).saturating_sub(self.ahead.len());
        read_up_to(&mut self.source, missing, &mut self.ahead)?;
        let number = self.number;
        if self.ahead.is_empty() {
            return Err(SealError::Truncated { record: number.saturating_sub(1) });
        }
        let mut record = std::mem::take(&mut self.ahead);
        let rest = record.split_off(record.len().min(self.record_bytes));
        let is_short = record.len() < self.record_bytes;
        let opened = self.cipher.open(number, &mut record);
        let opened = opened.map_err(|error| match number.checked_sub(1) {
            // A piece of a record fails like an altered one; at the end it was more likely cut.
            Some(record) if is_short => SealError::Truncated { record },
            _ => error,
        })?;
        match (opened.is_last, rest.is_empty()) {
            (false, true) => return Err(SealError::Truncated { record: number }),
            (true, false) => return Err(SealError::Trailing { record: number }),
            (is_last, _) => self.done = is_last,
        }
        self.ready.zeroize();
        (self.ready, self.ahead, self.taken) = (record, rest, 0);
        self.number += 1;
        Ok(())
    }
}

impl<R: Read> Read for Opener<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.taken == self.ready.len() {
            if self.done || out.is_empty() {
                return Ok(0);
            }
            if self.broken {
                return Err(SealError::Altered { record: self.number }.into());
            }
            if let Err(error) = self.next_record() {
                self.broken = true;
                return Err(error.into());
            }
        }
        let rest = self.ready.get(self.taken..).unwrap_or_default();
        let count = rest.len().min(out.len());
        out[..count].copy_from_slice(&rest[..count]);
        self.taken += count;
        Ok(count)
    }
}

impl<R> Drop for Opener<R> {
    fn drop(&mut self) {
        self.ready.zeroize();
    }
}
