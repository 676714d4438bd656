//! A segment: a part of the index in a file that never changes.
//!
//! ```text
//! head        "ONMONSEG" | version u32, 3 | 0 u32
//! groups      of 256 recordings, the shortest first: their codes, end to end | their sketches, end
//!             to end | CRC-32 of the sketches u32                       sketches.rs, ../sketch.rs
//! blocks      all postings in order, as numbers, 2 KiB each             order.rs, block.rs
//! recordings  slot u32 | codes u32 | CRC-32 of the codes u32, each, in the same order
//! block keys  u32, the shelf of each block's first posting
//! foot        how many of each, sums of the tables and of itself, "ONMONEND"      format.rs
//! ```
//! All little-endian. Recordings of one length lie together, and so do the sketches of those that
//! are as long as a query's sound; in any other order they are read too. Version 2 has no sketches,
//! version 1 another order of postings as well. The recordings and the block keys are kept in
//! memory (24 bytes a recording, 4 a block); codes, sketches and blocks are read when asked for,
//! and checked each time.

pub(crate) mod block;
mod format;
mod merge;
mod order;
mod reader;
mod sketches;
mod write;

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::band::Lengths;
use crate::key::Sampling;
use crate::part::{IndexError, Lookup, PostingStream, Source};
use crate::probe::Probe;
use crate::recordings::{Ordinal, Recordings};
use crate::sketch;
use crate::storage::{ReadFile, Storage};
use block::{BLOCK_BYTES, Block};
use format::{FOOT_BYTES, Foot, HEAD_BYTES, layout_of, order_of};
use order::Numbers;
use reader::{COLD, Reader};
use sketches::{Group, Places, SUM_BYTES, sketched};

pub use format::LAYOUT;
pub(crate) use format::{file_name, number_of};
pub(crate) use write::write;

/// Blocks read at a time where all are read.
const BLOCKS_AT_A_TIME: usize = 512;

/// Postings of a block, at least, by which long lists are known before they are read: those of gaps
/// of 40 bits.
const BLOCK_POSTINGS_MIN: usize = 350;

/// An open segment.
pub(crate) struct Segment {
    path: PathBuf,
    file: Box<dyn ReadFile>,
    layout: u8,
    recordings: Recordings,
    places: Places,
    numbers: Numbers,
    block_keys: Vec<u32>,
    blocks_at: u64,
    bytes: u64,
    sampling: Sampling,
    sum: u32,
}

impl Segment {
    /// Opens the segment of this number and reads its tables.
    pub(crate) fn open(storage: &dyn Storage, id: u64) -> Result<Self, IndexError> {
        let name = file_name(id);
        let path = storage.path().join(&name);
        let io = |e| IndexError::io(&path, e);
        let file = storage.open(&name).map_err(io)?;
        let bytes = file.bytes().map_err(io)?;
        let read = |at: u64, n: usize| {
            let mut buffer = vec![0; n];
            file.read_at(&mut buffer, at).map(|()| buffer)
        };
        let least = (HEAD_BYTES + FOOT_BYTES) as u64;
        let foot_at = bytes.checked_sub(FOOT_BYTES as u64).filter(|_| bytes >= least);
        let foot_at = foot_at.ok_or_else(|| IndexError::damaged(&path, "cut off"))?;
        let head = read(0, HEAD_BYTES).map_err(io)?;
        let foot = Foot::parse(&read(foot_at, FOOT_BYTES).map_err(io)?);
        let foot = foot.map_err(|what| IndexError::damaged(&path, what))?;
        let layout = layout_of(&head).map_err(|what| IndexError::damaged(&path, what))?;
        if foot.file_bytes() != Some(bytes) {
            return Err(IndexError::damaged(&path, "its length is not what its foot says"));
        }
        let tables = read(foot.tables_at(), foot.tables_bytes()).map_err(io)?;
        let tables =
            foot.tables(layout, &tables).map_err(|what| IndexError::damaged(&path, what))?;
        let (recordings, places, block_keys) = tables;
        Ok(Self {
            numbers: Numbers::of(order_of(layout), &recordings),
            blocks_at: foot.blocks_at(),
            sampling: foot.sampling,
            sum: foot.sum(),
            path,
            file,
            layout,
            recordings,
            places,
            block_keys,
            bytes,
        })
    }

    /// Tells it from any other: of its foot, so of its tables, and of the sums that they hold.
    pub(crate) fn sum(&self) -> u32 {
        self.sum
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn recordings_table(&self) -> &Recordings {
        &self.recordings
    }

    /// Bytes of the file, and of these the bytes of posting blocks.
    pub(crate) fn bytes(&self) -> (u64, u64) {
        (self.bytes, (self.block_keys.len() * BLOCK_BYTES) as u64)
    }

    /// Reads everything and says what does not hold, each damage by itself.
    pub(crate) fn verify(&self, mut damaged: impl FnMut(IndexError)) {
        let mut codes = vec![];
        for ordinal in 0..self.recordings.rows().len() {
            if let Err(error) = self.read_codes(ordinal as Ordinal, &mut codes) {
                damaged(error);
            }
        }
        let mut sketches = vec![];
        for group in self.places.groups(&self.recordings, 0..self.recordings.rows().len()) {
            if let Err(error) = self.read_group(&group, &mut sketches) {
                damaged(error);
            }
        }
        let mut last = None;
        for at in 0..self.block_keys.len() {
            let mut numbers = vec![];
            if let Err(error) = self.read_block(at, &mut numbers) {
                damaged(error);
                continue;
            }
            if !numbers.is_sorted() || last > numbers.first().copied() {
                damaged(self.damaged_block(at, "out of order"));
            }
            last = numbers.last().copied().or(last);
        }
    }

    /// Replaces `into` by the sketches of a group, checked.
    fn read_group(&self, group: &Group, into: &mut Vec<u8>) -> Result<(), IndexError> {
        into.resize(group.bytes, 0);
        self.read(into, group.at)?;
        let sum = into.split_off(group.bytes - SUM_BYTES);
        if crc32fast::hash(into).to_le_bytes() == *sum {
            return Ok(());
        }
        let slot = self.recordings.rows()[group.ordinals.start].slot;
        let what = format!("the sketches from that of slot {slot} on: wrong checksum");
        Err(IndexError::damaged(&self.path, what))
    }

    fn read_block(&self, at: usize, numbers: &mut Vec<u64>) -> Result<(), IndexError> {
        let mut bytes = [0; BLOCK_BYTES];
        self.read(&mut bytes, self.block_at(at))?;
        self.unpack(at, &bytes, numbers)
    }

    /// The block of this number, checked: its sum, and that it is this one and no other.
    fn block<'a>(&self, at: usize, bytes: &'a [u8]) -> Result<Block<'a>, IndexError> {
        let block = Block::read(bytes).map_err(|what| self.damaged_block(at, what))?;
        if self.numbers.shelf(block.first()) == u64::from(self.block_keys[at]) {
            Ok(block)
        } else {
            Err(self.damaged_block(at, "another block in its place"))
        }
    }

    /// Appends the numbers of a block's postings.
    fn unpack(&self, at: usize, bytes: &[u8], into: &mut Vec<u64>) -> Result<(), IndexError> {
        let begin = into.len();
        self.block(at, bytes)?.about(0, u64::MAX, into);
        if into[begin..].iter().any(|number| self.numbers.posting(*number).is_none()) {
            into.truncate(begin);
            return Err(self.damaged_block(at, "a key beyond all keys"));
        }
        Ok(())
    }

    fn read(&self, bytes: &mut [u8], at: u64) -> Result<(), IndexError> {
        self.file.read_at(bytes, at).map_err(|e| IndexError::io(&self.path, e))
    }

    fn block_at(&self, at: usize) -> u64 {
        self.blocks_at + (at * BLOCK_BYTES) as u64
    }

    fn damaged_block(&self, at: usize, what: &str) -> IndexError {
        IndexError::damaged(&self.path, format!("block {at}: {what}"))
    }

    /// Where to look for probes that come in order.
    fn pieces(&self, probes: &[Probe]) -> Vec<Piece> {
        let (mut all, mut from) = (vec![], 0);
        for (number, probe) in probes.iter().enumerate() {
            let mut near = from;
            for shelves in self.numbers.runs(probe) {
                let blocks = self.blocks_of(near, shelves);
                near = blocks.start;
                all.push(Piece { probe: number, numbers: self.numbers.range(shelves), blocks });
            }
            // The next may be of the same key, and begin where this one did.
            let first = all.iter().rev().take_while(|piece| piece.probe == number).last();
            from = first.map_or(from, |piece| piece.blocks.start);
        }
        all
    }

    /// The blocks that may hold shelves from `first` to `last`, none of them before block `from`.
    fn blocks_of(&self, from: usize, (first, last): (u32, u32)) -> Range<usize> {
        let keys = self.block_keys.get(from..).unwrap_or_default();
        // Probes come in order, so the next one is not far: steps that double, then halves.
        let mut step = 1;
        while keys.get(step).is_some_and(|&key| key < first) {
            step *= 2;
        }
        let near = &keys[step / 2..keys.len().min(step + 1)];
        let begin = from + step / 2 + near.partition_point(|&key| key < first);
        let after = self.block_keys.get(begin..).unwrap_or_default();
        let more = after.iter().take_while(|&&key| key <= last).count();
        // The block before may hold the first of them, behind smaller keys.
        begin.saturating_sub(1)..begin + more
    }
}

/// What a probe asks for that lies together.
struct Piece {
    /// Which of the probes.
    probe: usize,
    numbers: Range<u64>,
    /// Where they may be.
    blocks: Range<usize>,
}

impl Source for Segment {
    fn sampling(&self) -> Sampling {
        self.sampling
    }

    fn layout(&self) -> u8 {
        self.layout
    }

    fn recordings(&self) -> &Recordings {
        &self.recordings
    }

    fn look_up(&self, lookup: &mut Lookup<'_>) -> Result<(), IndexError> {
        let probes = lookup.probes;
        let pieces = self.pieces(probes);
        let of_probes = || pieces.chunk_by(|one, next| one.probe == next.probe);
        let blocks_most = lookup.postings_most / BLOCK_POSTINGS_MIN + 2;
        let is_short = |pieces: &[Piece]| {
            let blocks: usize = pieces.iter().map(|piece| piece.blocks.len()).sum();
            // Each may begin in one block and end in the next, however short it is.
            blocks <= blocks_most + 2 * (pieces.len() - 1)
        };
        let read = of_probes().filter(|pieces| is_short(pieces)).flatten();
        let mut reader = Reader::new(self, read.map(|piece| &piece.blocks));
        let (mut numbers, mut postings) = (vec![], vec![]);
        for (probe, pieces) in probes.iter().zip(of_probes()) {
            if !is_short(pieces) {
                lookup.cost.probes += 1;
                lookup.cost.stop_keys += 1;
                continue;
            }
            postings.clear();
            for Piece { numbers: asked, blocks, .. } in pieces {
                numbers.clear();
                for at in blocks.clone() {
                    reader.block(at, lookup.cost)?.about(asked.start, asked.end, &mut numbers);
                }
                let asked = numbers.iter().filter(|number| asked.contains(number));
                postings.extend(asked.map(|number| self.numbers.told(*number)));
            }
            lookup.found(probe, &postings);
        }
        Ok(())
    }

    fn read_codes(&self, ordinal: Ordinal, into: &mut Vec<u8>) -> Result<(), IndexError> {
        let row = self.recordings.row(ordinal);
        into.clear();
        into.resize(row.codes as usize, 0);
        self.read(into, self.places.codes_at(ordinal, &row))?;
        if crc32fast::hash(into) != row.sum {
            let what = format!("the codes of slot {}: wrong checksum", row.slot);
            return Err(IndexError::damaged(&self.path, what));
        }
        Ok(())
    }

    fn peek_codes(&self, ordinal: Ordinal, from: usize, into: &mut [u8]) -> Result<(), IndexError> {
        let row = self.recordings.row(ordinal);
        self.read(into, self.places.codes_at(ordinal, &row) + from as u64)
    }

    fn sketches(
        &self,
        of: Range<usize>,
        lengths: &Lengths,
        visit: &mut dyn FnMut(Ordinal, &[u8]),
    ) -> Result<(), IndexError> {
        if !self.places.has_sketches() {
            return sketch::of_codes(self, of, lengths, visit);
        }
        let rows = self.recordings.rows();
        let groups = self.places.groups(&self.recordings, of.clone());
        let (mut sketches, mut announced) = (vec![], false);
        for (number, group) in groups.iter().enumerate() {
            let begun = Instant::now();
            self.read_group(group, &mut sketches)?;
            // The first that comes from the disk: let it fetch all others at once.
            if !announced && begun.elapsed() > COLD {
                announced = true;
                groups[number + 1..]
                    .iter()
                    .for_each(|next| self.file.announce(next.at, next.bytes));
            }
            let mut rest = sketches.as_slice();
            for ordinal in group.ordinals.clone() {
                let (own, others) = rest.split_at(sketched(&rows[ordinal]));
                rest = others;
                if of.contains(&ordinal) && lengths.has(rows[ordinal].codes) {
                    visit(ordinal as Ordinal, own);
                }
            }
        }
        Ok(())
    }

    fn postings(&self) -> PostingStream<'_> {
        let starts = (0..self.block_keys.len()).step_by(BLOCKS_AT_A_TIME);
        let mut last = None;
        let chunk = move |first: usize| {
            let blocks = BLOCKS_AT_A_TIME.min(self.block_keys.len() - first);
            let mut bytes = vec![0; blocks * BLOCK_BYTES];
            let mut numbers = vec![];
            let read = self.read(&mut bytes, self.block_at(first)).and_then(|()| {
                let mut each = bytes.chunks(BLOCK_BYTES).enumerate();
                each.try_for_each(|(i, block)| {
                    let begin = numbers.len();
                    self.unpack(first + i, block, &mut numbers)?;
                    let own = &numbers[begin..];
                    if !own.is_sorted() || last > own.first().copied() {
                        return Err(self.damaged_block(first + i, "out of order"));
                    }
                    last = own.last().copied().or(last);
                    Ok(())
                })
            });
            let (failed, good) = match read {
                Ok(()) => (None, numbers),
                Err(error) => (Some(Err(error)), vec![]),
            };
            let good = good.into_iter().filter_map(|number| self.numbers.posting(number));
            failed.into_iter().chain(good.map(Ok))
        };
        Box::new(starts.flat_map(chunk))
    }
}
