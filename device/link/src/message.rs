//! The messages. Numbers are integers: no device prints a float.

use serde::{Deserialize, Serialize};

/// Codes in one message, at most: a second of audio.
pub const CODES_MAX: usize = 20;

/// What a device says. A new variant goes to the end: postcard numbers them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Message {
    /// A stream begins: at start-up, and wherever the source's rate or channels change.
    Started(Started),
    /// Codes of the stream.
    Codes(Codes),
    /// Audio came while nobody could take it.
    Lost(Lost),
    /// A recording of the device's own library was heard.
    Playing(Playing),
    /// The source is at its end.
    Ended(Ended),
}

/// A stream begins; its codes are numbered from 0.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Started {
    /// Extraction that makes the codes.
    pub profile: u8,
    /// Encoder that makes the codes.
    pub encoder: u16,
    /// Frames a second of the source.
    pub rate_hz: u32,
    /// Interleaved channels of the source.
    pub channels: u16,
}

/// Consecutive codes of a stream, one per 50 ms. What was lost has numbers and no codes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Codes {
    /// Number of the first: the codes of the stream before it, had nothing been lost.
    pub first: u32,
    /// The codes.
    pub codes: heapless::Vec<u8, CODES_MAX>,
}

/// Audio was lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lost {
    /// Frames (one sample of every channel) that are missing here.
    pub frames: u32,
    /// Half-buffers of the source that nobody took, since start-up.
    pub overruns: u32,
    /// Number that the next code of this stream will have.
    pub resumes: u32,
}

/// A recording of the device's own library was heard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Playing {
    /// Its number in the library.
    pub recording: u32,
    /// Number of the stream's code at which its excerpt begins.
    pub code: u32,
    /// Standard deviations beyond chance, in hundredths.
    pub deviations_hundredths: u32,
    /// Bits of the excerpt that differ, per mille; unrelated music is about 500.
    pub bit_error_permille: u16,
}

/// The source is at its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// Codes told since start-up.
    pub codes: u32,
    /// Half-buffers of the source that nobody took, since start-up.
    pub overruns: u32,
    /// Frames that were lost with them.
    pub lost_frames: u64,
}
