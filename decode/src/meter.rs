//! Counts what is read from a source, and stops reading when a file costs more than it can be
//! worth.

use std::io::{self, Read, Seek, SeekFrom};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use symphonia::core::io::{MediaSource, MediaSourceStream};

use crate::error::DecodeError;
use crate::hooks::Clock;

/// Bytes that may be read for every byte of the source: a whole pass after a failed try by seeking,
/// with the index of an MP3 or the bisection of an Ogg before it, stays below four.
const READS_PER_BYTE: u64 = 8;

/// Bytes that may always be read, whatever the source's length.
const READS_FLOOR_BYTES: u64 = 64 << 20;

/// Bytes that may be read from a source that does not know its length (12 hours at 3 Mbit/s).
const READS_UNKNOWN_BYTES: u64 = 16 << 30;

/// Milliseconds that one file may take.
pub(crate) const BUDGET_MS: f64 = 900_000.0;

/// The counters of one source, shared by the decoder's side and ours.
#[derive(Debug)]
pub(crate) struct Meter {
    bytes_read: AtomicU64,
    bytes_max: u64,
    /// Set when the clock is known: when to stop.
    deadline: OnceLock<(Clock, f64)>,
}

impl Meter {
    pub(crate) fn bytes_read(&self) -> u64 {
        self.bytes_read.load(Ordering::Relaxed)
    }

    /// Starts the clock; later calls change nothing.
    pub(crate) fn start(&self, clock: Clock) {
        let _ = self.deadline.set((clock, clock() + BUDGET_MS));
    }

    /// The limit that has been reached, if one has.
    pub(crate) fn check(&self) -> Result<(), DecodeError> {
        match self.spent() {
            Some(limit) => Err(DecodeError::BudgetSpent { limit }),
            None => Ok(()),
        }
    }

    fn spent(&self) -> Option<&'static str> {
        if self.bytes_read() > self.bytes_max {
            return Some("the limit of bytes read");
        }
        match self.deadline.get() {
            Some((clock, until_ms)) if clock() > *until_ms => Some("the limit of time"),
            _ => None,
        }
    }
}

/// A stream over a source that is not empty, its counters, and the source's length in bytes if it
/// knows it.
pub(crate) fn metered(
    source: Box<dyn MediaSource>,
) -> Result<(MediaSourceStream<'static>, Arc<Meter>, Option<u64>), DecodeError> {
    let (source, meter) = MeteredSource::new(source);
    let bytes = source.byte_len();
    if bytes == Some(0) {
        return Err(DecodeError::Empty);
    }
    Ok((MediaSourceStream::new(Box::new(source), Default::default()), meter, bytes))
}

/// A source whose reads are counted and bounded.
pub(crate) struct MeteredSource {
    inner: Box<dyn MediaSource>,
    len: Option<u64>,
    seekable: bool,
    meter: Arc<Meter>,
}

impl MeteredSource {
    pub(crate) fn new(inner: Box<dyn MediaSource>) -> (Self, Arc<Meter>) {
        let len = inner.byte_len();
        let bytes_max = match len {
            Some(len) => len.saturating_mul(READS_PER_BYTE).max(READS_FLOOR_BYTES),
            None => READS_UNKNOWN_BYTES,
        };
        let meter =
            Arc::new(Meter { bytes_read: AtomicU64::new(0), bytes_max, deadline: OnceLock::new() });
        let seekable = inner.is_seekable();
        (Self { inner, len, seekable, meter: Arc::clone(&meter) }, meter)
    }
}

impl Read for MeteredSource {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some(limit) = self.meter.spent() {
            return Err(io::Error::other(limit));
        }
        let read = loop {
            match self.inner.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        self.meter.bytes_read.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

impl Seek for MeteredSource {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}

impl MediaSource for MeteredSource {
    fn is_seekable(&self) -> bool {
        self.seekable
    }

    fn byte_len(&self) -> Option<u64> {
        self.len
    }
}
