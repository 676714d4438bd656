//! Which track of a file is decoded, and by which decoder.

use std::sync::LazyLock;

use symphonia::core::codecs::CodecParameters;
#[cfg(feature = "opus")]
use symphonia::core::codecs::audio::well_known::CODEC_ID_OPUS;
use symphonia::core::codecs::audio::{
    AudioCodecParameters, AudioDecoder, AudioDecoderOptions, CODEC_ID_NULL_AUDIO,
};
use symphonia::core::codecs::registry::CodecRegistry;
use symphonia::core::errors::Error;
use symphonia::core::formats::{FormatReader, Track as FormatTrack, TrackType};

use crate::error::DecodeError;
use crate::names;

/// The track to decode: the default one if it can be, else the first that can.
pub(crate) fn choose<'f>(
    format: &'f dyn FormatReader,
    container: &'static str,
) -> Result<&'f FormatTrack, DecodeError> {
    let decodable = |track: &&FormatTrack| {
        audio_params(track).is_some_and(|params| CODECS.get_audio_decoder(params.codec).is_some())
    };
    let preferred = format.default_track(TrackType::Audio).filter(decodable);
    if let Some(track) = preferred.or_else(|| format.tracks().iter().find(decodable)) {
        return Ok(track);
    }
    match format.tracks().iter().find_map(audio_params) {
        Some(params) if params.codec != CODEC_ID_NULL_AUDIO => {
            Err(DecodeError::UnsupportedCodec { container, codec: names::codec(params.codec) })
        }
        _ => Err(DecodeError::NoAudioTrack { container }),
    }
}

/// What the headers say of a track, if it is one of audio.
pub(crate) fn audio_params(track: &FormatTrack) -> Option<&AudioCodecParameters> {
    track.codec_params.as_ref().and_then(CodecParameters::audio)
}

/// A fresh decoder of a track, and what the headers say of its audio.
pub(crate) fn make_decoder(
    track: &FormatTrack,
    container: &'static str,
) -> Result<(AudioCodecParameters, Box<dyn AudioDecoder>), DecodeError> {
    let Some(params) = audio_params(track) else {
        return Err(DecodeError::NoAudioTrack { container });
    };
    Ok((params.clone(), decoder_of(params, container)?))
}

/// A fresh decoder of audio such as the headers say.
pub(crate) fn decoder_of(
    params: &AudioCodecParameters,
    container: &'static str,
) -> Result<Box<dyn AudioDecoder>, DecodeError> {
    match CODECS.make_audio_decoder(params, &AudioDecoderOptions::default()) {
        Ok(decoder) => Ok(decoder),
        Err(Error::DecodeError(detail)) => Err(DecodeError::Damaged { detail }),
        Err(_) => {
            Err(DecodeError::UnsupportedCodec { container, codec: names::codec(params.codec) })
        }
    }
}

/// PCM frames at the start of an Opus track that are the encoder's; 0 for others.
#[cfg(feature = "opus")]
pub(crate) fn pre_skip_frames(params: &AudioCodecParameters) -> u16 {
    let head = params.extra_data.as_deref().filter(|_| params.codec == CODEC_ID_OPUS);
    head.and_then(crate::opus::OpusHead::parse).map_or(0, |head| head.pre_skip_frames)
}

#[cfg(not(feature = "opus"))]
pub(crate) fn pre_skip_frames(_: &AudioCodecParameters) -> u16 {
    0
}

static CODECS: LazyLock<CodecRegistry> = LazyLock::new(|| {
    let mut codecs = CodecRegistry::new();
    symphonia::default::register_enabled_codecs(&mut codecs);
    #[cfg(feature = "opus")]
    codecs.register_audio_decoder::<crate::opus::OpusDecoder>();
    codecs
});
