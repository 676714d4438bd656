//! WAV and AIFF: an ID3v2 tag in a chunk of its own, behind all others.

use std::io::{Read, Seek};
use std::vec::Vec;

use super::Place;
use super::error::{FileError, damaged};
use super::id3;
use super::patch::Patch;
use super::source::Source;

const HEADER_BYTES: u64 = 8;

/// A length that says "until it ends": what programs write that cannot come back to the header.
const UNKNOWN: [u32; 2] = [0, u32::MAX];

pub(super) struct Chunks;

struct Form {
    little_endian: bool,
    /// What the file says of its own length.
    len: u32,
    chunks: Vec<Chunk>,
    /// Where the form ends; bytes behind it are nobody's.
    end: u64,
}

struct Chunk {
    at: u64,
    is_id3: bool,
    len: u32,
    /// With its padding byte.
    end: u64,
}

impl Form {
    fn read<S: Read + Seek>(source: &mut Source<S>) -> Result<Self, FileError> {
        let head = source.exactly(0, 12)?;
        let little_endian = head.starts_with(b"RIFF");
        let len = length(&head, little_endian)?;
        let mut form = Self { little_endian, len, chunks: Vec::new(), end: source.len() };
        if !UNKNOWN.contains(&len) {
            form.end = (HEADER_BYTES + u64::from(len)).min(source.len());
        }
        let mut at = 12;
        while at + HEADER_BYTES <= form.end {
            let head = source.exactly(at, HEADER_BYTES)?;
            let len = length(&head, little_endian)?;
            let end = at + HEADER_BYTES + u64::from(len) + u64::from(len % 2);
            let is_id3 = head.get(..4).is_some_and(|id| id.eq_ignore_ascii_case(b"ID3 "));
            form.chunks.push(Chunk { at, is_id3, len, end: end.min(form.end) });
            at = end;
        }
        Ok(form)
    }

    /// Whether all lengths are known and true, so that a chunk can be added.
    fn check(&self, source_len: u64) -> Result<(), FileError> {
        if UNKNOWN.contains(&self.len) || self.chunks.iter().any(|c| c.len == u32::MAX) {
            let detail = "it was streamed and does not know its own length; convert it once";
            return Err(FileError::Unsupported { detail });
        }
        let cut = |chunk: &Chunk| chunk.at + HEADER_BYTES + u64::from(chunk.len) > self.end;
        if HEADER_BYTES + u64::from(self.len) > source_len || self.chunks.last().is_some_and(cut) {
            return Err(damaged("it ends too early"));
        }
        Ok(())
    }

    fn number(&self, number: u32) -> [u8; 4] {
        if self.little_endian { number.to_le_bytes() } else { number.to_be_bytes() }
    }

    /// A chunk with this tag inside; nothing for no tag.
    fn chunk(&self, id3: &[u8]) -> Result<Vec<u8>, FileError> {
        if id3.is_empty() {
            return Ok(Vec::new());
        }
        let len = u32::try_from(id3.len()).map_err(|_| FileError::TooLarge)?;
        let mut chunk = b"ID3 ".to_vec();
        chunk.extend(self.number(len));
        chunk.extend(id3);
        chunk.resize(chunk.len() + id3.len() % 2, 0);
        Ok(chunk)
    }
}

fn length(head: &[u8], little_endian: bool) -> Result<u32, FileError> {
    let four = head.get(4..).and_then(|rest| rest.first_chunk()).ok_or(damaged("its chunks"))?;
    Ok(if little_endian { u32::from_le_bytes(*four) } else { u32::from_be_bytes(*four) })
}

/// What a chunk holds, as far as the file goes.
fn content<S: Read + Seek>(source: &mut Source<S>, chunk: &Chunk) -> Result<Vec<u8>, FileError> {
    let at = chunk.at + HEADER_BYTES;
    source.exactly(at, u64::from(chunk.len).min(chunk.end.saturating_sub(at)))
}

impl Place for Chunks {
    fn find<S: Read + Seek>(source: &mut Source<S>) -> Result<Option<Vec<u8>>, FileError> {
        let form = Form::read(source)?;
        for chunk in form.chunks.iter().filter(|chunk| chunk.is_id3) {
            if let Some(tag) = id3::find(&content(source, chunk)?)? {
                return Ok(Some(tag));
            }
        }
        Ok(None)
    }

    fn plan<S: Read + Seek>(
        source: &mut Source<S>,
        tag: Option<&[u8]>,
    ) -> Result<Vec<Patch>, FileError> {
        let form = Form::read(source)?;
        form.check(source.len())?;
        let (mut patches, mut tag) = (Vec::new(), tag);
        let mut change = 0_i64;
        for chunk in form.chunks.iter().filter(|chunk| chunk.is_id3) {
            let old = content(source, chunk)?;
            // The first takes the tag, any other loses it.
            let new = id3::edit(&old, tag.take())?;
            if new != old {
                let bytes = form.chunk(&new)?;
                change += bytes.len() as i64 - (chunk.end - chunk.at) as i64;
                patches.push(Patch::new(chunk.at, chunk.end, bytes));
            }
        }
        if tag.is_some() {
            // Chunks begin at even places, also behind one that lacks its padding byte.
            let end = form.chunks.last().map_or(12, |last| last.end);
            let mut bytes = if end % 2 == 1 { Vec::from([0]) } else { Vec::new() };
            bytes.extend(form.chunk(&id3::edit(&[], tag)?)?);
            change += bytes.len() as i64;
            patches.push(Patch::new(end, end, bytes));
        }
        if change != 0 {
            let len = u32::try_from(i64::from(form.len) + change);
            let len = len.map_err(|_| FileError::TooLarge)?;
            patches.push(Patch::new(4, 8, form.number(len).to_vec()));
        }
        Ok(patches)
    }
}
