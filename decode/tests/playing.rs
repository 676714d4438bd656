//! What a player gets: the PCM that the fingerprint is of, from the start and from any place on.

mod support;

use onmon_core::{Channels, Extractor, SampleRate, wire};
use support::*;

/// All samples from `from_ms` on, and the milliseconds that they are.
fn played(bytes: Vec<u8>, from_ms: u32) -> (Vec<f32>, u32) {
    let mut pcm = open(bytes).unwrap().pcm(from_ms).unwrap();
    let mut samples = Vec::new();
    while let Some(block) = pcm.next_block().unwrap() {
        samples.extend_from_slice(block);
    }
    (samples, pcm.given_ms())
}

#[test]
fn every_format_plays_what_its_fingerprint_is_of() {
    for (name, ..) in CORPUS {
        let info = *open(corpus(name)).unwrap().info();
        let (samples, ms) = played(corpus(name), 0);
        let rate = SampleRate::from_hz(info.rate_hz).unwrap();
        let mut extractor = Extractor::new(rate, Channels::new(info.channels).unwrap());
        let mut codes = Vec::new();
        extractor.push(&samples, |code| codes.push(code));
        let whole = reference(corpus(name)).unwrap();
        // The encoder's padding at the end may give one code more.
        assert!(codes.starts_with(wire::decode(&whole.wire).unwrap().codes()), "{name}");
        assert!(ms >= whole.duration_ms && ms < whole.duration_ms + 200, "{name}: {ms}");
    }
}

/// Largest difference of two samples that is let pass, and why.
fn allowed(name: &str) -> f32 {
    match name {
        // Noise bands with random numbers, and prediction from before the entry that fades.
        "aac.m4a" | "raw.aac" | "opus.opus" => 0.25,
        "opus.webm" | "vorbis.mka" => f32::INFINITY,
        _ => 1e-4,
    }
}

#[test]
fn every_format_plays_from_the_middle_as_it_goes_on_there() {
    for (name, ..) in CORPUS {
        let info = *open(corpus(name)).unwrap().info();
        let (whole, ms) = played(corpus(name), 0);
        let from_ms = ms / 2;
        let (later, _) = played(corpus(name), from_ms);
        let frames = u64::from(from_ms) * u64::from(info.rate_hz) / 1_000;
        let expected = &whole[frames as usize * usize::from(info.channels)..];
        // Timestamps in Matroska are rounded to milliseconds, of two places here.
        let jitter = if info.container == "Matroska" { info.rate_hz as usize / 25 } else { 0 };
        assert!(later.len().abs_diff(expected.len()) <= jitter, "{name}: {}", later.len());
        let most = later.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(most <= allowed(name), "{name}: {most}");
    }
}

#[test]
fn from_beyond_the_end_there_is_nothing() {
    for name in ["pcm.wav", "variable.mp3", "vorbis.ogg", "raw.aac", "opus.webm"] {
        let (samples, ms) = played(corpus(name), 3_600_000);
        assert_eq!((samples.len(), ms), (0, 0), "{name}");
    }
}

#[test]
fn damage_is_silence_and_nothing_but_damage_is_an_error() {
    let mut bytes = corpus("native.flac");
    let middle = bytes.len() / 2;
    let (whole, _) = played(bytes.clone(), 0);
    bytes[middle..middle + 40].fill(0x55);
    let (hurt, _) = played(bytes.clone(), 0);
    assert!(hurt.len() * 10 > whole.len() * 9, "{} of {}", hurt.len(), whole.len());
    assert!(hurt.starts_with(&whole[..whole.len() / 4]));
}

#[test]
fn hostile_bytes_end_in_pcm_or_in_an_error() {
    let mut state = 1_u32;
    let mut draw = |below: usize| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as usize % below
    };
    for (name, ..) in CORPUS {
        for _ in 0..12 {
            let mut bytes = corpus(name);
            for _ in 0..=draw(20) {
                let at = draw(bytes.len());
                bytes[at] = draw(256) as u8;
            }
            bytes.truncate(bytes.len() - draw(bytes.len() / 2));
            let Ok(mut pcm) = open(bytes).and_then(|media| media.pcm(draw(9_000) as u32)) else {
                continue;
            };
            while let Ok(Some(block)) = pcm.next_block() {
                assert!(block.len().is_multiple_of(pcm_channels(name)), "{name}");
            }
        }
    }
}

fn pcm_channels(name: &str) -> usize {
    usize::from(open(corpus(name)).unwrap().info().channels)
}
