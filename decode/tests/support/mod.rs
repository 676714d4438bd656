//! The corpus, and how the tests run a file.

#![allow(dead_code, reason = "each test binary uses its own part")]

use std::fs;
use std::io::Cursor;
use std::ops::ControlFlow;
use std::sync::LazyLock;
use std::time::Instant;

use onmon_core::{Sample, wire};
use onmon_decode::{DecodeError, Hooks, Media, Part, Query, Reference};

/// Every file of the corpus, and the container and codec it is.
pub const CORPUS: [(&str, &str, &str); 16] = [
    ("pcm.wav", "WAV", "PCM"),
    ("pcm.aiff", "AIFF", "PCM"),
    ("native.flac", "FLAC", "FLAC"),
    ("alac.m4a", "MP4", "ALAC"),
    ("constant.mp3", "MP3", "MP3"),
    ("untagged.mp3", "MP3", "MP3"),
    ("variable.mp3", "MP3", "MP3"),
    ("vorbis.ogg", "Ogg", "Vorbis"),
    ("aac.m4a", "MP4", "AAC"),
    ("raw.aac", "ADTS", "AAC"),
    ("high.aac", "ADTS", "AAC"),
    ("high.m4a", "MP4", "AAC"),
    ("parametric.m4a", "MP4", "AAC"),
    ("opus.opus", "Ogg", "Opus"),
    ("opus.webm", "Matroska", "Opus"),
    ("vorbis.mka", "Matroska", "Vorbis"),
];

pub fn corpus(name: &str) -> Vec<u8> {
    fs::read(format!("{}/tests/corpus/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

pub fn clock() -> f64 {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    START.elapsed().as_secs_f64() * 1_000.0
}

pub fn open(bytes: Vec<u8>) -> Result<Media, DecodeError> {
    Media::open(Box::new(Cursor::new(bytes)), None)
}

/// The query, by seeking wherever the format can.
pub fn sought(bytes: Vec<u8>) -> Result<Query, DecodeError> {
    let mut media = open(bytes)?;
    media.set_one_pass_below_ms(0);
    media.query(&mut Hooks { clock, on_progress: &mut |_| ControlFlow::Continue(()) })
}

/// The query, in one pass wherever the length is known.
pub fn passed(bytes: Vec<u8>) -> Result<Query, DecodeError> {
    let mut media = open(bytes)?;
    media.set_one_pass_below_ms(u32::MAX);
    media.query(&mut Hooks { clock, on_progress: &mut |_| ControlFlow::Continue(()) })
}

/// One of `of` parts of the query.
pub fn part(media: Media, index: u32, of: u32) -> Result<Option<Query>, DecodeError> {
    let part = Part { index, of };
    media.query_part(part, &mut Hooks { clock, on_progress: &mut |_| ControlFlow::Continue(()) })
}

pub fn reference(bytes: Vec<u8>) -> Result<Reference, DecodeError> {
    open(bytes)?.reference(&mut Hooks { clock, on_progress: &mut |_| ControlFlow::Continue(()) })
}

/// The share of bits in which the samples of a query differ from the codes of the whole recording;
/// a clip's margins do not count.
pub fn bit_error(query: &Query, whole: &Reference) -> f64 {
    let whole = wire::decode(&whole.wire).unwrap();
    let query = wire::decode(&query.wire).unwrap();
    let margin = query.kind().margin_codes() as usize;
    let end = query.samples().last().map_or(0, |last| last.start as usize + last.codes.len());
    let (mut wrong, mut bits) = (0, 0);
    for Sample { start, codes } in query.samples() {
        let start = start as usize;
        let (from, to) = (start.max(margin), (start + codes.len()).min(end - margin));
        let Some(codes) = codes.get(from - start..to - start) else { continue };
        let same = &whole.codes()[from - margin..to - margin];
        wrong += same.iter().zip(codes).map(|(a, b)| (a ^ b).count_ones()).sum::<u32>();
        bits += 8 * codes.len();
    }
    f64::from(wrong) / bits as f64
}

/// A WAV file of 16-bit PCM, one channel a column of `frames`.
pub fn wav(rate_hz: u32, channels: u16, samples: &[i16]) -> Vec<u8> {
    let data = samples.len() as u32 * 2;
    let mut bytes = Vec::new();
    bytes.extend(b"RIFF");
    bytes.extend((36 + data).to_le_bytes());
    bytes.extend(b"WAVEfmt ");
    bytes.extend(16_u32.to_le_bytes());
    bytes.extend(1_u16.to_le_bytes());
    bytes.extend(channels.to_le_bytes());
    bytes.extend(rate_hz.to_le_bytes());
    bytes.extend((rate_hz * u32::from(channels) * 2).to_le_bytes());
    bytes.extend((channels * 2).to_le_bytes());
    bytes.extend(16_u16.to_le_bytes());
    bytes.extend(b"data");
    bytes.extend(data.to_le_bytes());
    bytes.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    bytes
}

/// Noise whose loudness wanders, so that its codes change: `frames` samples.
pub fn noise(frames: usize) -> Vec<i16> {
    let mut state = 1_u32;
    let next = |i: usize| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let loudness = 1 + (i / 1_700 * 7) % 11;
        ((state >> 16) as i16) / 16 * loudness as i16 / 2
    };
    (0..frames).map(next).collect()
}
