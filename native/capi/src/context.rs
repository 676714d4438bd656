//! One recording as it comes in, behind a lock: what a context holds.

use std::sync::{Mutex, MutexGuard};

use onmon_core::profile::CODES_PER_REFERENCE;
use onmon_core::{
    Channels, Extractor, Fingerprint, PcmSample, QueryBuilder, SampleRate, plan, wire,
};

use crate::status::OnmonStatus;

/// The state of one recording: made by onmon_new, opaque, some 12 KB and 20 bytes a second of
/// audio.
pub struct OnmonContext(Mutex<Option<Recording>>);

/// A context goes from thread to thread and is used by several: the header says so.
const _: () = {
    const fn is_shared<T: Send + Sync>() {}
    is_shared::<OnmonContext>();
};

struct Recording {
    rate: SampleRate,
    channels: Channels,
    extractor: Extractor,
    codes: Vec<u8>,
    /// Samples fed, of all channels.
    fed: u64,
    finished: bool,
}

impl OnmonContext {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(None))
    }

    /// Forgets what there was and begins a recording.
    pub(crate) fn start(&self, rate_hz: u32, channels: u32) -> Result<(), OnmonStatus> {
        let rate = SampleRate::from_hz(rate_hz)?;
        let channels = Channels::new(u16::try_from(channels).unwrap_or(u16::MAX))?;
        *self.lock()? = Some(Recording {
            rate,
            channels,
            extractor: Extractor::new(rate, channels),
            codes: Vec::new(),
            fed: 0,
            finished: false,
        });
        Ok(())
    }

    pub(crate) fn feed<T: PcmSample>(&self, samples: &[T]) -> Result<(), OnmonStatus> {
        self.with(|recording| {
            if recording.finished {
                return Err(OnmonStatus::Finished);
            }
            if recording.codes.len() >= CODES_PER_REFERENCE {
                return Err(OnmonStatus::TooLong);
            }
            let codes = &mut recording.codes;
            recording.extractor.push(samples, |code| codes.push(code));
            recording.fed += samples.len() as u64;
            Ok(())
        })
    }

    pub(crate) fn finish(&self) -> Result<(), OnmonStatus> {
        self.with(|recording| {
            recording.finished = true;
            Ok(())
        })
    }

    /// Hands the codes so far to `take`.
    pub(crate) fn codes(
        &self,
        take: impl FnOnce(&[u8]) -> Result<(), OnmonStatus>,
    ) -> Result<(), OnmonStatus> {
        self.with(|recording| take(&recording.codes))
    }

    /// Wire bytes of the query fingerprint.
    pub(crate) fn query(&self) -> Result<Vec<u8>, OnmonStatus> {
        self.with(|recording| {
            let codes = recording.finished_codes()?;
            let builder = QueryBuilder::of_recording(recording.duration_ms(), codes)?;
            encode(&builder.finish()?)
        })
    }

    /// Wire bytes of the reference fingerprint.
    pub(crate) fn reference(&self) -> Result<Vec<u8>, OnmonStatus> {
        self.with(|recording| {
            let codes = recording.finished_codes()?;
            plan::spans(u32::try_from(codes.len()).unwrap_or(u32::MAX))?;
            encode(&Fingerprint::reference(recording.duration_ms(), codes)?)
        })
    }

    fn with<T>(
        &self,
        run: impl FnOnce(&mut Recording) -> Result<T, OnmonStatus>,
    ) -> Result<T, OnmonStatus> {
        run(self.lock()?.as_mut().ok_or(OnmonStatus::NotStarted)?)
    }

    /// A lock that a panic has poisoned guards a recording of which nothing is known.
    fn lock(&self) -> Result<MutexGuard<'_, Option<Recording>>, OnmonStatus> {
        self.0.lock().map_err(|_| OnmonStatus::Internal)
    }
}

impl Recording {
    fn finished_codes(&self) -> Result<&[u8], OnmonStatus> {
        if self.finished { Ok(&self.codes) } else { Err(OnmonStatus::NotFinished) }
    }

    fn duration_ms(&self) -> u32 {
        let frames = u128::from(self.fed / u64::from(self.channels.count()));
        u32::try_from(frames * 1_000 / u128::from(self.rate.hz())).unwrap_or(u32::MAX)
    }
}

fn encode(fingerprint: &Fingerprint<'_>) -> Result<Vec<u8>, OnmonStatus> {
    let mut bytes = vec![0; wire::encoded_len_max(fingerprint.codes().len())];
    let len = wire::encode(fingerprint, &mut bytes)?;
    bytes.truncate(len);
    Ok(bytes)
}
