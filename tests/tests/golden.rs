//! The golden vectors on this target: same PCM, same bytes, however it comes in.

use onmon_core::encoder::SlowDifference;
use onmon_core::{Channels, Extractor, SampleRate, wire};
use onmon_tests::vectors::{Vector, codes_of, folder, load, query_of};

fn vectors() -> Vec<Vector> {
    let vectors = load().expect("tests/vectors");
    assert!(vectors.len() >= 5, "vectors are missing");
    vectors
}

#[test]
fn pcm_gives_the_codes_and_the_bytes() {
    for vector in vectors() {
        let codes = codes_of(&vector.pcm, vector.rate_hz, vector.channels).unwrap();
        assert_eq!(codes, vector.codes, "{}", vector.name);
        let duration_ms = wire::decode(&vector.fingerprint).unwrap().duration_ms();
        let query = query_of(&vector.pcm, vector.rate_hz, vector.channels, duration_ms).unwrap();
        assert_eq!(query, vector.fingerprint, "{}", vector.name);
    }
}

#[test]
fn float_pcm_gives_the_same_codes() {
    for vector in vectors() {
        let float: Vec<f32> = vector.pcm.iter().map(|&s| f32::from(s) / 32_768.0).collect();
        let codes = codes_of(&float, vector.rate_hz, vector.channels).unwrap();
        assert_eq!(codes, vector.codes, "{}", vector.name);
    }
}

#[test]
fn block_length_does_not_matter() {
    for vector in vectors() {
        let rate = SampleRate::from_hz(vector.rate_hz).unwrap();
        for block in [1, 2, 3, 7, 64, 400, 1_023, 4_096, 65_537] {
            let mut extractor = Extractor::new(rate, Channels::new(vector.channels).unwrap());
            let mut codes = vec![];
            for block in vector.pcm.chunks(block) {
                extractor.push(block, |code| codes.push(code));
            }
            assert_eq!(codes, vector.codes, "{} in blocks of {block}", vector.name);
        }
    }
}

#[test]
fn channels_that_are_alike_are_as_one() {
    for vector in vectors().iter().filter(|vector| vector.channels == 1) {
        for channels in [2, 3, 6, 32] {
            let interleaved: Vec<i16> =
                vector.pcm.iter().flat_map(|&s| std::iter::repeat_n(s, channels)).collect();
            let codes = codes_of(&interleaved, vector.rate_hz, channels as u16).unwrap();
            assert_eq!(codes, vector.codes, "{} in {channels} channels", vector.name);
        }
    }
}

/// Encoder 1 is the baseline of every comparison, and its codes hold the whole extraction: they
/// were kept when it was replaced, of recordings that have grown since.
#[test]
fn the_baseline_still_gives_the_codes_it_gave() {
    for vector in vectors() {
        let rate = SampleRate::from_hz(vector.rate_hz).unwrap();
        let channels = Channels::new(vector.channels).unwrap();
        let kept = std::fs::read(folder().join(format!("{}.encoder1.codes", vector.name))).unwrap();
        for block in [1, 7, 4_096, vector.pcm.len()] {
            let mut extractor = Extractor::<SlowDifference>::with_encoder(rate, channels);
            let mut codes = vec![];
            for block in vector.pcm.chunks(block) {
                extractor.push(block, |code| codes.push(code));
            }
            assert!(codes.starts_with(&kept), "{} in blocks of {block}", vector.name);
        }
    }
}
