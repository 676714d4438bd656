//! The index in memory, kept in step with the catalogue's change sequence.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, RwLock, RwLockReadGuard, RwLockWriteGuard};

use onmon_core::{ENCODER, PROFILE, wire};
use onmon_index::{
    Depth, Disk, Effort, Index, IndexError, Match, Sampling, SegmentStats, Slot, Storage,
};
use onmon_store::Store;
use sqlx::AnyPool;
use tokio::sync::{Mutex, OwnedSemaphorePermit};
use tokio::task::spawn_blocking;

use crate::catalogue::{self, Change};
use crate::entry::ReferenceCodes;
use crate::error::LibraryError;
use crate::lineage::{self, Descent};
use crate::progress::Progress;
use crate::work::{Work, WorkDone};

/// The folder of the index in a library directory.
pub(crate) const FOLDER: &str = "index";

/// Changes taken from the catalogue at a time while catching up; 16 MB for songs of 4.5 minutes.
const REPLAY_BATCH: u32 = 3_000;

/// Codes in memory (12,000 songs) from which on they go to disk while catching up.
const MEMORY_CODES_MAX: u64 = 64_000_000;

/// An index of up to so many bytes is read whole and checked at opening: half a second. In a larger
/// one damage is met when a query meets it.
const CHECKED_BYTES_MAX: u64 = 256_000_000;

/// The index behind a lock: many identify at once, one change at a time is let in between.
///
/// All work on the index is done on threads that may block, never on those that serve connections.
#[derive(Clone)]
pub(crate) struct LiveIndex {
    shared: Arc<Shared>,
}

struct Shared {
    access: Access,
    index: RwLock<Index>,
    /// Every change up to this one is in the index.
    applied_seq: AtomicU64,
    work: WorkDone,
    /// Held while the index is written out: who comes second waits for the first.
    writing_out: Mutex<()>,
}

/// How much is in the index, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    pub recordings: u64,
    pub codes: u64,
    /// Codes that are in no file yet.
    pub codes_in_memory: u64,
    pub segments: u64,
    pub bytes: u64,
}

/// Whether the files on disk may be touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    /// And which keys an index keeps that is begun.
    Write(Sampling),
}

impl Access {
    fn writes(self) -> bool {
        matches!(self, Access::Write(_))
    }
}

impl LiveIndex {
    /// Opens the index and replays what the catalogue has beyond it. One that is lost, damaged or
    /// of another catalogue (or of this one before it was restored from a backup) is built anew.
    pub async fn open(
        library: &Path,
        access: Access,
        catalogue: &Store,
    ) -> Result<LiveIndex, LibraryError> {
        let storage = Disk::at(&library.join(FOLDER));
        LiveIndex::open_on(storage, access, catalogue, &Progress::default()).await
    }

    /// The same in this storage. Each change that is replayed is progress.
    pub async fn open_on(
        storage: Arc<dyn Storage>,
        access: Access,
        catalogue: &Store,
        progress: &Progress,
    ) -> Result<LiveIndex, LibraryError> {
        let index = load(storage, access, catalogue).await?;
        let applied_seq = AtomicU64::new(index.applied_seq());
        let (index, writing_out) = (RwLock::new(index), Mutex::default());
        let shared = Shared { access, index, applied_seq, work: WorkDone::default(), writing_out };
        let live = LiveIndex { shared: Arc::new(shared) };
        live.catch_up(catalogue.readers(), progress).await?;
        Ok(live)
    }

    /// How much time searches may take from now on.
    pub fn set_effort(&self, effort: Effort) -> Result<(), LibraryError> {
        self.shared.write()?.set_effort(effort);
        Ok(())
    }

    /// How far searches go from now on.
    pub fn set_depth(&self, depth: Depth) -> Result<(), LibraryError> {
        self.shared.write()?.set_depth(depth);
        Ok(())
    }

    /// Follows changes, which must be in the order of their numbers.
    pub async fn apply(&self, changes: Vec<Change>) -> Result<(), LibraryError> {
        let shared = Arc::clone(&self.shared);
        on_blocking_thread(move || changes.into_iter().try_for_each(|change| shared.apply(change)))
            .await?
    }

    /// Identifies the wire bytes of a query, best match first. The permit is held until the work is
    /// done, also if the asker has gone away meanwhile.
    pub async fn identify(
        &self,
        query: Vec<u8>,
        permit: OwnedSemaphorePermit,
    ) -> Result<Vec<Match>, LibraryError> {
        let shared = Arc::clone(&self.shared);
        on_blocking_thread(move || {
            let _permit = permit;
            let fingerprint = wire::decode(&query).map_err(LibraryError::Fingerprint)?;
            if !fingerprint.kind().is_query() {
                return Err(LibraryError::ReferenceForIdentify);
            }
            let found = {
                let index = shared.read()?;
                index.search(&fingerprint, index.depth())
            };
            if let Err(damage @ IndexError::Damaged { .. }) = &found {
                shared.give_up(damage)?;
            }
            let found = found?;
            shared.work.add(&found);
            Ok(found.matches)
        })
        .await?
    }

    /// Lets what is in memory be written to disk by [`LiveIndex::write_out`]: an instant. The
    /// caller sees to it that nothing is applied meanwhile.
    pub async fn freeze(&self) -> Result<(), LibraryError> {
        let shared = Arc::clone(&self.shared);
        on_blocking_thread(move || shared.freeze()).await?
    }

    /// Writes and merges whatever is due, or waits for those who do. Identifying and changes go on
    /// meanwhile.
    pub async fn write_out(&self) -> Result<(), LibraryError> {
        let _alone = self.shared.writing_out.lock().await;
        let shared = Arc::clone(&self.shared);
        on_blocking_thread(move || shared.write_out()).await?
    }

    /// Writes everything to disk. The caller sees to it that nothing is applied meanwhile.
    pub async fn flush(&self) -> Result<(), LibraryError> {
        let shared = Arc::clone(&self.shared);
        on_blocking_thread(move || {
            let mut index = shared.write()?;
            let seq = shared.applied_seq.load(Ordering::Acquire);
            Ok(index.flush(seq)?)
        })
        .await?
    }

    /// Makes one segment of all. The caller sees to it that nothing is applied meanwhile.
    pub async fn compact(&self) -> Result<(), LibraryError> {
        let shared = Arc::clone(&self.shared);
        on_blocking_thread(move || Ok(shared.write()?.compact()?)).await?
    }

    /// The segments on disk, oldest first.
    pub fn segments(&self) -> Result<Vec<SegmentStats>, LibraryError> {
        Ok(self.shared.read()?.segments())
    }

    /// Every change up to this number can be identified.
    pub fn applied_seq(&self) -> u64 {
        self.shared.applied_seq.load(Ordering::Acquire)
    }

    /// What searches did so far.
    pub fn work(&self) -> Work {
        self.shared.work.told()
    }

    /// How much is in the index, and where.
    pub fn size(&self) -> Result<Size, LibraryError> {
        let index = self.shared.read()?;
        let (codes, segments) = (index.codes(), index.segments());
        let on_disk: u64 = segments.iter().map(|segment| segment.codes).sum();
        Ok(Size {
            recordings: index.len() as u64,
            codes,
            codes_in_memory: codes - on_disk,
            segments: segments.len() as u64,
            bytes: segments.iter().map(|segment| segment.bytes).sum(),
        })
    }

    /// Follows what the catalogue has beyond the index.
    pub async fn catch_up(
        &self,
        catalogue: &AnyPool,
        progress: &Progress,
    ) -> Result<(), LibraryError> {
        let from_seq = self.applied_seq();
        let mut replayed = 0;
        loop {
            if progress.is_stopped() {
                return Err(LibraryError::Stopped);
            }
            let seq = self.applied_seq();
            let changes = catalogue::changes_after(catalogue, seq, REPLAY_BATCH).await?;
            if changes.is_empty() {
                break;
            }
            let count = changes.len();
            self.apply(changes).await?;
            replayed += count;
            progress.advance(count as u64);
            let in_memory = self.shared.read()?.codes_in_memory();
            if self.shared.access.writes() && in_memory > MEMORY_CODES_MAX {
                self.freeze().await?;
                self.write_out().await?;
            }
        }
        if replayed > 0 {
            let to_seq = self.applied_seq();
            tracing::info!(
                replayed,
                from_seq,
                to_seq,
                "index brought up to date from the catalogue"
            );
        }
        Ok(())
    }
}

impl Shared {
    /// The lock is taken for one change at a time, so that a long batch does not hold up
    /// identifying.
    fn apply(&self, change: Change) -> Result<(), LibraryError> {
        let Change { seq, slot, codes } = change;
        let mut index = self.write()?;
        match codes {
            Some(reference) if comparable(&reference) => index.insert(slot, &reference.codes),
            Some(reference) => {
                // Its codes would never match; what was indexed of an older reference is stale.
                index.remove(slot);
                warn_not_comparable(slot, &reference);
            }
            None => index.remove(slot),
        }
        self.applied_seq.store(seq, Ordering::Release);
        Ok(())
    }

    fn freeze(&self) -> Result<(), LibraryError> {
        let mut index = self.write()?;
        index.freeze(self.applied_seq.load(Ordering::Acquire));
        Ok(())
    }

    fn write_out(&self) -> Result<(), LibraryError> {
        loop {
            let Some(job) = self.write()?.due() else { return Ok(()) };
            // No lock: this may take minutes.
            let written = job.run();
            self.write()?.install(written)?;
        }
    }

    /// What a damaged index costs: the queries that meet the damage, until the server is started
    /// again and everything is enrolled from the catalogue. A reader leaves that to the writer.
    fn give_up(&self, damage: &IndexError) -> Result<(), LibraryError> {
        if self.access.writes() {
            tracing::error!(%damage, "damage in the index; it is rebuilt at the next start");
            self.write()?.give_up();
        }
        Ok(())
    }

    fn read(&self) -> Result<RwLockReadGuard<'_, Index>, LibraryError> {
        self.index.read().map_err(|_| LibraryError::Interrupted)
    }

    fn write(&self) -> Result<RwLockWriteGuard<'_, Index>, LibraryError> {
        self.index.write().map_err(|_| LibraryError::Interrupted)
    }
}

/// Whether this build's queries can match it.
pub(crate) fn comparable(reference: &ReferenceCodes) -> bool {
    reference.profile == PROFILE && reference.encoder == ENCODER
}

fn warn_not_comparable(slot: Slot, reference: &ReferenceCodes) {
    let (profile, encoder) = (reference.profile.0, reference.encoder.0);
    tracing::warn!(
        slot,
        profile,
        encoder,
        "codes of another encoder are not identified; enrol again"
    );
}

/// The index as far as it may be kept. Before anything new is written to it, it is known which
/// catalogue it is of.
async fn load(
    storage: Arc<dyn Storage>,
    access: Access,
    catalogue: &Store,
) -> Result<Index, LibraryError> {
    let from = Arc::clone(&storage);
    let found = on_blocking_thread(move || sound(&from, access)).await??;
    let ours = match found {
        Some(found) => of_this(found, catalogue).await?,
        None => None,
    };
    let index = match ours {
        Some(index) => index,
        None => {
            let anew = Arc::clone(&storage);
            on_blocking_thread(move || make_anew(&anew, access)).await??
        }
    };
    if access.writes() {
        let mark = lineage::begin(catalogue).await?;
        on_blocking_thread(move || lineage::put(storage.as_ref(), &mark)).await??;
    }
    Ok(index)
}

/// The index, if it is sound, and the mark that it was written under.
fn sound(
    storage: &Arc<dyn Storage>,
    access: Access,
) -> Result<Option<(Index, Option<String>)>, LibraryError> {
    // A reader leaves the directory as it is; opening an index makes its folder.
    if access == Access::Read && !storage.path().exists() {
        return Ok(None);
    }
    match open_checked(storage, access) {
        // The mark is read last, so that it is never older than the index.
        Ok(index) => Ok(Some((index, lineage::mark_of(storage.as_ref())?))),
        Err(error @ IndexError::Damaged { .. }) => {
            tracing::warn!(%error, "index damaged; rebuilding it");
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// The index, if it was derived from this catalogue.
async fn of_this(
    (index, mark): (Index, Option<String>),
    catalogue: &Store,
) -> Result<Option<Index>, LibraryError> {
    match lineage::descent(&index, mark.as_deref(), catalogue).await? {
        Descent::This => return Ok(Some(index)),
        Descent::Ahead { last_seq } => {
            let index_seq = index.applied_seq();
            tracing::warn!(index_seq, last_seq, "index ahead of the catalogue; rebuilding it");
        }
        Descent::Other => tracing::warn!("the index is of another catalogue; rebuilding it"),
    }
    Ok(None)
}

fn make_anew(storage: &Arc<dyn Storage>, access: Access) -> Result<Index, LibraryError> {
    let folder = storage.path();
    match access {
        Access::Read => Ok(Index::empty(folder)),
        Access::Write(sampling) => {
            clear(folder)?;
            Ok(open_to_write(storage, sampling)?)
        }
    }
}

fn open_to_write(storage: &Arc<dyn Storage>, sampling: Sampling) -> Result<Index, IndexError> {
    let path = storage.path();
    fs::create_dir_all(path).map_err(|source| IndexError::Io { path: path.into(), source })?;
    Index::open_on(Arc::clone(storage), sampling)
}

fn open_checked(storage: &Arc<dyn Storage>, access: Access) -> Result<Index, IndexError> {
    let index = match access {
        Access::Read => Index::open_to_read(storage.path())?,
        Access::Write(sampling) => open_to_write(storage, sampling)?,
    };
    let bytes: u64 = index.segments().iter().map(|segment| segment.bytes).sum();
    let mut damage = None;
    if bytes <= CHECKED_BYTES_MAX {
        index.verify(|found| damage = Some(found));
    }
    damage.map_or(Ok(index), Err)
}

/// Removes the index's files; all that is in it is in the catalogue as well.
pub(crate) fn clear(folder: &Path) -> Result<(), LibraryError> {
    match fs::remove_dir_all(folder) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            Err(LibraryError::Directory { dir: PathBuf::from(folder), source })
        }
        _ => Ok(()),
    }
}

/// Runs what may block, away from the threads that serve connections.
pub(crate) async fn on_blocking_thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, LibraryError> {
    spawn_blocking(work).await.map_err(|_| LibraryError::Interrupted)
}
