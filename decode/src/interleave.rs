//! Decoded buffers as interleaved samples, all of one rate and as many channels as the track began
//! with.

use symphonia::core::audio::GenericAudioBufferRef;

use crate::codes::PcmFormat;
use crate::error::DecodeError;

/// Interleaves one buffer after the other, in memory of its own.
pub(crate) struct Interleaver {
    format: PcmFormat,
    samples: Vec<f32>,
    /// Of those, how many at the start are not wanted.
    skipped: usize,
}

impl Interleaver {
    pub(crate) fn new(format: PcmFormat) -> Self {
        Self { format, samples: Vec::new(), skipped: 0 }
    }

    /// Takes a decoded buffer, all but its first `skip` frames.
    ///
    /// # Errors
    /// A buffer of another rate. One of other channels is mixed down and goes on.
    pub(crate) fn take(
        &mut self,
        pcm: &GenericAudioBufferRef<'_>,
        skip: usize,
    ) -> Result<(), DecodeError> {
        let (from_hz, to_hz) = (self.format.hz(), pcm.spec().rate());
        if from_hz != to_hz {
            return Err(DecodeError::RateChanged { from_hz, to_hz });
        }
        pcm.copy_to_vec_interleaved::<f32>(&mut self.samples);
        let channels = pcm.num_planes();
        if channels != self.format.channel_count() {
            self.remix(channels);
        }
        self.skipped = (skip * self.format.channel_count()).min(self.samples.len());
        Ok(())
    }

    /// Takes silence in place of a packet that was lost, so that what follows keeps its place.
    pub(crate) fn take_silence(&mut self, frames: usize) {
        self.samples.clear();
        self.samples.resize(frames * self.format.channel_count(), 0.0);
        self.skipped = 0;
    }

    /// The samples of what was taken last.
    pub(crate) fn samples(&self) -> &[f32] {
        self.samples.get(self.skipped..).unwrap_or_default()
    }

    /// Every channel becomes the mean of those that there are now.
    fn remix(&mut self, channels: usize) {
        let mixed: Vec<f32> = self
            .samples
            .chunks_exact(channels.max(1))
            .flat_map(|frame| {
                let mean = frame.iter().sum::<f32>() / channels as f32;
                std::iter::repeat_n(mean, self.format.channel_count())
            })
            .collect();
        self.samples = mixed;
    }
}
