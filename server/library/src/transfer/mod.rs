//! A library as a stream of bytes: written on one machine ([`export`]), enrolled on another
//! ([`import`](crate::Library::import)).
//!
//! ```text
//! head     "ONMONEXP" | version u32 | 0 u32
//! record   length u32, of what is between it and the sum, never 0
//!            length of the metadata u32
//! metadata: JSON, as {"recording_id":…,"title":…,"artist":…,"isrc":…,"iswc":…,"rights":…} the
//! reference fingerprint in wire form (spec/wire.md), up to the end of the record CRC-32 u32 of the
//! record, its length included … end      0 u32 | records u64 | CRC-32 u32 of all before it
//! all little-endian
//! ```
//! Records come in the order in which they were first enrolled. There are no slots in it: they are
//! a library's own, and importing gives new ones. A record with a wrong sum or contents that no
//! library takes is passed over and told by its number, from 1 on; where the stream itself no
//! longer makes sense, or ends before its end marker, reading stops. Whatever came before is
//! enrolled.

mod export;
mod format;
mod import;

use std::io;

pub use export::{Exported, export};
pub use import::Imported;

use crate::error::LibraryError;

/// A record that was passed over.
#[derive(Debug, thiserror::Error)]
#[error("record {number}: {reason}")]
pub struct BadRecord {
    /// Counted from 1.
    pub number: u64,
    /// What is wrong with it.
    pub reason: BadRecordReason,
}

/// What is wrong with a record.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BadRecordReason {
    /// Changed on the way: copy the file again.
    #[error("wrong checksum")]
    Checksum,
    /// Not the metadata of a recording.
    #[error("metadata that cannot be read: {0}")]
    Metadata(serde_json::Error),
    /// No library takes it.
    #[error("{0}")]
    Refused(LibraryError),
}

/// Why an export could not be written or read to its end. What was imported before stays.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransferError {
    /// Something else, or damaged in its first bytes.
    #[error("this is no export of onmon: make one with `onmon-server index export`")]
    NotAnExport,
    /// A newer build has written it.
    #[error("the export has version {found}, this build knows {known}; update onmon")]
    Version {
        /// The version in its head.
        found: u32,
        /// The only one that this build knows.
        known: u32,
    },
    /// It ends before its end marker.
    #[error("the export is cut off after record {records}; copy it again, then import all of it")]
    Truncated {
        /// Records that were whole.
        records: u64,
    },
    /// Lengths that cannot be, or bytes behind the end.
    #[error("the export is damaged after record {records}; copy it again, then import all of it")]
    Damaged {
        /// Records read before.
        records: u64,
    },
    /// Every record is sound, but they are not those that were written.
    #[error(
        "the export has {found} records, its end speaks of {told}, or of others; copy it again"
    )]
    OtherRecords {
        /// Those that were read.
        found: u64,
        /// Those that were written.
        told: u64,
    },
    /// The stream cannot be read.
    #[error("cannot read the export")]
    Read(#[source] io::Error),
    /// The stream cannot be written.
    #[error("cannot write the export")]
    Write(#[source] io::Error),
    /// The library says no.
    #[error(transparent)]
    Library(#[from] LibraryError),
}
