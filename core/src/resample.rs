//! From any accepted rate to 8 kHz: a polyphase low-pass with integer taps, the same on every
//! target.
//!
//! ```text
//! x[m] at d * base Hz   dealt out to d streams   each meets `taps` consecutive taps   summed, scaled
//!   0 1 2 3 4 5 ...  ->  0 d 2d ..  1 d+1 ..  ->   row (phase) of the family's table  ->  y[n]
//! ```
//! Dealing out makes both sides of every product contiguous, at any rate, from one table per
//! family. Output n is centred on input time n / 8000 s; before the first sample there is
//! silence.

use core::num::NonZeroUsize;

use crate::dot::dot;
use crate::format::SampleRate;
use crate::profile::{FAMILY_8K, Family, LOWPASS_GAIN_BITS};
use crate::tables::{TAPS_8K, TAPS_11K};

/// Samples held for all streams together: 64 for each of 24, more where there are fewer.
const HELD: usize = 1_536;

/// Fraction bits of the factor that undoes the taps' gain.
const SCALE_BITS: u32 = 30;

/// Resamples 16-bit mono PCM to 8 kHz, one sample in, at most one out.
pub(crate) struct Resampler {
    family: &'static Family,
    streams: NonZeroUsize,
    /// Samples that each stream can hold.
    room: usize,
    /// `streams` runs of `room` samples; index 0 of all is the same moment.
    held: [i16; HELD],
    /// Where the next sample goes: this place of this stream.
    place: usize,
    stream: usize,
    /// Lattice point of the next output, counted from place 0.
    point: usize,
    /// Input samples until the next output can be computed.
    missing: usize,
    scale: i64,
}

impl Resampler {
    pub(crate) fn new(rate: SampleRate) -> Self {
        let (family, streams) = rate.family();
        let mut resampler = Self {
            family,
            streams,
            room: HELD / streams,
            held: [0; HELD],
            place: family.taps / 2,
            stream: 0,
            point: family.phases.get() * family.taps,
            missing: 0,
            scale: scale(family, streams),
        };
        resampler.missing = resampler.inputs_before_output();
        resampler
    }

    /// Takes one sample; gives one when enough have come.
    #[inline]
    pub(crate) fn push(&mut self, sample: i16) -> Option<i16> {
        if self.is_passthrough() {
            return Some(sample);
        }
        if let Some(slot) = self.held.get_mut(self.stream * self.room + self.place) {
            *slot = sample;
        }
        self.stream += 1;
        if self.stream == self.streams.get() {
            self.stream = 0;
            self.place += 1;
        }
        self.missing -= 1;
        if self.missing > 0 {
            return None;
        }
        let output = self.output();
        self.point += self.family.step;
        if self.place + self.family.taps >= self.room {
            self.forget();
        }
        self.missing = self.inputs_before_output();
        Some(output)
    }

    fn is_passthrough(&self) -> bool {
        self.family.base_hz == FAMILY_8K.base_hz && self.streams.get() == 1
    }

    /// The sum over all streams at the current point.
    fn output(&self) -> i16 {
        let mut sum = 0_i32;
        let apart = self.family.phases.get() / self.streams;
        for stream in 0..self.streams.get() {
            let point = self.point - stream * apart;
            let (phase, newest) = (point % self.family.phases, point / self.family.phases);
            let end = stream * self.room + newest + 1;
            let samples = self.held.get(end.saturating_sub(self.family.taps)..end);
            sum += dot(taps(self.family, phase), samples.unwrap_or_default());
        }
        let scaled = (i64::from(sum) * self.scale + (1 << (SCALE_BITS - 1))) >> SCALE_BITS;
        scaled.clamp(i64::from(i16::MIN), i64::from(i16::MAX)) as i16
    }

    /// Input samples still to come before the sample at or just before the current point is
    /// there.
    fn inputs_before_output(&self) -> usize {
        let written = self.place * self.streams.get() + self.stream;
        let needed = self.point * self.streams.get() / self.family.phases + 1;
        needed.saturating_sub(written).max(1)
    }

    /// Moves what the next output still meets to the front.
    fn forget(&mut self) {
        let oldest_met = (self.point / self.family.phases).saturating_sub(self.family.taps);
        let gone = oldest_met.min(self.place);
        let mut rest = self.held.as_mut_slice();
        for _ in 0..self.streams.get() {
            let Some((stream, others)) = rest.split_at_mut_checked(self.room) else { break };
            if gone <= stream.len() {
                stream.copy_within(gone.., 0);
            }
            rest = others;
        }
        self.place -= gone;
        self.point -= gone * self.family.phases.get();
    }
}

/// Outputs that `frames` input frames at `rate` give.
pub(crate) fn outputs_in(frames: u64, rate: SampleRate) -> u64 {
    let (family, streams) = rate.family();
    if rate.hz() == FAMILY_8K.base_hz {
        return frames;
    }
    let Some(last) = frames.checked_sub(1) else { return 0 };
    // Output n needs input floor((step n + centre) * streams / phases).
    let phases = family.phases.get() as u64;
    let reach = last.saturating_mul(phases).saturating_add(phases - 1);
    let reach = reach.checked_div(streams.get() as u64).unwrap_or(0);
    match reach.checked_sub(phases * family.taps as u64 / 2) {
        Some(beyond) => beyond.checked_div(family.step as u64).unwrap_or(0) + 1,
        None => 0,
    }
}

fn taps(family: &Family, phase: usize) -> &'static [i16] {
    if family.base_hz == FAMILY_8K.base_hz {
        TAPS_8K.get(phase).map_or(&[], |row| row.as_slice())
    } else {
        TAPS_11K.get(phase).map_or(&[], |row| row.as_slice())
    }
}

/// One over the taps' gain at this many streams, with [`SCALE_BITS`] of fraction.
fn scale(family: &Family, streams: NonZeroUsize) -> i64 {
    ((family.streams_max.get() << (SCALE_BITS - LOWPASS_GAIN_BITS)) / streams) as i64
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use crate::format::RATES_HZ;
    use std::f64::consts::TAU;
    use std::vec::Vec;

    fn resampled(hz: u32, tone_hz: f64) -> Vec<f64> {
        let mut resampler = Resampler::new(SampleRate::from_hz(hz).unwrap());
        let angle = |i: u32| TAU * tone_hz * f64::from(i) / f64::from(hz);
        let pcm = (0..hz / 4).map(|i| (20_000.0 * angle(i).sin()).round() as i16);
        pcm.filter_map(|sample| resampler.push(sample)).map(f64::from).collect()
    }

    /// The twin: the tone itself, at the time that output n stands for.
    #[test]
    fn a_tone_comes_out_as_the_same_tone_at_the_same_time() {
        for hz in RATES_HZ {
            for tone_hz in [250.0, 1_000.0, 3_333.0] {
                for (n, &value) in resampled(hz, tone_hz).iter().enumerate().skip(40) {
                    let exact = 20_000.0 * (TAU * tone_hz * n as f64 / 8_000.0).sin();
                    assert!((value - exact).abs() < 120.0, "{hz} {tone_hz} {n}: {value} {exact}");
                }
            }
        }
    }

    #[test]
    fn what_would_alias_into_the_bands_is_gone() {
        for hz in RATES_HZ.into_iter().filter(|&hz| hz >= 11_025) {
            for tone_hz in [4_600.0, 5_200.0] {
                let loudest =
                    resampled(hz, tone_hz).iter().skip(40).fold(0.0, |a: f64, b| a.max(b.abs()));
                assert!(loudest < 60.0, "{hz} {tone_hz}: {loudest}");
            }
        }
    }

    #[test]
    fn as_many_come_out_as_are_announced() {
        for hz in RATES_HZ {
            let rate = SampleRate::from_hz(hz).unwrap();
            let (mut resampler, mut given) = (Resampler::new(rate), 0);
            for frames in 1..5_000 {
                given += u64::from(resampler.push(0).is_some());
                assert_eq!(outputs_in(frames, rate), given, "{hz} {frames}");
            }
            assert_eq!(outputs_in(0, rate), 0);
            assert!(outputs_in(u64::MAX, rate) > 0);
        }
    }
}
