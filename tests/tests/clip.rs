//! Clips: what is sent of less than 90 s of sound, margins and all, and where it is found.

use std::path::Path;

use onmon_core::plan::is_clip;
use onmon_core::{
    Channels, Extractor, Fingerprint, FingerprintError, HOP_MS, Kind, MARGIN_CODES, Margins,
    QueryBuilder, SampleRate, lay, wire,
};
use onmon_index::{Depth, Index};

const RATE_HZ: u32 = 8_000;

/// Notes of chance, each some tenths of a second long, with overtones.
fn tune(seconds: usize) -> Vec<i16> {
    let mut state = 1_u32;
    let mut next = move |below: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) % below
    };
    let mut pcm = vec![];
    while pcm.len() < seconds * RATE_HZ as usize {
        let hz = 220.0 * f64::from(next(25)).mul_add(1.0 / 12.0, 0.0).exp2();
        let frames = 800 * (2 + next(5));
        pcm.extend((0..frames).map(|frame| {
            let turns = hz * f64::from(frame) / f64::from(RATE_HZ);
            let tone = |n: f64| (turns * n * std::f64::consts::TAU).sin() / n;
            (6_000.0 * (tone(1.0) + tone(2.0) + tone(3.0) + tone(5.0))) as i16
        }));
    }
    pcm.truncate(seconds * RATE_HZ as usize);
    pcm
}

fn heard(pcm: &[i16]) -> (Vec<u8>, Option<Margins>) {
    let mut codes = vec![];
    let rate = SampleRate::from_hz(RATE_HZ).unwrap();
    let mut extractor = Extractor::new(rate, Channels::new(1).unwrap());
    extractor.push(pcm, |code| codes.push(code));
    let margins = extractor.margins();
    (codes, margins)
}

fn sent(pcm: &[i16]) -> QueryBuilder {
    let (codes, margins) = heard(pcm);
    QueryBuilder::of_sound(0, &codes, margins.as_ref(), None).unwrap()
}

/// From second `from` on, and a third of a hop later: on no grid of the recording's.
fn clip(pcm: &[i16], from: usize, seconds: usize) -> &[i16] {
    &pcm[from * RATE_HZ as usize + 133..][..seconds * RATE_HZ as usize]
}

#[test]
fn a_clip_is_all_codes_and_the_margins_around_them() {
    let pcm = tune(40);
    let (codes, margins) = heard(&pcm);
    let Margins { before, after } = margins.unwrap();
    let built = sent(&pcm);
    let query = built.finish().unwrap();
    assert_eq!(query.kind(), Kind::Clip);
    assert_eq!(query.codes(), [&before[..], &codes, &after].concat());
    assert_eq!(query.samples().map(|s| s.start).collect::<Vec<_>>(), [0, 300, 600]);
    let mut bytes = vec![0; wire::QUERY_BYTES_MAX];
    let len = wire::encode(&query, &mut bytes).unwrap();
    assert_eq!(wire::decode(&bytes[..len]).as_ref(), Ok(&query));
}

#[test]
fn what_is_too_short_has_no_clip_and_of_what_is_long_its_margins_are_left_out() {
    let margins = Margins { before: [1; MARGIN_CODES], after: [2; MARGIN_CODES] };
    let of = |codes: usize| QueryBuilder::of_sound(0, &vec![7; codes], Some(&margins), None);
    assert_eq!(of(19).unwrap_err(), FingerprintError::TooShort);
    for (codes, kind, sent) in [
        (20, Kind::Clip, 44),
        (1_776, Kind::Clip, 1_800),
        (1_777, Kind::Query, 1_777),
        (5_400, Kind::Query, 1_800),
    ] {
        let built = of(codes).unwrap();
        let query = built.finish().unwrap();
        assert_eq!((query.kind(), query.codes().len()), (kind, sent), "{codes}");
        assert_eq!(is_clip(codes as u32), kind == Kind::Clip);
    }
    // Samples that are not all there is: their margins lie in the middle of the recording.
    let mut samples = QueryBuilder::new(0);
    samples.push(40, &[7; 300]).unwrap();
    samples.enclose(&margins);
    assert_eq!(samples.finish().unwrap().kind(), Kind::Query);
}

#[test]
fn a_message_that_says_it_is_a_clip_and_has_a_gap_is_refused() {
    let built = sent(&tune(40));
    let mut bytes = vec![0; wire::QUERY_BYTES_MAX];
    let len = wire::encode(&built.finish().unwrap(), &mut bytes).unwrap();
    // Magic and version, kind, profile, encoder, duration, count, the first start and its length.
    let second = 4 + 1 + 1 + 1 + 1 + 1 + 1 + 2;
    assert_eq!(bytes[second..second + 2], [0xac, 0x02], "300");
    bytes[second] += 1;
    let checked = len - 4;
    let sum = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC).checksum(&bytes[..checked]);
    bytes[checked..len].copy_from_slice(&sum.to_le_bytes());
    let refused = wire::decode(&bytes[..len]);
    assert_eq!(refused, Err(wire::WireError::Content(FingerprintError::Misplaced)));
}

#[test]
fn a_clip_is_found_where_its_sound_begins() {
    let pcm = tune(60);
    let recording = heard(&pcm).0;
    let mut index = Index::empty(Path::new("unused"));
    index.insert(7, &recording);
    for from in [0, 20, 54] {
        let built = sent(clip(&pcm, from, 5));
        let query = built.finish().unwrap();
        let truth_ms = from as i64 * 1_000 + 17;
        let near = |ms: i64| ms.abs_diff(truth_ms) <= u64::from(HOP_MS);
        let laid = lay(&query, &recording).unwrap();
        assert!(near(laid.offset_codes * i64::from(HOP_MS)), "{from}: {laid:?}");
        let found = index.search(&query, Depth::Scan).unwrap().matches;
        assert!(near(found[0].offset_ms), "{from}: {found:?}");
        let sample = found[0].samples[0];
        assert_eq!((sample.query_ms, sample.recording_ms), (0, found[0].offset_ms));
    }
}

#[test]
fn margins_make_a_short_clip_surer() {
    let pcm = tune(60);
    let recording = heard(&pcm).0;
    let certainty = |query: &Fingerprint<'_>| lay(query, &recording).unwrap().deviations;
    let sound = clip(&pcm, 20, 5);
    let codes = heard(sound).0;
    let bare = QueryBuilder::of_recording(0, &codes).unwrap();
    let whole = sent(sound);
    let (bare, whole) = (certainty(&bare.finish().unwrap()), certainty(&whole.finish().unwrap()));
    assert!(whole > bare, "{whole} {bare}");
}
