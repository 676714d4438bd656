//! Places in an MP4 that are counted from the file's start, moved along when the headers grow.

use std::io::{Read, Seek};
use std::vec::Vec;

use super::error::{FileError, damaged};
use super::mp4::{Atom, TopLevel, be32, children};
use super::patch::Patch;
use super::source::Source;

/// A fragment's header with an explicit place of its data.
const HAS_BASE: u32 = 1;

/// Moves every chunk that lies behind `behind` by `change` bytes, in the tables of a moov.
pub(super) fn move_chunks(moov: &mut [u8], behind: u64, change: i64) -> Result<(), FileError> {
    if change == 0 {
        return Ok(());
    }
    let mut inside = Vec::from([Atom { kind: *b"moov", start: 0, body: 8, end: moov.len() }]);
    while let Some(around) = inside.pop() {
        for atom in children(moov, around.body, around.end)? {
            match &atom.kind {
                b"trak" | b"mdia" | b"minf" | b"stbl" => inside.push(atom),
                b"stco" => move_table(moov, atom, 4, behind, change)?,
                b"co64" => move_table(moov, atom, 8, behind, change)?,
                _ => {}
            }
        }
    }
    Ok(())
}

fn move_table(
    moov: &mut [u8],
    table: Atom,
    width: usize,
    behind: u64,
    change: i64,
) -> Result<(), FileError> {
    let count = be32(moov, table.body + 4)? as usize;
    if count > (table.end - table.body).saturating_sub(8) / width {
        return Err(damaged("its table of chunks"));
    }
    (0..count).try_for_each(|i| move_at(moov, table.body + 8 + i * width, width, behind, change))
}

/// The same for fragments, which lie behind the headers: the places of their data, and the index of
/// them at the end.
pub(super) fn move_fragments<S: Read + Seek>(
    source: &mut Source<S>,
    boxes: &[TopLevel],
    behind: u64,
    change: i64,
) -> Result<Vec<Patch>, FileError> {
    let mut patches = Vec::new();
    if change == 0 {
        return Ok(patches);
    }
    for top in boxes.iter().filter(|top| [*b"moof", *b"mfra"].contains(&top.kind)) {
        let old = source.exactly(top.start, top.end - top.start)?;
        let mut new = old.clone();
        for atom in children(&old, 8, old.len())? {
            match &atom.kind {
                b"tfra" => move_index(&mut new, atom, behind, change)?,
                b"traf" => {
                    for part in children(&old, atom.body, atom.end)? {
                        if part.kind == *b"tfhd" && be32(&old, part.body)? & HAS_BASE != 0 {
                            move_at(&mut new, part.body + 8, 8, behind, change)?;
                        }
                    }
                }
                _ => {}
            }
        }
        if new != old {
            patches.push(Patch::new(top.start, top.end, new));
        }
    }
    Ok(patches)
}

/// An index of fragments: time and place each, then three numbers of one to four bytes.
fn move_index(bytes: &mut [u8], index: Atom, behind: u64, change: i64) -> Result<(), FileError> {
    let wide = be32(bytes, index.body)? >> 24 == 1;
    let widths = be32(bytes, index.body + 8)?;
    let extra: u32 = [4, 2, 0].iter().map(|shift| (widths >> shift & 3) + 1).sum();
    let count = be32(bytes, index.body + 12)? as usize;
    let width = if wide { 8 } else { 4 };
    let each = 2 * width + extra as usize;
    if count > (index.end - index.body) / each {
        return Err(damaged("its index of fragments"));
    }
    (0..count)
        .try_for_each(|i| move_at(bytes, index.body + 16 + i * each + width, width, behind, change))
}

fn move_at(
    bytes: &mut [u8],
    at: usize,
    width: usize,
    behind: u64,
    change: i64,
) -> Result<(), FileError> {
    let entry = bytes.get_mut(at..at + width).ok_or(damaged("its boxes"))?;
    let moved = moved(number(entry), behind, change)?.to_be_bytes();
    if width == 4 && moved[..4] != [0; 4] {
        return Err(FileError::TooLarge);
    }
    entry.copy_from_slice(&moved[8 - width..]);
    Ok(())
}

fn number(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

fn moved(place: u64, behind: u64, change: i64) -> Result<u64, FileError> {
    if place < behind {
        return Ok(place);
    }
    place.checked_add_signed(change).ok_or(damaged("a place before the file's start"))
}
