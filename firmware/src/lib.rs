//! What the images share: the board they run on, the PCM vector on the host's disk, the clock, and
//! printing bytes as hex.
//!
//! The vector is read through semihosting, so it weighs nothing in flash. The argument line is
//! `IMAGE PCM_PATH RATE_HZ CHANNELS`; the file is interleaved i16, little endian.

#![no_std]

mod board;
mod clock;
mod excerpts;
mod hex;
mod vector;

pub use board::entry;
pub use clock::Clock;
pub use excerpts::Excerpts;
pub use hex::print_hex;
pub use vector::{BLOCK_SAMPLES, Vector, VectorError};
