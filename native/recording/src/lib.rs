//! A recording as its PCM comes in: its codes so far, and its fingerprints. What the interfaces for
//! C, Python and GStreamer are thin around.

use onmon_core::profile::CODES_PER_REFERENCE;
use onmon_core::wire::{self, WireError};
use onmon_core::{
    CODES_MIN, Channels, Extractor, Fingerprint, FingerprintError, FormatError, PcmSample,
    QueryBuilder, SampleRate,
};

/// The state of one recording: some 12 KB, and 20 bytes a second of audio.
pub struct Recording {
    rate: SampleRate,
    channels: Channels,
    extractor: Extractor,
    codes: Vec<u8>,
    /// Samples taken, of all channels.
    samples: u64,
}

/// Why there is no fingerprint of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordingError {
    /// It is too short or too long.
    #[error(transparent)]
    Codes(#[from] FingerprintError),
    /// It does not encode.
    #[error(transparent)]
    Wire(#[from] WireError),
}

impl Recording {
    /// One of which nothing has come yet.
    ///
    /// # Errors
    /// A rate or a number of channels that is not taken.
    pub fn new(rate_hz: u32, channels: u32) -> Result<Self, FormatError> {
        let rate = SampleRate::from_hz(rate_hz)?;
        let channels = Channels::new(u16::try_from(channels).unwrap_or(u16::MAX))?;
        let extractor = Extractor::new(rate, channels);
        Ok(Self { rate, channels, extractor, codes: Vec::new(), samples: 0 })
    }

    /// Forgets what has come.
    pub fn restart(&mut self) {
        self.extractor = Extractor::new(self.rate, self.channels);
        self.codes.clear();
        self.samples = 0;
    }

    /// Takes interleaved samples, of any number, also of a part of a frame.
    pub fn push<T: PcmSample>(&mut self, samples: &[T]) {
        let codes = &mut self.codes;
        self.extractor.push(samples, |code| codes.push(code));
        self.samples += samples.len() as u64;
    }

    /// Whether it is as long as a reference can be: twelve hours.
    pub fn is_full(&self) -> bool {
        self.codes.len() >= CODES_PER_REFERENCE
    }

    /// All codes so far.
    pub fn codes(&self) -> &[u8] {
        &self.codes
    }

    /// Frames taken, whole ones.
    pub fn frames(&self) -> u64 {
        self.samples / u64::from(self.channels.count())
    }

    /// Frames per second.
    pub fn rate_hz(&self) -> u32 {
        self.rate.hz()
    }

    /// Interleaved channels.
    pub fn channels(&self) -> u16 {
        self.channels.count()
    }

    /// Milliseconds taken.
    pub fn duration_ms(&self) -> u32 {
        let ms = u128::from(self.frames()) * 1_000 / u128::from(self.rate.hz());
        u32::try_from(ms).unwrap_or(u32::MAX)
    }

    /// Wire bytes of the query fingerprint.
    ///
    /// # Errors
    /// [`FingerprintError::TooShort`].
    pub fn query(&self) -> Result<Vec<u8>, RecordingError> {
        let margins = self.extractor.margins();
        let query =
            QueryBuilder::of_sound(self.duration_ms(), &self.codes, margins.as_ref(), None)?;
        encode(&query.finish()?)
    }

    /// Wire bytes of the reference fingerprint.
    ///
    /// # Errors
    /// [`FingerprintError::TooShort`], [`FingerprintError::TooLong`].
    pub fn reference(&self) -> Result<Vec<u8>, RecordingError> {
        // Of no codes at all core says that a sample is empty.
        if self.codes.len() < CODES_MIN {
            return Err(FingerprintError::TooShort.into());
        }
        encode(&Fingerprint::reference(self.duration_ms(), &self.codes)?)
    }
}

fn encode(fingerprint: &Fingerprint<'_>) -> Result<Vec<u8>, RecordingError> {
    let mut bytes = vec![0; wire::encoded_len_max(fingerprint.codes().len())];
    let len = wire::encode(fingerprint, &mut bytes)?;
    bytes.truncate(len);
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn begun_again_it_gives_the_same_however_the_pcm_is_cut() {
        let pcm: Vec<i16> = (0..8_000 * 2 * 5_i64).map(|i| (i * i % 30_011) as i16).collect();
        let mut recording = Recording::new(8_000, 2).unwrap();
        recording.push(&pcm);
        let whole = (recording.query().unwrap(), recording.reference().unwrap());
        assert_eq!((recording.duration_ms(), recording.frames()), (5_000, 40_000));
        recording.restart();
        assert!(recording.codes().is_empty());
        pcm.chunks(333).for_each(|block| recording.push(block));
        assert!((recording.query().unwrap(), recording.reference().unwrap()) == whole);
    }

    #[test]
    fn too_short_ones_and_other_formats_have_no_fingerprint() {
        let recording = Recording::new(48_000, 1).unwrap();
        let too_short = RecordingError::Codes(FingerprintError::TooShort);
        assert_eq!(recording.query(), Err(too_short));
        assert_eq!(recording.reference(), Err(too_short));
        assert!(matches!(Recording::new(1, 1), Err(FormatError::Rate { .. })));
        for channels in [0, 33, 70_000] {
            assert!(matches!(Recording::new(8_000, channels), Err(FormatError::Channels { .. })));
        }
    }
}
