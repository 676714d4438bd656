//! ID3v2, versions 2.2 to 2.4: our frame comes first, all others stay byte for byte.
//!
//! ```text
//! "ID3" version flags size(28 bits) [extended header] GEOB(ours) frame frame ... padding [footer]
//! ```
//! Nothing is converted (not the version, not the unsynchronisation) and no padding is used up:
//! whoever takes the frame out has the old tag again.

use std::io::{Read, Seek};
use std::vec::Vec;

use super::Place;
use super::error::{FileError, damaged};
use super::patch::Patch;
use super::source::Source;
use crate::TAG_MEDIA_TYPE;

const HEADER_BYTES: usize = 10;

/// The largest tag: its length has 28 bits.
const TAG_BYTES_MAX: usize = (1 << 28) - 1;

/// Tells our GEOB frame from others of the same tag, which must differ in it.
const DESCRIPTION: &[u8] = b"onmon";

const UNSYNCHRONISED: u8 = 0x80;
const EXTENDED: u8 = 0x40;
const FOOTER: u8 = 0x10;

/// A tag at the start of an MP3 or ADTS file.
pub(super) struct Front;

impl Place for Front {
    fn find<S: Read + Seek>(source: &mut Source<S>) -> Result<Option<Vec<u8>>, FileError> {
        let len = len_at_start(source)?;
        find(&source.exactly(0, len)?)
    }

    fn plan<S: Read + Seek>(
        source: &mut Source<S>,
        tag: Option<&[u8]>,
    ) -> Result<Vec<Patch>, FileError> {
        let len = len_at_start(source)?;
        let old = source.exactly(0, len)?;
        let new = edit(&old, tag)?;
        Ok(if new == old { Vec::new() } else { Vec::from([Patch::new(0, len, new)]) })
    }
}

/// Bytes of the ID3v2 tag that a file begins with; 0 without one.
pub(super) fn len_at_start<S: Read + Seek>(source: &mut Source<S>) -> Result<u64, FileError> {
    let head = source.up_to(0, HEADER_BYTES)?;
    let Some(len) = Header::parse(&head).map(|header| header.whole_len() as u64) else {
        return Ok(0);
    };
    if len > source.len() { Err(damaged("its ID3 tag ends too early")) } else { Ok(len) }
}

/// Our tag inside an ID3v2 tag.
pub(super) fn find(id3: &[u8]) -> Result<Option<Vec<u8>>, FileError> {
    let Some(id3) = Id3::parse(id3)? else { return Ok(None) };
    Ok(id3.frames.iter().find_map(|frame| id3.ours(frame)))
}

/// The ID3v2 tag with `tag` in our frame; an empty one is left out altogether.
pub(super) fn edit(old: &[u8], tag: Option<&[u8]>) -> Result<Vec<u8>, FileError> {
    let Some(id3) = Id3::parse(old)? else {
        let Some(tag) = tag else { return Ok(old.to_vec()) };
        // 2.3 is what everything reads.
        let header = Header { version: 3, revision: 0, flags: 0, len: 0 };
        let frame = frame(&header, false, tag);
        let header = Header { len: frame.len(), ..header };
        return Ok([header.encode(b"ID3")?.as_slice(), &frame, old].concat());
    };
    let ours: Vec<&Frame> = id3.frames.iter().filter(|frame| id3.ours(frame).is_some()).collect();
    if tag.is_none() && ours.len() == id3.frames.len() && !ours.is_empty() && id3.is_bare() {
        return Ok(old.get(id3.header.whole_len()..).unwrap_or_default().to_vec());
    }
    let mut body = old.get(HEADER_BYTES..id3.frames_at).unwrap_or_default().to_vec();
    if let Some(tag) = tag {
        body.extend(frame(&id3.header, id3.plain_sizes, tag));
    }
    let mut at = id3.frames_at;
    for frame in ours {
        body.extend(old.get(at..frame.start).unwrap_or_default());
        at = frame.end;
    }
    body.extend(old.get(at..HEADER_BYTES + id3.header.len).unwrap_or_default());
    let header = Header { len: body.len(), ..id3.header };
    let mut new = header.encode(b"ID3")?.to_vec();
    new.extend(body);
    if header.has_footer() {
        new.extend(header.encode(b"3DI")?);
    }
    new.extend(old.get(id3.header.whole_len()..).unwrap_or_default());
    Ok(new)
}

#[derive(Clone, Copy)]
struct Header {
    version: u8,
    revision: u8,
    flags: u8,
    /// Bytes between header and footer.
    len: usize,
}

impl Header {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let &[b'I', b'D', b'3', version, revision, flags, a, b, c, d, ..] = bytes else {
            return None;
        };
        let len = synchsafe([a, b, c, d])?;
        (version != 0xff && revision != 0xff).then_some(Self { version, revision, flags, len })
    }

    fn encode(&self, magic: &[u8; 3]) -> Result<[u8; HEADER_BYTES], FileError> {
        if self.len > TAG_BYTES_MAX {
            return Err(FileError::TooLarge);
        }
        let [i, d, n] = *magic;
        let [a, b, c, e] = to_synchsafe(self.len);
        Ok([i, d, n, self.version, self.revision, self.flags, a, b, c, e])
    }

    fn has_footer(&self) -> bool {
        self.version == 4 && self.flags & FOOTER != 0
    }

    fn whole_len(&self) -> usize {
        HEADER_BYTES + self.len + if self.has_footer() { HEADER_BYTES } else { 0 }
    }

    /// Whether all bytes behind the header are unsynchronised as one. In 2.4 each frame is for
    /// itself.
    fn is_unsynchronised(&self) -> bool {
        self.version < 4 && self.flags & UNSYNCHRONISED != 0
    }
}

/// A frame's place, and what its header says.
struct Frame {
    start: usize,
    end: usize,
    id: Vec<u8>,
    flags: [u8; 2],
    /// Behind its header.
    body: usize,
}

struct Id3<'a> {
    bytes: &'a [u8],
    header: Header,
    frames_at: usize,
    frames: Vec<Frame>,
    /// 2.4 with sizes as in 2.3, as iTunes has long written.
    plain_sizes: bool,
}

impl<'a> Id3<'a> {
    /// `None` where no tag begins.
    fn parse(bytes: &'a [u8]) -> Result<Option<Self>, FileError> {
        let Some(header) = Header::parse(bytes) else { return Ok(None) };
        if header.whole_len() > bytes.len() {
            return Err(damaged("its ID3 tag ends too early"));
        }
        let known_flags = match header.version {
            2 => UNSYNCHRONISED,
            3 => UNSYNCHRONISED | EXTENDED | 0x20,
            4 => UNSYNCHRONISED | EXTENDED | 0x20 | FOOTER,
            _ => return Err(FileError::Unsupported { detail: "an ID3 tag of unknown version" }),
        };
        if header.flags & !known_flags != 0 {
            return Err(FileError::Unsupported { detail: "an ID3 tag with unknown flags" });
        }
        let mut id3 =
            Self { bytes, header, frames_at: HEADER_BYTES, frames: Vec::new(), plain_sizes: false };
        if header.version > 2 && header.flags & EXTENDED != 0 {
            id3.frames_at = id3.after_extended_header()?;
        }
        let (frames, whole) = id3.walk(false);
        id3.frames = frames;
        if header.version == 4 && !whole {
            let (frames, whole) = id3.walk(true);
            if whole {
                (id3.frames, id3.plain_sizes) = (frames, true);
            }
        }
        Ok(Some(id3))
    }

    fn after_extended_header(&self) -> Result<usize, FileError> {
        let broken = || damaged("its ID3 tag's extended header");
        let mut at = HEADER_BYTES;
        let head = self.take(&mut at, 6).ok_or_else(broken)?;
        let &[a, b, c, d, e, f] = head.as_slice() else { return Err(broken()) };
        let has_sum = if self.header.version == 3 { e & 0x80 != 0 } else { f & 0x20 != 0 };
        if has_sum {
            return Err(FileError::Unsupported { detail: "an ID3 tag with a checksum" });
        }
        let len = match self.header.version {
            3 => u32::from_be_bytes([a, b, c, d]) as usize + 4,
            _ => synchsafe([a, b, c, d]).ok_or_else(broken)?,
        };
        at = HEADER_BYTES;
        self.skip(&mut at, len).ok_or_else(broken)?;
        Ok(at)
    }

    /// The frames, and whether they reach to the padding or to the end: what breaks off before may
    /// hold more.
    fn walk(&self, plain_sizes: bool) -> (Vec<Frame>, bool) {
        let (mut frames, mut at) = (Vec::new(), self.frames_at);
        let (id_len, header_len) = if self.header.version == 2 { (3, 6) } else { (4, 10) };
        while self.bytes.get(at..self.end()).is_some_and(|rest| !rest.is_empty() && rest[0] != 0) {
            let start = at;
            let Some(head) = self.take(&mut at, header_len) else { return (frames, false) };
            let (id, rest) = head.split_at(id_len);
            let size = match *rest {
                [a, b, c] => Some(u32::from_be_bytes([0, a, b, c]) as usize),
                [a, b, c, d, ..] if self.header.version == 3 || plain_sizes => {
                    Some(u32::from_be_bytes([a, b, c, d]) as usize)
                }
                [a, b, c, d, ..] => synchsafe([a, b, c, d]),
                _ => None,
            };
            let flags = match *rest {
                [_, _, _, _, one, two] => [one, two],
                _ => [0, 0],
            };
            let body = at;
            let is_id = id.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
            let Some(size) = size.filter(|size| is_id && *size > 0) else { return (frames, false) };
            if self.skip(&mut at, size).is_none() {
                return (frames, false);
            }
            frames.push(Frame { start, end: at, id: id.to_vec(), flags, body });
        }
        let padding = self.bytes.get(at..self.end()).unwrap_or_default();
        (frames, padding.iter().all(|byte| *byte == 0))
    }

    /// Where frames and padding end.
    fn end(&self) -> usize {
        HEADER_BYTES + self.header.len
    }

    /// Whether there is nothing but frames: no padding, no extended header.
    fn is_bare(&self) -> bool {
        let after = self.frames.last().map_or(self.frames_at, |frame| frame.end);
        self.frames_at == HEADER_BYTES && after == self.end()
    }

    /// Goes `count` bytes on, of the bytes that were there before the unsynchronisation.
    fn skip(&self, at: &mut usize, count: usize) -> Option<()> {
        let rest = self.bytes.get(*at..self.end())?;
        if !self.header.is_unsynchronised() {
            rest.get(..count)?;
            *at += count;
            return Some(());
        }
        let mut bytes = rest.iter();
        for _ in 0..count {
            if *bytes.next()? == 0xff && bytes.as_slice().first() == Some(&0) {
                bytes.next();
            }
        }
        *at = self.end() - bytes.as_slice().len();
        Some(())
    }

    /// The next `count` bytes, as they were before the unsynchronisation.
    fn take(&self, at: &mut usize, count: usize) -> Option<Vec<u8>> {
        let start = *at;
        self.skip(at, count)?;
        let bytes = self.bytes.get(start..*at)?;
        let plain = !self.header.is_unsynchronised();
        Some(if plain { bytes.to_vec() } else { synchronised(bytes) })
    }

    /// The tag in a frame, if it is one of ours.
    fn ours(&self, frame: &Frame) -> Option<Vec<u8>> {
        if frame.id != b"GEOB" && frame.id != b"GEO" {
            return None;
        }
        let mut body = self.bytes.get(frame.body..frame.end)?.to_vec();
        if self.header.is_unsynchronised() {
            body = synchronised(&body);
        }
        let [_, form] = frame.flags;
        let (grouped, packed) = match self.header.version {
            3 => (form & 0x20 != 0, form & 0xc0 != 0),
            4 => (form & 0x40 != 0, form & 0x0c != 0),
            _ => (false, false),
        };
        let has_len = self.header.version == 4 && form & 0x01 != 0;
        let skipped = usize::from(grouped) + if has_len { 4 } else { 0 };
        let mut body = body.get(skipped..).filter(|_| !packed)?.to_vec();
        if self.header.version == 4 && form & 0x02 != 0 {
            body = synchronised(&body);
        }
        object(&body)
    }
}

/// The object of a GEOB frame, if its type is ours.
fn object(body: &[u8]) -> Option<Vec<u8>> {
    let (&encoding, rest) = body.split_first()?;
    let (mime, rest) = rest.split_at(rest.iter().position(|byte| *byte == 0)?);
    if mime != TAG_MEDIA_TYPE.as_bytes() {
        return None;
    }
    let mut rest = rest.get(1..)?;
    for _name_and_description in 0..2 {
        rest = match encoding {
            // UTF-16: a zero of two bytes at an even place.
            1 | 2 => rest.get(2 * rest.chunks(2).position(|pair| pair == [0, 0])? + 2..)?,
            _ => rest.get(rest.iter().position(|byte| *byte == 0)? + 1..)?,
        };
    }
    Some(rest.to_vec())
}

/// Our frame, as a tag of this version has it.
fn frame(header: &Header, plain_sizes: bool, tag: &[u8]) -> Vec<u8> {
    let mime = TAG_MEDIA_TYPE.as_bytes();
    let body: Vec<u8> = [&[0], mime, &[0], &[0], DESCRIPTION, &[0], tag].concat();
    let unsynchronised_here = header.version == 4 && header.flags & UNSYNCHRONISED != 0;
    // Marked in the frame as well: readers differ in which of the two they go by.
    let (body, flags) =
        if unsynchronised_here { (unsynchronised(&body), [0, 2]) } else { (body, [0, 0]) };
    let size = match header.version {
        4 if !plain_sizes => to_synchsafe(body.len()),
        _ => (body.len() as u32).to_be_bytes(),
    };
    let frame: Vec<u8> = match header.version {
        2 => [b"GEO", &size[1..], &body].concat(),
        _ => [b"GEOB", size.as_slice(), &flags, &body].concat(),
    };
    if header.is_unsynchronised() { unsynchronised(&frame) } else { frame }
}

fn synchsafe(bytes: [u8; 4]) -> Option<usize> {
    let fits = bytes.iter().all(|byte| *byte < 0x80);
    fits.then(|| bytes.iter().fold(0, |size, byte| size << 7 | usize::from(*byte)))
}

fn to_synchsafe(size: usize) -> [u8; 4] {
    [21, 14, 7, 0].map(|shift| (size >> shift) as u8 & 0x7f)
}

/// Without any byte pattern that a decoder could take for the start of a frame of audio.
fn unsynchronised(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + 8);
    for (i, &byte) in bytes.iter().enumerate() {
        out.push(byte);
        let next = bytes.get(i + 1);
        if byte == 0xff && next.is_none_or(|next| *next == 0 || *next >= 0xe0) {
            out.push(0);
        }
    }
    out
}

fn synchronised(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes.iter();
    while let Some(&byte) = rest.next() {
        out.push(byte);
        if byte == 0xff && rest.as_slice().first() == Some(&0) {
            rest.next();
        }
    }
    out
}
