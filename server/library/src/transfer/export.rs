//! A library, written as a stream.

use std::io::Write;
use std::pin::pin;

use futures_util::TryStreamExt;
use onmon_core::Fingerprint;
use onmon_core::wire::{self, WireError};

use super::TransferError;
use super::format::Writer;
use crate::catalogue;
use crate::entry::ReferenceCodes;
use crate::error::LibraryError;
use crate::live_index::{comparable, on_blocking_thread};
use crate::place::Place;
use crate::progress::Progress;
use crate::recording::Recording;

/// Bytes gathered before they are written.
const GATHERED_BYTES: usize = 1 << 20;

/// What an export holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Exported {
    /// Recordings written.
    pub records: u64,
    /// Recordings left out: their codes are another encoder's, so no library of this build takes
    /// them, and none identifies them.
    pub left_out: u64,
}

/// Writes every living recording of a library, as they all were at one moment; it may be
/// in use meanwhile. Recordings are progress.
///
/// # Errors
/// [`LibraryError::NotALibrary`], a catalogue that does not answer, a stream that cannot be
/// written, [`LibraryError::Stopped`]. What was written then is no whole export, and says so when
/// it is read.
pub async fn export<W: Write + Send + 'static>(
    place: &Place,
    out: W,
    progress: &Progress,
) -> Result<(Exported, W), TransferError> {
    let (_, catalogue) = place.open_to_read().await?;
    progress.begin(catalogue::size_after(catalogue.readers(), 0).await?.recordings);
    let mut writer = Writer::new(out).map_err(TransferError::Write)?;
    let mut exported = Exported::default();
    let (mut gathered, mut bytes) = (vec![], 0);
    {
        let mut living = pin!(catalogue::living(catalogue.readers()));
        while let Some((recording, reference)) = living.try_next().await? {
            if progress.is_stopped() {
                return Err(LibraryError::Stopped.into());
            }
            progress.advance(1);
            if !comparable(&reference) {
                exported.left_out += 1;
                continue;
            }
            exported.records += 1;
            bytes += reference.codes.len();
            gathered.push((recording, reference));
            if bytes >= GATHERED_BYTES {
                writer = write(writer, std::mem::take(&mut gathered)).await?;
                bytes = 0;
            }
        }
    }
    let writer = write(writer, gathered).await?;
    let out = on_blocking_thread(move || writer.finish()).await?.map_err(TransferError::Write)?;
    catalogue.close().await;
    Ok((exported, out))
}

async fn write<W: Write + Send + 'static>(
    mut writer: Writer<W>,
    gathered: Vec<(Recording, ReferenceCodes)>,
) -> Result<Writer<W>, TransferError> {
    on_blocking_thread(move || {
        for (recording, reference) in gathered {
            let reference = wire_bytes(&reference).map_err(LibraryError::Fingerprint)?;
            writer.record(&recording, &reference).map_err(TransferError::Write)?;
        }
        Ok(writer)
    })
    .await?
}

fn wire_bytes(reference: &ReferenceCodes) -> Result<Vec<u8>, WireError> {
    let fingerprint = Fingerprint::reference(reference.duration_ms, &reference.codes);
    let mut bytes = vec![0; wire::encoded_len_max(reference.codes.len())];
    let length = wire::encode(&fingerprint.map_err(WireError::Content)?, &mut bytes)?;
    bytes.truncate(length);
    Ok(bytes)
}
