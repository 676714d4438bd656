//! One recording as it comes in, behind a lock: what a context holds.

use std::sync::{Mutex, MutexGuard};

use onmon_core::PcmSample;
use onmon_recording::Recording;

use crate::status::OnmonStatus;

/// The state of one recording: made by onmon_new, opaque, some 12 KB and 20 bytes a second of
/// audio.
pub struct OnmonContext(Mutex<Option<Begun>>);

/// A context goes from thread to thread and is used by several: the header says so.
const _: () = {
    const fn is_shared<T: Send + Sync>() {}
    is_shared::<OnmonContext>();
};

struct Begun {
    recording: Recording,
    finished: bool,
}

impl OnmonContext {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(None))
    }

    /// Forgets what there was and begins a recording.
    pub(crate) fn start(&self, rate_hz: u32, channels: u32) -> Result<(), OnmonStatus> {
        let recording = Recording::new(rate_hz, channels)?;
        *self.lock()? = Some(Begun { recording, finished: false });
        Ok(())
    }

    pub(crate) fn feed<T: PcmSample>(&self, samples: &[T]) -> Result<(), OnmonStatus> {
        self.with(|Begun { recording, finished }| {
            if *finished {
                return Err(OnmonStatus::Finished);
            }
            if recording.is_full() {
                return Err(OnmonStatus::TooLong);
            }
            recording.push(samples);
            Ok(())
        })
    }

    pub(crate) fn finish(&self) -> Result<(), OnmonStatus> {
        self.with(|begun| {
            begun.finished = true;
            Ok(())
        })
    }

    /// Hands the codes so far to `take`.
    pub(crate) fn codes(
        &self,
        take: impl FnOnce(&[u8]) -> Result<(), OnmonStatus>,
    ) -> Result<(), OnmonStatus> {
        self.with(|begun| take(begun.recording.codes()))
    }

    /// Wire bytes of the query fingerprint.
    pub(crate) fn query(&self) -> Result<Vec<u8>, OnmonStatus> {
        self.with(|begun| Ok(begun.finished()?.query()?))
    }

    /// Wire bytes of the reference fingerprint.
    pub(crate) fn reference(&self) -> Result<Vec<u8>, OnmonStatus> {
        self.with(|begun| Ok(begun.finished()?.reference()?))
    }

    fn with<T>(
        &self,
        run: impl FnOnce(&mut Begun) -> Result<T, OnmonStatus>,
    ) -> Result<T, OnmonStatus> {
        run(self.lock()?.as_mut().ok_or(OnmonStatus::NotStarted)?)
    }

    /// A lock that a panic has poisoned guards a recording of which nothing is known.
    fn lock(&self) -> Result<MutexGuard<'_, Option<Begun>>, OnmonStatus> {
        self.0.lock().map_err(|_| OnmonStatus::Internal)
    }
}

impl Begun {
    fn finished(&self) -> Result<&Recording, OnmonStatus> {
        if self.finished { Ok(&self.recording) } else { Err(OnmonStatus::NotFinished) }
    }
}
