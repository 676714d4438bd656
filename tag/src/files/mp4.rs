//! MP4 and M4A: a freeform item in `moov/udta/meta/ilst`.
//!
//! ```text
//! moov  trak ... stco/co64   places of the audio, counted from the file's start: moved along
//!       udta  meta  hdlr "mdir"
//!                   ilst  ...  ----  mean "org.onmon"  name "tag"  data (ours, last)
//! ```

use std::io::{Read, Seek};
use std::vec::Vec;

use super::Place;
use super::error::{FileError, damaged};
use super::mp4_offsets as offsets;
use super::patch::Patch;
use super::source::Source;

const MEAN: &[u8] = b"org.onmon";
const NAME: &[u8] = b"tag";

pub(super) struct Mp4;

/// A box by its place in the bytes that hold it.
#[derive(Clone, Copy)]
pub(super) struct Atom {
    pub(super) kind: [u8; 4],
    pub(super) start: usize,
    pub(super) body: usize,
    pub(super) end: usize,
}

/// A box by its place in the file.
pub(super) struct TopLevel {
    pub(super) kind: [u8; 4],
    pub(super) start: u64,
    pub(super) end: u64,
    /// Whether its length has 32 bits and is written down.
    pub(super) plain: bool,
}

/// The boxes of the file itself.
pub(super) fn top_level<S: Read + Seek>(
    source: &mut Source<S>,
) -> Result<Vec<TopLevel>, FileError> {
    let (mut boxes, mut start) = (Vec::new(), 0);
    while start + 8 <= source.len() {
        let head = source.up_to(start, 16)?;
        let (size, kind) = (be32(&head, 0)?, four(&head, 4)?);
        let len = match size {
            0 => source.len() - start,
            1 => u64::from(be32(&head, 8)?) << 32 | u64::from(be32(&head, 12)?),
            size => size.into(),
        };
        let end = start.checked_add(len).filter(|_| len >= 8).ok_or(damaged("its boxes"))?;
        // What was cut off behind the headers is still audio for somebody.
        boxes.push(TopLevel { kind, start, end: end.min(source.len()), plain: size > 1 });
        start = end;
    }
    Ok(boxes)
}

/// The boxes between two places; zeros at the end (old QuickTime) are passed over.
pub(super) fn children(bytes: &[u8], from: usize, to: usize) -> Result<Vec<Atom>, FileError> {
    let (mut atoms, mut start) = (Vec::new(), from);
    while start + 8 <= to {
        let size = be32(bytes, start)? as usize;
        if size == 0 {
            break;
        }
        let end = start.checked_add(size).filter(|end| size >= 8 && *end <= to);
        let end = end.ok_or(damaged("its boxes"))?;
        atoms.push(Atom { kind: four(bytes, start + 4)?, start, body: start + 8, end });
        start = end;
    }
    Ok(atoms)
}

pub(super) fn child(bytes: &[u8], of: Atom, kind: &[u8; 4]) -> Result<Option<Atom>, FileError> {
    let found = children(bytes, of.body, of.end)?;
    Ok(found.into_iter().find(|atom| atom.kind == *kind))
}

pub(super) fn be32(bytes: &[u8], at: usize) -> Result<u32, FileError> {
    Ok(u32::from_be_bytes(four(bytes, at)?))
}

pub(super) fn four(bytes: &[u8], at: usize) -> Result<[u8; 4], FileError> {
    let four = bytes.get(at..).and_then(|rest| rest.first_chunk());
    four.copied().ok_or(damaged("its boxes"))
}

fn atom(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    [&(body.len() as u32 + 8).to_be_bytes(), kind.as_slice(), body].concat()
}

/// Our item of the list.
fn item(tag: &[u8]) -> Vec<u8> {
    let versioned = |kind, body: &[u8]| atom(kind, &[&[0; 4], body].concat());
    // Type 0: binary; no language.
    let data = atom(b"data", &[&[0; 8], tag].concat());
    atom(b"----", &[versioned(b"mean", MEAN), versioned(b"name", NAME), data].concat())
}

/// The metadata box of a file that had none, around a list. Its name tells it from others', so that
/// it goes with our item.
fn meta(ilst: &[u8]) -> Vec<u8> {
    let handler = [[0; 8].as_slice(), b"mdirappl", &[0; 8], b"onmon\0"].concat();
    atom(b"meta", &[&[0; 4], atom(b"hdlr", &handler).as_slice(), ilst].concat())
}

/// The path to the list, as far as it exists, from moov down.
struct Path {
    moov: Atom,
    udta: Option<Atom>,
    meta: Option<Atom>,
    ilst: Option<Atom>,
}

impl Path {
    fn find(moov_bytes: &[u8]) -> Result<Self, FileError> {
        let end = moov_bytes.len();
        let moov = Atom { kind: *b"moov", start: 0, body: 8, end };
        let mut path = Self { moov, udta: None, meta: None, ilst: None };
        if child(moov_bytes, moov, b"cmov")?.is_some() {
            return Err(FileError::Unsupported { detail: "its headers are compressed" });
        }
        path.udta = child(moov_bytes, moov, b"udta")?;
        let Some(udta) = path.udta else { return Ok(path) };
        path.meta = child(moov_bytes, udta, b"meta")?;
        let Some(meta) = &mut path.meta else { return Ok(path) };
        // QuickTime's has no version.
        if four(moov_bytes, meta.body + 4).ok() != Some(*b"hdlr") {
            meta.body += 4;
        }
        let meta = *meta;
        let handler = child(moov_bytes, meta, b"hdlr")?;
        if handler
            .is_none_or(|h| moov_bytes.get(h.body + 8..h.end.min(h.body + 12)) != Some(b"mdir"))
        {
            return Err(FileError::Unsupported { detail: "its metadata is not of iTunes's kind" });
        }
        path.ilst = child(moov_bytes, meta, b"ilst")?;
        Ok(path)
    }

    /// Our items of the list.
    fn ours(&self, bytes: &[u8]) -> Result<Vec<Atom>, FileError> {
        let Some(ilst) = self.ilst else { return Ok(Vec::new()) };
        let mut ours = children(bytes, ilst.body, ilst.end)?;
        ours.retain(|item| item.kind == *b"----" && is_ours(bytes, *item));
        Ok(ours)
    }
}

fn is_ours(bytes: &[u8], item: Atom) -> bool {
    let says = |kind, text: &[u8]| match child(bytes, item, kind) {
        Ok(Some(part)) => bytes.get(part.body + 4..part.end) == Some(text),
        _ => false,
    };
    says(b"mean", MEAN) && says(b"name", NAME)
}

/// A change inside moov: these bytes of it, and the boxes around that grow or shrink with it.
struct Edit {
    start: usize,
    end: usize,
    bytes: Vec<u8>,
    around: Vec<Atom>,
}

fn apply(moov: &[u8], edit: &Edit) -> Result<Vec<u8>, FileError> {
    let mut new = moov.get(..edit.start).unwrap_or_default().to_vec();
    new.extend(&edit.bytes);
    new.extend(moov.get(edit.end..).unwrap_or_default());
    for atom in &edit.around {
        let size = (atom.end - atom.start) - (edit.end - edit.start) + edit.bytes.len();
        let size = u32::try_from(size).map_err(|_| FileError::TooLarge)?.to_be_bytes();
        let place = new.get_mut(atom.start..atom.start + 4).ok_or(damaged("its boxes"))?;
        place.copy_from_slice(&size);
    }
    Ok(new)
}

/// Behind the boxes inside one; what may follow there are zeros that end the list.
fn behind(moov: &[u8], around: Atom) -> Result<usize, FileError> {
    Ok(children(moov, around.body, around.end)?.last().map_or(around.body, |last| last.end))
}

fn insert(moov: &[u8], tag: &[u8]) -> Result<Vec<u8>, FileError> {
    let path = Path::find(moov)?;
    let item = item(tag);
    let mut around = Vec::from([path.moov]);
    let (at, bytes) = match (path.udta, path.meta, path.ilst) {
        (Some(udta), Some(meta), Some(ilst)) => {
            around.extend([udta, meta, ilst]);
            (behind(moov, ilst)?, item)
        }
        (Some(udta), Some(meta), None) => {
            around.extend([udta, meta]);
            (behind(moov, meta)?, atom(b"ilst", &item))
        }
        (Some(udta), None, _) => {
            around.push(udta);
            (udta.body, self::meta(&atom(b"ilst", &item)))
        }
        _ => (behind(moov, path.moov)?, atom(b"udta", &self::meta(&atom(b"ilst", &item)))),
    };
    apply(moov, &Edit { start: at, end: at, bytes, around })
}

/// Without our items, and without the boxes that were made for them.
fn removed(mut moov: Vec<u8>) -> Result<Vec<u8>, FileError> {
    loop {
        let path = Path::find(&moov)?;
        let (Some(item), Some(udta), Some(meta), Some(ilst)) =
            (path.ours(&moov)?.first().copied(), path.udta, path.meta, path.ilst)
        else {
            return Ok(moov);
        };
        let alone = |around: Atom, inside: Atom, made: &[u8]| {
            let made = made.len() + inside.end - inside.start;
            around.end - around.start == made
        };
        let (mut gone, mut around) = (item, Vec::from([path.moov, udta, meta, ilst]));
        let empty_meta = self::meta(&[]);
        if alone(ilst, item, &[0; 8]) && alone(meta, ilst, &empty_meta) {
            let is_template = moov.get(meta.start + 4..ilst.start) == empty_meta.get(4..);
            if is_template {
                (gone, around) = (meta, Vec::from([path.moov, udta]));
                if alone(udta, meta, &[0; 8]) {
                    (gone, around) = (udta, Vec::from([path.moov]));
                }
            }
        }
        let edit = Edit { start: gone.start, end: gone.end, bytes: Vec::new(), around };
        moov = apply(&moov, &edit)?;
    }
}

fn locate<S: Read + Seek>(source: &mut Source<S>) -> Result<(Vec<TopLevel>, usize), FileError> {
    let boxes = top_level(source)?;
    let moov = boxes.iter().position(|top| top.kind == *b"moov");
    let moov = moov.ok_or(damaged("it has no headers, or was cut off before them"))?;
    if !boxes[moov].plain {
        return Err(FileError::Unsupported { detail: "its headers are longer than 4 GiB" });
    }
    Ok((boxes, moov))
}

impl Place for Mp4 {
    fn find<S: Read + Seek>(source: &mut Source<S>) -> Result<Option<Vec<u8>>, FileError> {
        let (boxes, moov) = locate(source)?;
        let moov = source.exactly(boxes[moov].start, boxes[moov].end - boxes[moov].start)?;
        let path = Path::find(&moov)?;
        let Some(item) = path.ours(&moov)?.first().copied() else { return Ok(None) };
        let data = child(&moov, item, b"data")?;
        let bytes = data.and_then(|data| moov.get(data.body + 8..data.end));
        Ok(bytes.map(<[u8]>::to_vec))
    }

    fn plan<S: Read + Seek>(
        source: &mut Source<S>,
        tag: Option<&[u8]>,
    ) -> Result<Vec<Patch>, FileError> {
        let (boxes, moov) = locate(source)?;
        let place = &boxes[moov];
        let old = source.exactly(place.start, place.end - place.start)?;
        let mut new = removed(old.clone())?;
        if let Some(tag) = tag {
            new = insert(&new, tag)?;
        }
        let change = new.len() as i64 - old.len() as i64;
        offsets::move_chunks(&mut new, place.end, change)?;
        if new == old {
            return Ok(Vec::new());
        }
        let mut patches = offsets::move_fragments(source, &boxes, place.end, change)?;
        patches.push(Patch::new(place.start, place.end, new));
        Ok(patches)
    }
}
