//! Proofs from the published files alone.

use std::path::Path;

use crate::error::AuditError;
use crate::files::Folder;
use crate::note::{Checkpoint, VerifierKey};
use crate::publish::{OnDisk, checkpoint, read_hashes};
use crate::tiles::{Tile, WIDTH};
use crate::tree::{Hash, consistency, inclusion};

/// What shows that a line is in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// Which line.
    pub line: u64,
    /// Its hash in the tree.
    pub leaf: Hash,
    /// The siblings on its way to the root, from below.
    pub siblings: Vec<Hash>,
    /// The log that it is in.
    pub checkpoint: Checkpoint,
}

/// Shows that a line is in the log of the checkpoint that stands.
///
/// # Errors
/// [`AuditError::NoSuchLine`], [`AuditError::NothingPublished`], [`AuditError::BadSignature`]; a
/// file that is missing or damaged.
pub fn prove(dir: &Path, key: &VerifierKey, line: u64) -> Result<Proof, AuditError> {
    let checkpoint = checkpoint(dir, key)?.ok_or(AuditError::NothingPublished)?;
    let size = checkpoint.size;
    let gone = AuditError::NoSuchLine { line, size };
    let folder = Folder::new(dir);
    let tile = Tile::at(0, line / WIDTH, size).ok_or(gone)?;
    let hashes = read_hashes(&folder, &tile)?;
    let leaf = hashes.get((line % WIDTH) as usize).copied();
    let leaf = leaf.ok_or(AuditError::NoSuchLine { line, size })?;
    let siblings = inclusion(&OnDisk { folder: &folder, size }, line, 0, size)?;
    Ok(Proof { line, leaf, siblings, checkpoint })
}

/// Shows that the log of the checkpoint that stands continues the one of `old_size` lines.
///
/// # Errors
/// As [`prove`].
pub fn prove_continuation(
    dir: &Path,
    key: &VerifierKey,
    old_size: u64,
) -> Result<(Vec<Hash>, Checkpoint), AuditError> {
    let checkpoint = checkpoint(dir, key)?.ok_or(AuditError::NothingPublished)?;
    let size = checkpoint.size;
    if old_size > size {
        return Err(AuditError::NoSuchLine { line: old_size, size });
    }
    let proof = consistency(&OnDisk { folder: &Folder::new(dir), size }, old_size, size)?;
    Ok((proof, checkpoint))
}
