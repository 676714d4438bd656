//! A message as it goes over the line, and back.

use postcard::ser_flavors::crc::to_slice_u16;

use crate::message::{CODES_MAX, Message};

/// Bytes of a frame with its closing zero, at most: the variant, a number, the codes behind their
/// count, the checksum, and two that COBS adds. The longest of the others takes 24.
pub const FRAME_BYTES_MAX: usize = 1 + 5 + 1 + CODES_MAX + 2 + 2;

/// CRC-16/IBM-SDLC (X.25's and HDLC's), over the message.
const CHECKSUM: crc::Crc<u16> = crc::Crc::<u16>::new(&crc::CRC_16_IBM_SDLC);

/// Writes a message's frame, closing zero included, and says what it takes of `room`. Never panics.
///
/// # Errors
/// [`FrameError::RoomTooSmall`]; [`FRAME_BYTES_MAX`] bytes always suffice.
pub fn encode<'a>(message: &Message, room: &'a mut [u8]) -> Result<&'a [u8], FrameError> {
    let too_small = FrameError::RoomTooSmall;
    let mut plain = [0; FRAME_BYTES_MAX];
    let plain = to_slice_u16(message, &mut plain, CHECKSUM.digest()).map_err(|_| too_small)?;
    // Not by postcard's own flavor of COBS, which asserts that there is room.
    let mut framed = cobs::CobsEncoder::new(room);
    framed.push(plain).map_err(|_| too_small)?;
    let length = framed.finalize();
    *room.get_mut(length).ok_or(too_small)? = 0;
    room.get(..=length).ok_or(too_small)
}

/// Reads the frame whose bytes these are, without its closing zero. Never panics.
///
/// # Errors
/// [`FrameError::Damaged`]. Any bytes at all are safe to pass.
pub fn decode(frame: &[u8]) -> Result<Message, FrameError> {
    let mut room = [0; FRAME_BYTES_MAX];
    // `cobs::decode` has bounds checks that may panic, as far as a compiler sees.
    let mut unframed = cobs::CobsDecoder::new(&mut room);
    let mut length = None;
    for byte in frame.iter().chain(&[0]) {
        length = unframed.feed(*byte).map_err(|_| FrameError::Damaged)?;
    }
    let bytes = room.get(..length.unwrap_or(0)).ok_or(FrameError::Damaged)?;
    let (body, sum) = bytes.split_last_chunk::<2>().ok_or(FrameError::Damaged)?;
    if CHECKSUM.checksum(body) != u16::from_le_bytes(*sum) {
        return Err(FrameError::Damaged);
    }
    match postcard::take_from_bytes(body) {
        Ok((message, [])) => Ok(message),
        _ => Err(FrameError::Damaged),
    }
}

/// No frame, or no message in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameError {
    /// The frame does not fit: give [`FRAME_BYTES_MAX`] bytes.
    RoomTooSmall,
    /// The line lost or changed bytes, or the device speaks a later version: go on at the next
    /// zero.
    Damaged,
}

impl core::fmt::Display for FrameError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::RoomTooSmall => "the room is too small for a frame",
            Self::Damaged => "a damaged frame",
        })
    }
}

impl core::error::Error for FrameError {}
