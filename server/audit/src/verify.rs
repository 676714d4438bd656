//! Whether rows, tiles and checkpoint agree, byte for byte; and where they do not.

use std::path::Path;

use onmon_store::Store;

use crate::entry::bundle;
use crate::error::AuditError;
use crate::files::Folder;
use crate::log::{between, lines};
use crate::note::{Checkpoint, VerifierKey};
use crate::publish::{OnDisk, checkpoint, read_hashes};
use crate::tiles::{HEIGHT, Tile, WIDTH, fold};
use crate::tree::{empty_root, root_of};

/// A log that is sound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// What was published.
    pub checkpoint: Checkpoint,
    /// Lines of the database that are not published yet.
    pub unpublished: u64,
}

/// Checks everything: the signature, every row against its hash, every published entry and hash
/// against its row, every tile against the one below, the root against the checkpoint. `told` is
/// called with the number of lines that are done.
///
/// # Errors
/// The first thing that is wrong: [`AuditError::Disagrees`] for a row, [`AuditError::Damaged`] for
/// a file, [`AuditError::BadSignature`]. The database.
pub async fn verify(
    store: &Store,
    dir: &Path,
    key: &VerifierKey,
    mut told: impl FnMut(u64),
) -> Result<Verified, AuditError> {
    let checkpoint = checkpoint(dir, key)?;
    let checkpoint = checkpoint.unwrap_or(Checkpoint { size: 0, root: empty_root() });
    let (size, total) = (checkpoint.size, lines(store.readers()).await?);
    if total < size {
        return Err(AuditError::Disagrees { line: total });
    }
    let folder = Folder::new(dir);
    for index in 0..total.div_ceil(WIDTH) {
        let from = index * WIDTH;
        let rows = between(store.readers(), from, (from + WIDTH).min(total)).await?;
        for (line, row) in (from..(from + WIDTH).min(total)).zip(&rows) {
            if row.line != line || row.leaf != row.leaf_anew() {
                return Err(AuditError::Disagrees { line });
            }
        }
        if rows.len() as u64 != WIDTH.min(total - from) {
            return Err(AuditError::Disagrees { line: from + rows.len() as u64 });
        }
        if let Some(tile) = Tile::at(0, index, size) {
            let rows = &rows[..tile.width as usize];
            let hashes = read_hashes(&folder, &tile)?;
            if let Some(at) = hashes.iter().zip(rows).position(|(hash, row)| *hash != row.leaf) {
                return Err(AuditError::Disagrees { line: from + at as u64 });
            }
            check_entries(&folder, &tile, &bundle(rows))?;
        }
        told((from + WIDTH).min(total));
    }
    check_above(&folder, size)?;
    let root = match size {
        0 => empty_root(),
        _ => root_of(&OnDisk { folder: &folder, size }, 0, size)?,
    };
    if root != checkpoint.root {
        let path = folder.path(Path::new(crate::publish::CHECKPOINT));
        return Err(AuditError::Damaged { path, what: "its root is not that of the tiles" });
    }
    Ok(Verified { checkpoint, unpublished: total - size })
}

fn check_entries(folder: &Folder, tile: &Tile, expected: &[u8]) -> Result<(), AuditError> {
    let full = Tile { width: WIDTH, ..*tile };
    let damaged = |what| AuditError::Damaged { path: folder.path(&tile.entries_path()), what };
    for candidate in [tile, &full] {
        if let Some(bytes) = folder.read(&candidate.entries_path())? {
            let same = bytes.starts_with(expected)
                && (candidate.width > tile.width || bytes.len() == expected.len());
            return if same { Ok(()) } else { Err(damaged("it is not what the rows say")) };
        }
    }
    Err(damaged("it is missing"))
}

/// Every tile above the leaves, against the tiles below it.
fn check_above(folder: &Folder, size: u64) -> Result<(), AuditError> {
    let mut level = 1;
    while size >> (HEIGHT * level) > 0 {
        let mut index = 0;
        while let Some(tile) = Tile::at(level, index, size) {
            let hashes = read_hashes(folder, &tile)?;
            for (at, hash) in (0..).zip(&hashes) {
                let below = Tile { level: level - 1, index: index * WIDTH + at, width: WIDTH };
                if fold(&read_hashes(folder, &below)?) != *hash {
                    let path = folder.path(&tile.path());
                    let what = "a hash is not that of the tile below";
                    return Err(AuditError::Damaged { path, what });
                }
            }
            index += 1;
        }
        level += 1;
    }
    Ok(())
}
