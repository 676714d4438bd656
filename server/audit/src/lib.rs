//! An append-only Merkle log of permits, counts and releases, with proofs.
//!
//! ```text
//! append    an event, in the transaction that it is about -> its line number
//! publish   what is new -> tiles and a signed checkpoint on disk, as static files
//! prove     a line is in the log of a checkpoint; a log is a continuation of an earlier one
//! verify    rows, tiles, checkpoint: whether all agree, and where not
//! ```
//!
//! The format is C2SP's [tlog-tiles](https://c2sp.org/tlog-tiles) with a
//! [signed note](https://c2sp.org/signed-note) as checkpoint, over the hashes of RFC 6962. So the
//! files can be served by anything, cached for ever, and checked by tools that are not ours.
//!
//! **The published entries tell that something happened, not what**: number, kind, time, and a hash
//! of the event under a random salt of its own. Who is shown the event and its salt can check it.

mod entry;
mod error;
mod files;
mod log;
mod note;
mod proof;
mod publish;
mod tiles;
mod tree;
mod verify;

pub use entry::Event;
pub use error::AuditError;
pub use log::{Line, append, line, lines};
pub use note::{Checkpoint, Signer, VerifierKey};
pub use proof::{Proof, prove, prove_continuation};
pub use publish::{Published, checkpoint, publish};
pub use tree::{Hash, verify_consistency, verify_inclusion};
pub use verify::{Verified, verify};

/// The tables of this room.
pub const SCHEMA: onmon_store::Schema =
    onmon_store::Schema { name: "audit", steps: &[include_str!("../migrations/0001_audit.sql")] };
