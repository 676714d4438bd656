//! The tag into files and out of them, for each container at the place where its players look.
//!
//! ```text
//! MP3, AAC (ADTS)    ID3v2 frame GEOB, MIME application/vnd.onmon.tag+cose     id3.rs
//! WAV, AIFF          the same in a chunk "ID3 "                                chunks.rs
//! FLAC               Vorbis comment ONMON_TAG, base64url                       flac.rs
//! Ogg: Vorbis, Opus, FLAC        the same                                      ogg.rs
//! MP4, M4A           freeform item ----:org.onmon:tag, binary                  mp4.rs
//! ```
//!
//! What other programs do to it: editors that write back all they have read keep it (tried: lofty).
//! `ffmpeg -c copy` keeps it in FLAC and Ogg and drops it in all others, with `-map_metadata 0` or
//! without. A file without a tag is still known by its fingerprint.
//!
//! A file is never parsed and written anew: what is made are [`Patch`]es, a few places with their
//! new bytes. So every other byte (audio, pictures, lyrics, frames that nobody knows) stays as it
//! is, a browser composes the tagged file from slices without reading it, and to strip a tag gives
//! back the file that was.

mod chunks;
mod comments;
mod disk;
mod error;
mod flac;
mod id3;
mod mp4;
mod mp4_offsets;
mod ogg;
mod patch;
mod source;

use std::io::{Cursor, Read, Seek};
use std::vec::Vec;

pub use disk::{read_path, strip_path, write_path};
pub use error::FileError;
pub use patch::{Patch, apply};

use crate::Tag;
use source::Source;

/// What a container's module does: the tag that is there, and the patches that put another in its
/// place (`None`: that take it away).
trait Place {
    fn find<S: Read + Seek>(source: &mut Source<S>) -> Result<Option<Vec<u8>>, FileError>;

    fn plan<S: Read + Seek>(
        source: &mut Source<S>,
        tag: Option<&[u8]>,
    ) -> Result<Vec<Patch>, FileError>;
}

/// A container that can carry a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Container {
    /// MP3 or ADTS, with an ID3v2 tag in front or without.
    Frames,
    Riff,
    Flac,
    Ogg,
    Mp4,
}

/// Bytes in which an MP3 without a tag must show its first frame.
const SYNC_BYTES: usize = 4 << 10;

impl Container {
    fn of<S: Read + Seek>(source: &mut Source<S>) -> Result<Self, FileError> {
        let head = source.up_to(0, 12)?;
        if let Some(found) = Self::by_magic(&head) {
            return Ok(found);
        }
        let audio_at = id3::len_at_start(source)?;
        let head = source.up_to(audio_at, SYNC_BYTES)?;
        if head.starts_with(b"fLaC") {
            return Ok(Self::Flac);
        }
        // A tag in front is what players of MP3 go by as well.
        // Some begin with zeros.
        let zeros = head.iter().take_while(|byte| **byte == 0).count();
        let has_frame = head.get(zeros..zeros + 4).is_some_and(is_frame_header);
        if audio_at > 0 || has_frame { Ok(Self::Frames) } else { Err(FileError::UnknownContainer) }
    }

    fn by_magic(head: &[u8]) -> Option<Self> {
        let kind = head.get(8..12).unwrap_or_default();
        match head {
            [b'f', b'L', b'a', b'C', ..] => Some(Self::Flac),
            [b'O', b'g', b'g', b'S', ..] => Some(Self::Ogg),
            [b'R', b'I', b'F', b'F', ..] if kind == b"WAVE" => Some(Self::Riff),
            [b'F', b'O', b'R', b'M', ..] if kind == b"AIFF" || kind == b"AIFC" => Some(Self::Riff),
            [_, _, _, _, b'f', b't', b'y', b'p', ..] => Some(Self::Mp4),
            _ => None,
        }
    }
}

/// Whether four bytes can begin a frame of MPEG audio: layer III, or ADTS (layer 0).
fn is_frame_header(bytes: &[u8]) -> bool {
    let &[0xff, second, third, _] = bytes else { return false };
    match (second >> 5, (second >> 1) & 3) {
        (7, 1) => (second >> 3) & 3 != 1 && third >> 4 != 15 && (third >> 2) & 3 != 3,
        (7, 0) => second & 0xf0 == 0xf0 && (third >> 2) & 15 < 13,
        _ => false,
    }
}

/// The tag in a file, as it was signed; `None` where there is none. It is not verified.
///
/// Reads the headers alone.
///
/// # Errors
/// [`FileError::UnknownContainer`], [`FileError::Unsupported`], [`FileError::Damaged`],
/// [`FileError::Io`].
pub fn read(source: impl Read + Seek) -> Result<Option<Vec<u8>>, FileError> {
    let mut source = Source::new(source)?;
    match Container::of(&mut source)? {
        Container::Frames => id3::Front::find(&mut source),
        Container::Riff => chunks::Chunks::find(&mut source),
        Container::Flac => flac::Flac::find(&mut source),
        Container::Ogg => ogg::Ogg::find(&mut source),
        Container::Mp4 => mp4::Mp4::find(&mut source),
    }
}

/// The patches that put a signed tag into a file, in place of one that is there. Sorted, without
/// overlap.
///
/// # Errors
/// [`FileError::NotATag`] for bytes that are none; else as [`read`], and [`FileError::TooLarge`].
pub fn plan_write(source: impl Read + Seek, tag: &[u8]) -> Result<Vec<Patch>, FileError> {
    Tag::unverified(tag).map_err(FileError::NotATag)?;
    plan(source, Some(tag))
}

/// The patches that take the tag out of a file; none where there is no tag.
///
/// # Errors
/// As [`read`].
pub fn plan_strip(source: impl Read + Seek) -> Result<Vec<Patch>, FileError> {
    plan(source, None)
}

/// The file with the tag; writing twice gives the same bytes.
///
/// # Errors
/// As [`plan_write`].
pub fn write(file: &[u8], tag: &[u8]) -> Result<Vec<u8>, FileError> {
    patch::applied(file, &plan_write(Cursor::new(file), tag)?)
}

/// The file without a tag: the very bytes that [`write`] was given.
///
/// # Errors
/// As [`read`].
pub fn strip(file: &[u8]) -> Result<Vec<u8>, FileError> {
    patch::applied(file, &plan_strip(Cursor::new(file))?)
}

fn plan(source: impl Read + Seek, tag: Option<&[u8]>) -> Result<Vec<Patch>, FileError> {
    let mut source = Source::new(source)?;
    let mut patches = match Container::of(&mut source)? {
        Container::Frames => id3::Front::plan(&mut source, tag),
        Container::Riff => chunks::Chunks::plan(&mut source, tag),
        Container::Flac => flac::Flac::plan(&mut source, tag),
        Container::Ogg => ogg::Ogg::plan(&mut source, tag),
        Container::Mp4 => mp4::Mp4::plan(&mut source, tag),
    }?;
    patches.sort_by_key(|patch| (patch.start, patch.end));
    Ok(patches)
}
