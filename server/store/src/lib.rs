//! One door to SQLite and PostgreSQL: where the data lies, its schema, one writer at a time.
//!
//! ```text
//! Location   where: a SQLite file or a PostgreSQL URL
//! Schema     what tables, as numbered steps; each step runs once
//! Store      an open database: `readers` to ask, `begin` to change
//! Write      a transaction that changes; nobody else changes meanwhile
//! ```
//!
//! **One SQL text for both.** Statements number their parameters `$1`; columns are `INTEGER`
//! (64 bits), `TEXT` and `BLOB`; times are Unix milliseconds, flags 0 and 1. A `SUM` is cast
//! (`CAST(... AS BIGINT)`), because PostgreSQL sums to another type. No id counts by itself: rows
//! bring their ids along.
//!
//! **One writer at a time**, on both engines: SQLite can have no more, and on PostgreSQL a lock for
//! the length of the transaction gives the same. So a transaction sees a state that nobody changes
//! under it, and no statement has to be repeated because of another's.

mod error;
mod location;
mod schema;
mod store;
#[cfg(feature = "testing")]
pub mod testing;

pub use error::{Fault, StoreError};
pub use location::{Engine, Location, LocationError};
pub use schema::Schema;
pub use store::{Store, Write, drivers};
