//! Why sealed content does not open.

use std::io;

/// Content that does not open, or cannot be sealed. [`SealError::code`] is stable, the text is not.
///
/// Comes out of the readers inside an [`io::Error`]; [`SealError::of`] finds it there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// Too short for a header.
    #[error("not sealed content: it is shorter than its header")]
    NotSealed,
    /// A record size that RFC 8188 forbids, or that nobody needs.
    #[error("records of {bytes} bytes; 18 bytes to 16 MiB are opened")]
    RecordSize {
        /// What the header says.
        bytes: u32,
    },
    /// The wrong key, or content that was altered, reordered or exchanged.
    #[error("record {record} does not open: it was altered, or the key is another one")]
    Altered {
        /// Counted from 0.
        record: u64,
    },
    /// The end is missing: fetch it again.
    #[error("the content is cut off after record {record}; fetch it again")]
    Truncated {
        /// The last one that is there, counted from 0.
        record: u64,
    },
    /// Something follows the last record.
    #[error("there is more behind the last record ({record})")]
    Trailing {
        /// The last one, counted from 0.
        record: u64,
    },
    /// A record with padding, so that places cannot be counted: read it from the start.
    #[error("record {record} is padded, so it opens only from the start")]
    Padded {
        /// Counted from 0.
        record: u64,
    },
    /// The source failed.
    #[error("cannot read: {0}")]
    Read(#[source] io::Error),
}

impl SealError {
    /// A stable name for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotSealed => "seal_not_sealed",
            Self::RecordSize { .. } => "seal_record_size",
            Self::Altered { .. } => "seal_altered",
            Self::Truncated { .. } => "seal_truncated",
            Self::Trailing { .. } => "seal_trailing",
            Self::Padded { .. } => "seal_padded",
            Self::Read(_) => "read_failed",
        }
    }

    /// The error of this kind that a reader has failed with, if it is one.
    pub fn of(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }
}

impl From<SealError> for io::Error {
    fn from(error: SealError) -> Self {
        match error {
            SealError::Read(error) => error,
            SealError::Truncated { .. } => Self::new(io::ErrorKind::UnexpectedEof, error),
            other => Self::new(io::ErrorKind::InvalidData, other),
        }
    }
}
