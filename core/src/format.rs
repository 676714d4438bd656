//! What PCM looks like on its way in: its rate and its channels, checked once.

use core::num::{NonZeroU16, NonZeroU32, NonZeroUsize};

use crate::profile::{FAMILY_8K, FAMILY_11K, Family};

/// Channels in interleaved PCM, at most.
pub const CHANNELS_MAX: u16 = 32;

/// Rates in Hz that an extractor takes.
pub const RATES_HZ: [u32; 13] = [
    8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 64_000, 88_200, 96_000, 176_400,
    192_000,
];

/// A sample rate that the resampler has taps for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SampleRate(u32);

impl SampleRate {
    /// Accepts the rates in [`RATES_HZ`].
    ///
    /// # Errors
    /// [`FormatError::Rate`] for any other: convert to one of them first.
    pub const fn from_hz(hz: u32) -> Result<Self, FormatError> {
        let mut i = 0;
        while i < RATES_HZ.len() {
            if RATES_HZ[i] == hz {
                return Ok(Self(hz));
            }
            i += 1;
        }
        Err(FormatError::Rate { hz })
    }

    /// Frames (one sample of every channel) per second.
    pub const fn hz(self) -> u32 {
        self.0
    }

    /// The resampler's family and how many streams the input is dealt out to.
    pub(crate) fn family(self) -> (&'static Family, NonZeroUsize) {
        let family =
            if self.0.is_multiple_of(FAMILY_8K.base_hz) { &FAMILY_8K } else { &FAMILY_11K };
        let streams = NonZeroUsize::new((self.0 / family.base_hz) as usize);
        (family, streams.unwrap_or(NonZeroUsize::MIN))
    }
}

/// How many channels are interleaved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Channels(NonZeroU16);

impl Channels {
    /// One channel.
    pub const MONO: Self = Self(NonZeroU16::MIN);

    /// Accepts 1 to [`CHANNELS_MAX`].
    ///
    /// # Errors
    /// [`FormatError::Channels`] for none or more.
    pub const fn new(count: u16) -> Result<Self, FormatError> {
        match NonZeroU16::new(count) {
            Some(non_zero) if count <= CHANNELS_MAX => Ok(Self(non_zero)),
            _ => Err(FormatError::Channels { count }),
        }
    }

    /// The number of channels, 1 to [`CHANNELS_MAX`].
    pub const fn count(self) -> u16 {
        self.0.get()
    }

    /// The same as a divisor.
    pub(crate) fn non_zero(self) -> NonZeroU32 {
        self.0.into()
    }
}

/// PCM of a kind that cannot be fingerprinted as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FormatError {
    /// No taps for this rate: resample to one of [`RATES_HZ`] first.
    Rate {
        /// The rate asked for.
        hz: u32,
    },
    /// No channels, or more than [`CHANNELS_MAX`]: mix them down first.
    Channels {
        /// The number asked for.
        count: u16,
    },
}

impl core::fmt::Display for FormatError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Rate { hz } => write!(f, "no resampler for {hz} Hz; resample to 44100 or 48000"),
            Self::Channels { count } => {
                write!(f, "{count} channels; between 1 and {CHANNELS_MAX} can be mixed down")
            }
        }
    }
}

impl core::error::Error for FormatError {}
