//! How far long work is, and whether it is to stop: the work counts, whoever watches looks.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio::sync::Notify;

/// A count that the work raises and anyone may read. A cheap handle: clones are the same count.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    done: AtomicU64,
    total: AtomicU64,
    stopped: AtomicBool,
    changed: Notify,
}

impl Progress {
    /// Begins to count anew, up to `total` (bytes or records); 0 where nobody knows how many.
    pub fn begin(&self, total: u64) {
        self.shared.done.store(0, Ordering::Relaxed);
        self.shared.total.store(total, Ordering::Relaxed);
    }

    /// How much is done.
    pub fn done(&self) -> u64 {
        self.shared.done.load(Ordering::Relaxed)
    }

    /// Of how much; 0 where nobody knows.
    pub fn total(&self) -> u64 {
        self.shared.total.load(Ordering::Relaxed)
    }

    /// Asks the work to stop where it can: it ends with [`LibraryError::Stopped`].
    ///
    /// [`LibraryError::Stopped`]: crate::LibraryError::Stopped
    pub fn stop(&self) {
        self.shared.stopped.store(true, Ordering::Release);
        self.shared.changed.notify_waiters();
    }

    /// Whether it was asked to stop.
    pub fn is_stopped(&self) -> bool {
        self.shared.stopped.load(Ordering::Acquire)
    }

    pub(crate) fn advance(&self, by: u64) {
        self.shared.done.fetch_add(by, Ordering::Relaxed);
    }

    /// Returns once it was asked to stop.
    pub(crate) async fn stopped(&self) {
        // Made before the flag is read: a stop in between is not missed.
        let changed = self.shared.changed.notified();
        if !self.is_stopped() {
            changed.await;
        }
    }

    /// An error for work that only errors end.
    pub(crate) fn refuse_if_stopped(&self) -> io::Result<()> {
        if self.is_stopped() { Err(io::Error::other("stopped as asked")) } else { Ok(()) }
    }
}
