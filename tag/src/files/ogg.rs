//! Ogg with Vorbis, Opus or FLAC: the comment packet, the second of the stream.
//!
//! ```text
//! page 0         the stream's head
//! pages 1 to m   comment packet, and what shares its last page     laid out anew, on k pages
//! pages from m   audio                                             renumbered if k is not m
//! ```
//! Pages have a checksum over their number, so a comment that takes another page touches eight
//! bytes of every page behind it, and nothing else of them.

use std::io::{Read, Seek};
use std::vec::Vec;

use super::error::{FileError, damaged};
use super::patch::Patch;
use super::source::Source;
use super::{Place, comments, flac};

const HEADER_BYTES: usize = 27;
const SEGMENTS_MAX: usize = 255;
const CONTINUED: u8 = 1;
const FIRST: u8 = 2;
const LAST: u8 = 4;

/// The place of a page on which no packet ends.
const NOWHERE: u64 = u64::MAX;

/// Bytes of a comment packet, at most; pictures lie in it.
const PACKET_BYTES_MAX: usize = 256 << 20;

pub(super) struct Ogg;

/// A page's header.
struct Page {
    at: u64,
    flags: u8,
    granule: u64,
    serial: u32,
    number: u32,
    segments: Vec<u8>,
}

impl Page {
    /// The page at `at`; `None` at the end of the file, or where there is something else.
    fn read<S: Read + Seek>(source: &mut Source<S>, at: u64) -> Result<Option<Self>, FileError> {
        let head = source.up_to(at, HEADER_BYTES)?;
        let Some(head) = head.first_chunk::<HEADER_BYTES>().filter(|h| h.starts_with(b"OggS\0"))
        else {
            return Ok(None);
        };
        let four = |from: usize| u32::from_le_bytes([0, 1, 2, 3].map(|i| head[from + i]));
        let segments = source.exactly(at + HEADER_BYTES as u64, head[26].into())?;
        Ok(Some(Self {
            at,
            flags: head[5],
            granule: u64::from(four(6)) | u64::from(four(10)) << 32,
            serial: four(14),
            number: four(18),
            segments,
        }))
    }

    fn body(&self) -> u64 {
        self.at + (HEADER_BYTES + self.segments.len()) as u64
    }

    fn body_len(&self) -> u64 {
        self.segments.iter().map(|len| u64::from(*len)).sum()
    }

    fn end(&self) -> u64 {
        self.body() + self.body_len()
    }

    /// The whole page, with its checksum.
    fn encode(&self, body: &[u8]) -> Vec<u8> {
        let mut page = b"OggS\0".to_vec();
        page.push(self.flags);
        page.extend(self.granule.to_le_bytes());
        page.extend(self.serial.to_le_bytes());
        page.extend(self.number.to_le_bytes());
        page.extend([0; 4]);
        page.push(self.segments.len() as u8);
        page.extend(&self.segments);
        page.extend(body);
        let sum = checksum(&page).to_le_bytes();
        page[22..26].copy_from_slice(&sum);
        page
    }
}

/// Ogg's CRC-32: polynomial 04c11db7, highest bit first, from 0.
fn checksum(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |sum, byte| (sum << 8) ^ CHECKSUMS[usize::from((sum >> 24) as u8 ^ *byte)])
}

static CHECKSUMS: [u32; 256] = {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        let (mut sum, mut bit) = ((i as u32) << 24, 0);
        while bit < 8 {
            sum = (sum << 1) ^ if sum >> 31 == 1 { 0x04c1_1db7 } else { 0 };
            bit += 1;
        }
        table[i] = sum;
        i += 1;
    }
    table
};

/// How a codec's comment packet opens.
#[derive(Clone, Copy)]
enum Codec {
    Vorbis,
    Opus,
    Flac,
}

impl Codec {
    fn of(head: &[u8]) -> Option<Self> {
        let codecs = [
            (b"\x01vorbis".as_slice(), Self::Vorbis),
            (b"OpusHead".as_slice(), Self::Opus),
            (b"\x7fFLAC".as_slice(), Self::Flac),
        ];
        codecs.into_iter().find(|(magic, _)| head.starts_with(magic)).map(|(_, codec)| codec)
    }

    /// The packet's opening and its comments.
    fn split(self, packet: &[u8]) -> Result<(&[u8], &[u8]), FileError> {
        let (len, good) = match self {
            Self::Vorbis => (7, packet.starts_with(b"\x03vorbis")),
            Self::Opus => (8, packet.starts_with(b"OpusTags")),
            Self::Flac => (4, packet.first().is_some_and(|kind| kind & 0x7f == 4)),
        };
        packet.split_at_checked(len).filter(|_| good).ok_or(damaged("its comment header"))
    }

    fn join(self, opening: &[u8], comments: &[u8]) -> Result<Vec<u8>, FileError> {
        match self {
            Self::Flac => flac::with_length(opening, comments),
            Self::Vorbis | Self::Opus => Ok([opening, comments].concat()),
        }
    }
}

/// The comment packet and the pages that it lies on.
struct Found {
    codec: Codec,
    pages: Vec<Page>,
    packet: Vec<u8>,
    /// Segments and bytes behind it on its last page.
    rest: (Vec<u8>, Vec<u8>),
}

fn locate<S: Read + Seek>(source: &mut Source<S>) -> Result<Found, FileError> {
    let (mut at, mut stream) = (0, None);
    let (mut pages, mut packet) = (Vec::new(), Vec::new());
    while let Some(page) = Page::read(source, at)? {
        at = page.end();
        let Some((codec, serial)) = stream else {
            if page.flags & FIRST == 0 {
                break;
            }
            let head = source.up_to(page.body(), 8)?;
            stream = Codec::of(&head).map(|codec| (codec, page.serial));
            continue;
        };
        if page.serial != serial {
            continue;
        }
        let ends = page.segments.iter().position(|len| *len < 255);
        let count = ends.map_or(page.segments.len(), |last| last + 1);
        let (ours, others) = page.segments.split_at(count);
        let len: u64 = ours.iter().map(|len| u64::from(*len)).sum();
        packet.extend(source.exactly(page.body(), len)?);
        if packet.len() > PACKET_BYTES_MAX {
            return Err(FileError::TooLarge);
        }
        let rest = (others.to_vec(), source.exactly(page.body() + len, page.body_len() - len)?);
        pages.push(page);
        if ends.is_some() {
            return Ok(Found { codec, pages, packet, rest });
        }
    }
    match stream {
        None => {
            Err(FileError::Unsupported { detail: "neither Vorbis nor Opus nor FLAC in this Ogg" })
        }
        Some(_) => Err(damaged("it ends too early")),
    }
}

impl Found {
    /// The pages with another comment packet.
    fn lay_out(&self, packet: &[u8]) -> Result<Vec<Vec<u8>>, FileError> {
        let (Some(first), Some(last)) = (self.pages.first(), self.pages.last()) else {
            return Err(damaged("its comment header"));
        };
        let mut segments = Vec::from_iter(std::iter::repeat_n(255_u8, packet.len() / 255));
        segments.push((packet.len() % 255) as u8);
        segments.extend(&self.rest.0);
        let body = [packet, &self.rest.1].concat();
        let (mut pages, mut at, mut open) = (Vec::new(), 0, false);
        // As full as the writer of the file likes its pages, so that it comes out as it was.
        let full = self.pages.len() > 1 && !first.segments.is_empty();
        let each = if full { first.segments.len() } else { SEGMENTS_MAX };
        let count = segments.len().div_ceil(each);
        for (i, segments) in segments.chunks(each).enumerate() {
            let is_last = i + 1 == count;
            let ends = segments.iter().any(|len| *len < 255);
            let granule = match (ends, self.pages.get(i)) {
                _ if is_last && ends => last.granule,
                (true, _) => 0,
                // Some write 0 here; they get it back.
                (false, Some(old)) if old.segments.iter().all(|len| *len == 255) => old.granule,
                (false, _) => NOWHERE,
            };
            let flags =
                if open { CONTINUED } else { 0 } | if is_last { last.flags & LAST } else { 0 };
            let number = first.number.wrapping_add(i as u32);
            let segments = segments.to_vec();
            open = segments.last() == Some(&255);
            let page = Page { at: 0, flags, granule, serial: first.serial, number, segments };
            let end = at + page.body_len() as usize;
            pages.push(page.encode(body.get(at..end).unwrap_or_default()));
            at = end;
        }
        Ok(pages)
    }

    /// The pages behind, if there are more or fewer before them now.
    fn renumber<S: Read + Seek>(
        &self,
        source: &mut Source<S>,
        change: u32,
        patches: &mut Vec<Patch>,
    ) -> Result<(), FileError> {
        let Some(last) = self.pages.last().filter(|_| change != 0) else { return Ok(()) };
        let mut at = last.end();
        while let Some(mut page) = Page::read(source, at)? {
            at = page.end();
            if page.serial != last.serial {
                continue;
            }
            if page.flags & FIRST != 0 {
                break; // another stream begins, with numbers of its own
            }
            page.number = page.number.wrapping_add(change);
            let body = source.exactly(page.body(), page.body_len())?;
            let new = page.encode(&body);
            let number_and_sum = new.get(18..26).unwrap_or_default().to_vec();
            patches.push(Patch::new(page.at + 18, page.at + 26, number_and_sum));
        }
        Ok(())
    }
}

impl Place for Ogg {
    fn find<S: Read + Seek>(source: &mut Source<S>) -> Result<Option<Vec<u8>>, FileError> {
        let found = locate(source)?;
        comments::find(found.codec.split(&found.packet)?.1)
    }

    fn plan<S: Read + Seek>(
        source: &mut Source<S>,
        tag: Option<&[u8]>,
    ) -> Result<Vec<Patch>, FileError> {
        let found = locate(source)?;
        let (opening, old) = found.codec.split(&found.packet)?;
        let new = comments::edit(old, tag)?;
        if new == old {
            return Ok(Vec::new());
        }
        let pages = found.lay_out(&found.codec.join(opening, &new)?)?;
        let change = (pages.len() as u32).wrapping_sub(found.pages.len() as u32);
        let mut new = pages.into_iter();
        let mut patches = Vec::new();
        for (i, old) in found.pages.iter().enumerate() {
            let is_last = i + 1 == found.pages.len();
            let bytes = if is_last {
                new.by_ref().flatten().collect()
            } else {
                new.next().unwrap_or_default()
            };
            patches.push(Patch::new(old.at, old.end(), bytes));
        }
        found.renumber(source, change, &mut patches)?;
        Ok(patches)
    }
}
