//! What the catalogue knows of a recording.

use serde::{Deserialize, Serialize};

use crate::error::LibraryError;
use onmon_rights::{Isrc, Iswc, Rights};

/// Longest recording id, in bytes of UTF-8: any file stem fits.
pub const RECORDING_ID_BYTES_MAX: usize = 255;

/// Longest title or artist, in bytes of UTF-8.
pub const TEXT_BYTES_MAX: usize = 1_024;

/// A recording as its owner describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recording {
    /// The owner's own id: 1 to 255 bytes of UTF-8 without control characters.
    pub recording_id: String,
    /// Title, for display; at most 1,024 bytes, none of them 0.
    pub title: Option<String>,
    /// Artist, for display; at most 1,024 bytes, none of them 0.
    pub artist: Option<String>,
    /// Code of the recording.
    pub isrc: Option<Isrc>,
    /// Code of the work that is recorded.
    pub iswc: Option<Iswc>,
    /// What is known of the interactive distribution right.
    pub rights: Rights,
}

impl Recording {
    /// A recording of which only the id is known, with the default rights.
    pub fn new(recording_id: impl Into<String>) -> Recording {
        Recording {
            recording_id: recording_id.into(),
            title: None,
            artist: None,
            isrc: None,
            iswc: None,
            rights: Rights::default(),
        }
    }

    /// Whether lengths and characters are within what is stated for each field.
    ///
    /// # Errors
    /// [`LibraryError::BadRecordingId`], [`LibraryError::TextTooLong`] and
    /// [`LibraryError::ZeroInText`].
    pub fn check(&self) -> Result<(), LibraryError> {
        let id = &self.recording_id;
        if id.is_empty() || id.len() > RECORDING_ID_BYTES_MAX || id.chars().any(char::is_control) {
            return Err(LibraryError::BadRecordingId);
        }
        for (field, text) in [("title", &self.title), ("artist", &self.artist)] {
            if text.as_ref().is_some_and(|text| text.len() > TEXT_BYTES_MAX) {
                return Err(LibraryError::TextTooLong { field });
            }
            if text.as_ref().is_some_and(|text| text.contains('\0')) {
                return Err(LibraryError::ZeroInText { field });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_at_and_over_the_limits() {
        for id in ["a", "曲 01/い.v2", &"x".repeat(RECORDING_ID_BYTES_MAX)] {
            assert!(Recording::new(id).check().is_ok(), "{id}");
        }
        for id in ["", "a\nb", "a\0", &"x".repeat(RECORDING_ID_BYTES_MAX + 1)] {
            let found = Recording::new(id).check();
            assert!(matches!(found, Err(LibraryError::BadRecordingId)), "{id:?}");
        }
    }

    #[test]
    fn the_long_field_is_named() {
        let mut recording = Recording::new("a");
        recording.title = Some("t".repeat(TEXT_BYTES_MAX));
        assert!(recording.check().is_ok());
        recording.artist = Some("t".repeat(TEXT_BYTES_MAX + 1));
        assert!(matches!(recording.check(), Err(LibraryError::TextTooLong { field: "artist" })));
        recording.artist = Some("t\0".into());
        assert!(matches!(recording.check(), Err(LibraryError::ZeroInText { field: "artist" })));
    }
}
