//! A PCM vector: named by three words of the argument line, read through semihosting.

use core::ffi::CStr;
use core::fmt;
use core::num::ParseIntError;

use onmon_core::FormatError;
use semihosting::experimental::env;
use semihosting::fs::File;
use semihosting::io::{self, Read, Seek, SeekFrom};

/// Samples in one block; odd against every channel count, so that blocks split frames.
pub const BLOCK_SAMPLES: usize = 509;
const ARGUMENTS_BYTES_MAX: usize = 1024;
const PATH_BYTES_MAX: usize = 512;

/// An open vector.
pub struct Vector {
    file: File,
    /// Bytes before the next that is read.
    position: u64,
    /// Frames a second.
    pub rate_hz: u32,
    /// Interleaved channels.
    pub channels: u8,
    /// Samples per channel in the whole file.
    pub frames: u64,
}

/// The argument line.
pub type Arguments = env::Args<ARGUMENTS_BYTES_MAX>;

/// The words behind the image's name are `(&arguments()?).skip(1)`.
pub fn arguments() -> Result<Arguments, VectorError> {
    Ok(env::args::<ARGUMENTS_BYTES_MAX>()?)
}

/// Why there is no vector.
pub enum VectorError {
    /// The argument line is not what the image wants.
    Arguments,
    /// The path is longer than the image has room for.
    PathTooLong,
    /// Rate or channels is no number.
    Number(ParseIntError),
    /// Rate or channels are not for core.
    Format(FormatError),
    /// The host refused the file.
    Io(io::Error),
}

impl Vector {
    /// Opens the file that the next three words name: `PCM_PATH RATE_HZ CHANNELS`.
    pub fn open<'a, E>(
        words: &mut impl Iterator<Item = Result<&'a str, E>>,
    ) -> Result<Self, VectorError> {
        let mut word = || words.next().and_then(Result::ok).ok_or(VectorError::Arguments);
        let (path, rate_hz, channels) = (word()?, word()?.parse()?, word()?.parse()?);
        let file = open(path)?;
        let bytes = file.metadata()?.len();
        let frames = bytes / 2 / u64::from(u8::max(channels, 1));
        Ok(Self { file, position: 0, rate_hz, channels, frames })
    }

    /// Reads what comes next into `block`: all of it but at the end, where it says how much.
    pub fn read(&mut self, block: &mut [i16]) -> Result<usize, VectorError> {
        let mut count = 0;
        for block in block.chunks_mut(BLOCK_SAMPLES) {
            let mut bytes = [0; 2 * BLOCK_SAMPLES];
            let wanted = bytes.get_mut(..2 * block.len()).unwrap_or_default();
            let mut filled = 0;
            while filled < wanted.len() {
                match self.file.read(&mut wanted[filled..])? {
                    0 => break,
                    read => filled += read,
                }
            }
            for (sample, pair) in block.iter_mut().zip(wanted.chunks_exact(2)) {
                *sample = i16::from_le_bytes([pair[0], pair[1]]);
            }
            count += filled / 2;
            self.position += filled as u64;
            if filled < wanted.len() {
                break;
            }
        }
        Ok(count)
    }

    /// Passes over so many samples.
    pub fn skip(&mut self, samples: usize) -> Result<(), VectorError> {
        self.position += 2 * samples as u64;
        self.file.seek(SeekFrom::Start(self.position))?;
        Ok(())
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

impl From<FormatError> for VectorError {
    fn from(error: FormatError) -> Self {
        Self::Format(error)
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
            Self::Arguments => f.write_str("the argument line lacks PCM_PATH RATE_HZ CHANNELS"),
            Self::PathTooLong => write!(f, "the path is longer than {PATH_BYTES_MAX} bytes"),
            Self::Number(error) => write!(f, "rate or channels: {error}"),
            Self::Format(error) => error.fmt(f),
            Self::Io(error) => write!(f, "the host refused the file: {error}"),
        }
    }
}
