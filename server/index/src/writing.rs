//! The index as it is on disk: opened, frozen, written, merged, checked.
//!
//! ```text
//! freeze     memory becomes a part                        an instant
//! due        which parts become a segment                 an instant
//! Job::run   the segment is written                       no lock; seconds to minutes
//! install    the manifest names it, in place of them      an instant and a few fsyncs
//! ```
//! Whatever fails to be written stops all writing until the index is opened again: after a failed
//! fsync nobody knows what is on the disk, and trying again would be believed.

use std::io;
use std::sync::Arc;

use crate::Index;
use crate::jobs::{Job, Written, due, fitting};
use crate::manifest::{self, Listed, Manifest};
use crate::part::{IndexError, Part};
use crate::recordings::{Dead, Ordinal};
use crate::segment::{Segment, file_name, number_of};
use crate::storage::Storage;

/// Times that a reader reads the manifest again when a segment that it names is gone: merged away
/// in between.
const READS_MOST: usize = 10;

/// What is on disk, and whether more may be written.
pub(crate) struct Writing {
    storage: Arc<dyn Storage>,
    /// As it was last written.
    applied_seq: u64,
    next_segment: u64,
    /// The open segments, for their sizes and to check them.
    segments: Vec<(u64, Arc<Segment>)>,
    /// A job is under way.
    busy: bool,
    stopped: bool,
}

/// How large a segment is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentStats {
    /// Its file.
    pub file: String,
    /// Recordings that live in it,
    pub recordings: u64,
    /// that were removed or replaced and still take room,
    pub dead: u64,
    /// and the codes of those that live.
    pub codes: u64,
    /// Bytes of the file,
    pub bytes: u64,
    /// of which posting lists.
    pub posting_bytes: u64,
    /// One key of so many is kept.
    pub sampling: u32,
    /// Version of its layout: [`crate::LAYOUT`], or an older one that is still read.
    pub layout: u8,
}

impl Writing {
    pub(crate) fn of_nothing(storage: Arc<dyn Storage>) -> Self {
        let (applied_seq, next_segment, segments) = (0, 1, vec![]);
        Self { storage, applied_seq, next_segment, segments, busy: false, stopped: false }
    }

    pub(crate) fn applied_seq(&self) -> u64 {
        self.applied_seq
    }
}

/// Opens what is there to write: removes what no manifest names.
pub(crate) fn open(storage: &Arc<dyn Storage>) -> Result<(Vec<Part>, Writing), IndexError> {
    let (parts, writing) = read(storage).map_err(missing_is_damage)?;
    let io = |e| IndexError::io(storage.path(), e);
    let known: Vec<String> = writing.segments.iter().map(|(id, _)| file_name(*id)).collect();
    let mut strays = storage.list().map_err(io)?;
    strays.retain(|name| {
        let ours = [".onmseg", ".part", ".onmidx"].iter().any(|end| name.ends_with(end));
        ours && !known.contains(name)
    });
    let merged_away = |name: &String| number_of(name).is_some_and(|id| id < writing.next_segment);
    let (merged_away, never_named): (Vec<String>, Vec<String>) =
        strays.into_iter().partition(merged_away);
    never_named.iter().try_for_each(|name| storage.remove(name)).map_err(io)?;
    if !merged_away.is_empty() {
        // Who wrote the manifest that was read may have been killed, or told of an error, before it
        // was durable. The one before it names these files: it must not come back without them.
        if let Some(manifest) = Manifest::read(storage.as_ref())? {
            manifest.write(storage.as_ref())?;
        }
        merged_away.iter().try_for_each(|name| storage.remove(name)).map_err(io)?;
    }
    Ok((parts, writing))
}

/// What to make of a segment that the manifest names and that is not there.
fn missing_is_damage(error: IndexError) -> IndexError {
    match error {
        IndexError::Io { path, source } if source.kind() == io::ErrorKind::NotFound => {
            IndexError::damaged(&path, "it is not there, and the manifest names it")
        }
        other => other,
    }
}

/// Opens what is there to read, while another may write.
pub(crate) fn open_to_read(storage: &Arc<dyn Storage>) -> Result<(Vec<Part>, Writing), IndexError> {
    let mut reads = 1;
    loop {
        match read(storage) {
            Err(error) if is_gone(&error) && reads < READS_MOST => reads += 1,
            done => return done.map_err(missing_is_damage),
        }
    }
}

/// Opens all that can be opened, to check it, and tells why the other segments cannot; another may
/// write meanwhile.
pub(crate) fn open_to_check(
    storage: &Arc<dyn Storage>,
) -> Result<(Vec<Part>, Writing, Vec<IndexError>), IndexError> {
    let mut reads = 1;
    loop {
        let mut unopened = vec![];
        let (parts, writing) = read_but_for(storage, |error| {
            unopened.push(error);
            Ok(())
        })?;
        if reads == READS_MOST || !unopened.iter().any(is_gone) {
            return Ok((parts, writing, unopened));
        }
        reads += 1;
    }
}

fn is_gone(error: &IndexError) -> bool {
    matches!(error, IndexError::Io { source, .. } if source.kind() == io::ErrorKind::NotFound)
}

fn read(storage: &Arc<dyn Storage>) -> Result<(Vec<Part>, Writing), IndexError> {
    read_but_for(storage, Err)
}

/// Reads the manifest and its segments, without those about which `unopened` says to go on.
fn read_but_for(
    storage: &Arc<dyn Storage>,
    mut unopened: impl FnMut(IndexError) -> Result<(), IndexError>,
) -> Result<(Vec<Part>, Writing), IndexError> {
    let mut writing = Writing::of_nothing(Arc::clone(storage));
    let Some(manifest) = Manifest::read(storage.as_ref())? else { return Ok((vec![], writing)) };
    (writing.applied_seq, writing.next_segment) = (manifest.applied_seq, manifest.next_segment);
    let mut parts = vec![];
    for Listed { id, sum, dead } in manifest.segments {
        let opened = Segment::open(storage.as_ref(), id).and_then(|segment| {
            let other =
                || IndexError::damaged(segment.path(), "not the one that the manifest names");
            if segment.sum() == sum { Ok(segment) } else { Err(other()) }
        });
        let segment = match opened {
            Ok(segment) => Arc::new(segment),
            Err(error) => {
                unopened(error)?;
                continue;
            }
        };
        let dead: Dead = dead.into_iter().collect();
        let part = part(Arc::clone(&segment), id, dead, manifest.applied_seq);
        let rows = part.source.recordings().rows().len();
        if part.dead.iter().any(|&ordinal| ordinal as usize >= rows) {
            let path = storage.path().join(manifest::FILE);
            return Err(IndexError::damaged(&path, "a dead recording that no segment has"));
        }
        writing.segments.push((id, segment));
        parts.push(part);
    }
    Ok((parts, writing))
}

fn part(segment: Arc<Segment>, id: u64, dead: Dead, seq: u64) -> Part {
    Part { source: segment, dead, segment: Some(id), seq }
}

/// Writing.
impl Index {
    /// Makes what is in memory a part that [`Index::due`] will have written, as of the catalogue's
    /// `applied_seq`.
    pub fn freeze(&mut self, applied_seq: u64) {
        self.parts.extend(self.memory.freeze(applied_seq));
    }

    /// The next job that is due, if any: run it, then [`Index::install`] what came of it. One at a
    /// time.
    pub fn due(&mut self) -> Option<Job> {
        if self.writing.busy || self.writing.stopped {
            return None;
        }
        let parts = due(&self.parts)?;
        Some(self.job(parts))
    }

    fn job(&mut self, parts: std::ops::Range<usize>) -> Job {
        let id = self.writing.next_segment;
        self.writing.next_segment += 1;
        self.writing.busy = true;
        Job { storage: Arc::clone(&self.writing.storage), parts: self.parts[parts].to_vec(), id }
    }

    /// Puts the segment that a job wrote in the place of its parts, durably.
    ///
    /// # Errors
    /// The job's own, or the manifest could not be written. From then on nothing is written
    /// ([`IndexError::Stopped`]); what was on disk before is, and everything is still found.
    pub fn install(&mut self, written: Result<Written, IndexError>) -> Result<(), IndexError> {
        self.writing.busy = false;
        let Written { job, segment } = written.inspect_err(|_| self.writing.stopped = true)?;
        let same = |(now, then): (&Part, &Part)| Arc::ptr_eq(&now.source, &then.source);
        let mut places = self.parts.windows(job.parts.len());
        let Some(first) = places.position(|now| now.iter().zip(&job.parts).all(same)) else {
            // Another job was faster, or everything was compacted meanwhile.
            self.refuse_if_stopped()?;
            let _ = self.writing.storage.remove(&file_name(job.id));
            return Ok(());
        };
        let replaced = &self.parts[first..first + job.parts.len()];
        let mut dead = Dead::default();
        // Who died while the job ran is dead in the new segment too.
        for (now, then) in replaced.iter().zip(&job.parts) {
            let died = now.dead.difference(&then.dead);
            let slot = |ordinal: &Ordinal| now.source.recordings().row(*ordinal).slot;
            let new = &segment.recordings_table();
            dead.extend(died.filter_map(|ordinal| new.of_slot(slot(ordinal))));
        }
        let seq = replaced.iter().map(|part| part.seq).max().unwrap_or(0);
        let old: Vec<u64> = replaced.iter().filter_map(|part| part.segment).collect();
        let new = part(Arc::clone(&segment), job.id, dead, seq);
        let last = first + job.parts.len();
        self.parts.splice(first..last, [new]);
        self.writing.segments.retain(|(id, _)| !old.contains(id));
        self.writing.segments.push((job.id, segment));
        let in_files = self.parts.iter().take_while(|part| part.segment.is_some());
        let seq = in_files.map(|part| part.seq).max().unwrap_or(0);
        self.write_manifest(seq.max(self.writing.applied_seq))?;
        for id in old {
            // Left over it would be removed at the next opening.
            let _ = self.writing.storage.remove(&file_name(id));
        }
        Ok(())
    }

    /// Writes everything to disk as of the catalogue's `applied_seq`: when this returns, nothing of
    /// it would have to be replayed.
    ///
    /// # Errors
    /// A disk that is full or fails; what was on disk before is still in force.
    pub fn flush(&mut self, applied_seq: u64) -> Result<(), IndexError> {
        self.freeze(applied_seq);
        while let Some(at) = self.parts.iter().position(|part| part.segment.is_none()) {
            self.do_now(at..at + 1)?;
        }
        self.write_manifest(applied_seq)
    }

    /// Makes one segment of all (of more than 8 million songs, as few as hold them), without the
    /// room of what was removed or replaced.
    ///
    /// # Errors
    /// As [`Index::flush`].
    pub fn compact(&mut self) -> Result<(), IndexError> {
        self.freeze(self.writing.applied_seq);
        let mut first = 0;
        while first < self.parts.len() {
            let last = first + fitting(&self.parts[first..]);
            match &self.parts[first..last] {
                [only] if only.is_as_written_now() || !only.fits_a_segment() => {}
                _ => self.do_now(first..last)?,
            }
            first += 1;
        }
        Ok(())
    }

    fn do_now(&mut self, parts: std::ops::Range<usize>) -> Result<(), IndexError> {
        self.refuse_if_stopped()?;
        let written = self.job(parts).run();
        self.install(written)
    }

    /// The segments, oldest first.
    pub fn segments(&self) -> Vec<SegmentStats> {
        let in_files = self.parts.iter().filter_map(|part| Some((part, part.segment?)));
        let stats = in_files.map(|(part, id)| {
            let open = self.writing.segments.iter().find(|(open, _)| *open == id);
            let (bytes, posting_bytes) = open.map_or((0, 0), |(_, segment)| segment.bytes());
            let (recordings, codes) = (part.view().live() as u64, part.view().live_codes());
            let dead = part.dead.len() as u64;
            SegmentStats {
                file: file_name(id),
                recordings,
                dead,
                codes,
                bytes,
                posting_bytes,
                sampling: part.source.sampling().of(),
                layout: part.source.layout(),
            }
        });
        stats.collect()
    }

    /// Reads every byte on disk and tells each damage: `found` is called with it as soon as it is
    /// seen.
    pub fn verify(&self, mut found: impl FnMut(IndexError)) {
        for (_, segment) in &self.writing.segments {
            segment.verify(&mut found);
        }
    }

    /// Gives the files up, after damage was met in them: nothing more is written, and the next
    /// opening finds an empty index, into which everything is to be inserted again. What is open
    /// goes on answering from what is sound.
    pub fn give_up(&mut self) {
        self.writing.stopped = true;
        // If even that fails, the next opening meets the damage itself.
        let _ = self.writing.storage.remove(manifest::FILE);
    }

    fn refuse_if_stopped(&self) -> Result<(), IndexError> {
        let path = self.writing.storage.path().to_owned();
        if self.writing.stopped { Err(IndexError::Stopped { path }) } else { Ok(()) }
    }

    fn write_manifest(&mut self, applied_seq: u64) -> Result<(), IndexError> {
        self.refuse_if_stopped()?;
        let listed = self.parts.iter().filter_map(|part| {
            let id = part.segment?;
            let (_, segment) = self.writing.segments.iter().find(|(open, _)| *open == id)?;
            let mut dead: Vec<Ordinal> = part.dead.iter().copied().collect();
            dead.sort_unstable();
            Some(Listed { id, sum: segment.sum(), dead })
        });
        let segments = listed.collect();
        let next_segment = self.writing.next_segment;
        let manifest = Manifest { applied_seq, next_segment, segments };
        let written = manifest.write(self.writing.storage.as_ref());
        written.inspect_err(|_| self.writing.stopped = true)?;
        self.writing.applied_seq = applied_seq;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::{Index, LAYOUT};

    #[test]
    fn a_single_segment_of_the_first_layout_is_compacted_too() {
        let name = file_name(2);
        let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kept/v1").join(&name);
        let folder = tempfile::tempdir().unwrap();
        fs::copy(kept, folder.path().join(&name)).unwrap();
        let storage = crate::Disk::at(folder.path());
        let sum = Segment::open(storage.as_ref(), 2).unwrap().sum();
        let segments = vec![Listed { id: 2, sum, dead: vec![] }];
        let manifest = Manifest { applied_seq: 12, next_segment: 3, segments };
        manifest.write(storage.as_ref()).unwrap();

        let mut index = Index::open(folder.path()).unwrap();
        let layouts = |index: &Index| -> Vec<u8> {
            index.segments().iter().map(|segment| segment.layout).collect()
        };
        assert_eq!((layouts(&index), index.len()), (vec![1], 2));
        index.compact().unwrap();
        assert_eq!((layouts(&index), index.len()), (vec![LAYOUT], 2));
        // Then there is nothing to do.
        let file = index.segments()[0].file.clone();
        index.compact().unwrap();
        assert_eq!(index.segments()[0].file, file);
    }
}
