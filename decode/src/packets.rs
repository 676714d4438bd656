//! The packets of a file's audio track, for a decoder that is somebody else's.
//!
//! A browser decodes what this build has no decoder for (surround AAC, AC-3), but has nothing that
//! takes a file apart: WebCodecs wants packets, and to be told what they are.

use std::sync::Arc;

use symphonia::core::codecs::audio::{AudioCodecParameters, well_known as codec};
use symphonia::core::formats::{FormatReader, TrackType};
use symphonia::core::io::MediaSource;
use symphonia::core::units::TimeBase;

use crate::choice::audio_params;
use crate::error::DecodeError;
use crate::hooks::Clock;
use crate::media::{format_reader, guarded};
use crate::meter::{Meter, metered};
use crate::names;
use crate::track::{error_in_words, frames_at, is_end};

/// Timestamps are in these: as WebCodecs counts.
const TICKS_PER_SECOND: u32 = 1_000_000;

/// What a decoder has to know before the first packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Codec {
    /// In the words of the WebCodecs registry: `mp4a.40.2`, `opus`, `ac-3`.
    pub name: String,
    /// Frames per second that the headers promise.
    pub rate_hz: u32,
    /// Channels that they promise; a stereo's where they say nothing.
    pub channels: u16,
    /// AudioSpecificConfig, OpusHead: what the registry calls the description.
    pub description: Option<Vec<u8>>,
}

/// One encoded packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncodedPacket {
    /// When it sounds, in microseconds; the encoder's delay may lie before 0.
    pub at_us: i64,
    /// Its bytes.
    pub data: Vec<u8>,
}

/// An opened file, read once from its start to its end. Nothing is decoded.
pub struct Packets {
    reader: Box<dyn FormatReader>,
    track: u32,
    time_base: TimeBase,
    codec: Codec,
    bytes: Option<u64>,
    meter: Arc<Meter>,
}

impl Packets {
    /// Opens a source and picks its audio track, whoever can decode it. `extension` is a hint, as
    /// in [`Media::open`](crate::Media::open).
    ///
    /// # Errors
    /// As `Media::open`; [`DecodeError::UnsupportedCodec`] of what the registry has no name for.
    pub fn open(
        source: Box<dyn MediaSource>,
        extension: Option<&str>,
        clock: Clock,
    ) -> Result<Self, DecodeError> {
        let (stream, meter, bytes) = metered(source)?;
        meter.start(clock);
        guarded(|| {
            let reader = format_reader(stream, extension, &meter)?;
            let container = names::container(reader.format_info().short_name);
            let track = reader.default_track(TrackType::Audio);
            let Some((track, params)) = track.and_then(|track| Some((track, audio_params(track)?)))
            else {
                return Err(DecodeError::NoAudioTrack { container });
            };
            let unsupported =
                DecodeError::UnsupportedCodec { container, codec: names::codec(params.codec) };
            let codec = named(params).ok_or(unsupported)?;
            let time_base = track.time_base.or_else(|| TimeBase::try_from_recip(codec.rate_hz));
            let time_base = time_base.ok_or(DecodeError::Damaged { detail: "no sampling rate" })?;
            Ok(Self { track: track.id, time_base, codec, bytes, meter, reader })
        })
    }

    /// What a decoder has to know.
    pub fn codec(&self) -> &Codec {
        &self.codec
    }

    /// Bytes read so far.
    pub fn bytes_read(&self) -> u64 {
        self.meter.bytes_read()
    }

    /// The share of the file that has been read; 0 where its length is not known.
    pub fn share(&self) -> f32 {
        self.bytes.map_or(0.0, |bytes| (self.bytes_read() as f64 / bytes as f64).min(1.0) as f32)
    }

    /// The next packet; `None` at the end, which in a file that was cut off comes early.
    ///
    /// # Errors
    /// [`DecodeError::Damaged`], [`DecodeError::Read`], [`DecodeError::BudgetSpent`].
    pub fn read_packet(&mut self) -> Result<Option<EncodedPacket>, DecodeError> {
        guarded(|| self.read_unguarded())
    }

    fn read_unguarded(&mut self) -> Result<Option<EncodedPacket>, DecodeError> {
        loop {
            self.meter.check()?;
            match self.reader.next_packet() {
                Ok(Some(packet)) if packet.track_id == self.track => {
                    let at_us = frames_at(packet.pts.get(), TICKS_PER_SECOND, self.time_base);
                    return Ok(Some(EncodedPacket { at_us, data: packet.data.into_vec() }));
                }
                Ok(Some(_)) => {}
                Ok(None) => return Ok(None),
                Err(error) if is_end(&error) => return Ok(None),
                Err(error) => return Err(error_in_words(error, &self.meter)),
            }
        }
    }
}

/// The track in the registry's words; `None` for what it has none for or cannot be said of.
fn named(params: &AudioCodecParameters) -> Option<Codec> {
    let extra = params.extra_data.as_deref();
    let (name, description) = match params.codec {
        codec::CODEC_ID_AAC => (format!("mp4a.40.{}", object_type(extra?)?), extra),
        codec::CODEC_ID_OPUS => ("opus".to_owned(), Some(extra?)),
        codec::CODEC_ID_AC3 => ("ac-3".to_owned(), None),
        codec::CODEC_ID_EAC3 => ("ec-3".to_owned(), None),
        _ => return None,
    };
    let channels = params.channels.as_ref().map_or(2, |channels| channels.count());
    Some(Codec {
        name,
        rate_hz: params.sample_rate?,
        channels: u16::try_from(channels).ok()?,
        description: description.map(<[u8]>::to_vec),
    })
}

/// The audio object type of an AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1): five bits; all of
/// them set, 32 and the six that follow.
fn object_type(config: &[u8]) -> Option<u8> {
    let [first, second, ..] = *config else { return None };
    match first >> 3 {
        31 => Some(32 + ((first & 7) << 3 | second >> 5)),
        short => Some(short),
    }
}

#[cfg(test)]
mod tests {
    use super::object_type;

    #[test]
    fn the_object_type_is_that_of_the_standard() {
        for (config, object) in [
            (&[0x12, 0x10][..], Some(2)),
            (&[0x2b, 0x92, 0x08, 0x00], Some(5)),
            (&[0xeb, 0x09, 0x88], Some(29)),
            (&[0xf9, 0x46], Some(42)),
            (&[0x12], None),
        ] {
            assert_eq!(object_type(config), object, "{config:x?}");
        }
    }
}
