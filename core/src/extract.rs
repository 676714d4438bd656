//! PCM to codes: the one long-lived state of the client side.

use core::num::NonZeroU32;

use crate::bands::log_bands;
use crate::encoder::SlowDifference;
use crate::format::{Channels, SampleRate};
use crate::pcm::PcmSample;
use crate::resample::Resampler;
use crate::spectrum::Framer;

/// Turns a stream of PCM into one 8-bit code per 50 ms.
///
/// The codes depend on the samples alone, never on how they were cut into blocks. Code i is made
/// of the audio from `i * 50` ms to `i * 50 + 503` ms (at other rates than 8 kHz, 2 ms on either
/// side more). State: under 7 KiB, no heap; about 9 KiB of stack while a frame is computed.
///
/// ```
/// use onmon_core::{Channels, Extractor, SampleRate};
/// let mut extractor = Extractor::new(SampleRate::from_hz(44_100)?, Channels::new(2)?);
/// let mut codes = 0;
/// extractor.push(&[0.0_f32; 2 * 44_100], |_code| codes += 1);
/// assert_eq!(codes, 10); // one second holds ten whole codes: the eleventh would end at 1.003 s
/// # Ok::<(), onmon_core::FormatError>(())
/// ```
pub struct Extractor {
    channels: NonZeroU32,
    /// Sum of the channels of a frame that a block's end cut in two, and how many of them.
    sum: i32,
    summed: u32,
    resampler: Resampler,
    framer: Framer,
    encoder: SlowDifference,
}

impl Extractor {
    /// An extractor at the start of a stream.
    pub fn new(rate: SampleRate, channels: Channels) -> Self {
        Self {
            channels: channels.non_zero(),
            sum: 0,
            summed: 0,
            resampler: Resampler::new(rate),
            framer: Framer::new(),
            encoder: SlowDifference::new(),
        }
    }

    /// Takes a block of interleaved PCM of any length (also part of a frame) and hands every code
    /// that it completes to `on_code`. NaN counts as silence, what is out of range saturates.
    /// Never panics.
    pub fn push<T: PcmSample>(&mut self, block: &[T], mut on_code: impl FnMut(u8)) {
        for sample in block {
            self.sum += i32::from(sample.to_i16());
            self.summed += 1;
            if self.summed < self.channels.get() {
                continue;
            }
            let mono = mean(self.sum, self.channels);
            (self.sum, self.summed) = (0, 0);
            let Some(sample) = self.resampler.push(mono) else { continue };
            let Some(spectrum) = self.framer.push(sample) else { continue };
            if let Some(code) = self.encoder.push(&log_bands(&spectrum)) {
                on_code(code);
            }
        }
    }
}

/// Rounds down. One and two channels go without a division; more are made non-negative for it,
/// since only unsigned division by a non-zero type is free of panics.
#[inline]
fn mean(sum: i32, channels: NonZeroU32) -> i16 {
    let mean = match channels.get() {
        1 => sum,
        2 => sum >> 1,
        more => {
            let lifted = (sum - i32::from(i16::MIN) * more as i32) as u32;
            (lifted / channels) as i32 + i32::from(i16::MIN)
        }
    };
    mean as i16
}
