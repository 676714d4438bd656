//! What the images share: the board they run on, PCM vectors on the host's disk and the microphone
//! that plays them, the clock, and printing bytes as hex.
//!
//! The vector is read through semihosting, so it weighs nothing in flash. A file is
//! interleaved i16, little endian, and named by three words: `PCM_PATH RATE_HZ CHANNELS`.

#![no_std]

mod board;
mod clock;
mod excerpts;
pub mod hearing;
mod hex;
pub mod microphone;
mod vector;

pub use board::{Counter, Serial, Ticker, entry, on_tick, sleep};
pub use clock::Clock;
pub use excerpts::Excerpts;
pub use hex::print_hex;
pub use vector::{Arguments, BLOCK_SAMPLES, Vector, VectorError, arguments};
