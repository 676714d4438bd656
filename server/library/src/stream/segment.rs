//! A segment as it is told: in milliseconds.

use std::sync::Arc;

use onmon_core::HOP_MS;

use super::timeline::{Entry, Stretch};
use crate::recording::Recording;

/// A stretch of a stream: one recording, or unknown.
#[derive(Debug, Clone, PartialEq)]
pub struct Segment {
    /// Begin, in ms from the stream's beginning.
    pub from_ms: u64,
    /// End, in ms from the stream's beginning.
    pub to_ms: u64,
    /// Whether it may still go on: for a recording, until it was not heard for 10 s.
    pub growing: bool,
    /// What is heard; none where nothing enrolled was.
    pub heard: Option<HeardRecording>,
}

/// The recording of a segment.
#[derive(Debug, Clone, PartialEq)]
pub struct HeardRecording {
    /// What the catalogue knew of it when it was last named.
    pub recording: Arc<Recording>,
    /// The same recording, enrolled under other ids: their rights count as well.
    pub near_duplicates: Vec<Arc<Recording>>,
    /// Where in the recording the segment begins, in ms.
    pub offset_ms: u64,
    /// Codes of the recording per code of the stream: 1.05 where it plays 5 % faster.
    pub speed: f32,
    /// The highest c of all questions: at most 10^-c expected false identifications per question
    /// against 2 million songs.
    pub confidence: f32,
}

impl HeardRecording {
    /// The recording and its near-duplicates.
    pub fn recordings(&self) -> impl Iterator<Item = &Recording> {
        std::iter::once(&self.recording).chain(&self.near_duplicates).map(Arc::as_ref)
    }
}

impl Segment {
    pub(crate) fn told(stretch: &Stretch<'_>) -> Segment {
        let (from, to, growing, entry) = match *stretch {
            Stretch::Recording { entry, growing } => (entry.from, entry.to, growing, Some(entry)),
            Stretch::Unknown { from, to, growing } => (from, to, growing, None),
        };
        Segment { from_ms: ms(from), to_ms: ms(to), growing, heard: entry.and_then(heard) }
    }
}

/// Codes of 50 ms as milliseconds.
pub(crate) fn ms(codes: u64) -> u64 {
    codes.saturating_mul(HOP_MS.into())
}

fn heard(entry: &Entry) -> Option<HeardRecording> {
    let (recording, others) = entry.recordings.split_first()?;
    let offset_ms = entry.first_line.place_of(entry.from).max(0.0) * f64::from(HOP_MS);
    Some(HeardRecording {
        recording: Arc::clone(recording),
        near_duplicates: others.to_vec(),
        offset_ms: offset_ms.round() as u64,
        speed: entry.speed,
        confidence: entry.confidence,
    })
}
