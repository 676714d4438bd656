//! Where sound goes: nowhere, into a WAV file, or to the sound device in builds that have one.

use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::Path;

use onmon_core::PcmSample;

use crate::args::SinkArg;
use crate::outcome::Failure;
use crate::stop::Stop;
use crate::whole;

/// Takes interleaved samples, full scale at +-1.
pub trait Sink {
    /// Takes a block; comes back when there is room for the next.
    fn put(&mut self, samples: &[f32]) -> Result<(), Failure>;

    /// Comes back when all was heard, or is written.
    fn end(&mut self) -> Result<(), Failure>;
}

/// What the samples are.
#[derive(Clone, Copy, Debug)]
pub struct Format {
    pub rate_hz: u32,
    pub channels: u16,
}

/// Opens a sink, has it played into by `play`, and ends it. A file is there as a whole or not at
/// all.
pub fn with(
    sink: &SinkArg,
    format: Format,
    stop: &Stop,
    play: impl FnOnce(&mut dyn Sink) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let through = |sink: &mut dyn Sink| {
        play(sink)?;
        sink.end()
    };
    match sink {
        SinkArg::Null => through(&mut Null),
        SinkArg::Wav(path) => {
            whole::write(path, |file| through(&mut Wav::new(file, path, format)?))
        }
        SinkArg::Default => device(format, stop, through),
    }
}

/// Whether the sink is there at all: known before anything is bought for it.
pub fn check(sink: &SinkArg) -> Result<(), Failure> {
    match sink {
        SinkArg::Null | SinkArg::Wav(_) => Ok(()),
        SinkArg::Default => device_is_there(),
    }
}

#[cfg(feature = "audio-out")]
fn device_is_there() -> Result<(), Failure> {
    crate::device::find().map(drop)
}

#[cfg(not(feature = "audio-out"))]
fn device_is_there() -> Result<(), Failure> {
    let message = "this build has no sound output: build it with `--features audio-out`, or give \
                   `--sink null` or `--sink wav:PATH`";
    Err(Failure::new("no_audio_out", message))
}

#[cfg(feature = "audio-out")]
fn device(
    format: Format,
    stop: &Stop,
    through: impl FnOnce(&mut dyn Sink) -> Result<(), Failure>,
) -> Result<(), Failure> {
    through(&mut crate::device::Device::open(format, stop)?)
}

#[cfg(not(feature = "audio-out"))]
fn device(
    _: Format,
    _: &Stop,
    _: impl FnOnce(&mut dyn Sink) -> Result<(), Failure>,
) -> Result<(), Failure> {
    device_is_there()
}

/// Nowhere.
struct Null;

impl Sink for Null {
    fn put(&mut self, _: &[f32]) -> Result<(), Failure> {
        Ok(())
    }

    fn end(&mut self) -> Result<(), Failure> {
        Ok(())
    }
}

/// A WAV file of 16-bit PCM.
struct Wav<'a, 'f> {
    file: &'a mut BufWriter<&'f File>,
    path: &'a Path,
    format: Format,
    data_bytes: u64,
}

/// Bytes of a sample.
const SAMPLE_BYTES: u16 = 2;

/// Bytes of the headers behind the first chunk's length.
const HEADERS_BYTES: u32 = 36;

impl<'a, 'f> Wav<'a, 'f> {
    fn new(
        file: &'a mut BufWriter<&'f File>,
        path: &'a Path,
        format: Format,
    ) -> Result<Self, Failure> {
        let mut wav = Self { file, path, format, data_bytes: 0 };
        wav.headers(0).map_err(|error| wav.cannot(&error))?;
        Ok(wav)
    }

    fn headers(&mut self, data_bytes: u32) -> io::Result<()> {
        let Format { rate_hz, channels } = self.format;
        let frame_bytes = channels * SAMPLE_BYTES;
        let mut bytes = b"RIFF".to_vec();
        bytes.extend((HEADERS_BYTES + data_bytes).to_le_bytes());
        bytes.extend(b"WAVEfmt ");
        bytes.extend(16_u32.to_le_bytes());
        bytes.extend([1, channels].map(u16::to_le_bytes).as_flattened());
        bytes.extend(
            [rate_hz, rate_hz * u32::from(frame_bytes)].map(u32::to_le_bytes).as_flattened(),
        );
        bytes.extend([frame_bytes, 8 * SAMPLE_BYTES].map(u16::to_le_bytes).as_flattened());
        bytes.extend(b"data");
        bytes.extend(data_bytes.to_le_bytes());
        self.file.write_all(&bytes)
    }

    fn cannot(&self, error: &io::Error) -> Failure {
        Failure::new("write_failed", format!("cannot write {}: {error}", self.path.display()))
    }
}

impl Sink for Wav<'_, '_> {
    fn put(&mut self, samples: &[f32]) -> Result<(), Failure> {
        let bytes: Vec<u8> =
            samples.iter().flat_map(|sample| sample.to_i16().to_le_bytes()).collect();
        self.data_bytes += bytes.len() as u64;
        self.file.write_all(&bytes).map_err(|error| self.cannot(&error))
    }

    fn end(&mut self) -> Result<(), Failure> {
        let Some(data_bytes) =
            u32::try_from(self.data_bytes).ok().filter(|bytes| *bytes <= u32::MAX - HEADERS_BYTES)
        else {
            return Err(Failure::new("write_failed", "more than a WAV file can hold (4 GiB)"));
        };
        let begun = self.file.seek(SeekFrom::Start(0)).map(drop);
        begun.and_then(|()| self.headers(data_bytes)).map_err(|error| self.cannot(&error))
    }
}
