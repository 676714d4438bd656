//! Publishing: what is new in the database goes into tiles, and a checkpoint says so.
//!
//! Files are written from the leaves up and the checkpoint last, so a kill at any point leaves an
//! older checkpoint over more files than it needs; the next call writes the same bytes again.

use std::path::Path;

use onmon_store::Store;

use crate::entry::bundle;
use crate::error::AuditError;
use crate::files::Folder;
use crate::log::{Line, between, lines};
use crate::note::{Checkpoint, Signer, VerifierKey};
use crate::tiles::{HEIGHT, Tile, WIDTH, fold};
use crate::tree::{Hash, Subtrees, empty_root, root_of};

/// The checkpoint's file.
pub(crate) const CHECKPOINT: &str = "checkpoint";

/// What a call did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The checkpoint that stands now.
    pub checkpoint: Checkpoint,
    /// Lines that were not published before.
    pub new_lines: u64,
}

/// Publishes what is new in `dir`. Asked again without anything new it changes nothing.
///
/// # Errors
/// [`AuditError::Disagrees`] where the database is not the one that was published before; then
/// nothing is written. A file that cannot be written, or is damaged; the database.
pub async fn publish(
    store: &Store,
    dir: &Path,
    signer: &Signer<'_>,
) -> Result<Published, AuditError> {
    let folder = Folder::new(dir);
    let key = VerifierKey { name: signer.name.to_owned(), public: signer.public };
    let old = read_checkpoint(&folder, &key)?;
    let old_size = old.as_ref().map_or(0, |checkpoint| checkpoint.size);
    let size = lines(store.readers()).await?;
    if size < old_size {
        return Err(AuditError::Disagrees { line: size });
    }
    if let Some(checkpoint) = old.filter(|checkpoint| checkpoint.size == size) {
        return Ok(Published { checkpoint, new_lines: 0 });
    }
    for index in old_size / WIDTH..size.div_ceil(WIDTH) {
        let tile = Tile::at(0, index, size).ok_or(AuditError::NothingPublished)?;
        let from = index * WIDTH;
        let rows = between(store.readers(), from, from + tile.width).await?;
        check_rows(&folder, &rows, from, &tile, old_size)?;
        write_leaves(&folder, &tile, &rows)?;
    }
    write_above(&folder, old_size, size)?;
    let tree = OnDisk { folder: &folder, size };
    let root = if size == 0 { empty_root() } else { root_of(&tree, 0, size)? };
    let checkpoint = Checkpoint { size, root };
    folder.write(Path::new(CHECKPOINT), checkpoint.signed(signer)?.as_bytes())?;
    Ok(Published { checkpoint, new_lines: size - old_size })
}

/// The checkpoint that stands, after its signature; none if nothing was published yet.
///
/// # Errors
/// [`AuditError::BadSignature`]; a file that cannot be read.
pub fn checkpoint(dir: &Path, key: &VerifierKey) -> Result<Option<Checkpoint>, AuditError> {
    read_checkpoint(&Folder::new(dir), key)
}

fn read_checkpoint(folder: &Folder, key: &VerifierKey) -> Result<Option<Checkpoint>, AuditError> {
    let Some(bytes) = folder.read(Path::new(CHECKPOINT))? else { return Ok(None) };
    let note = String::from_utf8(bytes).map_err(|_| AuditError::BadSignature)?;
    Checkpoint::verified(&note, key).map(Some)
}

/// Rows are all there, are what their hashes say, and begin with what was published.
fn check_rows(
    folder: &Folder,
    rows: &[Line],
    from: u64,
    tile: &Tile,
    old_size: u64,
) -> Result<(), AuditError> {
    for at in 0..tile.width {
        let line = from + at;
        let row = rows.get(at as usize).filter(|row| row.line == line);
        let sound = row.is_some_and(|row| row.leaf == row.leaf_anew());
        if !sound {
            return Err(AuditError::Disagrees { line });
        }
    }
    if let Some(before) = Tile::at(0, tile.index, old_size) {
        let published = read_hashes(folder, &before)?;
        let differs = published.iter().zip(rows).position(|(hash, row)| *hash != row.leaf);
        if let Some(at) = differs {
            return Err(AuditError::Disagrees { line: from + at as u64 });
        }
    }
    Ok(())
}

fn write_leaves(folder: &Folder, tile: &Tile, rows: &[Line]) -> Result<(), AuditError> {
    folder.write_once(&tile.entries_path(), &bundle(rows))?;
    let hashes: Vec<u8> = rows.iter().flat_map(|row| row.leaf).collect();
    folder.write_once(&tile.path(), &hashes)
}

/// The tiles above the leaves, level by level: each hash is the root over a full tile below.
fn write_above(folder: &Folder, old_size: u64, size: u64) -> Result<(), AuditError> {
    let mut level = 1;
    while size >> (HEIGHT * level) > 0 {
        let mut index = (old_size >> (HEIGHT * level)) / WIDTH;
        while let Some(tile) = Tile::at(level, index, size) {
            let mut hashes = match Tile::at(level, index, old_size) {
                Some(before) => read_hashes(folder, &before)?,
                None => Vec::new(),
            };
            for at in hashes.len() as u64..tile.width {
                let below = Tile { level: level - 1, index: index * WIDTH + at, width: WIDTH };
                hashes.push(fold(&read_hashes(folder, &below)?));
            }
            let bytes: Vec<u8> = hashes.iter().flatten().copied().collect();
            folder.write_once(&tile.path(), &bytes)?;
            index += 1;
        }
        level += 1;
    }
    Ok(())
}

/// The hashes of a tile. One that is wider than asked for does as well.
pub(crate) fn read_hashes(folder: &Folder, tile: &Tile) -> Result<Vec<Hash>, AuditError> {
    let full = Tile { width: WIDTH, ..*tile };
    for candidate in [tile, &full] {
        let Some(bytes) = folder.read(&candidate.path())? else { continue };
        if bytes.len() as u64 != 32 * candidate.width {
            let path = folder.path(&candidate.path());
            return Err(AuditError::Damaged { path, what: "its length is not that of its hashes" });
        }
        let hashes = bytes.chunks_exact(32).take(tile.width as usize);
        return Ok(hashes
            .map(|chunk| {
                let mut hash = [0; 32];
                hash.copy_from_slice(chunk);
                hash
            })
            .collect());
    }
    Err(AuditError::Damaged { path: folder.path(&tile.path()), what: "it is missing" })
}

/// The published tree of a size.
pub(crate) struct OnDisk<'a> {
    pub folder: &'a Folder,
    pub size: u64,
}

impl Subtrees for OnDisk<'_> {
    type Error = AuditError;

    fn complete(&self, level: u32, index: u64) -> Result<Hash, AuditError> {
        let (tile_level, above) = (level / HEIGHT, level % HEIGHT);
        // Hashes of the tile's level that it is made of.
        let first = index << above;
        let tile = Tile::at(tile_level, first / WIDTH, self.size);
        let tile = tile.ok_or(AuditError::NoSuchLine { line: first, size: self.size })?;
        let hashes = read_hashes(self.folder, &tile)?;
        let at = (first % WIDTH) as usize;
        let hashes = hashes.get(at..at + (1 << above));
        Ok(fold(hashes.ok_or(AuditError::NoSuchLine { line: first, size: self.size })?))
    }
}
