//! The manifest: which segments the index is made of. Written whole beside the last one and swapped
//! in by a rename, so there is always exactly one.
//!
//! ```text
//! "ONMONMAN" | version u32 | segments u32 | applied_seq u64 | the next segment's number u64
//! per segment: number u64 | dead u32 | its foot's CRC-32 u32 | ordinals of the dead u32 each
//! CRC-32 of all before it                                                    all little-endian
//! ```

use std::io::{self, Write};

use crate::part::IndexError;
use crate::recordings::Ordinal;
use crate::storage::Storage;

const MAGIC: &[u8; 8] = b"ONMONMAN";
const VERSION: u32 = 1;

pub(crate) const FILE: &str = "manifest.onmman";
const FILE_IN_WORK: &str = "manifest.onmman.part";

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Manifest {
    /// Every change of the catalogue up to this one is in the segments.
    pub applied_seq: u64,
    pub next_segment: u64,
    /// In the order in which they were enrolled.
    pub segments: Vec<Listed>,
}

/// A segment, and which of its recordings are dead, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    pub id: u64,
    /// Its contents' ([`crate::segment::Segment::sum`]): another segment that has come by its name
    /// is not this one.
    pub sum: u32,
    pub dead: Vec<Ordinal>,
}

impl Manifest {
    /// Reads the manifest, if there is one.
    pub(crate) fn read(storage: &dyn Storage) -> Result<Option<Self>, IndexError> {
        let path = storage.path().join(FILE);
        let read = || {
            let file = storage.open(FILE)?;
            let mut bytes = vec![0; file.bytes()? as usize];
            file.read_at(&mut bytes, 0).map(|()| bytes)
        };
        match read() {
            Ok(bytes) => match Self::parse(&bytes) {
                Ok(manifest) => Ok(Some(manifest)),
                Err(what) => Err(IndexError::damaged(&path, what)),
            },
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(IndexError::io(&path, e)),
        }
    }

    /// Puts this one in force: durable, with the names of the segments that it lists, when this
    /// returns.
    pub(crate) fn write(&self, storage: &dyn Storage) -> Result<(), IndexError> {
        let write = || {
            let mut file = storage.create(FILE_IN_WORK)?;
            file.write_all(&self.bytes())?;
            file.flush()?;
            file.sync()?;
            drop(file);
            // The segments' names first: a manifest must not outlive them.
            storage.sync_names()?;
            storage.rename(FILE_IN_WORK, FILE)?;
            storage.sync_names()
        };
        write().map_err(|e| IndexError::io(&storage.path().join(FILE), e))
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        bytes.extend_from_slice(&(self.segments.len() as u32).to_le_bytes());
        bytes.extend_from_slice(&self.applied_seq.to_le_bytes());
        bytes.extend_from_slice(&self.next_segment.to_le_bytes());
        for segment in &self.segments {
            bytes.extend_from_slice(&segment.id.to_le_bytes());
            bytes.extend_from_slice(&(segment.dead.len() as u32).to_le_bytes());
            bytes.extend_from_slice(&segment.sum.to_le_bytes());
            segment.dead.iter().for_each(|dead| bytes.extend_from_slice(&dead.to_le_bytes()));
        }
        let sum = crc32fast::hash(&bytes);
        bytes.extend_from_slice(&sum.to_le_bytes());
        bytes
    }

    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, &'static str> {
        let (content, sum) = bytes.split_last_chunk::<4>().ok_or("cut off")?;
        if crc32fast::hash(content) != u32::from_le_bytes(*sum) {
            return Err("wrong checksum");
        }
        let mut reader = Reader(content);
        if reader.take(8)? != MAGIC || reader.u32()? != VERSION {
            return Err("no manifest of this version");
        }
        let count = reader.u32()?;
        let (applied_seq, next_segment) = (reader.u64()?, reader.u64()?);
        let mut segments: Vec<Listed> = vec![];
        for _ in 0..count {
            let (id, dead, sum) = (reader.u64()?, reader.u32()?, reader.u32()?);
            let dead = (dead as usize).checked_mul(4).ok_or("more dead than there can be")?;
            let dead = reader.take(dead)?;
            // A number to come, or one that is there, would be written over.
            if id >= next_segment || segments.iter().any(|other| other.id == id) {
                return Err("a segment's number that is none");
            }
            let word = |bytes: &[u8; 4]| u32::from_le_bytes(*bytes);
            segments.push(Listed { id, sum, dead: dead.as_chunks().0.iter().map(word).collect() });
        }
        if !reader.0.is_empty() {
            return Err("bytes left over");
        }
        Ok(Self { applied_seq, next_segment, segments })
    }
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
        Ok(self.take(4)?.try_into().map_or(0, u32::from_le_bytes))
    }

    fn u64(&mut self) -> Result<u64, &'static str> {
        Ok(self.take(8)?.try_into().map_or(0, u64::from_le_bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_is_read_as_it_was_written_and_every_damage_is_noticed() {
        let manifest = Manifest {
            applied_seq: 1 << 40,
            next_segment: 7,
            segments: vec![
                Listed { id: 3, sum: 4_711, dead: vec![1, 5, 9] },
                Listed { id: 6, sum: 0, dead: vec![] },
            ],
        };
        let bytes = manifest.bytes();
        assert_eq!(Manifest::parse(&bytes), Ok(manifest));
        for at in 0..bytes.len() {
            let mut bad = bytes.clone();
            bad[at] ^= 4;
            assert!(Manifest::parse(&bad).is_err(), "byte {at}");
            assert!(Manifest::parse(&bytes[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn a_number_twice_or_one_to_come_is_damage() {
        let listed = |id| Listed { id, sum: 0, dead: vec![] };
        for (ids, next_segment) in [([3, 3], 7), ([3, 7], 7)] {
            let manifest =
                Manifest { applied_seq: 1, next_segment, segments: ids.map(listed).to_vec() };
            assert!(Manifest::parse(&manifest.bytes()).is_err(), "{ids:?}");
        }
    }
}
