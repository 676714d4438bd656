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

use crate::dot::Sum;
use crate::format::SampleRate;
use crate::profile::{FAMILY_8K, Family, LOWPASS_GAIN_BITS};
use crate::tables::{TAPS_8K, TAPS_11K};

/// Samples held for all streams together: 64 for each of 24, more where there are fewer.
const HELD: usize = 1_536;

/// Fraction bits of the factor that undoes the taps' gain.
const SCALE_BITS: u32 = 30;

/// Resamples 16-bit mono PCM to 8 kHz, block by block.
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
    next: Point,
    scale: i64,
}

/// A lattice point: `phase` of the family's phases after a place of stream 0.
#[derive(Clone, Copy)]
struct Point {
    place: usize,
    phase: usize,
}

impl Resampler {
    pub(crate) fn new(rate: SampleRate) -> Self {
        let (family, streams) = rate.family();
        Self {
            family,
            streams,
            room: HELD / streams,
            held: [0; HELD],
            place: family.taps / 2,
            stream: 0,
            next: Point { place: family.taps, phase: 0 },
            scale: scale(family, streams),
        }
    }

    /// Takes a block of any length and hands on every output that it completes.
    #[inline]
    pub(crate) fn push(&mut self, block: &[i16], mut on_output: impl FnMut(i16)) {
        if self.is_passthrough() {
            return block.iter().for_each(|&sample| on_output(sample));
        }
        let mut rest = block;
        while !rest.is_empty() {
            let space = (self.room - self.place) * self.streams.get() - self.stream;
            // Never 0: what is still met is less than half of the room.
            let fits = rest.split_at_checked(space.max(1)).unwrap_or((rest, &[]));
            self.deal(fits.0);
            rest = fits.1;
            if self.family.base_hz == FAMILY_8K.base_hz {
                self.outputs(&TAPS_8K, &mut on_output);
            } else {
                self.outputs(&TAPS_11K, &mut on_output);
            }
            self.forget();
        }
    }

    fn is_passthrough(&self) -> bool {
        self.family.base_hz == FAMILY_8K.base_hz && self.streams.get() == 1
    }

    /// Deals a block out to the streams: sample i is the next one's of stream `self.stream + i`.
    fn deal(&mut self, block: &[i16]) {
        let streams = self.streams.get();
        let mut held = self.held.as_mut_slice();
        for stream in 0..streams {
            let (own, others) =
                core::mem::take(&mut held).split_at_mut_checked(self.room).unwrap_or_default();
            held = others;
            // Streams before the one whose turn it is have the sample at `place` already.
            let round = usize::from(stream < self.stream);
            let first = stream + round * streams - self.stream;
            let places = own.get_mut(self.place + round..).unwrap_or_default();
            let samples = block.get(first..).unwrap_or_default();
            let mut next = 0;
            for place in places {
                let Some(&sample) = samples.get(next) else { break };
                *place = sample;
                next += streams;
            }
        }
        let dealt = self.stream + block.len();
        self.place += dealt / self.streams;
        self.stream = dealt % self.streams;
    }

    /// All outputs whose newest sample is there.
    #[inline]
    fn outputs<const TAPS: usize, const PHASES: usize>(
        &mut self,
        taps: &[[i16; TAPS]; PHASES],
        on_output: &mut impl FnMut(i16),
    ) {
        let apart = PHASES / self.streams;
        let Point { mut place, mut phase } = self.next;
        while place < self.place || (place == self.place && phase < self.stream * apart) {
            let mut sum = Sum::default();
            let (mut own_phase, mut newest) = (phase, place + 1);
            let mut held = self.held.as_slice();
            for _ in 0..self.streams.get() {
                let (own, others) = held.split_at_checked(self.room).unwrap_or_default();
                held = others;
                let met = own.get(newest.saturating_sub(TAPS)..).unwrap_or_default();
                if let (Some(taps), Some(met)) = (taps.get(own_phase), met.first_chunk::<TAPS>()) {
                    sum.add(taps, met);
                }
                // The next stream's samples are that much later, so the point is before them.
                if own_phase < apart {
                    own_phase += PHASES;
                    newest -= 1;
                }
                own_phase -= apart;
            }
            on_output(scaled(sum.total(), self.scale));
            phase += self.family.step % PHASES;
            place += self.family.step / PHASES;
            if phase >= PHASES {
                phase -= PHASES;
                place += 1;
            }
        }
        self.next = Point { place, phase };
    }

    /// Moves what the next output still meets to the front.
    fn forget(&mut self) {
        let gone = self.next.place.saturating_sub(self.family.taps).min(self.place);
        let mut rest = self.held.as_mut_slice();
        for _ in 0..self.streams.get() {
            let Some((stream, others)) = rest.split_at_mut_checked(self.room) else { break };
            if gone <= stream.len() {
                stream.copy_within(gone.., 0);
            }
            rest = others;
        }
        self.place -= gone;
        self.next.place -= gone;
    }
}

/// Without the taps' gain, rounded to nearest, saturated.
fn scaled(sum: i32, scale: i64) -> i16 {
    let scaled = (i64::from(sum) * scale + (1 << (SCALE_BITS - 1))) >> SCALE_BITS;
    scaled.clamp(i64::from(i16::MIN), i64::from(i16::MAX)) as i16
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
        let pcm: Vec<i16> =
            (0..hz / 4).map(|i| (20_000.0 * angle(i).sin()).round() as i16).collect();
        let mut out = Vec::new();
        resampler.push(&pcm, |sample| out.push(f64::from(sample)));
        out
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
                resampler.push(&[0], |_| given += 1);
                assert_eq!(outputs_in(frames, rate), given, "{hz} {frames}");
            }
            assert_eq!(outputs_in(0, rate), 0);
            assert!(outputs_in(u64::MAX, rate) > 0);
        }
    }
}
