//! The digest of a file's encoded audio: the same whatever its tags say, another as soon as one
//! packet is another.
//!
//! ```text
//! SHA-256( "onmon essence 1" 00 | for each packet of the audio track: length, u32 LE | its bytes )
//! ```
//! A packet is what the container's reader hands to a decoder, so tags, pictures, padding, an index
//! at the front or at the end, the paging of Ogg and the chunks of MP4 are left out. Nothing is
//! decoded.

use std::sync::Arc;

use sha2::{Digest, Sha256};
use symphonia::core::errors::Error;
use symphonia::core::formats::FormatReader;
use symphonia::core::io::MediaSource;

use crate::choice::choose;
use crate::error::DecodeError;
use crate::hooks::{Hooks, Progress};
use crate::media::{format_reader, guarded};
use crate::meter::{Meter, metered};
use crate::names;
use crate::track::{error_in_words, is_end};

/// Keeps this digest apart from any other SHA-256 of the same bytes; numbers its definition.
const DOMAIN: &[u8] = b"onmon essence 1\0";

/// What identifies the encoded audio of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Essence {
    /// The digest.
    pub digest: [u8; 32],
    /// Packets of the audio track.
    pub packets: u64,
    /// Bytes in them.
    pub audio_bytes: u64,
}

/// Digests the audio track that [`Media::open`](crate::Media::open) would choose, in one pass
/// through the source. `extension` is a hint, as there.
///
/// # Errors
/// As `Media::open`; [`DecodeError::Damaged`] where the container breaks off before its end (a file
/// that is merely cut off has the digest of what is there), [`DecodeError::Aborted`],
/// [`DecodeError::BudgetSpent`], [`DecodeError::Read`]. Any bytes at all are safe to pass.
pub fn digest(
    source: Box<dyn MediaSource>,
    extension: Option<&str>,
    hooks: &mut Hooks<'_>,
) -> Result<Essence, DecodeError> {
    let (stream, meter, bytes) = metered(source)?;
    meter.start(hooks.clock);
    guarded(|| {
        let reader = format_reader(stream, extension, &meter)?;
        let mut progress = Progress::new(hooks);
        let essence = read_through(reader, &meter, bytes, &mut progress)?;
        progress.tell(1.0)?;
        Ok(essence)
    })
}

fn read_through(
    mut reader: Box<dyn FormatReader>,
    meter: &Arc<Meter>,
    bytes: Option<u64>,
    progress: &mut Progress<'_, '_>,
) -> Result<Essence, DecodeError> {
    let container = names::container(reader.format_info().short_name);
    let mut track = choose(reader.as_ref(), container)?.id;
    let mut digest = Sha256::new_with_prefix(DOMAIN);
    let (mut packets, mut audio_bytes) = (0, 0);
    loop {
        meter.check()?;
        match reader.next_packet() {
            Ok(Some(packet)) if packet.track_id == track => {
                let len = u32::try_from(packet.data.len());
                let len = len.map_err(|_| DecodeError::Damaged { detail: "a packet of 4 GiB" })?;
                digest.update(len.to_le_bytes());
                digest.update(&packet.data);
                packets += 1;
                audio_bytes += u64::from(len);
            }
            Ok(Some(_)) => {}
            Ok(None) => break,
            // A new chapter of the file (chained Ogg).
            Err(Error::ResetRequired) => track = choose(reader.as_ref(), container)?.id,
            Err(error) if is_end(&error) => break,
            Err(error) => return Err(error_in_words(error, meter)),
        }
        if let Some(bytes) = bytes {
            progress.tell((meter.bytes_read() as f64 / bytes as f64) as f32)?;
        } else {
            progress.tell(0.0)?;
        }
    }
    if packets == 0 {
        return Err(DecodeError::Truncated);
    }
    Ok(Essence { digest: digest.finalize().into(), packets, audio_bytes })
}
