//! Sealed content read at any place: only the records that hold it are read and opened.

use std::io::{self, Read, Seek, SeekFrom};

use zeroize::Zeroize;

use crate::RECORD_OVERHEAD_BYTES;
use crate::cipher::{ContentKey, RecordCipher, content_bytes, read_up_to};
use crate::error::SealError;
use crate::opener::Sealed;

/// Reads the content at any place. Holds one record in memory.
///
/// ```text
/// content byte p  ->  record p / (record size - 17), byte p % (record size - 17) of its content
/// ```
pub struct SeekOpener<R> {
    source: R,
    cipher: RecordCipher,
    record_bytes: u32,
    /// Where the first record begins.
    start: u64,
    /// Bytes of all records.
    sealed_bytes: u64,
    /// Bytes of the content.
    len: u64,
    position: u64,
    /// The record that was opened last, and its content.
    number: u64,
    content: Vec<u8>,
}

impl<R: Read + Seek> SeekOpener<R> {
    pub(crate) fn new(sealed: Sealed<R>, key: &ContentKey) -> Result<Self, SealError> {
        let Sealed { header, mut source } = sealed;
        let start = source.stream_position().map_err(SealError::Read)?;
        let end = source.seek(SeekFrom::End(0)).map_err(SealError::Read)?;
        let sealed_bytes = end.saturating_sub(start);
        let records = sealed_bytes.div_ceil(header.record_bytes.into());
        let Some(last) = records.checked_sub(1) else {
            return Err(SealError::Truncated { record: 0 });
        };
        let overhead = records * u64::from(RECORD_OVERHEAD_BYTES);
        let Some(len) = sealed_bytes.checked_sub(overhead) else {
            return Err(SealError::Truncated { record: last.saturating_sub(1) });
        };
        let mut opener = Self {
            cipher: RecordCipher::new(key, &header.salt),
            source,
            record_bytes: header.record_bytes,
            start,
            sealed_bytes,
            len,
            position: 0,
            number: 0,
            content: Vec::new(),
        };
        opener.open(last)?;
        Ok(opener)
    }

    /// Bytes of the content.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether there is no content.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The content from `start` to `end` (exclusive), as far as there is any.
    ///
    /// # Errors
    /// Any [`SealError`] of the records that hold it.
    pub fn open_range(&mut self, start: u64, end: u64) -> Result<Vec<u8>, SealError> {
        let (mut at, end) = (start, end.min(self.len));
        let mut out = Vec::new();
        while at < end {
            let piece = self.piece(at)?;
            let take = piece.len().min(usize::try_from(end - at).unwrap_or(usize::MAX));
            out.extend(piece.get(..take).unwrap_or_default());
            at += take as u64;
        }
        Ok(out)
    }

    /// The content from a place inside it to the end of its record; never empty.
    fn piece(&mut self, position: u64) -> Result<&[u8], SealError> {
        let each = content_bytes(self.record_bytes) as u64;
        let (number, offset) = (position / each, (position % each) as usize);
        if self.content.is_empty() || self.number != number {
            self.open(number)?;
        }
        let rest = self.content.get(offset..).filter(|rest| !rest.is_empty());
        rest.ok_or(SealError::Altered { record: number })
    }

    fn open(&mut self, number: u64) -> Result<(), SealError> {
        self.content.zeroize();
        let size = u64::from(self.record_bytes);
        let is_last = (number + 1).saturating_mul(size) >= self.sealed_bytes;
        let at = SeekFrom::Start(self.start + number * size);
        self.source.seek(at).map_err(SealError::Read)?;
        let mut record = Vec::new();
        read_up_to(&mut self.source, self.record_bytes as usize, &mut record)?;
        let opened = self.cipher.open(number, &mut record)?;
        if opened.is_padded {
            record.zeroize();
            return Err(SealError::Padded { record: number });
        }
        match (opened.is_last, is_last) {
            (false, true) => return Err(SealError::Truncated { record: number }),
            (true, false) => return Err(SealError::Trailing { record: number }),
            _ => {}
        }
        (self.number, self.content) = (number, record);
        Ok(())
    }
}

impl<R: Read + Seek> Read for SeekOpener<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.position >= self.len || out.is_empty() {
            return Ok(0);
        }
        let piece = self.piece(self.position)?;
        let count = piece.len().min(out.len());
        out[..count].copy_from_slice(&piece[..count]);
        self.position += count as u64;
        Ok(count)
    }
}

impl<R: Read + Seek> Seek for SeekOpener<R> {
    /// Goes anywhere, also behind the end; nothing is read.
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(delta) => self.len.checked_add_signed(delta),
            SeekFrom::Current(delta) => self.position.checked_add_signed(delta),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}

impl<R> Drop for SeekOpener<R> {
    fn drop(&mut self) {
        self.content.zeroize();
    }
}
