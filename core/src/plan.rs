//! Which stretches of a recording are taken, and where a decoder may enter it.
//!
//! ```text
//! |  1/6   |        |        |        |        |        |   the recording, in six equal parts
//!    |==|      |==|     |==|     |==|     |==|     |==|     15 s (300 codes) in the middle of each
//! ```
//! Shorter than six times 15 s, it is taken whole, cut into samples of 300 codes and what is
//! left.

use crate::encoder::{Encoder, MARGIN_CODES, Network};
use crate::format::SampleRate;
use crate::profile::{
    CODES_MIN, CODES_PER_QUERY, CODES_PER_SAMPLE, CODES_PER_SECOND, HOP_SAMPLES, RATE_HZ,
    SAMPLES_MAX,
};
use crate::resample::outputs_in;

/// Samples at [`RATE_HZ`] that one code depends on: below that, audio gives no code at all.
const SUPPORT_SAMPLES: usize = Network::SUPPORT_SAMPLES;

/// A decoder that enters a recording elsewhere than at its start does so at a multiple of this
/// many codes (0.2 s): a whole number of frames at every rate.
pub const SEEK_GRID_CODES: u32 = 4;

/// Codes that a fresh extractor in the middle of a recording gives before its codes equal those
/// of one that ran from the start. (One would do for the filter's memory; the grid asks for
/// four.)
pub const PREROLL_CODES: u32 = SEEK_GRID_CODES;

/// A run of codes of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Span {
    /// Codes before it.
    pub start: u32,
    /// Codes in it, 1 to 300.
    pub len: u32,
}

/// The recording is too short to tell from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooShort {
    /// Codes that it yields; [`CODES_MIN`] are needed.
    pub codes: u32,
}

impl core::fmt::Display for TooShort {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "only {} codes of audio; at least {CODES_MIN} (2.4 s) are needed", self.codes)
    }
}

impl core::error::Error for TooShort {}

/// The samples of a recording that yields `total_codes`: at most six, in order, never
/// overlapping.
///
/// Starts are multiples of [`SEEK_GRID_CODES`]. The same for everyone who knows the length.
///
/// # Errors
/// [`TooShort`] below [`CODES_MIN`] codes.
pub fn spans(total_codes: u32) -> Result<heapless::Vec<Span, SAMPLES_MAX>, TooShort> {
    if total_codes < CODES_MIN as u32 {
        return Err(TooShort { codes: total_codes });
    }
    let full = CODES_PER_SAMPLE as u32;
    let mut spans = heapless::Vec::new();
    if total_codes < CODES_PER_QUERY as u32 {
        let mut start = 0;
        while start < total_codes {
            let _ = spans.push(Span { start, len: full.min(total_codes - start) });
            start += full;
        }
        return Ok(spans);
    }
    let parts = 2 * SAMPLES_MAX as u64;
    for part in (1..parts).step_by(2) {
        let middle = (u64::from(total_codes) * part / parts) as u32;
        let start = middle - full / 2;
        let _ = spans.push(Span { start: start - start % SEEK_GRID_CODES, len: full });
    }
    Ok(spans)
}

/// Whether a query holds so many codes and their margins: less than 90 s of sound. Too few for a
/// query do not become enough by their margins.
pub fn is_clip(codes: u32) -> bool {
    let most = (CODES_PER_QUERY - 2 * MARGIN_CODES) as u32;
    (CODES_MIN as u32..=most).contains(&codes)
}

/// The samples at places drawn by a seed: each somewhere in its own sixth of the recording.
///
/// ```text
/// |        |        |        |        |        |        |   the recording, in six equal parts
///   |==|     |==|         |==||==|          |==| |==|      15 s (300 codes) somewhere in each
/// ```
/// A server that draws the seed after the client has named its recording asks for places that the
/// client could not foresee. The same for everyone who knows length and seed; starts are multiples
/// of [`SEEK_GRID_CODES`]. Below six times 15.2 s there is nothing to draw from: then these are
/// [`spans`].
///
/// # Errors
/// [`TooShort`] below [`CODES_MIN`] codes.
pub fn drawn_spans(
    total_codes: u32,
    seed: u64,
) -> Result<heapless::Vec<Span, SAMPLES_MAX>, TooShort> {
    let full = CODES_PER_SAMPLE as u32;
    let parts = SAMPLES_MAX as u32;
    // With a step of the grid to spare in each part, a rounded start never meets the part before.
    if total_codes < parts * (full + SEEK_GRID_CODES) {
        return spans(total_codes);
    }
    let mut spans = heapless::Vec::new();
    for part in 0..parts {
        let border =
            |part: u32| (u64::from(total_codes) * u64::from(part) / u64::from(parts)) as u32;
        let first = border(part).div_ceil(SEEK_GRID_CODES);
        let last = (border(part + 1) - full) / SEEK_GRID_CODES;
        let choices = u64::from(last - first + 1);
        // The upper half of a product spreads a draw evenly, but for one part in 2^32.
        let drawn = ((draw(seed, part) >> 32) * choices) >> 32;
        let start = (first + drawn as u32) * SEEK_GRID_CODES;
        let _ = spans.push(Span { start, len: full });
    }
    Ok(spans)
}

/// [`drawn_spans`] of a seed or, without one, [`spans`].
///
/// # Errors
/// [`TooShort`] below [`CODES_MIN`] codes.
pub fn spans_at(
    total_codes: u32,
    seed: Option<u64>,
) -> Result<heapless::Vec<Span, SAMPLES_MAX>, TooShort> {
    match seed {
        Some(seed) => drawn_spans(total_codes, seed),
        None => spans(total_codes),
    }
}

/// The `index`-th number of SplitMix64 (Steele, Lea, Flood 2014, "Fast splittable pseudorandom
/// number generators") from a seed.
fn draw(seed: u64, index: u32) -> u64 {
    const GOLDEN_GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut z = seed.wrapping_add(GOLDEN_GAMMA.wrapping_mul(u64::from(index) + 1));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Codes that `frames` frames of PCM at `rate` yield; none where it ends before the first code's
/// context ([`Encoder::SUPPORT_SAMPLES`]) does.
pub fn codes_in(frames: u64, rate: SampleRate) -> u32 {
    match outputs_in(frames, rate).checked_sub(SUPPORT_SAMPLES as u64) {
        Some(beyond) => u32::try_from(beyond / HOP_SAMPLES as u64 + 1).unwrap_or(u32::MAX),
        None => 0,
    }
}

/// The frame at which code `code` begins. Exact for multiples of [`SEEK_GRID_CODES`], else
/// rounded down.
pub fn frame_of(code: u32, rate: SampleRate) -> u64 {
    u64::from(code) * u64::from(rate.hz()) / u64::from(CODES_PER_SECOND)
}

/// Frames that are sure to give `codes` codes when handed to a fresh extractor (at most 4 ms too
/// many).
pub fn frames_for(codes: u32, rate: SampleRate) -> u64 {
    let Some(hops) = codes.checked_sub(1) else { return 0 };
    let samples = u64::from(hops) * HOP_SAMPLES as u64 + SUPPORT_SAMPLES as u64;
    let hz = u64::from(rate.hz());
    (samples * hz).div_ceil(u64::from(RATE_HZ)) + FILTER_REACH_MS * hz / 1_000
}

/// Longest reach of the resampler's filter past an output's time, rounded up.
const FILTER_REACH_MS: u64 = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::RATES_HZ;

    #[test]
    fn spans_are_ordered_within_the_recording_and_as_many_as_fit() {
        for total in (20..200_000).step_by(7) {
            let spans = spans(total).unwrap();
            let mut end = 0;
            for span in &spans {
                assert!(span.start >= end && span.len >= 1 && span.len <= 300, "{total}");
                assert_eq!(span.start % SEEK_GRID_CODES, 0, "{total}");
                end = span.start + span.len;
            }
            assert!(end <= total);
            let taken: u32 = spans.iter().map(|span| span.len).sum();
            assert_eq!(taken, total.min(1_800), "{total}");
        }
        assert_eq!(spans(19), Err(TooShort { codes: 19 }));
    }

    #[test]
    fn drawn_spans_lie_each_in_its_part_and_are_spread_over_it() {
        for total in (20..50_000).step_by(13).chain([1_824, u32::MAX]) {
            for seed in [0, 1, u64::MAX, u64::from(total) << 17] {
                let spans = drawn_spans(total, seed).unwrap();
                let mut end = 0;
                for span in &spans {
                    assert!(span.start >= end && span.len >= 1 && span.len <= 300, "{total}");
                    assert_eq!(span.start % SEEK_GRID_CODES, 0, "{total}");
                    end = span.start.checked_add(span.len).unwrap();
                }
                assert!(end <= total, "{total} {seed}");
            }
        }
        // 4.5 minutes: parts of 900 codes, 151 places each.
        let mut places = [[0u32; 4]; 6];
        for seed in 0..6_040 {
            for (part, span) in drawn_spans(5_400, seed).unwrap().iter().enumerate() {
                let quarter = (span.start - 900 * part as u32) / 151;
                places[part][quarter as usize] += 1;
            }
        }
        // A fair draw gives each quarter 1,510 +- 34.
        assert!(
            places.iter().flatten().all(|&times| (1_340..1_680).contains(&times)),
            "{places:?}"
        );
    }

    #[test]
    fn the_draw_is_splitmix64() {
        // The generator's first outputs for the seed 1234567, as published with its C source.
        let want =
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423];
        for (index, want) in (0..).zip(want) {
            assert_eq!(draw(1_234_567, index), want);
        }
    }

    #[test]
    fn frames_for_gives_the_codes_and_hardly_more() {
        for hz in RATES_HZ {
            let rate = SampleRate::from_hz(hz).unwrap();
            for codes in [1, 2, 20, 300, 5_400] {
                let frames = frames_for(codes, rate);
                assert_eq!(codes_in(frames, rate), codes, "{hz}");
                assert_eq!(codes_in(frames - u64::from(hz) / 200, rate), codes - 1, "{hz}");
            }
        }
    }

    #[test]
    fn the_least_audio_is_what_messages_say() {
        let rate = SampleRate::from_hz(8_000).unwrap();
        let least = frames_for(CODES_MIN as u32, rate);
        assert!((18_000..=19_200).contains(&least), "{least}: messages say 2.4 s");
    }
}
