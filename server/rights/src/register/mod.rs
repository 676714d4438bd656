//! The register: works, recordings, and who claims which share of them, in the database.
//!
//! Whatever changes it takes the caller's transaction; replacing something by the same changes
//! nothing and says so. Claims are kept in their own order, so that order never makes a difference.

mod check;
mod recording;
mod row;
mod work;

use onmon_store::Schema;

pub(crate) use check::{ID_BYTES_MAX, NAMES_BYTES_MAX, TITLE_BYTES_MAX, text_fault};
pub use recording::{
    Recording, claims_of, forget_recording, recording_change, recording_ids, recordings,
    replace_recording,
};
pub use work::{
    Organisation, Work, organisations, put_organisation, replace_work, work_change, works,
};

/// The register's tables.
pub const SCHEMA: Schema = Schema {
    name: "rights",
    steps: &[
        include_str!("../../migrations/0001_rights.sql"),
        include_str!("../../migrations/0002_no_marks.sql"),
    ],
};

/// What replacing something did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Change {
    /// There was none before.
    New,
    /// There was another before.
    Changed,
    /// The same was there; nothing was written.
    Same,
}

impl Change {
    fn between<T: PartialEq>(before: Option<&T>, after: &T) -> Change {
        match before {
            None => Change::New,
            Some(before) if before == after => Change::Same,
            Some(_) => Change::Changed,
        }
    }
}

/// How many ids one statement asks for; more are asked for in several.
const IDS_PER_QUERY: usize = 200;

/// `$1, $2, …`, for `IN (…)`.
fn placeholders(count: usize) -> String {
    let mut list = String::new();
    for i in 1..=count {
        list.push_str(if i == 1 { "$" } else { ", $" });
        list.push_str(&i.to_string());
    }
    list
}
