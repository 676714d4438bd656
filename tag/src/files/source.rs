//! A file read at any place, in pieces no longer than the file has.

use std::io::{Read, Seek, SeekFrom};
use std::vec;
use std::vec::Vec;

use super::error::{FileError, damaged};

pub(super) struct Source<S> {
    inner: S,
    len: u64,
}

impl<S: Read + Seek> Source<S> {
    pub(super) fn new(mut inner: S) -> Result<Self, FileError> {
        let len = inner.seek(SeekFrom::End(0))?;
        Ok(Self { inner, len })
    }

    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// Exactly these bytes.
    pub(super) fn exactly(&mut self, at: u64, len: u64) -> Result<Vec<u8>, FileError> {
        if at.checked_add(len).is_none_or(|end| end > self.len) {
            return Err(damaged("it ends too early"));
        }
        let mut bytes = vec![0; usize::try_from(len).map_err(|_| FileError::TooLarge)?];
        self.inner.seek(SeekFrom::Start(at))?;
        self.inner.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    /// These bytes, or as many as there are.
    pub(super) fn up_to(&mut self, at: u64, len: usize) -> Result<Vec<u8>, FileError> {
        let len = self.len.saturating_sub(at).min(len as u64);
        if len == 0 { Ok(Vec::new()) } else { self.exactly(at, len) }
    }
}
