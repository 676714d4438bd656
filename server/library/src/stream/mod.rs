//! A stream that is listened to: codes in as they come, segments out, as a broadcast monitor tells
//! them.
//!
//! ```text
//! codes, 20 a second     history.rs: each number once; the last minute is kept
//!   | every 3 s, the last 15 s are put to the index
//! matches                line.rs: from when to when, on the raw codes of what matched
//!   | timeline.rs        pure: goes on, takes over, drops out
//! segments               recording or unknown, with the decision of rights.rs
//! ```
//! A [`Stream`] lives in memory alone and ends with its owner.
//!
//! **How exact.** A code depends on 1.36 s of audio, so what is told of begin and end is exact to
//! about a second. A recording is told when it was heard for some 3 to 6 s, and its begin is traced
//! back up to a minute.

mod history;
mod line;
mod segment;
mod timeline;

use std::sync::Arc;

use onmon_core::wire;
use onmon_core::{CODES_PER_SAMPLE, CODES_PER_SECOND, Kind, QueryBuilder};
use onmon_index::Match;

use crate::error::LibraryError;
use crate::library::Library;
use crate::recording::Recording;

use history::History;
use line::Line;
use timeline::{Heard, SEGMENT_CODES_MIN, Timeline};

pub use segment::{HeardRecording, Segment};

/// Codes (15 s) that are put to the index together.
pub const WINDOW_CODES: usize = CODES_PER_SAMPLE;

/// Codes (3 s) from one question to the next.
pub const STEP_CODES: u64 = 3 * CODES_PER_SECOND as u64;

/// Segments of recordings that are kept; of more, the oldest are dropped and counted.
pub const SEGMENTS_MAX: usize = 500;

/// Recordings traced in one step, near-duplicates counted as one: more do not sound together.
const TRACED_MAX: usize = 4;

/// A recording's line in the last step is kept, if the codes speak for it at least this much of
/// what they say for the new one: music that repeats itself is met in several places, and what is
/// left of a recording at its end tells less of its speed than what came before.
const KEPT_LINE_NUMERATOR: i32 = 4;
const KEPT_LINE_DENOMINATOR: i32 = 5;

/// One stream, as far as it has come.
#[derive(Debug)]
pub struct Stream {
    history: History,
    timeline: Timeline,
    ask_at: u64,
}

/// What became of codes that were handed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// Number of the code that is expected next.
    pub next_code: u64,
    /// Codes that are new.
    pub taken_codes: u64,
    /// Codes that had come before and were not counted again.
    pub known_codes: u64,
}

impl Default for Stream {
    fn default() -> Stream {
        Stream::new()
    }
}

impl Stream {
    /// A stream of which nothing has come yet. Its first code has the number 0.
    pub fn new() -> Stream {
        let (history, timeline) = (History::default(), Timeline::default());
        Stream { history, timeline, ask_at: STEP_CODES }
    }

    /// Takes codes, any number of them, the first of which is the stream's code `first`, and asks
    /// the library for every 3 s that they fill.
    ///
    /// Codes that have come before are passed over, so sending them again does no harm.
    ///
    /// # Errors
    /// [`LibraryError::CodesMissing`] where codes before `first` have not come: nothing is taken
    /// then. A library that does not answer: the codes before that question are taken, as
    /// [`Stream::next_code`] tells; hand in the same again.
    pub async fn push(
        &mut self,
        library: &Library,
        first: u64,
        codes: &[u8],
    ) -> Result<Taken, LibraryError> {
        let known = self.history.known(first, codes.len())?;
        for code in codes.iter().skip(known) {
            self.history.push(*code);
            if self.history.next() >= self.ask_at {
                // First of all: if the caller goes away meanwhile, the next question is the next.
                self.ask_at += STEP_CODES;
                self.ask(library).await?;
            }
        }
        let (next_code, known_codes) = (self.history.next(), known as u64);
        Ok(Taken { next_code, taken_codes: codes.len() as u64 - known_codes, known_codes })
    }

    /// Takes the wire bytes of a query fingerprint whose samples start at the numbers of their
    /// first codes. With `lost`, codes that are missing before a sample are given up for good
    /// ([`Stream::lose_until`]).
    ///
    /// # Errors
    /// Those of [`Stream::push`], for the first sample that cannot be taken; bytes that are not a
    /// query fingerprint of this build's profile and encoder.
    pub async fn push_wire(
        &mut self,
        library: &Library,
        bytes: &[u8],
        lost: bool,
    ) -> Result<Taken, LibraryError> {
        let fingerprint = wire::decode(bytes).map_err(LibraryError::Fingerprint)?;
        match fingerprint.kind() {
            Kind::Query => {}
            Kind::Reference => return Err(LibraryError::ReferenceForIdentify),
            Kind::Clip => return Err(LibraryError::ClipForStream),
        }
        let mut sum = Taken { next_code: self.next_code(), taken_codes: 0, known_codes: 0 };
        for sample in fingerprint.samples() {
            if lost {
                self.lose_until(sample.start.into());
            }
            let taken = self.push(library, sample.start.into(), sample.codes).await?;
            sum.next_code = taken.next_code;
            sum.taken_codes += taken.taken_codes;
            sum.known_codes += taken.known_codes;
        }
        Ok(sum)
    }

    /// Gives up all codes before number `first` that have not come: time goes on without them.
    /// Without effect where none is missing.
    pub fn lose_until(&mut self, first: u64) {
        if self.history.lose_until(first) {
            self.ask_at = first + STEP_CODES;
        }
    }

    /// Number of the code that is expected next; the stream's length in codes of 50 ms.
    pub fn next_code(&self) -> u64 {
        self.history.next()
    }

    /// Up to where the library was asked, in ms from the stream's beginning.
    pub fn listened_ms(&self) -> u64 {
        segment::ms(self.timeline.now())
    }

    /// Segments so far, in order, never overlapping; the last one may still grow or be corrected.
    pub fn segments(&self) -> Vec<Segment> {
        self.timeline.stretches().iter().map(Segment::told).collect()
    }

    /// Segments of recordings that were dropped because there were more than [`SEGMENTS_MAX`].
    pub fn dropped_segments(&self) -> u64 {
        self.timeline.forgotten()
    }

    /// What was given up as lost, from and to in ms: the last 100 losses.
    pub fn losses_ms(&self) -> Vec<(u64, u64)> {
        let in_ms = |loss: &std::ops::Range<u64>| (segment::ms(loss.start), segment::ms(loss.end));
        self.history.losses().map(in_ms).collect()
    }

    async fn ask(&mut self, library: &Library) -> Result<(), LibraryError> {
        let (first, window) = self.history.latest(WINDOW_CODES);
        let found = library.found(query(window)?).await?;
        let mut heard = vec![];
        for (hit, recordings) in self.grouped(found) {
            let Some(codes) = library.reference_codes(hit.slot).await? else { continue };
            heard.push(self.locate(first, &hit, recordings, &codes));
        }
        if let Some(entry) = self.timeline.current().cloned()
            && heard.iter().all(|heard| heard.slot != entry.slot)
            && let Some(codes) = library.reference_codes(entry.slot).await?
        {
            let (from, since) = self.history.since(entry.to.saturating_sub(SEGMENT_CODES_MIN));
            heard.extend(entry.line.trace(from, since, &codes).map(|traced| Heard {
                slot: entry.slot,
                recordings: vec![],
                from: traced.codes.start,
                to: traced.codes.end,
                line: entry.line,
                traced: true,
                confidence: None,
            }));
        }
        self.timeline.step(self.history.next(), heard);
        Ok(())
    }

    /// Each recording with its near-duplicates, in the order of certainty. What is going on stands
    /// for its group, even where a duplicate of it is nearer this time.
    fn grouped(&self, found: Vec<(Match, Recording)>) -> Vec<(Match, Vec<Arc<Recording>>)> {
        let current = self.timeline.current().map(|entry| entry.slot);
        let mut groups: Vec<(Match, Vec<Arc<Recording>>)> = vec![];
        let mut leader_of = std::collections::HashMap::new();
        for (hit, recording) in found {
            let recording = Arc::new(recording);
            let leader = hit.near_duplicate_of.and_then(|better| leader_of.get(&better).copied());
            let Some(at) = leader else {
                leader_of.insert(hit.slot, groups.len());
                groups.push((hit, vec![recording]));
                continue;
            };
            leader_of.insert(hit.slot, at);
            let (first, recordings): &mut (Match, Vec<_>) = &mut groups[at];
            recordings.push(recording);
            if current == Some(hit.slot) {
                *first = hit;
                recordings.rotate_right(1);
            }
        }
        groups.truncate(TRACED_MAX);
        groups
    }

    /// From when to when a match is heard, by its raw codes; where they say nothing, in all of the
    /// window that the recording is long enough for.
    fn locate(
        &mut self,
        window_first: u64,
        hit: &Match,
        recordings: Vec<Arc<Recording>>,
        codes: &[u8],
    ) -> Heard {
        let place = hit.offset_ms as f64 / f64::from(onmon_core::HOP_MS);
        let named = Line { at: window_first, place, speed: hit.speed };
        let known = self.timeline.current();
        let known = known.filter(|entry| entry.slot == hit.slot && entry.traced);
        // Of what goes on only the end is of interest, of what begins also the beginning.
        let known_to = known.map(|entry| entry.to);
        let from = known_to.map_or(0, |to| to.saturating_sub(SEGMENT_CODES_MIN));
        let known = known.map(|entry| entry.line);
        let (from, since) = self.history.since(from);
        let on = |line: Line| (line, line.trace(from, since, codes));
        let (mut line, mut traced) = on(named);
        if let Some((known, Some(there))) = known.map(on)
            && traced.as_ref().is_none_or(|traced| {
                there.score * KEPT_LINE_DENOMINATOR >= traced.score * KEPT_LINE_NUMERATOR
            })
        {
            (line, traced) = (known, Some(there));
        }
        let window = window_first..self.history.next();
        let is_traced = traced.is_some();
        let heard = match (traced, known_to) {
            (Some(traced), _) => traced.codes,
            // It was clear before and is no more: named for what came before.
            (None, Some(to)) => from..to,
            (None, None) => line.within(window, codes.len()),
        };
        Heard {
            slot: hit.slot,
            recordings,
            from: heard.start,
            to: heard.end,
            line,
            traced: is_traced,
            confidence: Some(hit.confidence),
        }
    }
}

/// The wire bytes that ask for these codes.
fn query(codes: &[u8]) -> Result<Vec<u8>, LibraryError> {
    let content = |error| LibraryError::Fingerprint(wire::WireError::Content(error));
    let mut builder = QueryBuilder::new(0);
    builder.push(0, codes).map_err(content)?;
    let mut bytes = vec![0; wire::encoded_len_max(codes.len())];
    let fingerprint = builder.finish().map_err(content)?;
    let len = wire::encode(&fingerprint, &mut bytes).map_err(LibraryError::Fingerprint)?;
    bytes.truncate(len);
    Ok(bytes)
}
