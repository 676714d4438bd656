//! What is handed in to be enrolled, and what is acknowledged.

use onmon_core::{EncoderId, Kind, ProfileId, wire};

use crate::error::LibraryError;
use crate::recording::Recording;

/// A recording with its reference fingerprint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What the catalogue is to know of it.
    pub recording: Recording,
    /// Wire bytes of a reference fingerprint ([`onmon_core::wire`]).
    pub reference: Vec<u8>,
}

/// The acknowledgement of an enrolment: it is on disk and can be identified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolled {
    /// The recording's id.
    pub recording_id: String,
    /// The number of this change; every later change has a greater one.
    pub seq: u64,
    /// Whether a recording of this id was there before and is replaced.
    pub replaced: bool,
}

/// An entry whose every promise has been checked, ready for the catalogue and the index.
#[derive(Debug)]
pub(crate) struct CheckedEntry {
    pub recording: Recording,
    pub reference: ReferenceCodes,
}

/// The raw codes of a whole recording, and what made them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReferenceCodes {
    pub profile: ProfileId,
    pub encoder: EncoderId,
    pub duration_ms: u32,
    pub codes: Vec<u8>,
}

impl TryFrom<Entry> for CheckedEntry {
    type Error = LibraryError;

    fn try_from(entry: Entry) -> Result<Self, LibraryError> {
        entry.recording.check()?;
        let fingerprint = wire::decode(&entry.reference).map_err(LibraryError::Fingerprint)?;
        if fingerprint.kind() != Kind::Reference {
            return Err(LibraryError::QueryForEnrolment);
        }
        let reference = ReferenceCodes {
            profile: fingerprint.profile(),
            encoder: fingerprint.encoder(),
            duration_ms: fingerprint.duration_ms(),
            codes: fingerprint.codes().to_vec(),
        };
        Ok(CheckedEntry { recording: entry.recording, reference })
    }
}
