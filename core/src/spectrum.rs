//! 8 kHz samples to a power spectrum every 25 ms: ring, Hann window, FFT.
//!
//! The only floating point of the crate lies between the window and the logarithm, and uses
//! nothing but `+`, `-` and `*`: the same bits on every IEEE 754 target, hardware or soft.

use crate::profile::{FRAME_SAMPLES, WINDOW_SAMPLES};
use crate::tables::WINDOW;

/// Bins of a spectrum, from 0 Hz in steps of 7.8125 Hz (the one at 4 kHz is left out).
pub(crate) const BINS: usize = WINDOW_SAMPLES / 2;

/// Factor by which a [`Spectrum`]'s powers exceed those of the windowed 16-bit samples: the
/// window's scale, squared.
pub(crate) const POWER_SCALE: f32 = (crate::profile::WINDOW_ONE as f32) * (1 << 15) as f32;

/// Power per bin.
pub(crate) type Spectrum = [f32; BINS];

/// Collects samples and gives a spectrum for every full window.
pub(crate) struct Framer {
    samples: [i16; WINDOW_SAMPLES],
    filled: usize,
}

impl Framer {
    pub(crate) const fn new() -> Self {
        Self { samples: [0; WINDOW_SAMPLES], filled: 0 }
    }

    /// Takes one sample; gives the spectrum of the last window every [`FRAME_SAMPLES`].
    #[inline]
    pub(crate) fn push(&mut self, sample: i16) -> Option<Spectrum> {
        if let Some(slot) = self.samples.get_mut(self.filled) {
            *slot = sample;
        }
        self.filled += 1;
        if self.filled < WINDOW_SAMPLES {
            return None;
        }
        let spectrum = power(&self.samples);
        self.samples.copy_within(FRAME_SAMPLES.., 0);
        self.filled = WINDOW_SAMPLES - FRAME_SAMPLES;
        Some(spectrum)
    }
}

// A call of its own, and so is the network's: a browser compiles each by itself, well before the
// first song is done (`decode/src/codes.rs`).
#[inline(never)]
fn power(samples: &[i16; WINDOW_SAMPLES]) -> Spectrum {
    let mut windowed = [0.0; WINDOW_SAMPLES];
    for ((out, &sample), &weight) in windowed.iter_mut().zip(samples).zip(&WINDOW) {
        *out = (i32::from(sample) * i32::from(weight)) as f32;
    }
    let bins = microfft::real::rfft_1024(&mut windowed);
    let mut spectrum = [0.0; BINS];
    for (out, bin) in spectrum.iter_mut().zip(bins) {
        *out = bin.re * bin.re + bin.im * bin.im;
    }
    spectrum
}
