//! Why a file gives no fingerprint, and what to do about it.

use onmon_core::{CHANNELS_MAX, FingerprintError, plan::TooShort};

/// A file that gives no fingerprint. [`DecodeError::code`] is stable, the text is not.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// No bytes at all.
    #[error("the file is empty")]
    Empty,
    /// Not a container that this build reads. The user's file, or a build without the feature.
    #[error("{name} is not a container that this build reads; convert it to FLAC, MP3, Ogg or WAV")]
    UnsupportedContainer {
        /// What the first bytes look like.
        name: &'static str,
    },
    /// A container that is read, with audio that is not.
    #[error(
        "{codec} audio (in {container}) is not decoded by this build; convert it to FLAC or MP3"
    )]
    UnsupportedCodec {
        /// The container's name.
        container: &'static str,
        /// The codec's name.
        codec: &'static str,
    },
    /// A container without audio.
    #[error("there is no audio track in this {container} file")]
    NoAudioTrack {
        /// The container's name.
        container: &'static str,
    },
    /// The file ends where its headers, or an index at its end, should be.
    #[error("the file is cut off before its audio can be found; fetch it again")]
    Truncated,
    /// The bytes break the rules of their format, or too much of the audio does not decode.
    #[error("the file is damaged ({detail}); fetch it again")]
    Damaged {
        /// What the decoder says.
        detail: &'static str,
    },
    /// Too little audio to tell a recording from others.
    #[error("{0}")]
    TooShort(TooShort),
    /// More audio than a fingerprint may cover.
    #[error("longer than {hours} hours; cut it into recordings first")]
    TooLong {
        /// The limit.
        hours: u32,
    },
    /// A sampling rate without a resampler.
    #[error("no resampler for {hz} Hz; convert it to 44100 or 48000 Hz")]
    UnsupportedRate {
        /// Frames per second.
        hz: u32,
    },
    /// More channels than are mixed down.
    #[error("{count} channels; between 1 and {CHANNELS_MAX} are mixed down")]
    UnsupportedChannels {
        /// Channels of the track.
        count: usize,
    },
    /// The sampling rate changes in the middle.
    #[error("the sampling rate changes from {from_hz} to {to_hz} Hz in the middle; cut it there")]
    RateChanged {
        /// Rate at the start.
        from_hz: u32,
        /// Rate after the change.
        to_hz: u32,
    },
    /// The progress callback said stop.
    #[error("aborted")]
    Aborted,
    /// The file asks for more work than its size can justify: hostile, or badly damaged.
    #[error("gave up: {limit} spent and still no fingerprint; the file is damaged or hostile")]
    BudgetSpent {
        /// Which limit, in words.
        limit: &'static str,
    },
    /// A decoder broke on these bytes. Worth a bug report with the file.
    #[error("the decoder broke on this file (a bug; the file is probably damaged)")]
    DecoderBroke,
    /// The source could not be read.
    #[error("cannot read: {0}")]
    Read(#[source] std::io::Error),
    /// Codes that do not make a fingerprint: cannot happen, reported instead of a panic.
    #[error("{0}")]
    Fingerprint(FingerprintError),
}

impl DecodeError {
    /// A stable name for programs (`--jsonl`, JavaScript errors).
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Empty => "empty_file",
            Self::UnsupportedContainer { .. } => "unsupported_container",
            Self::UnsupportedCodec { .. } => "unsupported_codec",
            Self::NoAudioTrack { .. } => "no_audio_track",
            Self::Truncated => "truncated",
            Self::Damaged { .. } => "damaged",
            Self::TooShort(_) => "too_short",
            Self::TooLong { .. } => "too_long",
            Self::UnsupportedRate { .. } => "unsupported_rate",
            Self::UnsupportedChannels { .. } => "unsupported_channels",
            Self::RateChanged { .. } => "rate_changed",
            Self::Aborted => "aborted",
            Self::BudgetSpent { .. } => "budget_spent",
            Self::DecoderBroke => "decoder_broke",
            Self::Read(_) => "read_failed",
            Self::Fingerprint(_) => "invalid_fingerprint",
        }
    }
}

impl From<TooShort> for DecodeError {
    fn from(error: TooShort) -> Self {
        Self::TooShort(error)
    }
}

impl From<FingerprintError> for DecodeError {
    fn from(error: FingerprintError) -> Self {
        Self::Fingerprint(error)
    }
}
