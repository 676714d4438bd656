//! Encoder 3: a small convolutional network over time, trained once, integers only.
//!
//! ```text
//! log bands   less their moving mean        layers of `weights.rs`, the last of 8 outputs
//!  32 per 25 ms   ->   64 values per hop   ->   ...   ->   8 sums   ->   8 signs, one code
//! ```
//! The table in `weights.rs` decides everything from the first layer on: how many, how wide, how
//! far apart in time. Whatever does not fit together does not compile.

use super::layer::{Layer, VALUE_MAX};
use super::weights::{LAYERS, MEAN_HOPS};
use super::{Encoder, Margins};
use crate::bands::LogBands;
use crate::fingerprint::EncoderId;
use crate::profile::{BANDS, FRAMES_PER_HOP};

/// Frames over which a band's mean is taken, the hop that is encoded in their middle: long enough
/// that what stays is the music's, short enough to take out what a loudspeaker, a microphone or a
/// volume control adds to a band.
const MEAN_FRAMES: usize = MEAN_HOPS * FRAMES_PER_HOP;

/// Takes [`MEAN_FRAMES`] times a difference of log bands to half of it, rounded down.
const INPUT_FACTOR: i32 = (1 << INPUT_SHIFT) / (2 * MEAN_FRAMES as i32);

/// Fraction bits of [`INPUT_FACTOR`].
const INPUT_SHIFT: u32 = 14;

/// Bits in a code, and so sums of the last layer.
const BITS: usize = 8;

const LAYERS_MAX: usize = 6;
const WEIGHTS_MAX: usize = 32_000;

/// Products of one sum, at most: the values that the widest layer meets are laid out on the stack.
pub(super) const PRODUCTS_MAX: usize = 384;

/// The widest hop of any layer.
pub(super) const WIDTH_MAX: usize = width_max();

/// Values that all layers hold together.
const HELD: usize = held();

const _: () = check();
const _: () = assert!(MEAN_HOPS % 2 == 1, "no hop is in the middle");

/// Hops before the first code, and after the last, whose own context is not all there.
pub const MARGIN_CODES: usize = hops() / 2;

/// The hop in the middle of a mean.
const MIDDLE: usize = MEAN_HOPS / 2;

/// Hops on either side that the layers meet beyond the one that is encoded.
const REACH: usize = MARGIN_CODES - MIDDLE;

/// Encoder 3, the network. Its state: 26 frames of log bands and what each layer still meets.
pub struct Network {
    /// The last frames, the oldest first.
    recent: [LogBands; MEAN_FRAMES],
    /// The last hops of every layer's inputs, layer after layer, the oldest first.
    held: [i16; HELD],
    /// Frames until the next code.
    missing: usize,
    /// The codes of the first hops, once they are known.
    before: [u8; MARGIN_CODES],
}

impl Encoder for Network {
    const ID: EncoderId = EncoderId(3);
    const FRAMES_PER_CODE: usize = FRAMES_PER_HOP * hops();

    fn new() -> Self {
        Self {
            recent: [[0; BANDS]; MEAN_FRAMES],
            held: [0; HELD],
            missing: Self::FRAMES_PER_CODE,
            before: [0; MARGIN_CODES],
        }
    }

    fn push(&mut self, bands: &[i16; BANDS]) -> Option<u8> {
        self.recent.copy_within(1.., 0);
        if let Some(newest) = self.recent.last_mut() {
            *newest = *bands;
        }
        self.missing -= 1;
        if !self.missing.is_multiple_of(FRAMES_PER_HOP) {
            return None;
        }
        // Hops that are still to come before the first code.
        let hops = self.missing / FRAMES_PER_HOP;
        if hops > MARGIN_CODES {
            return None;
        }
        if hops == MARGIN_CODES {
            // There is a mean now, for all hops before the middle one as well.
            // Nothing is known of what came before: it counts as loud as the mean.
            (0..REACH).for_each(|_| _ = code_of(&mut self.held, &[0; WIDTH_MAX]));
            for hop in 0..MIDDLE {
                code_of(&mut self.held, &centred(&self.recent, hop * FRAMES_PER_HOP));
            }
        }
        let values = centred(&self.recent, MIDDLE * FRAMES_PER_HOP);
        let code = code_of(&mut self.held, &values);
        if let Some(before) = self.before.get_mut(MARGIN_CODES.wrapping_sub(hops)) {
            *before = code;
        }
        if hops > 0 {
            return None;
        }
        self.missing = FRAMES_PER_HOP;
        Some(code)
    }

    fn margins(&self) -> Option<Margins> {
        // After the first code it is never more than one hop's frames.
        if self.missing > FRAMES_PER_HOP {
            return None;
        }
        let mut held = self.held;
        let mut after = [0; MARGIN_CODES];
        // Of half a hop at the end nothing but the mean knows.
        let half = FRAMES_PER_HOP - self.missing;
        for (hop, code) in (MIDDLE + 1..).zip(&mut after) {
            let first = hop * FRAMES_PER_HOP - half;
            let is_there = hop < MEAN_HOPS;
            let values = if is_there { centred(&self.recent, first) } else { [0; WIDTH_MAX] };
            *code = code_of(&mut held, &values);
        }
        Some(Margins { before: self.before, after })
    }
}

/// Takes a hop's values through all layers, which hold what they still meet of the hops before.
#[inline(never)]
fn code_of(held: &mut [i16; HELD], values: &[i16; WIDTH_MAX]) -> u8 {
    let [hidden @ .., last] = &LAYERS;
    let mut values = *values;
    let mut held = held.as_mut_slice();
    for layer in hidden {
        let here = core::mem::take(&mut held).split_at_mut_checked(layer.held());
        let (own, others) = here.unwrap_or_default();
        held = others;
        layer.take(own, &values);
        values = layer.passed_on(&layer.sums(own));
    }
    last.take(held, &values);
    let sums = last.sums(held);
    sums.iter().take(BITS).fold(0, |code, &sum| code << 1 | u8::from(sum > 0))
}

/// The bands of the recent hop that begins with frame `first`, less the means of all frames, in
/// 1/256 of a factor of four in power.
fn centred(recent: &[LogBands; MEAN_FRAMES], first: usize) -> [i16; WIDTH_MAX] {
    let mut sums = [0_i32; BANDS];
    for frame in recent {
        for (sum, &band) in sums.iter_mut().zip(frame) {
            *sum += i32::from(band);
        }
    }
    let frames = recent.iter().skip(first).take(FRAMES_PER_HOP);
    let bands = frames.flat_map(|frame| frame.iter().zip(&sums));
    let mut values = [0; WIDTH_MAX];
    for (value, (&band, sum)) in values.iter_mut().zip(bands) {
        let difference = MEAN_FRAMES as i32 * i32::from(band) - sum;
        let rounded = (difference * INPUT_FACTOR + (1 << (INPUT_SHIFT - 1))) >> INPUT_SHIFT;
        *value = rounded.clamp(-VALUE_MAX, VALUE_MAX) as i16;
    }
    values
}

/// Hops that one code depends on.
const fn hops() -> usize {
    let (mut hops, mut i) = (MEAN_HOPS, 0);
    while i < LAYERS.len() {
        hops += LAYERS[i].hops() - 1;
        i += 1;
    }
    hops
}

const fn held() -> usize {
    let (mut held, mut i) = (0, 0);
    while i < LAYERS.len() {
        held += LAYERS[i].held();
        i += 1;
    }
    held
}

const fn width_max() -> usize {
    let (mut widest, mut i) = (BITS, 0);
    while i < LAYERS.len() {
        let Layer { inputs, outputs, .. } = LAYERS[i];
        let wider = if inputs > outputs { inputs } else { outputs };
        widest = if wider > widest { wider } else { widest };
        i += 1;
    }
    widest
}

const fn check() {
    assert!(!LAYERS.is_empty() && LAYERS.len() <= LAYERS_MAX, "too few or too many layers");
    let (mut inputs, mut weights, mut i) = (FRAMES_PER_HOP * BANDS, 0, 0);
    while i < LAYERS.len() {
        let layer: &Layer = &LAYERS[i];
        layer.check(inputs, i + 1 == LAYERS.len());
        assert!(layer.products() <= PRODUCTS_MAX, "too many products in a sum");
        inputs = layer.outputs;
        weights += layer.weights.len();
        i += 1;
    }
    assert!(inputs == BITS, "the last layer does not give the bits of a code");
    assert!(weights <= WEIGHTS_MAX, "too many weights");
}

/// The network once more, the plain way: all bands at once, 64-bit sums, nothing held.
#[cfg(test)]
mod twin {
    extern crate std;

    use super::*;
    use std::vec::Vec;

    /// One vector per hop.
    type Hops = Vec<Vec<i64>>;

    /// All codes of a recording with these log bands.
    fn codes(frames: &[LogBands]) -> Vec<u8> {
        through_layers(inputs(frames))
    }

    /// The same with its margins.
    fn with_margins(frames: &[LogBands]) -> Vec<u8> {
        let hops = frames.len() / FRAMES_PER_HOP;
        let at_most = frames.len().saturating_sub(MEAN_FRAMES);
        let silent = || std::vec![std::vec![0; FRAMES_PER_HOP * BANDS]; REACH];
        let known = (0..hops).map(|hop| {
            let first = (FRAMES_PER_HOP * hop).saturating_sub(MEAN_FRAMES / 2 - 1).min(at_most);
            centre(&frames[first..][..MEAN_FRAMES], &frames[FRAMES_PER_HOP * hop..][..2])
        });
        through_layers([silent(), known.collect(), silent()].concat())
    }

    fn through_layers(mut hops: Hops) -> Vec<u8> {
        for (i, layer) in LAYERS.iter().enumerate() {
            let sums = convolved(layer, &hops);
            let last = i + 1 == LAYERS.len();
            hops = if last { sums } else { rectified(sums, layer.shift) };
        }
        hops.iter()
            .map(|sums| sums.iter().fold(0, |code, &sum| code << 1 | u8::from(sum > 0)))
            .collect()
    }

    fn inputs(frames: &[LogBands]) -> Hops {
        let hops = frames.len() / FRAMES_PER_HOP;
        (0..(hops + 1).saturating_sub(MEAN_HOPS))
            .map(|first| {
                let window = &frames[FRAMES_PER_HOP * first..][..MEAN_FRAMES];
                centre(window, &window[MEAN_FRAMES / 2 - 1..][..FRAMES_PER_HOP])
            })
            .collect()
    }

    /// A hop's frames less the mean of a window's.
    fn centre(window: &[LogBands], hop: &[LogBands]) -> Vec<i64> {
        let centred = |band: usize, value: i16| {
            let sum: i64 = window.iter().map(|frame| i64::from(frame[band])).sum();
            let difference = MEAN_FRAMES as i64 * i64::from(value) - sum;
            let half = 1 << (INPUT_SHIFT - 1);
            let rounded = (difference * i64::from(INPUT_FACTOR) + half) >> INPUT_SHIFT;
            rounded.clamp(-i64::from(VALUE_MAX), i64::from(VALUE_MAX))
        };
        hop.iter().flat_map(|frame| (0..BANDS).map(|band| centred(band, frame[band]))).collect()
    }

    fn convolved(layer: &Layer, hops: &Hops) -> Hops {
        let reach = (layer.taps - 1) * layer.dilation;
        let sum = |at: usize, output: usize| {
            let mut sum = i64::from(layer.biases[output]);
            for tap in 0..layer.taps {
                let row = &layer.weights[(output * layer.taps + tap) * layer.inputs..];
                for (&weight, value) in row.iter().zip(&hops[at + tap * layer.dilation]) {
                    sum += i64::from(weight) * value;
                }
            }
            sum
        };
        (0..hops.len().saturating_sub(reach))
            .map(|at| (0..layer.outputs).map(|output| sum(at, output)).collect())
            .collect()
    }

    fn rectified(mut hops: Hops, shift: u32) -> Hops {
        for value in hops.iter_mut().flatten() {
            *value = ((*value + (1 << (shift - 1))) >> shift).clamp(0, i64::from(VALUE_MAX));
        }
        hops
    }

    /// Pseudo-random log bands: a slow walk with jumps, so that values both cling and clip.
    fn walk(seed: u32, frames: usize) -> Vec<LogBands> {
        let mut state = seed;
        let mut next = move || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) as i32
        };
        let mut bands = [4_000_i32; BANDS];
        let mut frame = move || {
            bands.each_mut().map(|band| {
                let step = if next() % 40 == 0 { 8_000 } else { 400 };
                *band = (*band + next() % (2 * step + 1) - step).clamp(0, i32::from(i16::MAX));
                *band as i16
            })
        };
        (0..frames).map(|_| frame()).collect()
    }

    fn streamed(frames: &[LogBands]) -> Vec<u8> {
        let mut network = Network::new();
        frames.iter().filter_map(|bands| network.push(bands)).collect()
    }

    #[test]
    fn streaming_equals_the_plain_network_after_any_number_of_frames() {
        for frames in
            [0, 1, 2, Network::FRAMES_PER_CODE - 1, Network::FRAMES_PER_CODE, 63, 200, 401]
        {
            let bands = walk(frames as u32, frames);
            assert_eq!(streamed(&bands), codes(&bands), "{frames}");
        }
    }

    #[test]
    fn margins_are_those_of_the_plain_network_and_all_else_is_as_without() {
        for frames in [0, 26, 49, 50, 51, 52, 63, 200, 401] {
            let bands = walk(frames as u32 + 1, frames);
            let mut network = Network::new();
            let codes: Vec<u8> = bands.iter().filter_map(|bands| network.push(bands)).collect();
            let Some(Margins { before, after }) = network.margins() else {
                assert!(frames < Network::FRAMES_PER_CODE, "{frames}");
                continue;
            };
            assert_eq!([&before[..], &codes, &after].concat(), with_margins(&bands), "{frames}");
            assert_eq!(before.len() + codes.len() + after.len(), frames / FRAMES_PER_HOP);
        }
    }

    #[test]
    fn streaming_equals_the_plain_network_at_the_extremes() {
        let extreme = |frame: usize, band: usize| match (frame / 7 + band) % 3 {
            0 => i16::MAX,
            1 => 0,
            _ => (frame * 97 % 2_000) as i16,
        };
        let alternating: Vec<LogBands> =
            (0..300).map(|frame| core::array::from_fn(|band| extreme(frame, band))).collect();
        let silence = [[0; BANDS]; 100];
        let loud = [[i16::MAX; BANDS]; 100];
        for bands in [&alternating[..], &silence, &loud, &[silence, loud].concat()] {
            assert_eq!(streamed(bands), codes(bands));
        }
    }

    #[test]
    fn a_code_is_there_as_soon_as_its_context_is_and_depends_on_nothing_else() {
        let bands = walk(7, 300);
        let all = streamed(&bands);
        assert_eq!(all.len(), (300 - Network::FRAMES_PER_CODE) / FRAMES_PER_HOP + 1);
        for start in [2, 10, 60] {
            let later = streamed(&bands[start..]);
            assert_eq!(later, all[start / FRAMES_PER_HOP..]);
        }
    }

    #[test]
    fn codes_vary_in_every_bit() {
        let codes = streamed(&walk(3, 2_000));
        for bit in 0..8 {
            let ones = codes.iter().filter(|&code| code >> bit & 1 == 1).count();
            assert!(ones > 0 && ones < codes.len(), "bit {bit} never changes");
        }
    }
}
