//! Why a file takes no tag, or none can be read from it.

use std::io;

use crate::error::TagError;

/// A file that is left as it is. [`FileError::code`] is stable, the text is not.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// No container that has a place for a tag: convert it.
    #[error("no place for a tag in this kind of file; convert it to MP3, FLAC, Ogg, M4A or WAV")]
    UnknownContainer,
    /// A container that has a place, written in a way that is not supported.
    #[error("cannot tag this file: {detail}")]
    Unsupported {
        /// Which way.
        detail: &'static str,
    },
    /// The bytes break the rules of their container.
    #[error("the file is damaged ({detail}); fetch it again")]
    Damaged {
        /// Where.
        detail: &'static str,
    },
    /// With the tag the file would be longer than its container can say.
    #[error("the file is as long as its container allows; convert it to FLAC or M4A")]
    TooLarge,
    /// What should be written is not a signed tag.
    #[error("not a tag: {0}")]
    NotATag(#[source] TagError),
    /// Reading or writing failed.
    #[error("cannot read or write: {0}")]
    Io(#[from] io::Error),
}

impl FileError {
    /// A stable name for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownContainer => "tag_no_place",
            Self::Unsupported { .. } => "tag_unsupported",
            Self::Damaged { .. } => "damaged",
            Self::TooLarge => "tag_too_large",
            Self::NotATag(error) => error.code(),
            Self::Io(_) => "read_failed",
        }
    }
}

pub(super) fn damaged(detail: &'static str) -> FileError {
    FileError::Damaged { detail }
}
