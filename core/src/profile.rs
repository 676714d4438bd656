//! Every number that defines the extraction of profile 1, with its unit, its source and what
//! follows from it. What an encoder makes of the log bands is its own: see [`crate::encoder`].
//!
//! Nothing else in the project states one of these again: other rooms import them. A change to
//! any of them is a new [`crate::ProfileId`], never an edit.
//!
//! ```text
//!  8 kHz samples  |----window 1024----|
//!                 |-200-|----1024-----|            one frame every 25 ms
//!                 |----400----|                    one code every 50 ms (a hop)
//! ```

use core::num::NonZeroUsize;

/// Rate in Hz that all input is brought to. Telephone band and up: everything above 3.5 kHz is
/// unused.
pub const RATE_HZ: u32 = 8_000;

/// Samples at [`RATE_HZ`] under one spectrum (128 ms): long enough to part neighbouring log bands
/// at 250 Hz, short enough that a code still follows the beat (`shared/design/fingerprint.md`,
/// section 4).
pub const WINDOW_SAMPLES: usize = 1_024;

/// Samples from one frame to the next (25 ms).
pub const FRAME_SAMPLES: usize = 200;

/// Frames from one code to the next.
pub const FRAMES_PER_HOP: usize = 2;

/// Milliseconds from one code to the next: the hop.
pub const HOP_MS: u32 = 50;

/// Samples at [`RATE_HZ`] from one code to the next.
pub const HOP_SAMPLES: usize = FRAME_SAMPLES * FRAMES_PER_HOP;

/// Codes per second of audio.
pub const CODES_PER_SECOND: u32 = 1_000 / HOP_MS;

/// Log bands per frame.
pub const BANDS: usize = 32;

/// Lower edge in Hz of the lowest band.
pub const BAND_LOW_HZ: u32 = 250;

/// Upper edge in Hz of the highest band.
pub const BAND_HIGH_HZ: u32 = 3_500;

/// Steps of a log band's value per doubling of power (a factor of two is 256).
pub const LOG2_STEPS: u32 = 256;

/// Samples (excerpts) in a query fingerprint, at most.
pub const SAMPLES_MAX: usize = 6;

/// Codes in one sample (15 s), at most.
pub const CODES_PER_SAMPLE: usize = 300;

/// Codes in a query fingerprint, at most: the 1,800 bytes of a song.
pub const CODES_PER_QUERY: usize = SAMPLES_MAX * CODES_PER_SAMPLE;

/// Codes in the shortest fingerprint (1 s): below that nothing could be told apart.
pub const CODES_MIN: usize = 20;

/// Codes in the longest reference (12 hours).
pub const CODES_PER_REFERENCE: usize = 12 * 3_600 * CODES_PER_SECOND as usize;

/// One lattice on which the taps of the resampler's low-pass are sampled, shared by all input
/// rates that are a multiple of its base rate.
///
/// Input at `base_hz * d` is dealt out to `d` streams at `base_hz`; each stream meets `taps` taps
/// per output, at one of `phases` positions between two of its samples.
pub struct Family {
    /// Rate in Hz of one stream.
    pub base_hz: u32,
    /// Lattice points per sample of a stream.
    pub phases: NonZeroUsize,
    /// Lattice points from one output at [`RATE_HZ`] to the next.
    pub step: usize,
    /// Taps per stream and output: a multiple of 8, for SIMD. The filter is `taps / base_hz`
    /// long.
    pub taps: usize,
    /// Streams at the highest rate served; `phases` is a multiple of every stream count in use.
    pub streams_max: NonZeroUsize,
}

/// 8, 16, 24, 32, 48, 64, 96 and 192 kHz. The filter is 4 ms long.
pub const FAMILY_8K: Family =
    Family { base_hz: 8_000, phases: non_zero(24), step: 24, taps: 32, streams_max: non_zero(24) };

/// 11.025, 22.05, 44.1, 88.2 and 176.4 kHz. The filter is 3.6 ms long.
pub const FAMILY_11K: Family = Family {
    base_hz: 11_025,
    phases: non_zero(320),
    step: 441,
    taps: 40,
    streams_max: non_zero(16),
};

/// Middle in Hz of the low-pass's transition: what lies above aliases to above [`BAND_HIGH_HZ`]
/// only.
pub const LOWPASS_HZ: f64 = 4_000.0;

/// Shape of the low-pass's Kaiser window: 60 dB (0.1102 * (60 - 8.7), Kaiser 1974), which with
/// the lengths above gives a transition of 0.9 to 1 kHz.
pub const LOWPASS_BETA: f64 = 5.65;

/// Sum of the taps that one output meets at a family's highest rate is two to this power. The sum
/// of their absolute values stays below 65,536, so that 16-bit input cannot overflow a 32-bit
/// accumulator (a test in `tables.rs`).
pub const LOWPASS_GAIN_BITS: u32 = 15;

/// Scale of the window's table (1.0 is this).
pub const WINDOW_ONE: i32 = 1 << 15;

/// Scale of the band weights (a band's weights sum to about this).
pub const WEIGHT_ONE: i32 = 1 << 15;

const _: () = assert!(CODES_PER_QUERY == 1_800);
const _: () = assert!(HOP_SAMPLES as u32 * 1_000 == HOP_MS * RATE_HZ);
const _: () = assert!(1_000 % HOP_MS == 0);

/// Divisors are non-zero in their type, so that dividing by them cannot panic.
const fn non_zero(value: usize) -> NonZeroUsize {
    NonZeroUsize::new(value).expect("a divisor of the profile")
}
