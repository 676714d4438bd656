//! Queries of several samples on the sketches of recordings: what noise has left no key of is still
//! nearer to its recording than chance, in all samples together.
//!
//! A sketch is one code a second ([`crate::sketch`]): 672 bits of six samples tell which of very
//! many places are worth a look at all codes there, and which of these an alignment.
//!
//! ```text
//! query              six samples of 300 codes
//!   | pattern.rs       what its sketch would be at each shift between two codes of a sketch
//!   | as_long.rs       of a whole sound, on the recordings that are as long, at few shifts:
//!   |   lay.rs, rows.rs   some of these at once, and beside those that are near the others
//!   | sped.rs, lone.rs on those that would be as long at another speed, each sample by itself
//!   | anywhere.rs      on all recordings, wherever it fits into them:
//!   |   shifts.rs         some shifts of 64 places at once, and the others as there
//!   | nearest.rs       those whose sketches are nearest
//!   | near.rs          all codes there (of what is played at another speed sped.rs itself)
//! candidates
//! ```

mod anywhere;
mod as_long;
mod lay;
mod lone;
mod near;
mod nearest;
mod pattern;
mod rows;
mod shifts;
mod sped;

pub(super) use anywhere::candidates as anywhere;
pub(super) use as_long::candidates as as_long;
pub(super) use sped::candidates as sped;
