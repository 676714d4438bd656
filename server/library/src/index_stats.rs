//! How large the index is, as it is on disk; also while another process writes to it.

use onmon_index::{Disk, Index, SegmentStats};

use crate::catalogue;
use crate::error::LibraryError;
use crate::lineage::{self, Descent};
use crate::live_index::{FOLDER, on_blocking_thread};
use crate::place::Place;

/// The index on disk, beside the catalogue that it is derived from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexStats {
    /// Recordings in its segments that live.
    pub recordings: u64,
    /// Their codes, 20 a second.
    pub codes: u64,
    /// Its segments, oldest first.
    pub segments: Vec<SegmentStats>,
    /// The catalogue's number of the last change that is on disk.
    pub applied_seq: u64,
    /// The catalogue's number of the last change of all.
    pub last_seq: u64,
    /// What is in the catalogue, and in the index of a running server's memory at most.
    pub not_on_disk: NotOnDisk,
}

/// What the next start would replay from the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotOnDisk {
    /// Recordings enrolled, replaced or removed.
    pub changes: u64,
    /// Those of them that live,
    pub recordings: u64,
    /// and their codes.
    pub codes: u64,
}

/// Looks at the index of a library. Nothing is replayed, rebuilt or changed.
///
/// # Errors
/// [`LibraryError::NotALibrary`]; [`LibraryError::OtherIndex`]; an index that is damaged where it
/// is opened ([`verify_index`] tells all of it).
///
/// [`verify_index`]: crate::verify_index
pub async fn index_stats(place: &Place) -> Result<IndexStats, LibraryError> {
    let (dir, catalogue) = place.open_to_read().await?;
    let folder = dir.join(FOLDER);
    let storage = Disk::at(&folder);
    // Before the catalogue is asked: so it is never ahead of what the catalogue says.
    let (opened, mark) = on_blocking_thread(move || {
        let opened = Index::open_to_read(storage.path())?;
        Ok::<_, LibraryError>((opened, lineage::mark_of(storage.as_ref())?))
    })
    .await??;
    if lineage::descent(&opened, mark.as_deref(), &catalogue).await? != Descent::This {
        return Err(LibraryError::OtherIndex { dir: folder });
    }
    let applied_seq = opened.applied_seq();
    let not_on_disk = catalogue::size_after(catalogue.readers(), applied_seq).await?;
    let last_seq = catalogue::last_seq(catalogue.readers()).await?;
    catalogue.close().await;
    Ok(IndexStats {
        recordings: opened.len() as u64,
        codes: opened.codes(),
        segments: opened.segments(),
        applied_seq,
        last_seq,
        not_on_disk,
    })
}
