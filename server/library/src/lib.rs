//! An enrolled library on one machine: catalogue, rights and index, kept together.
//!
//! ```text
//! DIR/onmon.sqlite   the truth: recordings, rights, raw reference codes
//! DIR/index/         derived: the index's last snapshot; it may be lost
//! DIR/lock           held by the one process that writes
//! ```
//!
//! The catalogue's change sequence is the only log. An enrolment is acknowledged when its
//! transaction is on disk; whatever the snapshot lacks is replayed from the catalogue at opening.
//!
//! **Who may open what at once.** One process writes ([`Library::open`]); a second one gets
//! [`LibraryError::Locked`]. Any number of processes read ([`Library::open_to_read`]) while it
//! runs; each sees the library as it was when it opened it.

mod catalogue;
pub mod catalogue_csv;
mod entry;
mod error;
mod identifiers;
mod library;
mod live_index;
mod recording;
pub mod rights;
mod sqlite;
pub mod stream;
mod writer_lock;

pub use entry::{Enrolled, Entry};
pub use error::{CatalogueFault, LibraryError};
pub use identifiers::{IdentifierError, Isrc, Iswc};
pub use library::{Answer, Library, RecordingMatch, Stats};
pub use recording::{RECORDING_ID_BYTES_MAX, Recording, TEXT_BYTES_MAX};
pub use rights::{Decision, Rights};
pub use stream::{HeardRecording, Segment, Stream};
