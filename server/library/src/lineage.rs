//! Whether an index was derived from this catalogue, and not from another one that was here before:
//! another database, or the same one as it came back from a backup and went on differently.
//!
//! Each opening to write leaves a row in the catalogue: a random mark, and the number of the last
//! change at that moment. The index keeps the mark of the opening that it was written under. What
//! was written under a mark follows this catalogue up to where the next opening began; beyond, or
//! under a mark that the catalogue does not know, it follows another.

use std::fmt::Write as _;
use std::io::{self, ErrorKind, Write as _};

use onmon_index::{Index, Storage};
use onmon_store::Store;

use crate::catalogue;
use crate::error::LibraryError;

/// The mark's file, in the index's folder: who removes the one removes the other.
const FILE: &str = "catalogue.mark";

/// What a file that is being written is called; the index removes those that were left behind.
const PART: &str = "catalogue.mark.part";

/// Bytes of a mark, twice as many hexadecimal digits.
const MARK_BYTES: usize = 16;

/// The mark that the index was written under; none if it has none.
pub(crate) fn mark_of(storage: &dyn Storage) -> Result<Option<String>, LibraryError> {
    let unusable = |source| unusable(storage, source);
    let file = match storage.open(FILE) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        file => file.map_err(unusable)?,
    };
    let mut mark = [0; 2 * MARK_BYTES];
    match file.read_at(&mut mark, 0) {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
        read => read.map_err(unusable)?,
    }
    Ok(String::from_utf8(mark.to_vec()).ok())
}

/// What an index was derived from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Descent {
    /// This catalogue, which has every change that the index has.
    This,
    /// This one as it never was: it ends sooner, or went on differently after this change.
    Ahead {
        /// The last change that both have.
        last_seq: u64,
    },
    /// Another one.
    Other,
}

/// What an index that was written under this mark was derived from. One without any change may be
/// of whichever.
pub(crate) async fn descent(
    index: &Index,
    mark: Option<&str>,
    catalogue: &Store,
) -> Result<Descent, LibraryError> {
    if index.applied_seq() == 0 && index.is_empty() {
        return Ok(Descent::This);
    }
    let reach = match mark {
        Some(mark) => catalogue::reach_of(catalogue.readers(), mark).await?,
        None => None,
    };
    Ok(match reach {
        Some(reach) if index.applied_seq() <= reach => Descent::This,
        Some(last_seq) => Descent::Ahead { last_seq },
        None => Descent::Other,
    })
}

/// Notes in the catalogue that it is opened to write; the mark is the index's from now on.
pub(crate) async fn begin(catalogue: &Store) -> Result<String, LibraryError> {
    let mut bytes = [0; MARK_BYTES];
    getrandom::fill(&mut bytes).map_err(|_| LibraryError::Interrupted)?;
    let mut mark = String::new();
    for byte in bytes {
        // Writing to a string does not fail.
        let _ = write!(mark, "{byte:02x}");
    }
    catalogue::note_opening(catalogue, &mark).await?;
    Ok(mark)
}

/// Lays the mark beside the index's files. Before it is durable the one before it still holds.
pub(crate) fn put(storage: &dyn Storage, mark: &str) -> Result<(), LibraryError> {
    let write = || -> io::Result<()> {
        let mut file = storage.create(PART)?;
        file.write_all(mark.as_bytes())?;
        file.sync()?;
        drop(file);
        storage.rename(PART, FILE)?;
        storage.sync_names()
    };
    write().map_err(|source| unusable(storage, source))
}

fn unusable(storage: &dyn Storage, source: io::Error) -> LibraryError {
    LibraryError::Directory { dir: storage.path().to_path_buf(), source }
}
