//! What changes in a file: places, and the bytes that take their place.

use std::io::{self, Read, Seek, SeekFrom, Write};
use std::vec;
use std::vec::Vec;

use super::error::{FileError, damaged};

/// The bytes of a file from `start` to `end` (exclusive) become `bytes`; where `start` is `end`
/// they are inserted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patch {
    /// Where the old bytes begin.
    pub start: u64,
    /// Where they end.
    pub end: u64,
    /// What takes their place.
    pub bytes: Vec<u8>,
}

impl Patch {
    pub(super) fn new(start: u64, end: u64, bytes: Vec<u8>) -> Self {
        Self { start, end, bytes }
    }
}

/// Bytes copied at a time.
const BLOCK_BYTES: usize = 256 << 10;

/// Copies a file with its patches (sorted, as planned) to `sink`.
///
/// # Errors
/// [`FileError::Io`]; [`FileError::Damaged`] if the patches are not of this file.
pub fn apply(
    mut source: impl Read + Seek,
    patches: &[Patch],
    mut sink: impl Write,
) -> Result<(), FileError> {
    let len = source.seek(SeekFrom::End(0))?;
    source.rewind()?;
    let (mut at, mut block) = (0, vec![0; BLOCK_BYTES]);
    for patch in patches {
        if patch.start < at || patch.end < patch.start || patch.end > len {
            return Err(damaged("it changed while it was worked on"));
        }
        copy(&mut source, patch.start - at, &mut sink, &mut block)?;
        sink.write_all(&patch.bytes)?;
        source.seek(SeekFrom::Start(patch.end))?;
        at = patch.end;
    }
    copy(&mut source, len - at, &mut sink, &mut block)?;
    Ok(())
}

fn copy(
    source: &mut impl Read,
    mut len: u64,
    sink: &mut impl Write,
    block: &mut [u8],
) -> io::Result<()> {
    while len > 0 {
        let count = usize::try_from(len).unwrap_or(usize::MAX).min(block.len());
        source.read_exact(&mut block[..count])?;
        sink.write_all(&block[..count])?;
        len -= count as u64;
    }
    Ok(())
}

/// The same in memory.
pub(super) fn applied(file: &[u8], patches: &[Patch]) -> Result<Vec<u8>, FileError> {
    let added: usize = patches.iter().map(|patch| patch.bytes.len()).sum();
    let mut out = Vec::with_capacity(file.len() + added);
    apply(io::Cursor::new(file), patches, &mut out)?;
    Ok(out)
}
