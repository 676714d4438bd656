//! libonmon: the fingerprint for C and everything that speaks C, in the spirit of libchromaprint.
//!
//! ```text
//! entries.rs   what include/onmon.h declares, and nothing else
//! border.rs    pointers to slices and back; panics to a status
//! context.rs   a recording as it comes in: safe Rust over onmon-core
//! alike.rs     where a query lies on a recording
//! status.rs    what can go wrong
//! ```
//! The header is made of these files; `tests/header.rs` holds it true.

mod alike;
mod border;
mod context;
mod entries;
mod status;

pub use alike::OnmonMatch;
pub use context::OnmonContext;
pub use entries::*;
pub use status::OnmonStatus;
