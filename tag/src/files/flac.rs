//! Native FLAC: the comment block among the metadata blocks in front.

use std::io::{Read, Seek};
use std::vec::Vec;

use super::comments;
use super::error::{FileError, damaged};
use super::patch::Patch;
use super::source::Source;
use super::{Place, id3};

const COMMENTS: u8 = 4;
const LAST: u8 = 0x80;

/// The longest block: its length has three bytes.
const BLOCK_BYTES_MAX: usize = (1 << 24) - 1;

pub(super) struct Flac;

/// A metadata block: its header's place, its kind with the flag of the last one, its length.
struct Block {
    at: u64,
    kind: u8,
    len: u64,
}

impl Block {
    fn end(&self) -> u64 {
        self.at + 4 + self.len
    }

    fn is_last(&self) -> bool {
        self.kind & LAST != 0
    }
}

fn blocks<S: Read + Seek>(source: &mut Source<S>) -> Result<Vec<Block>, FileError> {
    let mut at = id3::len_at_start(source)? + 4;
    let mut blocks = Vec::new();
    loop {
        let header = source.exactly(at, 4)?;
        let &[kind, a, b, c] = header.as_slice() else { return Err(damaged("its headers")) };
        let block = Block { at, kind, len: u32::from_be_bytes([0, a, b, c]).into() };
        if block.end() > source.len() || blocks.is_empty() && kind & !LAST != 0 {
            return Err(damaged("its headers"));
        }
        at = block.end();
        let last = block.is_last();
        blocks.push(block);
        if last {
            return Ok(blocks);
        }
    }
}

fn encoded(kind: u8, content: &[u8]) -> Result<Vec<u8>, FileError> {
    if content.len() > BLOCK_BYTES_MAX {
        return Err(FileError::TooLarge);
    }
    let mut block = (content.len() as u32).to_be_bytes().to_vec();
    if let Some(first) = block.first_mut() {
        *first = kind;
    }
    block.extend(content);
    Ok(block)
}

/// The block's length replaced in the header that it begins with, as FLAC inside Ogg has it.
pub(super) fn with_length(header: &[u8], content: &[u8]) -> Result<Vec<u8>, FileError> {
    encoded(header.first().copied().unwrap_or(COMMENTS), content)
}

impl Place for Flac {
    fn find<S: Read + Seek>(source: &mut Source<S>) -> Result<Option<Vec<u8>>, FileError> {
        let blocks = blocks(source)?;
        let Some(block) = blocks.iter().find(|block| block.kind & !LAST == COMMENTS) else {
            return Ok(None);
        };
        comments::find(&source.exactly(block.at + 4, block.len)?)
    }

    fn plan<S: Read + Seek>(
        source: &mut Source<S>,
        tag: Option<&[u8]>,
    ) -> Result<Vec<Patch>, FileError> {
        let blocks = blocks(source)?;
        let found = blocks.iter().position(|block| block.kind & !LAST == COMMENTS);
        let Some(found) = found else {
            let (Some(info), Some(_)) = (blocks.first(), tag) else { return Ok(Vec::new()) };
            let kind = COMMENTS | info.kind & LAST;
            let block = encoded(kind, &comments::edit(&comments::empty(), tag)?)?;
            let mut patches = Vec::from([Patch::new(info.end(), info.end(), block)]);
            if info.is_last() {
                patches.push(Patch::new(info.at, info.at + 1, Vec::from([info.kind & !LAST])));
            }
            return Ok(patches);
        };
        let block = &blocks[found];
        let old = source.exactly(block.at + 4, block.len)?;
        let new = comments::edit(&old, tag)?;
        if new == old {
            return Ok(Vec::new());
        }
        if tag.is_some() || new != comments::empty() {
            let block_bytes = encoded(block.kind, &new)?;
            return Ok(Vec::from([Patch::new(block.at, block.end(), block_bytes)]));
        }
        // The block was made for the tag and goes with it.
        let mut patches = Vec::from([Patch::new(block.at, block.end(), Vec::new())]);
        if let (true, Some(before)) = (block.is_last(), blocks.get(found.wrapping_sub(1))) {
            patches.push(Patch::new(before.at, before.at + 1, Vec::from([before.kind | LAST])));
        }
        Ok(patches)
    }
}
