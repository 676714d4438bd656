//! Writes a segment: one part or several, as one, without what is dead. In one pass, in memory that
//! does not depend on its size but for the tables.

use std::io::Write;

use super::block::{self, BLOCK_POSTINGS_MAX};
use super::format::{Foot, HEAD, file_name, recording_bytes};
use super::merge::{Member, Moved, by_length, merged};
use super::order::{Numbers, Order};
use super::sketches::GROUP;
use crate::key::Sampling;
use crate::part::{IndexError, Part};
use crate::recordings::Recordings;
use crate::sketch::sketch;
use crate::storage::{Storage, WriteFile};

/// Postings gathered before blocks are cut from them.
const GATHERED: usize = 16 * BLOCK_POSTINGS_MAX;

/// Writes the segment and makes its contents durable. Its name is made durable with the manifest
/// that will name it; until then it is a file that nobody knows.
pub(crate) fn write(storage: &dyn Storage, id: u64, parts: &[Part]) -> Result<(), IndexError> {
    let name = file_name(id);
    let path = storage.path().join(&name);
    let mut writer = Writer {
        io: &|e| IndexError::io(&path, e),
        file: storage.create(&name).map_err(|e| IndexError::io(&path, e))?,
        tables: vec![],
        block_keys: vec![],
        gathered: vec![],
    };
    writer.put(&HEAD)?;
    let order = by_length(parts);
    let sketches = writer.codes(parts, &order)?;
    let mut all = Recordings::default();
    let moved = Moved::into(&mut all, parts, &order);
    let numbers = Numbers::of(Order::Phases, &all);
    for posting in merged(&moved) {
        writer.gathered.push(numbers.number(posting?));
        if writer.gathered.len() == GATHERED {
            writer.blocks(numbers, BLOCK_POSTINGS_MAX)?;
        }
    }
    writer.blocks(numbers, 0)?;
    let sampling = parts.first().map_or(Sampling::default(), |part| part.source.sampling());
    let recordings = order.len() as u64;
    writer.finish(Foot {
        codes: all.codes(),
        blocks: 0,
        recordings,
        sketches,
        tables_sum: 0,
        sampling,
    })
}

struct Writer<'a> {
    io: &'a dyn Fn(std::io::Error) -> IndexError,
    file: Box<dyn WriteFile>,
    /// Rows of recordings.
    tables: Vec<u8>,
    block_keys: Vec<u8>,
    /// Numbers of postings that no block holds yet.
    gathered: Vec<u64>,
}

impl Writer<'_> {
    fn put(&mut self, bytes: &[u8]) -> Result<(), IndexError> {
        self.file.write_all(bytes).map_err(self.io)
    }

    /// Copies the codes of these recordings, and sketches them; how many bytes the sketches have.
    fn codes(&mut self, parts: &[Part], order: &[Member]) -> Result<u64, IndexError> {
        let (mut codes, mut sketches, mut bytes) = (vec![], vec![], 0);
        for group in order.chunks(GROUP) {
            sketches.clear();
            for (_, part, ordinal) in group {
                let source = &parts[*part as usize].source;
                // Checked on the way: damage is not to be copied under a new sum.
                source.read_codes(*ordinal, &mut codes)?;
                self.put(&codes)?;
                sketch(&codes, &mut sketches);
                self.tables.extend_from_slice(&recording_bytes(&source.recordings().row(*ordinal)));
            }
            let sum = crc32fast::hash(&sketches);
            sketches.extend_from_slice(&sum.to_le_bytes());
            self.put(&sketches)?;
            bytes += sketches.len() as u64;
        }
        Ok(bytes)
    }

    /// Writes blocks until at most so many postings are left.
    fn blocks(&mut self, numbers: Numbers, left: usize) -> Result<(), IndexError> {
        let gathered = std::mem::take(&mut self.gathered);
        let mut rest = gathered.as_slice();
        while rest.len() > left {
            let (own, others) = rest.split_at(block::fitting(rest));
            let shelf = numbers.shelf(own[0]) as u32;
            self.block_keys.extend_from_slice(&shelf.to_le_bytes());
            self.put(&block::pack(own))?;
            rest = others;
        }
        self.gathered = rest.to_vec();
        self.gathered.reserve(GATHERED);
        Ok(())
    }

    /// Ends the file with its tables and a foot, which tells of them what there is to tell.
    fn finish(mut self, foot: Foot) -> Result<(), IndexError> {
        let blocks = (self.block_keys.len() / 4) as u64;
        let mut tables = std::mem::take(&mut self.tables);
        tables.append(&mut self.block_keys);
        let foot = Foot { blocks, tables_sum: crc32fast::hash(&tables), ..foot };
        self.put(&tables)?;
        self.put(&foot.bytes())?;
        self.file.flush().map_err(self.io)?;
        self.file.sync().map_err(self.io)
    }
}
