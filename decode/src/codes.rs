//! Decoded audio to codes: the last step before `onmon-core`.

use onmon_core::{Channels, Extractor, FormatError, Margins, SampleRate};
use symphonia::core::audio::GenericAudioBufferRef;

use crate::error::DecodeError;
use crate::hooks::Clock;
use crate::interleave::Interleaver;
use crate::picture::Picture;

/// Times that a frame may be repeated to reach a rate that core has taps for. Repeating is exact
/// enough: what it adds lies above half the old rate, where core's low-pass removes it.
const REPEATS_MAX: u32 = 8;

/// What goes in: sampling rate and channels of a track, checked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PcmFormat {
    hz: u32,
    rate: SampleRate,
    channels: Channels,
    /// Times that every frame is handed on: 12 kHz becomes 24 kHz.
    repeats: u32,
}

impl PcmFormat {
    pub(crate) fn new(hz: u32, channels: usize) -> Result<Self, DecodeError> {
        let unsupported = DecodeError::UnsupportedChannels { count: channels };
        let count = u16::try_from(channels).ok().map(Channels::new);
        let Some(Ok(channels)) = count else { return Err(unsupported) };
        let reached = (1..=REPEATS_MAX).find_map(|repeats| {
            let rate = SampleRate::from_hz(hz.checked_mul(repeats)?).ok()?;
            Some((rate, repeats))
        });
        let Some((rate, repeats)) = reached else {
            return Err(DecodeError::UnsupportedRate { hz });
        };
        Ok(Self { hz, rate, channels, repeats })
    }

    /// Codes that `frames` frames give.
    pub(crate) fn codes_in(self, frames: u64) -> u32 {
        onmon_core::plan::codes_in(frames.saturating_mul(u64::from(self.repeats)), self.rate)
    }

    /// The frame at which a code on the seek grid begins.
    pub(crate) fn frame_of(self, code: u32) -> u64 {
        onmon_core::plan::frame_of(code, self.rate) / u64::from(self.repeats)
    }

    /// Milliseconds that `frames` frames last.
    pub(crate) fn ms_in(self, frames: u64) -> u32 {
        let ms = u128::from(frames) * 1_000 / u128::from(self.hz);
        u32::try_from(ms).unwrap_or(u32::MAX)
    }

    /// Frames that last `ms` milliseconds, rounded down.
    pub(crate) fn frames_in(self, ms: u32) -> u64 {
        u64::from(ms) * u64::from(self.hz) / 1_000
    }

    /// Frames per second, as decoded.
    pub(crate) fn hz(self) -> u32 {
        self.hz
    }

    pub(crate) fn channel_count(self) -> usize {
        usize::from(self.channels.count())
    }
}

impl From<FormatError> for DecodeError {
    fn from(error: FormatError) -> Self {
        match error {
            FormatError::Rate { hz } => Self::UnsupportedRate { hz },
            FormatError::Channels { count } => Self::UnsupportedChannels { count: count.into() },
            _ => Self::Damaged { detail: "its PCM is of an unknown kind" },
        }
    }
}

/// Turns decoded buffers into codes, and keeps the time that takes.
pub(crate) struct CodeMaker {
    pub(crate) format: PcmFormat,
    extractor: Extractor,
    clock: Clock,
    interleaver: Interleaver,
    /// Of the audio since the last restart, where it is wanted.
    picture: Option<Picture>,
    /// Milliseconds spent on extraction.
    pub(crate) extract_ms: f64,
}

impl CodeMaker {
    /// With `pictured` it keeps the log bands too.
    pub(crate) fn new(format: PcmFormat, clock: Clock, pictured: bool) -> Self {
        let extractor = Extractor::new(format.rate, format.channels);
        let interleaver = Interleaver::new(format);
        let picture = pictured.then(Picture::default);
        Self { format, extractor, clock, interleaver, picture, extract_ms: 0.0 }
    }

    /// The picture of the audio since the last restart.
    pub(crate) fn picture(&self) -> Option<&Picture> {
        self.picture.as_ref()
    }

    /// That picture, and the margins of all that was pushed since.
    pub(crate) fn ended(self) -> (Option<Picture>, Option<Margins>) {
        (self.picture, self.extractor.margins())
    }

    /// Forgets the audio so far: what comes next is elsewhere in the recording.
    pub(crate) fn restart(&mut self) {
        self.extractor = Extractor::new(self.format.rate, self.format.channels);
        self.picture = self.picture.is_some().then(Picture::default);
    }

    /// Takes a decoded buffer, all but its first `skip` frames.
    ///
    /// # Errors
    /// A buffer of another rate. One of other channels is mixed down and goes on.
    pub(crate) fn push(
        &mut self,
        pcm: &GenericAudioBufferRef<'_>,
        skip: usize,
        on_code: impl FnMut(u8),
    ) -> Result<(), DecodeError> {
        let began = (self.clock)();
        self.interleaver.take(pcm, skip)?;
        self.extract(on_code);
        self.extract_ms += (self.clock)() - began;
        Ok(())
    }

    /// Takes silence in place of a packet that was lost, so that what follows keeps its place.
    pub(crate) fn push_silence(&mut self, frames: usize, on_code: impl FnMut(u8)) {
        self.interleaver.take_silence(frames);
        self.extract(on_code);
    }

    /// A call of its own: a browser optimises a function while it is called again and again, and
    /// whoever calls this does so in one long loop, which would end before it is any faster.
    #[inline(never)]
    fn extract(&mut self, mut on_code: impl FnMut(u8)) {
        let samples = self.interleaver.samples();
        let mut on_bands = |bands: &_| {
            if let Some(picture) = &mut self.picture {
                picture.push(bands);
            }
        };
        if self.format.repeats == 1 {
            self.extractor.push_watched(samples, on_bands, on_code);
            return;
        }
        for frame in samples.chunks_exact(self.format.channel_count()) {
            for _ in 0..self.format.repeats {
                self.extractor.push_watched(frame, &mut on_bands, &mut on_code);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_rates_are_reached_by_repeating_or_refused() {
        for (hz, repeats) in [(44_100, 1), (12_000, 2), (7_350, 3), (6_000, 4)] {
            let format = PcmFormat::new(hz, 2).unwrap();
            assert_eq!(format.repeats, repeats, "{hz}");
            assert_eq!(format.frame_of(4) * 5, u64::from(hz), "{hz}");
            assert_eq!(format.ms_in(u64::from(hz)), 1_000, "{hz}");
        }
        assert_eq!(PcmFormat::new(37_800, 2).unwrap_err().code(), "unsupported_rate");
        assert_eq!(PcmFormat::new(0, 2).unwrap_err().code(), "unsupported_rate");
        assert_eq!(PcmFormat::new(48_000, 0).unwrap_err().code(), "unsupported_channels");
        assert_eq!(PcmFormat::new(48_000, 33).unwrap_err().code(), "unsupported_channels");
    }
}
