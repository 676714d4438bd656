//! Opus as a symphonia decoder: symphonia takes the packets out of their container, ropus decodes
//! them.

use ropus::{Channels as OpusChannels, DecodeMode, Decoder};
use symphonia::core::audio::{
    AsGenericAudioBufferRef, AudioBuffer, AudioMut, AudioSpec, Channels, GenericAudioBufferRef,
    Position,
};
use symphonia::core::codecs::CodecInfo;
use symphonia::core::codecs::audio::{
    AudioCodecParameters, AudioDecoder, AudioDecoderOptions, FinalizeResult,
    well_known::CODEC_ID_OPUS,
};
use symphonia::core::codecs::registry::{RegisterableAudioDecoder, SupportedAudioCodec};
use symphonia::core::errors::{Error, Result};
use symphonia::core::packet::PacketRef;

/// Opus decodes at this rate whatever went in.
const RATE_HZ: u32 = 48_000;

/// PCM frames in the longest packet (120 ms).
const PACKET_FRAMES_MAX: usize = 5_760;

/// What the `OpusHead` header says (RFC 7845, section 5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OpusHead {
    pub(crate) channels: u8,
    /// PCM frames at the start that are the encoder's, not the recording's.
    pub(crate) pre_skip_frames: u16,
    /// Gain in 1/256 dB.
    pub(crate) gain: i16,
    /// Above 0: several Opus streams side by side.
    pub(crate) mapping_family: u8,
}

impl OpusHead {
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let body = bytes.strip_prefix(b"OpusHead")?.first_chunk::<11>()?;
        let [_version, channels, skip0, skip1, _, _, _, _, gain0, gain1, mapping_family] = *body;
        Some(Self {
            channels,
            pre_skip_frames: u16::from_le_bytes([skip0, skip1]),
            gain: i16::from_le_bytes([gain0, gain1]),
            mapping_family,
        })
    }
}

/// Decodes mono and stereo Opus to 16 bits.
pub(crate) struct OpusDecoder {
    params: AudioCodecParameters,
    channels: usize,
    gain: i16,
    decoder: Decoder,
    interleaved: Vec<i16>,
    buffer: AudioBuffer<i16>,
}

impl OpusDecoder {
    fn new(params: &AudioCodecParameters) -> Result<Self> {
        let head = params.extra_data.as_deref().and_then(OpusHead::parse);
        let declared = params.channels.as_ref().map_or(0, Channels::count);
        let (channels, gain) = match head {
            Some(head) if head.mapping_family == 0 || head.channels <= 2 => {
                (usize::from(head.channels), head.gain)
            }
            Some(_) => return Err(Error::Unsupported("opus with more than two channels")),
            None => (declared, 0),
        };
        let layout = match channels {
            1 => Position::FRONT_LEFT,
            2 => Position::FRONT_LEFT | Position::FRONT_RIGHT,
            _ => return Err(Error::Unsupported("opus with more than two channels")),
        };
        let spec = AudioSpec::new(RATE_HZ, Channels::Positioned(layout));
        Ok(Self {
            params: params.clone(),
            channels,
            gain,
            decoder: fresh(channels, gain)?,
            interleaved: vec![0; PACKET_FRAMES_MAX * channels],
            buffer: AudioBuffer::new(spec, PACKET_FRAMES_MAX),
        })
    }

    fn fill(&mut self, packet: &PacketRef<'_>) -> Result<()> {
        if packet.data.is_empty() {
            return Err(Error::DecodeError("empty opus packet"));
        }
        let frames = self
            .decoder
            .decode(packet.data, &mut self.interleaved, DecodeMode::Normal)
            .map_err(|_| Error::DecodeError("malformed opus packet"))?
            .min(PACKET_FRAMES_MAX);
        self.buffer.render_silence(Some(frames));
        for channel in 0..self.channels {
            let Some(plane) = self.buffer.plane_mut(channel) else { continue };
            let samples = self.interleaved.iter().skip(channel).step_by(self.channels);
            for (to, from) in plane.iter_mut().zip(samples) {
                *to = *from;
            }
        }
        let trim =
            |frames: u64| usize::try_from(frames).unwrap_or(usize::MAX).min(PACKET_FRAMES_MAX);
        self.buffer.trim(trim(packet.trim_start.get()), trim(packet.trim_end.get()));
        Ok(())
    }
}

fn fresh(channels: usize, gain: i16) -> Result<Decoder> {
    let layout = if channels == 1 { OpusChannels::Mono } else { OpusChannels::Stereo };
    let refused = Error::Unsupported("opus decoder");
    let Ok(mut decoder) = Decoder::new(RATE_HZ, layout) else { return Err(refused) };
    match decoder.set_gain(i32::from(gain)) {
        Ok(()) => Ok(decoder),
        Err(_) => Err(refused),
    }
}

impl AudioDecoder for OpusDecoder {
    fn reset(&mut self) {
        if let Ok(decoder) = fresh(self.channels, self.gain) {
            self.decoder = decoder;
        }
        self.buffer.clear();
    }

    fn codec_info(&self) -> &CodecInfo {
        &SUPPORTED[0].info
    }

    fn codec_params(&self) -> &AudioCodecParameters {
        &self.params
    }

    fn decode_ref(&mut self, packet: &PacketRef<'_>) -> Result<GenericAudioBufferRef<'_>> {
        self.buffer.clear();
        self.fill(packet)?;
        Ok(self.buffer.as_generic_audio_buffer_ref())
    }

    fn finalize(&mut self) -> FinalizeResult {
        FinalizeResult::default()
    }

    fn last_decoded(&self) -> GenericAudioBufferRef<'_> {
        self.buffer.as_generic_audio_buffer_ref()
    }
}

impl RegisterableAudioDecoder for OpusDecoder {
    fn try_registry_new(
        params: &AudioCodecParameters,
        _: &AudioDecoderOptions,
    ) -> Result<Box<dyn AudioDecoder>> {
        Ok(Box::new(Self::new(params)?))
    }

    fn supported_codecs() -> &'static [SupportedAudioCodec] {
        &SUPPORTED
    }
}

static SUPPORTED: [SupportedAudioCodec; 1] = [SupportedAudioCodec {
    id: CODEC_ID_OPUS,
    info: CodecInfo { short_name: "opus", long_name: "Opus", profiles: &[] },
}];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn head_is_read_and_short_ones_are_refused() {
        let head = b"OpusHead\x01\x02\x38\x01\x80\xbb\0\0\x00\xff\x00";
        assert_eq!(
            OpusHead::parse(head),
            Some(OpusHead { channels: 2, pre_skip_frames: 312, gain: -256, mapping_family: 0 })
        );
        for len in 0..head.len() {
            assert_eq!(OpusHead::parse(&head[..len]), None);
        }
    }
}
