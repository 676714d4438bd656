//! The PCM vector: named by the argument line, read in blocks through semihosting.

use core::ffi::CStr;
use core::fmt;
use core::num::ParseIntError;

use semihosting::experimental::env;
use semihosting::fs::File;
use semihosting::io::{self, Read};

/// Samples in one block; odd against every channel count, so that blocks split frames.
pub const BLOCK_SAMPLES: usize = 509;
const ARGUMENTS_BYTES_MAX: usize = 1024;
const PATH_BYTES_MAX: usize = 512;

/// An open vector.
pub struct Vector {
    file: File,
    /// Frames a second.
    pub rate_hz: u32,
    /// Interleaved channels.
    pub channels: u8,
    /// Samples per channel in the whole file.
    pub frames: u64,
}

/// Why there is no vector.
pub enum VectorError {
    /// The argument line is not `IMAGE PCM_PATH RATE_HZ CHANNELS`.
    Arguments,
    /// The path is longer than the image has room for.
    PathTooLong,
    /// Rate or channels is no number.
    Number(ParseIntError),
    /// The host refused the file.
    Io(io::Error),
}

impl Vector {
    /// Opens the file that the argument line names.
    pub fn open() -> Result<Self, VectorError> {
        let arguments = env::args::<ARGUMENTS_BYTES_MAX>()?;
        let mut words = (&arguments).skip(1);
        let mut word = || words.next().and_then(Result::ok).ok_or(VectorError::Arguments);
        let (path, rate_hz, channels) = (word()?, word()?.parse()?, word()?.parse()?);
        let file = open(path)?;
        let bytes = file.metadata()?.len();
        let frames = bytes / 2 / u64::from(u8::max(channels, 1));
        Ok(Self { file, rate_hz, channels, frames })
    }

    /// Reads the next block: full but for the last, empty at the end.
    pub fn read<'a>(
        &mut self,
        block: &'a mut [i16; BLOCK_SAMPLES],
    ) -> Result<&'a [i16], VectorError> {
        let mut bytes = [0; 2 * BLOCK_SAMPLES];
        let mut filled = 0;
        while filled < bytes.len() {
            match self.file.read(&mut bytes[filled..])? {
                0 => break,
                read => filled += read,
            }
        }
        for (sample, pair) in block.iter_mut().zip(bytes.chunks_exact(2)) {
            *sample = i16::from_le_bytes([pair[0], pair[1]]);
        }
        Ok(&block[..filled / 2])
    }
}

fn open(path: &str) -> Result<File, VectorError> {
    let mut terminated = [0; PATH_BYTES_MAX + 1];
    let room = terminated.get_mut(..path.len()).ok_or(VectorError::PathTooLong)?;
    room.copy_from_slice(path.as_bytes());
    let path = CStr::from_bytes_until_nul(&terminated).map_err(|_| VectorError::PathTooLong)?;
    Ok(File::open(path)?)
}

impl From<io::Error> for VectorError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<ParseIntError> for VectorError {
    fn from(error: ParseIntError) -> Self {
        Self::Number(error)
    }
}

impl fmt::Display for VectorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Arguments => f.write_str("arguments must be IMAGE PCM_PATH RATE_HZ CHANNELS"),
            Self::PathTooLong => write!(f, "the path is longer than {PATH_BYTES_MAX} bytes"),
            Self::Number(error) => write!(f, "rate or channels: {error}"),
            Self::Io(error) => write!(f, "the host refused the file: {error}"),
        }
    }
}
