//! What a device tells over its serial line, for the device and for whoever listens.
//!
//! ```text
//! Message  -- postcard -->  bytes | CRC-16  -- COBS -->  no zero inside | 00
//! ```
//! A frame ends at a zero and holds no other, so that a listener who comes late, or has lost bytes,
//! is in step again at the next one. What the line has damaged shows by the checksum.

#![no_std]
#![forbid(unsafe_code)]

mod frame;
mod message;

pub use frame::{FRAME_BYTES_MAX, FrameError, decode, encode};
pub use message::{CODES_MAX, Codes, Ended, Lost, Message, Playing, Started};
