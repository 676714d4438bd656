//! The library: one door to catalogue and index, which keeps the two in step.

use std::collections::HashSet;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::thread::available_parallelism;

use futures_util::{StreamExt, stream};
use onmon_index::{Depth, Effort, Match, SampleMatch, Sampling, Slot};
use onmon_store::Store;
use tokio::sync::{Mutex, MutexGuard, Semaphore};
use tracing::Instrument;

use crate::catalogue::{self, Change};
use crate::entry::{CheckedEntry, Enrolled, Entry};
use crate::error::LibraryError;
use crate::live_index::{Access, LiveIndex};
use crate::place::{Place, ToWrite};
use crate::progress::Progress;
use crate::recording::Recording;
use crate::rights::{self, Decision};
use crate::stage;
use crate::work::Work;
use crate::writer_lock::WriterLock;

/// Changes after which the index's newest part goes to disk: so the replay after a kill stays short
/// (half a second), and a part is large enough to be a file.
const CHANGES_IN_MEMORY: u64 = 1_000;

/// An enrolled library. A cheap handle: clones are the same library.
///
/// Dropped without [`Library::close`] it loses nothing; the next opening replays more.
#[derive(Clone)]
pub struct Library {
    shared: Arc<Shared>,
}

struct Shared {
    access: Access,
    catalogue: Store,
    index: LiveIndex,
    /// None: opened to read, closed, or stopped after the disk failed.
    writer: Mutex<Option<Writer>>,
    /// As many at once as there are cores: more would only make each of them slower.
    identifying: Arc<Semaphore>,
}

struct Writer {
    changes_in_memory: u64,
    _locks: Vec<WriterLock>,
}

/// What was found for a query.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Every recording above the threshold, best first.
    pub matches: Vec<RecordingMatch>,
    /// What follows from their rights.
    pub decision: Decision,
    /// Why, in words for the asker.
    pub rule: &'static str,
}

/// A recording that matched, and where.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordingMatch {
    /// What the catalogue knows of it.
    pub recording: Recording,
    /// Where in the recording the query's beginning lies, in ms; negative if the query starts
    /// earlier.
    pub offset_ms: i64,
    /// c: at most 10^-c expected false identifications per query against 2 million songs.
    pub confidence: f32,
    /// Codes of the recording per code of the query: 1.05 where the query plays 5 % faster.
    pub speed: f32,
    /// Share of the bits that differ, 0 to 1.
    pub bit_error: f32,
    /// How much of the query matched, in ms.
    pub matched_ms: u32,
    /// How many of the query's samples agree on the offset.
    pub samples_agreeing: u8,
    /// Which stretch of the recording each sample is that takes part, in the query's order.
    pub samples: Vec<SampleMatch>,
    /// Whether a better match is the same recording, enrolled under another id.
    pub near_duplicate: bool,
}

/// How much is enrolled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stats {
    /// Recordings that can be identified.
    pub recordings: u64,
    /// Their codes, 20 a second.
    pub index_codes: u64,
    /// Those of them that are in no segment yet: the next start would replay them.
    pub index_codes_in_memory: u64,
    /// Segments of the index,
    pub index_segments: u64,
    /// and the bytes of their files.
    pub index_bytes: u64,
    /// Number of the last change that can be identified.
    pub applied_seq: u64,
    /// Number of the last change in the catalogue; equal to `applied_seq` but for an instant.
    pub last_seq: u64,
    /// What searches did since the library was opened.
    pub work: Work,
}

/// A new index keeps keys as usual; `index rebuild` may have said otherwise, and then it stays so.
const WRITE: Access = Access::Write(Sampling::ONE_OF_4);

impl Library {
    /// Opens the library in `dir` to write and to read, creating it where there is none.
    ///
    /// Returns when every enrolment that was ever acknowledged can be identified again.
    ///
    /// # Errors
    /// [`LibraryError::Locked`] while another process has it open to write; a directory or
    /// catalogue that cannot be used. A damaged index is no error: it is rebuilt.
    pub async fn open(dir: &Path) -> Result<Library, LibraryError> {
        Library::open_at(&Place::new(dir)).await
    }

    /// The same where the catalogue may be in another database. On PostgreSQL no second one writes
    /// to it on any machine.
    ///
    /// A server that ends the connection later costs what is under way
    /// ([`LibraryError::CatalogueUnreachable`]); with it back the library goes on by itself.
    ///
    /// # Errors
    /// As [`Library::open`]. An index that was derived from another catalogue is built anew.
    pub async fn open_at(place: &Place) -> Result<Library, LibraryError> {
        let ToWrite { dir, catalogue, locks } = place.open_to_write().await?;
        let index = LiveIndex::open(&dir, WRITE, &catalogue).await?;
        let writer = Writer { changes_in_memory: 0, _locks: locks };
        Ok(Library::new(WRITE, catalogue, index, Some(writer)))
    }

    /// Opens the library in `dir` to read, beside any number of other processes.
    ///
    /// It answers from what the library held at this moment.
    ///
    /// # Errors
    /// [`LibraryError::NotALibrary`] where nothing was ever enrolled.
    pub async fn open_to_read(dir: &Path) -> Result<Library, LibraryError> {
        Library::open_to_read_at(&Place::new(dir)).await
    }

    /// The same where the catalogue may be in another database.
    ///
    /// # Errors
    /// As [`Library::open_to_read`].
    pub async fn open_to_read_at(place: &Place) -> Result<Library, LibraryError> {
        let (dir, catalogue) = place.open_to_read().await?;
        let index = LiveIndex::open(&dir, Access::Read, &catalogue).await?;
        Ok(Library::new(Access::Read, catalogue, index, None))
    }

    /// How much time searches may take from now on, for what noise has left of a query.
    ///
    /// # Errors
    /// The index is not to be used any more.
    pub fn set_effort(&self, effort: Effort) -> Result<(), LibraryError> {
        self.shared.index.set_effort(effort)
    }

    /// How far searches go from now on where nothing is certain.
    ///
    /// # Errors
    /// The index is not to be used any more.
    pub fn set_depth(&self, depth: Depth) -> Result<(), LibraryError> {
        self.shared.index.set_depth(depth)
    }

    /// Enrols recordings in one transaction: when this returns they are on disk and identified, or
    /// none of them is. An id that is there already is replaced, so a retry does no harm.
    ///
    /// # Errors
    /// An entry that breaks a promise of [`Recording`] or is no reference fingerprint; an id that
    /// comes twice; a full disk. Nothing is enrolled then.
    pub async fn enrol(&self, entries: Vec<Entry>) -> Result<Vec<Enrolled>, LibraryError> {
        let entries =
            entries.into_iter().map(CheckedEntry::try_from).collect::<Result<Vec<_>, _>>()?;
        refuse_duplicates(&entries)?;
        self.enrol_checked(entries).await
    }

    /// Enrols entries of which no two have one id.
    pub(crate) async fn enrol_checked(
        &self,
        entries: Vec<CheckedEntry>,
    ) -> Result<Vec<Enrolled>, LibraryError> {
        let shared = Arc::clone(&self.shared);
        // On a task of its own: if the caller goes away (a client hangs up) between commit and
        // index, the recording would be on disk yet not be identified until the next start.
        tokio::spawn(shared.enrol(entries)).await.map_err(|_| LibraryError::Interrupted)?
    }

    /// Takes a recording out. Whether there was one.
    ///
    /// # Errors
    /// A catalogue that cannot be written.
    pub async fn remove(&self, recording_id: &str) -> Result<bool, LibraryError> {
        let shared = Arc::clone(&self.shared);
        let task = tokio::spawn(shared.remove(recording_id.to_owned()));
        task.await.map_err(|_| LibraryError::Interrupted)?
    }

    /// Identifies the wire bytes of a query fingerprint and decides.
    ///
    /// # Errors
    /// Bytes that are not a query fingerprint of this build's profile; a catalogue that does not
    /// answer.
    pub async fn identify(&self, wire: &[u8]) -> Result<Answer, LibraryError> {
        let found = self.found(wire.to_vec()).await?;
        let matches: Vec<_> =
            found.into_iter().map(|(hit, recording)| recording_match(recording, &hit)).collect();
        let ruling = rights::decide(matches.iter().map(|found| found.recording.rights));
        Ok(Answer { matches, decision: ruling.decision, rule: ruling.rule })
    }

    /// Identifies many, on all cores, in their order: each as [`Library::identify`] would, so that
    /// one that cannot be answered does not spoil the others.
    ///
    /// Single queries that come meanwhile take their turn in between. What is not begun when the
    /// future is dropped is not done.
    pub async fn identify_many(&self, queries: Vec<Vec<u8>>) -> Vec<Result<Answer, LibraryError>> {
        let answers = queries.into_iter().map(|wire| async move { self.identify(&wire).await });
        // No more at once than can work: so a long batch never stands in the queue with more.
        stream::iter(answers).buffered(cores()).collect().await
    }

    /// What the catalogue knows of a live recording.
    ///
    /// # Errors
    /// A catalogue that does not answer.
    pub async fn recording(&self, recording_id: &str) -> Result<Option<Recording>, LibraryError> {
        catalogue::recording_of(self.shared.catalogue.readers(), recording_id).await
    }

    /// How much is enrolled. Asks the catalogue, so it also tells whether that answers.
    ///
    /// # Errors
    /// A catalogue that does not answer.
    pub async fn stats(&self) -> Result<Stats, LibraryError> {
        let last_seq = catalogue::last_seq(self.shared.catalogue.readers()).await?;
        let size = self.shared.index.size()?;
        Ok(Stats {
            recordings: size.recordings,
            index_codes: size.codes,
            index_codes_in_memory: size.codes_in_memory,
            index_segments: size.segments,
            index_bytes: size.bytes,
            applied_seq: self.shared.index.applied_seq(),
            last_seq,
            work: self.shared.index.work(),
        })
    }

    /// Waits for changes under way, writes the index and lets go of the files.
    ///
    /// # Errors
    /// An index that cannot be written. Nothing is lost by it: the next opening replays.
    pub async fn close(self) -> Result<(), LibraryError> {
        // Held until the end of this: nobody else opens what is not closed yet.
        let writer = self.shared.writer.lock().await.take();
        self.shared.identifying.close();
        let flushed = match writer {
            Some(_) => self.shared.index.flush().await,
            None => Ok(()),
        };
        self.shared.catalogue.close().await;
        flushed
    }

    /// Waits until the index has written what is due: whoever enrols faster than the disk takes it
    /// would fill the memory.
    pub(crate) async fn settle(&self) {
        Arc::clone(&self.shared).write_out().await;
    }

    /// What the index finds for a query's wire bytes, best first, and what the catalogue knows of
    /// it.
    pub(crate) async fn found(
        &self,
        wire: Vec<u8>,
    ) -> Result<Vec<(Match, Recording)>, LibraryError> {
        let shared = &self.shared;
        let waiting = Arc::clone(&shared.identifying).acquire_owned().instrument(stage::queue());
        let permit = waiting.await.map_err(|_| LibraryError::Closed)?;
        let hits = shared.index.identify(wire, permit).instrument(stage::search()).await?;
        self.recordings_of(hits).instrument(stage::catalogue()).await
    }

    async fn recordings_of(
        &self,
        hits: Vec<Match>,
    ) -> Result<Vec<(Match, Recording)>, LibraryError> {
        let readers = self.shared.catalogue.readers();
        let mut found = Vec::with_capacity(hits.len());
        for hit in hits {
            // None if it was removed since: then it is no match any more.
            if let Some(recording) = catalogue::recording_in(readers, hit.slot).await? {
                found.push((hit, recording));
            }
        }
        Ok(found)
    }

    /// The reference codes of what is in a slot; none if it was removed.
    pub(crate) async fn reference_codes(
        &self,
        slot: Slot,
    ) -> Result<Option<Vec<u8>>, LibraryError> {
        catalogue::codes_in(self.shared.catalogue.readers(), slot).await
    }

    fn new(access: Access, catalogue: Store, index: LiveIndex, writer: Option<Writer>) -> Library {
        let identifying = Arc::new(Semaphore::new(cores()));
        let writer = Mutex::new(writer);
        Library { shared: Arc::new(Shared { access, catalogue, index, writer, identifying }) }
    }
}

impl fmt::Debug for Library {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let applied_seq = self.shared.index.applied_seq();
        let access = self.shared.access;
        let mut out = f.debug_struct("Library");
        out.field("access", &access).field("applied_seq", &applied_seq).finish_non_exhaustive()
    }
}

impl Shared {
    async fn enrol(
        self: Arc<Self>,
        entries: Vec<CheckedEntry>,
    ) -> Result<Vec<Enrolled>, LibraryError> {
        let mut writer = self.writer.lock().await;
        self.open_writer(&mut writer)?;
        let stored = match catalogue::store(&self.catalogue, &entries).await {
            Ok(stored) => stored,
            Err(error) => return Err(self.stop_after_failed_write(&mut writer, error).await),
        };
        let mut enrolled = Vec::with_capacity(entries.len());
        let mut changes = Vec::with_capacity(entries.len());
        for (entry, stored) in entries.into_iter().zip(stored) {
            let (seq, slot, replaced) = (stored.seq, stored.slot, stored.replaced);
            changes.push(Change { seq, slot, codes: Some(entry.reference) });
            let recording_id = entry.recording.recording_id;
            enrolled.push(Enrolled { recording_id, seq, replaced });
        }
        self.follow(&mut writer, changes).await?;
        Ok(enrolled)
    }

    async fn remove(self: Arc<Self>, recording_id: String) -> Result<bool, LibraryError> {
        let mut writer = self.writer.lock().await;
        self.open_writer(&mut writer)?;
        match catalogue::remove(&self.catalogue, &recording_id).await {
            Ok(None) => Ok(false),
            Ok(Some(change)) => {
                self.follow(&mut writer, vec![change]).await?;
                Ok(true)
            }
            Err(error) => Err(self.stop_after_failed_write(&mut writer, error).await),
        }
    }

    fn open_writer<'a>(
        &self,
        writer: &'a mut MutexGuard<'_, Option<Writer>>,
    ) -> Result<&'a mut Writer, LibraryError> {
        writer.as_mut().ok_or(match self.access {
            Access::Read => LibraryError::ReadOnly,
            Access::Write(_) => LibraryError::Closed,
        })
    }

    /// Brings the index after the catalogue: under the writer's lock, so in the changes' order.
    async fn follow(
        self: &Arc<Self>,
        writer: &mut MutexGuard<'_, Option<Writer>>,
        changes: Vec<Change>,
    ) -> Result<(), LibraryError> {
        let count = changes.len() as u64;
        match changes.first() {
            Some(first) if first.seq != self.index.applied_seq() + 1 => {
                // The connection was lost: before it, something was kept and nobody was told; or
                // another program wrote meanwhile. All of it is in the catalogue, these too.
                let catalogue = self.catalogue.readers();
                self.index.catch_up(catalogue, &Progress::default()).await?;
            }
            _ => self.index.apply(changes).await?,
        }
        let writer = self.open_writer(writer)?;
        writer.changes_in_memory += count;
        if writer.changes_in_memory >= CHANGES_IN_MEMORY {
            writer.changes_in_memory = 0;
            self.index.freeze().await?;
            // The change is acknowledged without waiting for the disk.
            tokio::spawn(Arc::clone(self).write_out());
        }
        Ok(())
    }

    /// After an I/O error while writing, no more is written: what reached the disk is known only
    /// when the log is read again, at the next opening.
    async fn stop_after_failed_write(
        &self,
        writer: &mut MutexGuard<'_, Option<Writer>>,
        error: LibraryError,
    ) -> LibraryError {
        if matches!(error, LibraryError::WriteFailed(_)) {
            tracing::error!(
                "the disk failed; no more changes are taken until the library is opened again"
            );
            self.catalogue.stop_writing().await;
            writer.take();
        }
        error
    }

    async fn write_out(self: Arc<Self>) {
        match self.index.write_out().await {
            Ok(()) => tracing::info!(applied_seq = self.index.applied_seq(), "index written"),
            // Nothing is lost: the catalogue has every change, the next start replays them.
            Err(error) => tracing::warn!(%error, "the index could not be written"),
        }
    }
}

fn cores() -> usize {
    available_parallelism().map_or(1, |n| n.get())
}

fn refuse_duplicates(entries: &[CheckedEntry]) -> Result<(), LibraryError> {
    let mut ids = HashSet::new();
    for entry in entries {
        let recording_id = &entry.recording.recording_id;
        if !ids.insert(recording_id) {
            return Err(LibraryError::DuplicateId { recording_id: recording_id.clone() });
        }
    }
    Ok(())
}

fn recording_match(recording: Recording, hit: &Match) -> RecordingMatch {
    RecordingMatch {
        recording,
        offset_ms: hit.offset_ms,
        confidence: hit.confidence,
        speed: hit.speed,
        bit_error: hit.bit_error,
        matched_ms: hit.matched_codes.saturating_mul(onmon_core::HOP_MS),
        samples_agreeing: hit.samples_agreeing,
        samples: hit.samples.clone(),
        near_duplicate: hit.near_duplicate_of.is_some(),
    }
}
