//! PCM to codes: the one long-lived state of the client side.

use core::num::NonZeroU32;

use crate::bands::log_bands;
use crate::encoder::{Encoder, Margins, Network};
use crate::format::{Channels, SampleRate};
use crate::pcm::PcmSample;
use crate::profile::BANDS;
use crate::resample::Resampler;
use crate::spectrum::Framer;

/// Frames that are mixed down at a time: half a KiB of stack.
const MONO_SAMPLES: usize = 256;

/// Turns a stream of PCM into one 8-bit code per 50 ms.
///
/// The codes depend on the samples alone, never on how they were cut into blocks. Code i is made
/// of the audio from `i * 50` ms to `i * 50 + 1353` ms (at other rates than 8 kHz, 2 ms on either
/// side more); audio that ends before that does not have a code i. State: 9.5 KiB, no heap;
/// about 9 KiB of stack while a frame is computed.
///
/// ```
/// use onmon_core::{Channels, Extractor, SampleRate, plan};
/// let rate = SampleRate::from_hz(44_100)?;
/// let mut extractor = Extractor::new(rate, Channels::new(2)?);
/// let mut codes = 0;
/// extractor.push(&[0.0_f32; 2 * 3 * 44_100], |_code| codes += 1);
/// assert_eq!(codes, plan::codes_in(3 * 44_100, rate)); // 33 of three seconds
/// # Ok::<(), onmon_core::FormatError>(())
/// ```
pub struct Extractor<E: Encoder = Network> {
    channels: NonZeroU32,
    /// Sum of the channels of a frame that a block's end cut in two, and how many of them.
    sum: i32,
    summed: u32,
    resampler: Resampler,
    framer: Framer,
    encoder: E,
}

impl Extractor {
    /// An extractor at the start of a stream, with the encoder of this build.
    pub fn new(rate: SampleRate, channels: Channels) -> Self {
        Self::with_encoder(rate, channels)
    }
}

impl<E: Encoder> Extractor<E> {
    /// An extractor at the start of a stream, with the encoder that its type names.
    pub fn with_encoder(rate: SampleRate, channels: Channels) -> Self {
        Self {
            channels: channels.non_zero(),
            sum: 0,
            summed: 0,
            resampler: Resampler::new(rate),
            framer: Framer::new(),
            encoder: E::new(),
        }
    }

    /// Takes a block of interleaved PCM of any length (also part of a frame) and hands every code
    /// that it completes to `on_code`. NaN counts as silence, what is out of range saturates.
    /// Never panics.
    pub fn push<T: PcmSample>(&mut self, block: &[T], on_code: impl FnMut(u8)) {
        self.push_watched(block, |_bands| {}, on_code);
    }

    /// The same, and shows `on_bands` the log bands that the codes are made of, for a picture: one
    /// frame per 25 ms, from low to high, in [`LOG2_STEPS`](crate::profile::LOG2_STEPS). Code i is
    /// made of frame 2i and those after it.
    pub fn push_watched<T: PcmSample>(
        &mut self,
        block: &[T],
        mut on_bands: impl FnMut(&[i16; BANDS]),
        mut on_code: impl FnMut(u8),
    ) {
        let mut mono = [0; MONO_SAMPLES];
        let mut rest = block;
        while !rest.is_empty() {
            let (count, later) = self.mix(rest, &mut mono);
            rest = later;
            self.resampler.push(mono.get(..count).unwrap_or_default(), |sample| {
                let Some(spectrum) = self.framer.push(sample) else { return };
                let bands = log_bands(&spectrum);
                on_bands(&bands);
                if let Some(code) = self.encoder.push(&bands) {
                    on_code(code);
                }
            });
        }
    }

    /// The codes before the first and after the last, were the stream to end here: for sound of
    /// which there is no more, [`QueryBuilder::of_sound`](crate::QueryBuilder::of_sound). `None`
    /// before the first code. Takes 3 KiB of stack.
    pub fn margins(&self) -> Option<Margins> {
        self.encoder.margins()
    }

    /// Mixes as many frames of `block` as `mono` has room for; says how many those were, and what
    /// of the block is left.
    fn mix<'a, T: PcmSample>(&mut self, block: &'a [T], mono: &mut [i16]) -> (usize, &'a [T]) {
        let most = mono.len() * self.channels.get() as usize - self.summed as usize;
        let (now, later) = block.split_at_checked(most).unwrap_or((block, &[]));
        // One and two channels are nearly all there is: a loop without state for whole frames.
        match self.channels.get() {
            1 => {
                let samples = now.iter().map(|sample| sample.to_i16());
                return (fill(mono, samples), later);
            }
            2 if self.summed == 0 => {
                let (frames, half) = now.as_chunks::<2>();
                let means = frames.iter().map(|&[left, right]| {
                    ((i32::from(left.to_i16()) + i32::from(right.to_i16())) >> 1) as i16
                });
                if let [left, ..] = half {
                    (self.sum, self.summed) = (i32::from(left.to_i16()), 1);
                }
                return (fill(mono, means), later);
            }
            _ => {}
        }
        let mut count = 0;
        for sample in now {
            self.sum += i32::from(sample.to_i16());
            self.summed += 1;
            if self.summed < self.channels.get() {
                continue;
            }
            if let Some(place) = mono.get_mut(count) {
                *place = mean(self.sum, self.channels);
            }
            count += 1;
            (self.sum, self.summed) = (0, 0);
        }
        (count, later)
    }
}

/// Writes what comes, and says how many that was.
fn fill(mono: &mut [i16], samples: impl ExactSizeIterator<Item = i16>) -> usize {
    let count = samples.len();
    for (place, sample) in mono.iter_mut().zip(samples) {
        *place = sample;
    }
    count
}

/// Rounds down. Sums are made non-negative for it, since only unsigned division by a non-zero type
/// is free of panics.
fn mean(sum: i32, channels: NonZeroU32) -> i16 {
    let lifted = (sum - i32::from(i16::MIN) * channels.get() as i32) as u32;
    ((lifted / channels) as i32 + i32::from(i16::MIN)) as i16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoder::SlowDifference;

    #[test]
    fn the_state_is_as_small_as_the_documentation_says() {
        assert!(size_of::<Extractor>() <= 10 * 1_024, "{}", size_of::<Extractor>());
        assert!(size_of::<Extractor<SlowDifference>>() <= 7 * 1_024);
    }
}
