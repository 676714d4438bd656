//! A synthetic catalogue: any number of songs whose codes have the statistics of real ones, so that
//! an index of millions can be built and measured by anybody, without music.
//!
//! ```text
//! Catalogue::new(seed, songs)          catalogue.rs   which song is what: original, remaster, edit
//!   | song(n, &mut codes)              song.rs        phrases, their repeats, silence
//!   |   new phrases                    model.rs       a chain over codes, fitted to music
//!   |   repeats                        bit_errors.rs  as degraded sound has them
//! codes, one u8 per 50 ms
//!   | degraded(codes, how, seed)       query.rs        white noise, GSM, another speed
//! codes as a query would have them
//! ```
//! Integer arithmetic only, and nothing is remembered between songs: equal numbers give equal codes
//! on every machine, in any order. `cargo run --release -p onmon-synth --example statistics` prints
//! what [`statistics`] measures, beside the same of real music where there is some.
//!
//! Like real codes in what decides how long posting lists get: how often keys collide between songs
//! and within one, and how common the commonest are. Unlike them in that there is no beat: two
//! songs of one tempo agree no more than any two.

#![forbid(unsafe_code)]

mod bit_errors;
mod catalogue;
mod model;
mod query;
mod random;
mod song;
pub mod statistics;

pub use catalogue::{Catalogue, Kind};
pub use query::{Degradation, degraded};
