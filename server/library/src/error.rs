//! What can go wrong with a library; every message says what to do about it.

use std::io;
use std::path::PathBuf;

use onmon_core::wire::WireError;
use onmon_index::IndexError;
pub use onmon_store::Fault as CatalogueFault;
use onmon_store::StoreError;

/// Why a library did not do what was asked. After any error what was acknowledged before still
/// holds.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LibraryError {
    /// The directory cannot be created, read or written.
    #[error(
        "cannot use the library directory {}; check that it exists and who may write to it",
        dir.display()
    )]
    Directory {
        /// The library's directory.
        dir: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// The path cannot be handed to the database.
    #[error("the library's path {} is not UTF-8; use another one", path.display())]
    PathNotUtf8 {
        /// The catalogue's path.
        path: PathBuf,
    },
    /// There is no library to read.
    #[error("no library in {}; enrol something there first, or check the path", dir.display())]
    NotALibrary {
        /// The directory that was looked in.
        dir: PathBuf,
    },
    /// The database has no catalogue yet, and the directory has one: of an earlier start without
    /// the database.
    #[error(
        "a catalogue is in {} and none in the database; carry it over with `onmon-server index \
         export --data DIR FILE`, move the file away, then `onmon-server index import --data DIR \
         --database URL FILE`",
        file.display()
    )]
    CatalogueElsewhere {
        /// The catalogue that is there.
        file: PathBuf,
    },
    /// Another process writes to this library.
    #[error(
        "another process writes to the library {library} (a running onmon-server or \
         `onmon enrol`); stop it first, or send to its server instead"
    )]
    Locked {
        /// The library's directory, or its catalogue's database without the password.
        library: String,
    },
    /// A newer build has written the catalogue.
    #[error("the catalogue has schema version {found}, this build knows {known}; update onmon")]
    NewerSchema {
        /// The version in the file.
        found: i64,
        /// The newest version of this build.
        known: i64,
    },
    /// The catalogue is damaged.
    #[error(
        "the catalogue (the file onmon.sqlite, or its database) is damaged; restore it from a \
         backup (the folder index/ is rebuilt by itself)"
    )]
    CatalogueCorrupt(#[source] CatalogueFault),
    /// No room to write. Nothing of the change was kept.
    #[error("no space left for the catalogue; free some and try again")]
    DiskFull(#[source] CatalogueFault),
    /// A foreign process holds the database for longer than the busy timeout, or a server takes no
    /// more connections.
    #[error("another program holds the catalogue; close it and try again")]
    CatalogueBusy(#[source] CatalogueFault),
    /// The disk failed while writing: what is on it is known only after a restart.
    #[error("the disk failed while the catalogue was written; check it, then start again")]
    WriteFailed(#[source] CatalogueFault),
    /// The database's server does not answer. What was under way is not acknowledged, and may be
    /// kept or not; enrolling it again does no harm.
    #[error("the catalogue's database server cannot be reached; try again when it is back")]
    CatalogueUnreachable(#[source] CatalogueFault),
    /// Any other failure of the database.
    #[error("the catalogue does not answer")]
    Catalogue(#[source] StoreError),
    /// The index cannot be read or written.
    #[error("the index does not answer")]
    Index(#[from] IndexError),

    /// The index beside it was derived from another catalogue.
    #[error(
        "the index in {} is of another catalogue; the next start builds it anew, as does \
         `onmon-server index rebuild`",
        dir.display()
    )]
    OtherIndex {
        /// The index's folder.
        dir: PathBuf,
    },

    /// Bytes that are not a fingerprint of this build's profile.
    #[error("not a usable fingerprint: {0}")]
    Fingerprint(WireError),
    /// A reference fingerprint where a query belongs.
    #[error("a reference fingerprint cannot be identified; send a query fingerprint")]
    ReferenceForIdentify,
    /// A clip where the next codes of a stream belong.
    #[error("a clip has margins, which a stream has not; send its next codes as a query")]
    ClipForStream,
    /// A query fingerprint where a reference belongs.
    #[error(
        "a query fingerprint cannot be enrolled; make a reference (`onmon extract --reference`)"
    )]
    QueryForEnrolment,
    /// An id that is empty, too long or has control characters.
    #[error("a recording id has 1 to 255 bytes of UTF-8 and no control characters")]
    BadRecordingId,
    /// A text over its limit.
    #[error("{field} is too long: at most 1,024 bytes of UTF-8")]
    TextTooLong {
        /// `title` or `artist`.
        field: &'static str,
    },
    /// A text with a character of value 0, which not every database can keep.
    #[error("{field} has a character U+0000; leave it out")]
    ZeroInText {
        /// `title` or `artist`.
        field: &'static str,
    },
    /// One batch names a recording twice: one would silently replace the other.
    #[error("the recording id `{recording_id}` comes twice in one enrolment; give each its own id")]
    DuplicateId {
        /// The id.
        recording_id: String,
    },
    /// Codes of a stream that begin beyond those that came before: what lies between is missing.
    #[error(
        "the codes begin at number {first}, but the stream has come to {next} only; send those \
         from {next} on first, or say that they are lost"
    )]
    CodesMissing {
        /// Number of the first code that was sent.
        first: u64,
        /// Number of the code that is expected next.
        next: u64,
    },

    /// No free slot: 2^32 recordings were enrolled.
    #[error("the library is full: it holds at most 2^32 recordings")]
    Full,

    /// Opened to read only.
    #[error("this library was opened to read; open it to write")]
    ReadOnly,
    /// Closed, or stopped after [`LibraryError::WriteFailed`].
    #[error("the library is closed; open it again")]
    Closed,
    /// Whoever watched asked for it ([`Progress::stop`](crate::Progress::stop)). What was done
    /// before is on disk.
    #[error("stopped as asked")]
    Stopped,
    /// Work on the index was cut off by a fault of the program.
    #[error("internal error: work on the library was cut off; restart, and report this")]
    Interrupted,
}

impl LibraryError {
    /// A stable name for programs (HTTP answers, command-line output).
    pub fn code(&self) -> &'static str {
        match self {
            Self::Directory { .. } => "directory_unusable",
            Self::PathNotUtf8 { .. } => "path_not_utf8",
            Self::NotALibrary { .. } => "not_a_library",
            Self::CatalogueElsewhere { .. } => "catalogue_elsewhere",
            Self::Locked { .. } => "library_locked",
            Self::NewerSchema { .. } => "newer_schema",
            Self::CatalogueCorrupt(_) => "catalogue_corrupt",
            Self::DiskFull(_) => "disk_full",
            Self::CatalogueBusy(_) => "catalogue_busy",
            Self::WriteFailed(_) => "write_failed",
            Self::CatalogueUnreachable(_) => "catalogue_unreachable",
            Self::Catalogue(_) => "catalogue_failed",
            Self::Index(_) => "index_failed",
            Self::OtherIndex { .. } => "other_index",
            Self::Fingerprint(error) => error.code(),
            Self::ReferenceForIdentify => "reference_for_identify",
            Self::ClipForStream => "clip_for_stream",
            Self::QueryForEnrolment => "query_for_enrolment",
            Self::BadRecordingId => "bad_recording_id",
            Self::TextTooLong { .. } => "text_too_long",
            Self::ZeroInText { .. } => "zero_in_text",
            Self::DuplicateId { .. } => "duplicate_id",
            Self::CodesMissing { .. } => "codes_missing",
            Self::Full => "library_full",
            Self::ReadOnly => "read_only",
            Self::Closed => "library_closed",
            Self::Stopped => "stopped",
            Self::Interrupted => "interrupted",
        }
    }
}

impl From<StoreError> for LibraryError {
    fn from(error: StoreError) -> LibraryError {
        match error {
            StoreError::Corrupt(fault) => LibraryError::CatalogueCorrupt(fault),
            StoreError::DiskFull(fault) => LibraryError::DiskFull(fault),
            StoreError::Busy(fault) => LibraryError::CatalogueBusy(fault),
            StoreError::WriteFailed(fault) => LibraryError::WriteFailed(fault),
            StoreError::Unreachable(fault) => LibraryError::CatalogueUnreachable(fault),
            StoreError::Locked { location } => LibraryError::Locked { library: location },
            StoreError::Closed => LibraryError::Closed,
            StoreError::NewerSchema { found, known, .. } => {
                LibraryError::NewerSchema { found, known }
            }
            StoreError::PathNotUtf8 { path } => LibraryError::PathNotUtf8 { path },
            other => LibraryError::Catalogue(other),
        }
    }
}

/// A failure while writing, as the reader of a log should see it.
pub(crate) fn write_fault(error: impl Into<StoreError>) -> LibraryError {
    LibraryError::from(error.into())
}

/// The same while reading or opening: nothing that was written is in doubt then.
pub(crate) fn read_fault(error: impl Into<StoreError>) -> LibraryError {
    match error.into() {
        StoreError::WriteFailed(fault) => LibraryError::Catalogue(StoreError::Other(fault)),
        error => LibraryError::from(error),
    }
}
