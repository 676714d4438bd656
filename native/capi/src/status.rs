//! What every call answers: numbers that never change, and a sentence for each.

use std::ffi::CStr;

use onmon_core::wire::WireError;
use onmon_core::{FingerprintError, FormatError};
use onmon_recording::RecordingError;

/// What came of a call. The numbers stay what they are; later versions may add others.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnmonStatus {
    /// Done.
    Ok = 0,
    /// A pointer that must not be NULL is.
    NullPointer = 1,
    /// A pointer is not aligned to what it points at, or a length is beyond all memory.
    InvalidPointer = 2,
    /// The buffer is too small; how much is needed was written to the length.
    BufferTooSmall = 3,
    /// A sample rate without a resampler: bring the audio to 44100 or 48000 Hz.
    UnsupportedRate = 4,
    /// No channels, or more than 32.
    UnsupportedChannels = 5,
    /// onmon_start was not called.
    NotStarted = 6,
    /// onmon_finish was called: start again before feeding more.
    Finished = 7,
    /// onmon_finish was not called yet.
    NotFinished = 8,
    /// Less than 2.4 s of audio.
    TooShort = 9,
    /// More than 12 hours of audio.
    TooLong = 10,
    /// The bytes are no fingerprint.
    NotAFingerprint = 11,
    /// A fingerprint that was changed or cut on its way.
    Damaged = 12,
    /// A fingerprint of another version of onmon, which does not compare with this one's.
    OtherVersion = 13,
    /// A query where a reference is needed, or the other way round.
    WrongKind = 14,
    /// A mistake in onmon. The context can only be freed.
    Internal = 15,
}

impl OnmonStatus {
    const ALL: [Self; 16] = [
        Self::Ok,
        Self::NullPointer,
        Self::InvalidPointer,
        Self::BufferTooSmall,
        Self::UnsupportedRate,
        Self::UnsupportedChannels,
        Self::NotStarted,
        Self::Finished,
        Self::NotFinished,
        Self::TooShort,
        Self::TooLong,
        Self::NotAFingerprint,
        Self::Damaged,
        Self::OtherVersion,
        Self::WrongKind,
        Self::Internal,
    ];

    /// The status of this number, if there is one.
    pub(crate) fn of(number: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|status| *status as i32 == number)
    }

    /// A sentence for people.
    pub(crate) fn message(self) -> &'static CStr {
        match self {
            Self::Ok => c"done",
            Self::NullPointer => c"a pointer is NULL",
            Self::InvalidPointer => c"a pointer is not aligned, or a length is beyond all memory",
            Self::BufferTooSmall => c"the buffer is too small; the length says what is needed",
            Self::UnsupportedRate => c"no resampler for this rate; resample to 44100 or 48000 Hz",
            Self::UnsupportedChannels => c"between 1 and 32 channels can be mixed down",
            Self::NotStarted => c"call onmon_start first",
            Self::Finished => c"the recording is finished; call onmon_start for another",
            Self::NotFinished => c"call onmon_finish first",
            Self::TooShort => c"too little audio: at least 2.4 s are needed",
            Self::TooLong => c"more than 12 hours of audio; cut it into recordings",
            Self::NotAFingerprint => c"not an onmon fingerprint",
            Self::Damaged => c"the fingerprint was changed or cut on its way; send it again",
            Self::OtherVersion => c"made by another version of onmon; update the older side",
            Self::WrongKind => c"a query and a reference are needed, in this order",
            Self::Internal => c"a mistake in onmon; free the context and report it",
        }
    }
}

impl From<FormatError> for OnmonStatus {
    fn from(error: FormatError) -> Self {
        match error {
            FormatError::Rate { .. } => Self::UnsupportedRate,
            FormatError::Channels { .. } => Self::UnsupportedChannels,
            _ => Self::Internal,
        }
    }
}

impl From<RecordingError> for OnmonStatus {
    fn from(error: RecordingError) -> Self {
        match error {
            RecordingError::Codes(error) => error.into(),
            RecordingError::Wire(error) => error.into(),
        }
    }
}

impl From<FingerprintError> for OnmonStatus {
    fn from(error: FingerprintError) -> Self {
        match error {
            FingerprintError::TooShort => Self::TooShort,
            FingerprintError::TooLong => Self::TooLong,
            _ => Self::Damaged,
        }
    }
}

impl From<WireError> for OnmonStatus {
    fn from(error: WireError) -> Self {
        match error {
            WireError::NotAFingerprint => Self::NotAFingerprint,
            WireError::Version { .. } | WireError::Profile { .. } | WireError::Encoder { .. } => {
                Self::OtherVersion
            }
            WireError::BufferTooSmall => Self::BufferTooSmall,
            _ => Self::Damaged,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_dense_and_each_has_a_sentence_of_its_own() {
        for (number, status) in (0..).zip(OnmonStatus::ALL) {
            assert_eq!(status as i32, number);
            assert_eq!(OnmonStatus::of(number), Some(status));
        }
        assert_eq!(OnmonStatus::of(-1), None);
        assert_eq!(OnmonStatus::of(16), None);
        let mut sentences = OnmonStatus::ALL.map(OnmonStatus::message).to_vec();
        sentences.sort();
        sentences.dedup();
        assert_eq!(sentences.len(), OnmonStatus::ALL.len());
    }
}
