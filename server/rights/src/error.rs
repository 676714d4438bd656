//! What can go wrong with the register, told apart by what its operator can do about it.

use std::io;

use onmon_store::StoreError;

/// A failure of the register, or something it does not take.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RightsError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The same claim twice: their shares should be added up into one.
    #[error("the same claim of {claimant} comes twice for `{id}`; add the shares up")]
    DuplicateClaim {
        /// Of which work or recording.
        id: String,
        /// Whose claim.
        claimant: String,
    },
    /// A share of nothing, or of more than the whole.
    #[error("a share of `{id}` is {ppm} ppm; a share is 1 to 1,000,000")]
    ShareOutOfRange {
        /// Of which work or recording.
        id: String,
        /// The share given.
        ppm: u32,
    },
    /// An id or name that is empty, too long, or has characters that lists and files cannot hold.
    #[error("{what} `{text}` cannot be kept: {why}")]
    Text {
        /// Which kind of text.
        what: &'static str,
        /// Its beginning.
        text: String,
        /// What is wrong with it.
        why: TextFault,
    },
    /// A recording names a work that the register does not know.
    #[error("the register has no work `{0}`; register the work first")]
    UnknownWork(String),
    /// The catalogue's file cannot be read any further.
    #[error("cannot read the catalogue any further, on or behind line {line}")]
    Read {
        /// The last line that was read whole.
        line: u64,
        /// What the file said.
        #[source]
        error: io::Error,
    },
    /// The catalogue's first line is not a header that names the columns.
    #[error(transparent)]
    Header(#[from] crate::catalogue::HeaderError),
    /// A recording's lines do not stand together, so that a part of them may have been taken for
    /// all: nothing of the file may be kept.
    #[error(
        "the lines of recording `{recording_id}` do not stand together: line {first} and again \
         line {again}; sort the file by recording_id; nothing of it was kept"
    )]
    Scattered {
        /// Whose lines.
        recording_id: String,
        /// Where they began.
        first: u64,
        /// Where they came again.
        again: u64,
    },
    /// The export cannot be written.
    #[error("cannot write the catalogue")]
    Write(#[source] io::Error),
}

impl RightsError {
    /// A stable name, for programs.
    pub fn code(&self) -> &'static str {
        match self {
            RightsError::Store(error) => error.code(),
            RightsError::DuplicateClaim { .. } => "duplicate_claim",
            RightsError::ShareOutOfRange { .. } => "share_out_of_range",
            RightsError::Text { .. } => "text_not_allowed",
            RightsError::UnknownWork(_) => "unknown_work",
            RightsError::Read { .. } => "catalogue_read",
            RightsError::Scattered { .. } => "catalogue_scattered",
            RightsError::Header(_) => "catalogue_header",
            RightsError::Write(_) => "catalogue_write",
        }
    }
}

impl From<sqlx::Error> for RightsError {
    fn from(error: sqlx::Error) -> RightsError {
        RightsError::Store(error.into())
    }
}

/// Why a text cannot be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TextFault {
    /// Nothing but white space.
    #[error("it must be given")]
    Empty,
    /// Longer than the register takes.
    #[error("it is longer than {0} bytes")]
    TooLong(usize),
    /// A line break, a tab or another control character.
    #[error("it has a control character; only printable text is taken")]
    Control,
    /// White space at an end, which no reader of a file keeps.
    #[error("it has white space at an end")]
    Untrimmed,
    /// A separator of lists inside a name.
    #[error("a name has no `;`: it separates several names")]
    Separator,
}
