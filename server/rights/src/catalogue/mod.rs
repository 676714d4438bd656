//! The catalogue as a CSV file: into the register and out of it.
//!
//! One line is one share of one work of one recording, or one claim to the master of a recording.
//!
//! | column | what it holds | when it must be given |
//! |---|---|---|
//! | `recording_id` | the catalogue's id of the recording | always |
//! | `isrc` | its ISRCs, separated by `;` | – |
//! | `right` | `interactive_distribution` (of a work) or `master_making_available` (of the recording) | with a work or a claimant |
//! | `work_id` | the register's id of the work; left out, the first code there is (`iswc:T-…`) | of a work: it or a code |
//! | `iswc`, `jasrac_code`, `nextone_code` | the codes of the work | – |
//! | `title` | of the work | – |
//! | `composers`, `lyricists` | names, separated by `;` | – |
//! | `claimant` | the organisation, as `JASRAC`; empty: the work is listed, nobody has spoken for it | of the master |
//! | `ipi` | whose share it is | – |
//! | `share_ppm` | parts per million, 1 to 1000000 | with a claimant |
//! | `forms` | `all`, or of `upload;download;limited_download;stream` | with a claimant |
//! | `territories` | `world`, `world;-KP`, or countries as `JP;KR` | with a claimant |
//! | `valid_from` | the first day, `YYYY-MM-DD`; empty: always was | – |
//! | `valid_until` | the first day that is **not** meant; empty: no end | – |
//! | `state` | `entrusted` or `not_entrusted` | with a claimant |
//!
//! UTF-8, comma, `"` quotes; LF or CRLF; a byte-order mark is skipped; columns in any order, those
//! not needed may be left out. **The lines of one recording stand together**, and a work that comes
//! again is described alike: so of a file of any length only some recordings are in memory at once.
//!
//! What a file says of a recording (and of the works in it) replaces what the register held of it;
//! of other recordings it says nothing. **A recording with a bad line is left as it was**, all of
//! it: with one of its claims missing the others would be read as if it did not exist.
//!
//! A text that begins with `=`, `+`, `-` or `@` is written with a `'` before it, so that a
//! spreadsheet does not take it for a formula; the reader takes that `'` away again.

mod block;
mod blocks;
mod export;
mod fault;
mod header;
mod import;
mod line;
mod lines;
mod marks;
mod shield;

pub use export::{Exported, export};
pub use fault::{BadLine, Fault};
pub use header::HeaderError;
pub use import::{BAD_LINES_KEPT, Import, ImportReport, check, import};
pub use lines::LINE_BYTES_MAX;

/// The columns, in the order in which they are written.
pub const COLUMNS: [&str; 18] = [
    "recording_id",
    "isrc",
    "right",
    "work_id",
    "iswc",
    "jasrac_code",
    "nextone_code",
    "title",
    "composers",
    "lyricists",
    "claimant",
    "ipi",
    "share_ppm",
    "forms",
    "territories",
    "valid_from",
    "valid_until",
    "state",
];
