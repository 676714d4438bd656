//! The recording that passes: its codes so far, and its fingerprint at the end.

use onmon_core::profile::CODES_PER_REFERENCE;
use onmon_core::{Channels, Extractor, FormatError, PcmSample, QueryBuilder, SampleRate, wire};

/// Frames of silence that are pushed at a time.
const SILENT_FRAMES: usize = 4_096;

/// Codes of what has passed; 20 bytes a second.
pub struct Recording {
    rate: SampleRate,
    channels: Channels,
    extractor: Extractor,
    codes: Vec<u8>,
    frames: u64,
}

/// A fingerprint and how long what it is of was.
pub struct Print {
    pub wire: Vec<u8>,
    pub duration_ms: u32,
}

impl Recording {
    pub fn new(rate_hz: u32, channels: u32) -> Result<Self, FormatError> {
        let rate = SampleRate::from_hz(rate_hz)?;
        let channels = Channels::new(u16::try_from(channels).unwrap_or(u16::MAX))?;
        let extractor = Extractor::new(rate, channels);
        Ok(Self { rate, channels, extractor, codes: Vec::new(), frames: 0 })
    }

    /// Forgets what has passed.
    pub fn restart(&mut self) {
        self.extractor = Extractor::new(self.rate, self.channels);
        self.codes.clear();
        self.frames = 0;
    }

    /// Takes whole frames. What comes after twelve hours is let pass unheard.
    pub fn push<T: PcmSample>(&mut self, samples: &[T]) {
        if self.codes.len() >= CODES_PER_REFERENCE {
            return;
        }
        let codes = &mut self.codes;
        self.extractor.push(samples, |code| codes.push(code));
        self.frames += samples.len() as u64 / u64::from(self.channels.count());
    }

    /// Takes silence in place of what was lost, so that what follows keeps its place.
    pub fn push_silence(&mut self, frames: u64) {
        let channels = usize::from(self.channels.count());
        let silence = vec![0_i16; SILENT_FRAMES * channels];
        let mut rest = frames;
        while rest > 0 {
            let now = rest.min(SILENT_FRAMES as u64);
            self.push(silence.get(..now as usize * channels).unwrap_or_default());
            rest -= now;
        }
    }

    /// Frames taken.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// Frames per second.
    pub fn rate_hz(&self) -> u32 {
        self.rate.hz()
    }

    /// The query fingerprint; none of what is too short (2.4 s) for one.
    pub fn print(&self) -> Option<Print> {
        let ms = u128::from(self.frames) * 1_000 / u128::from(self.rate.hz());
        let duration_ms = u32::try_from(ms).unwrap_or(u32::MAX);
        let builder = QueryBuilder::of_recording(duration_ms, &self.codes).ok()?;
        let mut bytes = vec![0; wire::QUERY_BYTES_MAX];
        let len = wire::encode(&builder.finish().ok()?, &mut bytes).ok()?;
        bytes.truncate(len);
        Some(Print { wire: bytes, duration_ms })
    }
}
