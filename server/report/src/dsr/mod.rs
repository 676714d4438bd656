//! The DDEX Digital Sales Report as a flat file: downloads, in the Basic Audio Profile.
//!
//! **Whoever sends or receives DSR files needs an implementation licence of DDEX** (free of charge,
//! at ddex.net) and a DDEX party id (DPID). This room gives neither.
//!
//! From the public pages of the standard (dsr1, dsr3, dsr8.ddex.net):
//! - Part 1, architecture: a file is one `HEAD`, summary records, blocks, one `FOOT`; without
//!   blocks nothing was used. UTF-8; records end with LF or CRLF, cells are parted by tabs,
//!   elements of a cell by `|`; `A⇥B` is written `A\⇥B`, `A|B` is `A\\|B`, `A\B` is `A\\\B`; file
//!   names.
//! - Part 8, record types: the cells of `HEAD`, `FOOT`, `SY01.03`, `AS01.03`, `AS02.04`, `MW01.03`,
//!   `SU01.03` (and `RE01.03`, which is checked and not written). Those of `HEAD`, `FOOT` and the
//!   first cells of the others were read there; the full lists are as a public description of
//!   Part 8 gives them, and are to be compared with the document that comes with the licence.
//!
//! What we choose within it: one file a message; a block is one recording, without release data;
//! its work stands in `AS02.04` if it is one, else in `AS01.03` and `MW01.03`; `SU01.03` says how
//! often it was downloaded at a price: `Usages` less returns ("including any adjustments"),
//! `Returns` beside it. A summary's `TotalUsages` is the sum of its `Usages`, its `NetRevenue` that
//! of price times usages. Not here: streams (`SU02.03`), user-generated content (`SR03.02`, whose
//! cells are not all public), several files a message.

mod check;
mod escape;
mod records;
mod write;

pub use check::{DsrCheck, Fault, check};
pub use escape::{BadEscape, cells, escaped};
pub use write::{DsrFile, DsrReport, MESSAGE_VERSION, PROFILE_VERSION, Party, Unpriced, write};
