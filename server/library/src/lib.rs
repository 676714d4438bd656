//! An enrolled library on one machine: catalogue, rights and index, kept together.
//!
//! ```text
//! DIR/onmon.sqlite   the truth: recordings, rights, raw reference codes; or in PostgreSQL
//! DIR/index/         derived: the index's segments; they may be lost
//! DIR/lock           held by the one process that writes
//! ```
//!
//! The catalogue's change sequence is the only log. An enrolment is acknowledged when its
//! transaction is on disk; whatever the index lacks is replayed from the catalogue at opening.
//!
//! **Who may open what at once.** One process writes ([`Library::open`]); a second one gets
//! [`LibraryError::Locked`], also on another machine where the catalogue is in PostgreSQL. Any
//! number of processes read ([`Library::open_to_read`]) while it runs; each sees the library as it
//! was when it opened it.

mod catalogue;
pub mod catalogue_csv;
mod entry;
mod error;
mod index_stats;
mod index_upkeep;
mod index_verify;
mod library;
mod lineage;
mod live_index;
mod place;
mod progress;
mod recording;
pub mod rights;
pub mod stage;
pub mod stream;
pub mod transfer;
mod watched_storage;
mod work;
mod writer_lock;

pub use entry::{Enrolled, Entry};
pub use error::{CatalogueFault, LibraryError};
pub use index_stats::{IndexStats, NotOnDisk, index_stats};
pub use index_upkeep::{Compacted, Rebuilt, compact_index, rebuild_index};
pub use index_verify::{IndexDamage, Verified, verify_index};
pub use library::{Answer, Library, RecordingMatch, Stats};
pub use onmon_index::{Depth, Effort, LAYOUT, SampleMatch, Sampling, SegmentStats};
pub use onmon_rights::{IdentifierError, Isrc, Iswc};
pub use place::Place;
pub use progress::Progress;
pub use recording::{RECORDING_ID_BYTES_MAX, Recording, TEXT_BYTES_MAX};
pub use rights::{Decision, Rights};
pub use stage::{QUEUE_STAGE, SEARCH_STAGE, STAGE_TARGET};
pub use stream::{HeardRecording, Segment, Stream};
pub use work::Work;
