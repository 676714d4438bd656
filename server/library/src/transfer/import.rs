//! An export, enrolled: in transactions of bounded size, each of them on disk before the next.

use std::collections::HashMap;
use std::io::Read;
use std::pin::pin;

use futures_util::future::{Either, select};

use super::format::Reader;
use super::{BadRecord, TransferError};
use crate::entry::CheckedEntry;
use crate::error::LibraryError;
use crate::library::Library;
use crate::live_index::on_blocking_thread;
use crate::progress::Progress;

/// Recordings in a transaction,
const BATCH_RECORDS: usize = 1_000;
/// and bytes of the export.
const BATCH_BYTES: u64 = 8 << 20;

/// What came of an import, so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Imported {
    /// Recordings that are enrolled now; all of them are on disk.
    pub enrolled: u64,
    /// Those of them whose id was there before.
    pub replaced: u64,
    /// Records that were passed over.
    pub bad: u64,
}

impl Library {
    /// Enrols what was exported elsewhere. An id that is there already is replaced, so doing it
    /// again does no harm. A record that no library takes is handed to `passed_over`, and the next
    /// one is taken. Bytes read are progress; `imported` is true at any moment, also after an
    /// error.
    ///
    /// # Errors
    /// A stream that is no export, is cut off or damaged, or cannot be read; a library that cannot
    /// be written; [`LibraryError::Stopped`].
    pub async fn import<R: Read + Send + 'static>(
        &self,
        from: R,
        progress: &Progress,
        imported: &mut Imported,
        mut passed_over: impl FnMut(BadRecord),
    ) -> Result<(), TransferError> {
        let mut reader = or_stopped(progress, move || Reader::new(from)).await??;
        loop {
            let before = reader.bytes;
            let (batch, read_on) = or_stopped(progress, move || {
                let batch = Batch::read(&mut reader);
                (batch, reader)
            })
            .await?;
            reader = read_on;
            imported.bad += batch.bad.len() as u64;
            batch.bad.into_iter().for_each(&mut passed_over);
            if !batch.entries.is_empty() {
                let enrolled = self.enrol_checked(batch.entries).await?;
                imported.enrolled += enrolled.len() as u64;
                imported.replaced += enrolled.iter().filter(|one| one.replaced).count() as u64;
                self.settle().await;
            }
            progress.advance(reader.bytes - before);
            if let Some(end) = batch.end {
                return end;
            }
        }
    }
}

/// What is enrolled at once.
#[derive(Default)]
struct Batch {
    entries: Vec<CheckedEntry>,
    bad: Vec<BadRecord>,
    /// How the stream ended, where it did.
    end: Option<Result<(), TransferError>>,
}

impl Batch {
    fn read<R: Read>(reader: &mut Reader<R>) -> Batch {
        let mut batch = Batch::default();
        let mut places: HashMap<String, usize> = HashMap::new();
        let first = reader.bytes;
        while batch.entries.len() < BATCH_RECORDS
            && batch.bad.len() < BATCH_RECORDS
            && reader.bytes - first < BATCH_BYTES
        {
            match reader.next() {
                Ok(Some(Ok(entry))) => {
                    let id = entry.recording.recording_id.clone();
                    match places.get(&id) {
                        // As if it came in a batch of its own: the later one counts.
                        Some(&place) => batch.entries[place] = entry,
                        None => {
                            places.insert(id, batch.entries.len());
                            batch.entries.push(entry);
                        }
                    }
                }
                Ok(Some(Err(bad))) => batch.bad.push(bad),
                Ok(None) => {
                    batch.end = Some(Ok(()));
                    break;
                }
                Err(error) => {
                    batch.end = Some(Err(error));
                    break;
                }
            }
        }
        batch
    }
}

/// Reads where that may block for as long as the other side likes; a stop is not kept waiting.
async fn or_stopped<T: Send + 'static>(
    progress: &Progress,
    read: impl FnOnce() -> T + Send + 'static,
) -> Result<T, LibraryError> {
    if progress.is_stopped() {
        return Err(LibraryError::Stopped);
    }
    match select(pin!(on_blocking_thread(read)), pin!(progress.stopped())).await {
        Either::Left((read, _)) => read,
        Either::Right(_) => Err(LibraryError::Stopped),
    }
}
