//! The index on disk: one file, written whole, checked whole, swapped in by a rename.
//!
//! ```text
//! "ONMONIDX" | version u32 | applied_seq u64 | recordings u64 | runs u64        all little-endian
//! per recording: slot u32, codes u64        then all codes, end to end
//! per run: base u64, postings u64           then its keys u32..., its places u32...
//! CRC-32 of all before it
//! ```

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::arena::Arena;
use crate::run::{Run, Runs};

const MAGIC: &[u8; 8] = b"ONMONIDX";

/// Version of the layout. An older file is not migrated: the index is derived, so it is built
/// again.
const VERSION: u32 = 1;

const FILE: &str = "snapshot.onmidx";
const FILE_IN_WORK: &str = "snapshot.onmidx.part";

/// Bytes gathered before they are summed and written.
const BUFFER_BYTES: usize = 1 << 20;

/// The index could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IndexError {
    /// The disk said no: full, no permission, gone.
    #[error("{path}: {source}")]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The snapshot is not what was written: build the index again from the catalogue.
    #[error("{path}: the index snapshot is damaged ({what}); it is rebuilt from the catalogue")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What does not hold.
        what: &'static str,
    },
}

impl IndexError {
    pub(crate) fn io(path: &Path, source: io::Error) -> Self {
        Self::Io { path: path.to_owned(), source }
    }
}

/// Reads the snapshot in `directory`, if there is one.
pub(crate) fn read(directory: &Path) -> Result<Option<(u64, Arena, Runs)>, IndexError> {
    let path = directory.join(FILE);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(IndexError::io(&path, e)),
    };
    parse(&bytes).map(Some).map_err(|what| IndexError::Damaged { path, what })
}

/// Writes a snapshot next to the last one, makes it durable, and swaps it in.
pub(crate) fn write(
    directory: &Path,
    applied_seq: u64,
    arena: &Arena,
    runs: &Runs,
) -> Result<(), IndexError> {
    let (part, path) = (directory.join(FILE_IN_WORK), directory.join(FILE));
    let write = || {
        let summed = Summed { inner: File::create(&part)?, sum: Default::default() };
        let mut out = BufWriter::with_capacity(BUFFER_BYTES, summed);
        put(&mut out, applied_seq, arena, runs)?;
        let Summed { mut inner, sum } = out.into_inner().map_err(io::IntoInnerError::into_error)?;
        inner.write_all(&sum.finalize().to_le_bytes())?;
        inner.sync_all()?;
        fs::rename(&part, &path)?;
        File::open(directory)?.sync_all()
    };
    write().map_err(|e| IndexError::io(&part, e))
}

fn put(out: &mut impl Write, applied_seq: u64, arena: &Arena, runs: &Runs) -> io::Result<()> {
    out.write_all(MAGIC)?;
    out.write_all(&VERSION.to_le_bytes())?;
    for count in [applied_seq, arena.len() as u64, runs.iter().len() as u64] {
        out.write_all(&count.to_le_bytes())?;
    }
    for (slot, _, codes) in arena.recordings() {
        out.write_all(&slot.to_le_bytes())?;
        out.write_all(&(codes.len() as u64).to_le_bytes())?;
    }
    for (_, _, codes) in arena.recordings() {
        out.write_all(codes)?;
    }
    for run in runs.iter() {
        out.write_all(&(run.base as u64).to_le_bytes())?;
        out.write_all(&(run.keys.len() as u64).to_le_bytes())?;
        for word in run.keys.iter().chain(&run.places) {
            out.write_all(&word.to_le_bytes())?;
        }
    }
    Ok(())
}

fn parse(bytes: &[u8]) -> Result<(u64, Arena, Runs), &'static str> {
    let (content, sum) = bytes.split_last_chunk::<4>().ok_or("cut off")?;
    if crc32fast::hash(content) != u32::from_le_bytes(*sum) {
        return Err("wrong checksum");
    }
    let mut reader = Reader(content);
    if reader.take(8)? != MAGIC {
        return Err("not an index");
    }
    if reader.u32()? != VERSION {
        return Err("another version's layout");
    }
    let (applied_seq, recordings, run_count) = (reader.u64()?, reader.len()?, reader.len()?);
    let mut lengths = vec![];
    for _ in 0..recordings {
        lengths.push((reader.u32()?, reader.len()?));
    }
    let mut arena = Arena::default();
    for (slot, codes) in lengths {
        arena.insert(slot, reader.take(codes)?);
    }
    let mut runs = vec![];
    for _ in 0..run_count {
        let (base, postings) = (reader.len()?, reader.len()?);
        runs.push(Run { base, keys: reader.words(postings)?, places: reader.words(postings)? });
    }
    if !reader.0.is_empty() {
        return Err("bytes left over");
    }
    Ok((applied_seq, arena, Runs::from_parts(runs)))
}

/// Takes from the front, never past the end.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, n: usize) -> Result<&'a [u8], &'static str> {
        let (taken, rest) = self.0.split_at_checked(n).ok_or("cut off")?;
        self.0 = rest;
        Ok(taken)
    }

    fn u32(&mut self) -> Result<u32, &'static str> {
        let bytes = self.take(4)?;
        Ok(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }

    fn u64(&mut self) -> Result<u64, &'static str> {
        Ok(u64::from(self.u32()?) | u64::from(self.u32()?) << 32)
    }

    fn len(&mut self) -> Result<usize, &'static str> {
        usize::try_from(self.u64()?).map_err(|_| "a length beyond this machine")
    }

    fn words(&mut self, n: usize) -> Result<Vec<u32>, &'static str> {
        let bytes = self.take(n.checked_mul(4).ok_or("a length beyond this machine")?)?;
        Ok(bytes.as_chunks::<4>().0.iter().map(|word| u32::from_le_bytes(*word)).collect())
    }
}

/// Sums what passes through.
struct Summed<W> {
    inner: W,
    sum: crc32fast::Hasher,
}

impl<W: Write> Write for Summed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.sum.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
