//! Work on a whole index, with the library's writer lock: one segment of all, or all anew.

use std::path::PathBuf;

use onmon_index::{Index, Sampling, SegmentStats};
use onmon_store::Store;

use crate::catalogue;
use crate::error::LibraryError;
use crate::live_index::{Access, FOLDER, LiveIndex, clear, on_blocking_thread};
use crate::place::{Place, ToWrite};
use crate::progress::Progress;
use crate::watched_storage::{Counted, watched};
use crate::writer_lock::WriterLock;

/// The segments of an index that was made one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compacted {
    /// As they were.
    pub before: Vec<SegmentStats>,
    /// One at most.
    pub after: Vec<SegmentStats>,
}

/// An index that was built anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rebuilt {
    /// Recordings that can be identified.
    pub recordings: u64,
    /// Their codes.
    pub codes: u64,
    /// Its segments.
    pub segments: Vec<SegmentStats>,
}

/// Brings a library's index up to date and makes one segment of all, without the room of what was
/// removed or replaced. Bytes written are progress. Where that is so already, little is done.
///
/// # Errors
/// [`LibraryError::NotALibrary`]; [`LibraryError::Locked`] while a server runs; a disk that fails
/// or is full; [`LibraryError::Stopped`]. The index is as it was then, or newer.
pub async fn compact_index(place: &Place, progress: &Progress) -> Result<Compacted, LibraryError> {
    let library = Held::open(place).await?;
    let compacted = library.compact(progress).await;
    library.end(compacted, progress).await
}

/// Removes a library's index and builds it from the catalogue, with as many keys as `sampling`
/// says. Recordings are progress; the memory it takes does not depend on how many there are.
///
/// # Errors
/// As [`compact_index`]. What is missing of the index then is built by the next start, or by doing
/// this again.
pub async fn rebuild_index(
    place: &Place,
    sampling: Sampling,
    progress: &Progress,
) -> Result<Rebuilt, LibraryError> {
    let library = Held::open(place).await?;
    let rebuilt = library.rebuild(sampling, progress).await;
    library.end(rebuilt, progress).await
}

/// A library that nobody else writes to, and whose index is not open.
struct Held {
    folder: PathBuf,
    catalogue: Store,
    _locks: Vec<WriterLock>,
}

impl Held {
    async fn open(place: &Place) -> Result<Held, LibraryError> {
        // First whether it is a library: a writer would make it one.
        place.open_to_read().await?.1.close().await;
        let ToWrite { dir, catalogue, locks } = place.open_to_write().await?;
        Ok(Held { folder: dir.join(FOLDER), catalogue, _locks: locks })
    }

    async fn compact(&self, progress: &Progress) -> Result<Compacted, LibraryError> {
        let storage = watched(&self.folder, progress, Counted::Writes);
        let access = Access::Write(Sampling::default());
        let index = LiveIndex::open_on(storage, access, &self.catalogue, progress).await?;
        let before = index.segments()?;
        index.flush().await?;
        progress.begin(index.segments()?.iter().map(|segment| segment.bytes).sum());
        index.compact().await?;
        Ok(Compacted { before, after: index.segments()? })
    }

    async fn rebuild(
        &self,
        sampling: Sampling,
        progress: &Progress,
    ) -> Result<Rebuilt, LibraryError> {
        progress.begin(catalogue::size_after(self.catalogue.readers(), 0).await?.changes);
        clear(&self.folder)?;
        let storage = watched(&self.folder, progress, Counted::Nothing);
        let access = Access::Write(sampling);
        let index = LiveIndex::open_on(storage, access, &self.catalogue, progress).await?;
        index.flush().await?;
        index.write_out().await?;
        let size = index.size()?;
        let (recordings, codes) = (size.recordings, size.codes);
        Ok(Rebuilt { recordings, codes, segments: index.segments()? })
    }

    /// Lets go of the files, and tells work that was stopped from work that failed.
    async fn end<T>(
        self,
        done: Result<T, LibraryError>,
        progress: &Progress,
    ) -> Result<T, LibraryError> {
        let stopped = done.is_err() && progress.is_stopped();
        if done.is_err() {
            let folder = self.folder.clone();
            // Opening removes what was begun; if that fails, the next start does it.
            let _ = on_blocking_thread(move || Index::open(&folder).map(drop)).await;
        }
        self.catalogue.close().await;
        if stopped { Err(LibraryError::Stopped) } else { done }
    }
}
