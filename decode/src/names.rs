//! Names of containers and codecs, for messages: also of those that are not read.

use symphonia::core::codecs::audio::AudioCodecId;
use symphonia::core::codecs::audio::well_known as codec;

/// Bytes that [`container_by_magic`] looks at.
pub(crate) const MAGIC_BYTES: usize = 16;

/// Offset, bytes found there, and what they are the beginning of.
const MAGICS: [(usize, &[u8], &str); 29] = [
    (0, b"ID3", "MP3"),
    (0, &[0xff, 0xfb], "MP3"),
    (0, b"OggS", "Ogg"),
    (0, b"fLaC", "FLAC"),
    (8, b"WAVE", "WAV"),
    (8, b"AIFF", "AIFF"),
    (8, b"AIFC", "AIFF"),
    (4, b"ftyp", "MP4"),
    (0, &[0x1a, 0x45, 0xdf, 0xa3], "Matroska"),
    (0, &[0xff, 0xf1], "ADTS"),
    (0, &[0xff, 0xf9], "ADTS"),
    (0, &[0x30, 0x26, 0xb2, 0x75], "Windows Media (ASF)"),
    (0, b"MAC ", "Monkey's Audio"),
    (0, b"wvpk", "WavPack"),
    (0, b"TTA1", "True Audio"),
    (0, b"MPCK", "Musepack"),
    (0, b"MP+", "Musepack"),
    (0, b"DSD ", "DSD"),
    (0, b"caff", "Core Audio Format"),
    (0, b".snd", "Sun audio"),
    (0, b"#!AMR", "AMR"),
    (0, b"MThd", "MIDI"),
    (8, b"AVI ", "AVI"),
    (0, b"FLV", "Flash video"),
    (0, &[0xff, 0xd8, 0xff], "JPEG"),
    (0, &[0x89, b'P', b'N', b'G'], "PNG"),
    (0, b"%PDF", "PDF"),
    (0, b"PK\x03\x04", "ZIP"),
    (0, b"ONM", "an onmon fingerprint"),
];

/// Containers that are audio, so that a file beginning like one is worth probing.
const NEVER_AUDIO: [&str; 6] = ["JPEG", "PNG", "PDF", "ZIP", "MIDI", "an onmon fingerprint"];

/// What the first bytes look like.
pub(crate) fn container_by_magic(head: &[u8]) -> Option<&'static str> {
    let found = MAGICS
        .iter()
        .find(|(offset, magic, _)| head.get(*offset..).is_some_and(|rest| rest.starts_with(magic)));
    found.map(|(_, _, name)| *name)
}

/// Whether a file that begins so is not audio at all: a probe that looks for an MP3 frame in its
/// middle would find one sooner or later.
pub(crate) fn is_never_audio(name: &str) -> bool {
    NEVER_AUDIO.contains(&name)
}

/// Symphonia's short name of a container, as people write it.
pub(crate) fn container(short_name: &'static str) -> &'static str {
    match short_name {
        "wave" => "WAV",
        "aiff" => "AIFF",
        "flac" => "FLAC",
        "ogg" => "Ogg",
        "mp3" => "MP3",
        "aac" => "ADTS",
        "isomp4" => "MP4",
        "mkv" | "matroska" => "Matroska",
        other => other,
    }
}

/// A codec's name, decoded here or not.
pub(crate) fn codec(id: AudioCodecId) -> &'static str {
    let named = [
        (codec::CODEC_ID_MP3, "MP3"),
        (codec::CODEC_ID_MP2, "MP2"),
        (codec::CODEC_ID_MP1, "MP1"),
        (codec::CODEC_ID_AAC, "AAC"),
        (codec::CODEC_ID_VORBIS, "Vorbis"),
        (codec::CODEC_ID_OPUS, "Opus"),
        (codec::CODEC_ID_FLAC, "FLAC"),
        (codec::CODEC_ID_ALAC, "ALAC"),
        (codec::CODEC_ID_SPEEX, "Speex"),
        (codec::CODEC_ID_AC3, "AC-3"),
        (codec::CODEC_ID_EAC3, "E-AC-3"),
        (codec::CODEC_ID_AC4, "AC-4"),
        (codec::CODEC_ID_DCA, "DTS"),
        (codec::CODEC_ID_TRUEHD, "TrueHD"),
        (codec::CODEC_ID_WMA, "Windows Media"),
        (codec::CODEC_ID_WAVPACK, "WavPack"),
        (codec::CODEC_ID_ADPCM_MS, "Microsoft ADPCM"),
        (codec::CODEC_ID_ADPCM_IMA_WAV, "IMA ADPCM"),
        (codec::CODEC_ID_PCM_ALAW, "A-law"),
        (codec::CODEC_ID_PCM_MULAW, "mu-law"),
    ];
    let of_pcm = codec::CODEC_ID_PCM_S32LE..=codec::CODEC_ID_PCM_F64BE_PLANAR;
    match named.iter().find(|(known, _)| *known == id) {
        Some((_, name)) => name,
        None if of_pcm.contains(&id) => "PCM",
        None => "unknown",
    }
}
