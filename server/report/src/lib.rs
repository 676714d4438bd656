//! Usage lines as rights organisations take them: pure, without database or clock.
//!
//! ```text
//! UsageLine ──┬─> society::write   JASRAC, NexTone: tab-separated, a month and licence a file
//!             ├─> dsr::write       DDEX Digital Sales Report, flat file
//!             └─> totals           the same sums, to compare with the ledger
//! ```
//!
//! Each format has a reader that reports what is wrong with a file by line and field
//! ([`society::check`], [`dsr::check`]); what is written here passes it.
//!
//! **Texts are data.** A title may hold tabs, line breaks, or begin like a spreadsheet's formula:
//! see [`printable`](cell::printable). Numbers are never written as anything but digits.

pub mod cell;
pub mod dsr;
mod fault;
mod line;
mod month;
pub mod society;
mod totals;

pub use fault::{FAULTS_KEPT, FileFault, LineFault, ReportError};
pub use line::{DecisionMade, Form, MatchEvidence, RecordingUsed, ShareUsed, UsageLine, WorkUsed};
pub use month::{Month, NotAMonth};
pub use totals::{Totals, totals};
