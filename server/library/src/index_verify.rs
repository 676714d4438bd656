//! Checks the index: every byte of its files, and whether it holds what the catalogue says.

use std::path::Path;

use onmon_index::{Disk, Index, IndexError, Living, Slot};
use onmon_store::Store;

use crate::catalogue::{self, Kept};
use crate::error::LibraryError;
use crate::lineage::{self, Descent};
use crate::live_index::{FOLDER, comparable, on_blocking_thread};
use crate::place::Place;
use crate::progress::Progress;
use crate::watched_storage::{Counted, watched};

/// Recordings taken from the catalogue at a time; 5 MB for songs of 4.5 minutes.
const COMPARED_BATCH: u32 = 1_000;

/// What was looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Verified {
    /// Segments that could be opened.
    pub segments: u64,
    /// Bytes of their files, all of them read.
    pub bytes: u64,
    /// Recordings whose codes are known to be the catalogue's.
    pub compared: u64,
    /// Changed since the index was last written, so not looked at.
    pub not_on_disk: u64,
    /// What does not hold.
    pub damages: u64,
}

/// Something that does not hold.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IndexDamage {
    /// In a file, at the block or slot that it names.
    #[error("{}", told(.0))]
    File(IndexError),
    /// The catalogue is older than the index: it came back from a backup.
    #[error("the index is at change {applied_seq}, ahead of the catalogue at {last_seq}")]
    Ahead {
        /// The index's last change.
        applied_seq: u64,
        /// The catalogue's.
        last_seq: u64,
    },
    /// Derived from another catalogue, or from this one as it never was.
    #[error("the index is of another catalogue")]
    OtherCatalogue,
    /// A recording that cannot be identified.
    #[error("slot {slot}: `{recording_id}` is in the catalogue and not in the index")]
    Missing {
        /// Its slot.
        slot: Slot,
        /// Its id.
        recording_id: String,
    },
    /// A recording that is identified as one that is gone, or was never there.
    #[error("slot {slot}: in the index and not in the catalogue")]
    Surplus {
        /// Its slot.
        slot: Slot,
    },
    /// Codes other than the catalogue's.
    #[error("slot {slot}: the index has other codes of `{recording_id}` than the catalogue")]
    Different {
        /// Its slot.
        slot: Slot,
        /// Its id.
        recording_id: String,
    },
}

/// Reads all of a library's index and tells each damage as soon as it is seen. The library may be
/// in use meanwhile: what changed since the index was last written is left out.
///
/// # Errors
/// [`LibraryError::NotALibrary`], a catalogue that does not answer, [`LibraryError::Stopped`].
/// Damage is no error.
pub async fn verify_index(
    place: &Place,
    progress: &Progress,
    found: impl Fn(IndexDamage) + Send + Sync + 'static,
) -> Result<Verified, LibraryError> {
    let (dir, catalogue) = place.open_to_read().await?;
    let folder = dir.join(FOLDER);
    let mut check = Check { progress: progress.clone(), verified: Verified::default(), found };
    // First the files: the catalogue that is asked later is never behind them.
    let (mut check, index) = on_blocking_thread(move || {
        let index = check.files(&folder)?;
        Ok::<_, LibraryError>((check, index))
    })
    .await??;
    if let Some((index, mark)) = index {
        check.catalogue(&catalogue, &index, mark.as_deref()).await?;
    }
    catalogue.close().await;
    if progress.is_stopped() { Err(LibraryError::Stopped) } else { Ok(check.verified) }
}

struct Check<F> {
    progress: Progress,
    verified: Verified,
    found: F,
}

impl<F: Fn(IndexDamage)> Check<F> {
    fn tell(&mut self, damage: IndexDamage) {
        // Once it is to stop nothing can be read, which is no damage.
        if !self.progress.is_stopped() {
            self.verified.damages += 1;
            (self.found)(damage);
        }
    }

    /// Reads every byte; the index and its mark, if all of it could be opened.
    fn files(&mut self, folder: &Path) -> Result<Option<(Index, Option<String>)>, LibraryError> {
        let storage = watched(folder, &self.progress, Counted::Reads);
        let (index, unopened) = match Index::open_to_check(&storage) {
            Ok(opened) => opened,
            Err(error) => {
                self.tell(IndexDamage::File(error));
                return Ok(None);
            }
        };
        let complete = unopened.is_empty();
        unopened.into_iter().for_each(|error| self.tell(IndexDamage::File(error)));
        let segments = index.segments();
        self.verified.segments = segments.len() as u64;
        self.verified.bytes = segments.iter().map(|segment| segment.bytes).sum();
        self.progress.begin(self.verified.bytes + index.codes());
        index.verify(|error| self.tell(IndexDamage::File(error)));
        // Read last, and not counted: it is never older than the index.
        let mark = lineage::mark_of(Disk::at(folder).as_ref())?;
        Ok(complete.then_some((index, mark)))
    }

    /// Whether the index holds what the catalogue says; both go by slots, in order.
    async fn catalogue(
        &mut self,
        catalogue: &Store,
        index: &Index,
        mark: Option<&str>,
    ) -> Result<(), LibraryError> {
        let descent = lineage::descent(index, mark, catalogue).await?;
        let catalogue = catalogue.readers();
        let (applied_seq, last_seq) = (index.applied_seq(), catalogue::last_seq(catalogue).await?);
        if applied_seq > last_seq {
            self.tell(IndexDamage::Ahead { applied_seq, last_seq });
            return Ok(());
        }
        if descent != Descent::This {
            self.tell(IndexDamage::OtherCatalogue);
            return Ok(());
        }
        let mut held: Vec<Living> = index.living().collect();
        held.sort_unstable_by_key(|living| living.slot);
        let mut held = held.into_iter().peekable();
        let mut after = None;
        while !self.progress.is_stopped() {
            let batch = catalogue::kept_after(catalogue, after, COMPARED_BATCH).await?;
            let Some(last) = batch.last() else { break };
            after = Some(last.slot);
            for kept in batch {
                while let Some(living) = held.next_if(|living| living.slot < kept.slot) {
                    self.tell(IndexDamage::Surplus { slot: living.slot });
                }
                let living = held.next_if(|living| living.slot == kept.slot);
                self.compare(kept, living, applied_seq);
            }
        }
        held.for_each(|living| self.tell(IndexDamage::Surplus { slot: living.slot }));
        Ok(())
    }

    fn compare(&mut self, kept: Kept, living: Option<Living>, applied_seq: u64) {
        let Kept { slot, seq, recording_id, reference } = kept;
        let expected = reference.filter(comparable);
        if seq > applied_seq {
            self.verified.not_on_disk += 1;
            return;
        }
        self.progress.advance(living.map_or(0, |living| u64::from(living.codes)));
        match (expected, living) {
            (None, None) => {}
            (Some(reference), Some(living)) if living.has(&reference.codes) => {
                self.verified.compared += 1;
            }
            (Some(_), Some(_)) => self.tell(IndexDamage::Different { slot, recording_id }),
            (Some(_), None) => self.tell(IndexDamage::Missing { slot, recording_id }),
            (None, Some(_)) => self.tell(IndexDamage::Surplus { slot }),
        }
    }
}

/// Without the advice that is given elsewhere: whoever checks has not decided yet.
fn told(error: &IndexError) -> String {
    match error {
        IndexError::Damaged { path, what } => format!("{}: {what}", path.display()),
        other => other.to_string(),
    }
}
