//! MP3 frames with exact positions: an MP3 stream carries no timestamps, only frames of known
//! length.
//!
//! Symphonia reads the tags before the audio (ID3, Xing, LAME); its coarse seek then estimates a
//! position and is a frame off as often as not, which shows in the codes. Here a frame's number is
//! known:
//!
//! ```text
//! constant bit rate   number = round(byte offset / mean frame length): exact, whatever the padding
//! variable bit rate   number = counted from the start, hopping from header to header, nothing decoded
//! ```

use std::io::{ErrorKind, Seek, SeekFrom};

use symphonia::core::errors::{Error, Result};
use symphonia::core::io::{MediaSource, MediaSourceStream, ReadBytes, SeekBuffered};

const HEADER_BYTES: usize = 4;

/// Frames between two entries of the index.
const INDEX_FRAMES: u64 = 32;

/// Frames looked at in the beginning to see whether the bit rate is constant.
const LOOK_FRAMES: u64 = 48;

/// Bit rates in kbit/s by index, MPEG 1 and MPEG 2/2.5, Layer III.
const KBPS: [[u32; 15]; 2] = [
    [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
    [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
];

/// Sampling rates in Hz of MPEG 1; MPEG 2 has half of them, MPEG 2.5 a quarter.
const RATES_HZ: [u32; 3] = [44_100, 48_000, 32_000];

/// What a frame's first four bytes say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Header {
    /// Halvings of the sampling rate: 0 for MPEG 1, 1 for MPEG 2, 2 for MPEG 2.5.
    halvings: u32,
    rate_hz: u32,
    bits_per_second: u32,
    mono: bool,
    padded: bool,
}

impl Header {
    fn parse(word: u32) -> Option<Self> {
        if word >> 21 != 0x7ff || (word >> 17) & 3 != 1 {
            return None; // no sync, or not Layer III
        }
        let halvings = match (word >> 19) & 3 {
            3 => 0,
            2 => 1,
            0 => 2,
            _ => return None,
        };
        let kbps = KBPS[halvings.min(1) as usize].get(((word >> 12) & 15) as usize)?;
        let rate_hz = RATES_HZ.get(((word >> 10) & 3) as usize)? >> halvings;
        if *kbps == 0 {
            return None; // free format: symphonia's own reader refuses it too
        }
        Some(Self {
            halvings,
            rate_hz,
            bits_per_second: kbps * 1_000,
            mono: (word >> 6) & 3 == 3,
            padded: (word >> 9) & 1 == 1,
        })
    }

    /// PCM frames that one MP3 frame decodes to.
    fn samples(self) -> u64 {
        if self.halvings == 0 { 1_152 } else { 576 }
    }

    /// Bytes from this frame's header to the next one's.
    fn len(self) -> usize {
        let bytes = self.samples() / 8 * u64::from(self.bits_per_second) / u64::from(self.rate_hz);
        bytes as usize + usize::from(self.padded)
    }

    /// Whether both can belong to one stream.
    fn is_like(self, other: Self) -> bool {
        (self.halvings, self.rate_hz, self.mono) == (other.halvings, other.rate_hz, other.mono)
    }
}

/// Reads an MP3 stream frame by frame, and finds frames by number.
pub(crate) struct Mp3Frames {
    stream: MediaSourceStream<'static>,
    /// The stream's first frame: all others are like it.
    first: Header,
    /// Where the first frame begins.
    start: u64,
    /// Bytes from there to the end of the source, if known.
    len: Option<u64>,
    /// Number of the frame that is read next.
    next: u64,
    /// Frames in the stream, if known.
    count: Option<u64>,
    constant: bool,
    /// Byte position of every [`INDEX_FRAMES`]th frame seen so far, from the first on.
    index: Vec<u64>,
}

impl Mp3Frames {
    /// Takes a stream that stands at its first frame. `tagged_frames` is the count in its Xing or
    /// VBRI tag. Gives the stream back where no frame can be read there.
    pub(crate) fn new(
        mut stream: MediaSourceStream<'static>,
        tagged_frames: Option<u64>,
    ) -> std::result::Result<Self, MediaSourceStream<'static>> {
        let start = stream.pos();
        let first = stream.read_be_u32().ok().and_then(Header::parse);
        stream.seek_buffered(start);
        let Some(first) = first else { return Err(stream) };
        let len = stream.byte_len().map(|len| len.saturating_sub(start));
        let mut frames = Self {
            stream,
            first,
            start,
            len,
            next: 0,
            count: None,
            constant: true,
            index: Vec::new(),
        };
        if frames.stream.is_seekable() {
            frames.constant = frames.looks_constant(tagged_frames);
            frames.count = match (frames.constant, len) {
                (true, Some(len)) => Some(frames.number_at(len)),
                _ => tagged_frames,
            };
        }
        Ok(frames)
    }

    /// PCM frames per MP3 frame.
    pub(crate) fn samples(&self) -> u64 {
        self.first.samples()
    }

    /// Frames in the stream, if known: exact after [`Mp3Frames::count_all`], else as tagged or
    /// computed.
    pub(crate) fn count(&self) -> Option<u64> {
        self.count
    }

    /// Whether all frames read so far had one bit rate, so that positions are computed.
    pub(crate) fn is_constant(&self) -> bool {
        self.constant
    }

    pub(crate) fn into_stream(self) -> MediaSourceStream<'static> {
        self.stream
    }

    /// The next frame's number and bytes; `None` at the end. Junk between frames is skipped.
    pub(crate) fn next(&mut self) -> Result<Option<(u64, Box<[u8]>)>> {
        let Some(header) = self.sync()? else { return Ok(None) };
        let mut frame = vec![0; header.len()];
        match self.stream.read_buf_exact(&mut frame) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
            Err(error) => return Err(Error::IoError(error)),
        }
        let number = self.next;
        self.next += 1;
        Ok(Some((number, frame.into_boxed_slice())))
    }

    /// Goes to frame `number` or, where that lies beyond the end, to the end. Says where it is.
    pub(crate) fn seek(&mut self, number: u64) -> Result<u64> {
        if self.constant {
            self.seek_constant(number)?
        } else {
            self.hop_to(number)?
        }
        Ok(self.next)
    }

    /// Counts the frames by hopping over all of them.
    pub(crate) fn count_all(&mut self) -> Result<u64> {
        self.constant = false;
        self.hop_to(u64::MAX)?;
        self.count = Some(self.next);
        Ok(self.next)
    }

    fn seek_constant(&mut self, number: u64) -> Result<()> {
        let offset = u128::from(number) * self.mean_len().0 / self.mean_len().1;
        // One byte early: the padding may have put the frame there.
        let target = (u128::from(self.start) + offset).saturating_sub(1);
        let target = u64::try_from(target).unwrap_or(u64::MAX).max(self.start);
        self.stream.seek(SeekFrom::Start(target))?;
        self.next = number;
        if self.resync()?.is_some() {
            self.next = self.number_at(self.stream.pos() - self.start);
        }
        Ok(())
    }

    /// Hops from header to header, from the last indexed frame before it.
    fn hop_to(&mut self, number: u64) -> Result<()> {
        let behind = (number / INDEX_FRAMES).min((self.index.len() as u64).saturating_sub(1));
        let entry = self.index.get(behind as usize).copied();
        if number < self.next || behind * INDEX_FRAMES > self.next || self.index.is_empty() {
            self.stream.seek(SeekFrom::Start(entry.unwrap_or(self.start)))?;
            self.next = behind * INDEX_FRAMES;
        }
        while self.next < number {
            let Some(header) = self.sync()? else { break };
            match self.stream.ignore_bytes(header.len() as u64) {
                Ok(()) => self.next += 1,
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => break,
                Err(error) => return Err(Error::IoError(error)),
            }
        }
        Ok(())
    }

    /// The header of the next frame, with the stream standing at it; `None` at the end.
    fn sync(&mut self) -> Result<Option<Header>> {
        let at = self.stream.pos();
        let header = match self.stream.read_be_u32() {
            Ok(word) => Header::parse(word).filter(|header| header.is_like(self.first)),
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
            Err(error) => return Err(Error::IoError(error)),
        };
        self.stream.seek_buffered(at);
        let header = match header {
            Some(header) => header,
            None => match self.resync()? {
                Some(header) => header,
                None => return Ok(None),
            },
        };
        self.constant &= header.bits_per_second == self.first.bits_per_second;
        if self.next == self.index.len() as u64 * INDEX_FRAMES {
            self.index.push(self.stream.pos());
        }
        Ok(Some(header))
    }

    /// Looks byte by byte for a frame that another one follows (or the end), and stands at it.
    fn resync(&mut self) -> Result<Option<Header>> {
        let mut word = 0;
        let mut have = 0;
        loop {
            word = match self.stream.read_u8() {
                Ok(byte) => (word << 8) | u32::from(byte),
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
                Err(error) => return Err(Error::IoError(error)),
            };
            have += 1;
            if have < HEADER_BYTES {
                continue;
            }
            let Some(header) = Header::parse(word).filter(|h| h.is_like(self.first)) else {
                continue;
            };
            let at = self.stream.pos() - HEADER_BYTES as u64;
            if self.is_followed(header) {
                self.stream.seek_buffered(at);
                return Ok(Some(header));
            }
            self.stream.seek_buffered(at + HEADER_BYTES as u64);
        }
    }

    /// Whether a frame like this one's begins where this one ends, or the stream does.
    fn is_followed(&mut self, header: Header) -> bool {
        if self.stream.ignore_bytes((header.len() - HEADER_BYTES) as u64).is_err() {
            return false;
        }
        match self.stream.read_be_u32() {
            Ok(word) => Header::parse(word).is_some_and(|next| next.is_like(self.first)),
            Err(_) => true,
        }
    }

    /// Whether the first frames have one bit rate and the tag's count, if any, fits it.
    fn looks_constant(&mut self, tagged_frames: Option<u64>) -> bool {
        let looked = self.hop_to(LOOK_FRAMES).is_ok();
        let _ = self.stream.seek(SeekFrom::Start(self.start));
        self.next = 0;
        let fits = match (tagged_frames, self.len) {
            // Within 1 % and some frames: what follows the audio (ID3v1, APE) is smaller than that.
            (Some(tagged), Some(len)) => tagged.abs_diff(self.number_at(len)) <= tagged / 100 + 4,
            (None, Some(_)) => true,
            (_, None) => false,
        };
        looked && self.constant && fits
    }

    /// Mean length of a frame in bytes at the first frame's bit rate, as a fraction.
    fn mean_len(&self) -> (u128, u128) {
        let bits = u128::from(self.first.samples()) * u128::from(self.first.bits_per_second);
        (bits, 8 * u128::from(self.first.rate_hz))
    }

    /// The number of the frame nearest to `offset` bytes after the first one.
    fn number_at(&self, offset: u64) -> u64 {
        let (numerator, denominator) = self.mean_len();
        let number = (u128::from(offset) * denominator * 2 + numerator) / (2 * numerator);
        u64::try_from(number).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    const MONO_44K_128K: u32 = 0xfffb_90c0;
    const MONO_44K_64K: u32 = 0xfffb_50c0;

    /// Frames of alternating padding as an encoder of constant rate writes them.
    fn constant(frames: u64) -> (Vec<u8>, Vec<u64>) {
        let (mut bytes, mut at) = (Vec::new(), Vec::new());
        for number in 0..frames {
            at.push(bytes.len() as u64);
            let end = (number + 1) * 1_152 * 16_000 / 44_100;
            let padded = end - bytes.len() as u64 == 418;
            push(&mut bytes, MONO_44K_128K | (u32::from(padded) << 9));
        }
        (bytes, at)
    }

    fn push(bytes: &mut Vec<u8>, word: u32) {
        let end = bytes.len() + Header::parse(word).unwrap().len();
        bytes.extend_from_slice(&word.to_be_bytes());
        bytes.resize(end, 0);
    }

    fn frames(bytes: Vec<u8>, tagged: Option<u64>) -> Mp3Frames {
        let stream = MediaSourceStream::new(Box::new(Cursor::new(bytes)), Default::default());
        Mp3Frames::new(stream, tagged).map_err(|_| "no frame").unwrap()
    }

    #[test]
    fn constant_rate_finds_every_frame_by_computing() {
        let (bytes, at) = constant(2_000);
        let mut mp3 = frames(bytes, None);
        assert_eq!(mp3.count(), Some(2_000));
        for number in (0..1_999).rev().step_by(7) {
            assert_eq!(mp3.seek(number).unwrap(), number);
            assert_eq!(mp3.stream.pos(), at[number as usize]);
        }
        assert!(mp3.is_constant());
    }

    #[test]
    fn variable_rate_is_noticed_and_counted() {
        let mut bytes = Vec::new();
        let mut at = Vec::new();
        for number in 0..1_000_u64 {
            at.push(bytes.len() as u64);
            push(&mut bytes, if number % 3 == 0 { MONO_44K_64K } else { MONO_44K_128K });
        }
        let mut mp3 = frames(bytes, None);
        assert!(!mp3.is_constant());
        assert_eq!(mp3.count_all().unwrap(), 1_000);
        for number in [999, 0, 31, 32, 500, 33, 700] {
            assert_eq!(mp3.seek(number).unwrap(), number);
            assert_eq!(mp3.stream.pos(), at[number as usize]);
            assert_eq!(mp3.next().unwrap().unwrap().0, number);
        }
    }

    #[test]
    fn a_tag_that_counts_otherwise_makes_it_variable() {
        let (bytes, _) = constant(2_000);
        assert!(!frames(bytes.clone(), Some(900)).is_constant());
        assert!(frames(bytes, Some(1_999)).is_constant());
    }

    #[test]
    fn junk_between_frames_is_skipped_and_junk_alone_ends() {
        let (mut bytes, at) = constant(20);
        bytes.splice(at[10] as usize..at[10] as usize, [0xff; 300]);
        let mut mp3 = frames(bytes, None);
        let mut numbers = Vec::new();
        while let Some((number, _)) = mp3.next().unwrap() {
            numbers.push(number);
        }
        assert_eq!(numbers, (0..20).collect::<Vec<_>>());
        let stream =
            MediaSourceStream::new(Box::new(Cursor::new(vec![7; 900])), Default::default());
        assert!(Mp3Frames::new(stream, None).is_err());
    }
}
