//! Whatever a file holds: a typed error or a fingerprint, in bounded time, never a panic.

mod support;

use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::ops::ControlFlow;

use onmon_core::{CODES_MIN, wire};
use onmon_decode::{DecodeError, Hooks, Media, MediaSource, Query, ReadOnlySource};
use proptest::prelude::*;
use support::*;

/// What has to hold for any bytes: both ways of taking the query end well. Gives the one by
/// seeking.
fn holds(bytes: &[u8], about: &str) -> Result<Query, DecodeError> {
    let began = clock();
    let mut last = Err(DecodeError::Empty);
    for take in [passed, sought] {
        last = take(bytes.to_vec());
        match &last {
            Ok(query) => {
                let fingerprint = wire::decode(&query.wire).expect(about);
                assert!(fingerprint.codes().len() >= CODES_MIN, "{about}");
                assert!(query.wire.len() <= wire::QUERY_BYTES_MAX, "{about}");
            }
            Err(DecodeError::BudgetSpent { .. } | DecodeError::Aborted) => panic!("{about}"),
            Err(error) => assert!(!error.to_string().is_empty() && !error.code().is_empty()),
        }
    }
    let spent_ms = clock() - began;
    assert!(spent_ms < 20_000.0, "{about}: {spent_ms} ms");
    last
}

#[test]
fn nothing_and_next_to_nothing() {
    assert_eq!(passed(Vec::new()).unwrap_err().code(), "empty_file");
    for bytes in [vec![0], vec![0xff], vec![0xff, 0xfb], b"ID3".to_vec(), b"fLaC".to_vec()] {
        holds(&bytes, &format!("{bytes:?}")).unwrap_err();
    }
}

#[test]
fn what_is_not_audio_is_named() {
    let cases: [(&[u8], &str); 6] = [
        (b"%PDF-1.7 and the rest of a document, long enough to be looked at", "PDF"),
        (b"\x89PNG\r\n\x1a\n and some pixels, long enough to be looked at", "PNG"),
        (b"PK\x03\x04 a zip archive of something, long enough to be looked at", "ZIP"),
        (
            b"\x30\x26\xb2\x75\x8e\x66\xcf\x11 Windows Media, long enough to be read",
            "Windows Media",
        ),
        (b"MThd\0\0\0\x06\0\x01 notes without sound, long enough to be looked at", "MIDI"),
        (b"just a text that somebody named song.mp3 and dropped on the page", "this"),
    ];
    for (bytes, name) in cases {
        let error = passed(bytes.to_vec()).unwrap_err();
        assert_eq!(error.code(), "unsupported_container", "{name}");
        assert!(error.to_string().starts_with(name), "{error}");
    }
}

#[test]
fn truncated_anywhere_gives_the_fingerprint_of_what_is_left_or_an_error() {
    for (name, ..) in CORPUS {
        let bytes = corpus(name);
        let whole = reference(bytes.clone()).unwrap();
        let lens = (0..bytes.len()).step_by(bytes.len() / 23);
        for len in lens.chain([1, 2, 3, 4, 11, 40, 44, 100, bytes.len() - 1]) {
            let about = format!("{name} cut to {len}");
            if let Ok(query) = holds(&bytes[..len], &about) {
                assert!(query.duration_ms <= whole.duration_ms + 200, "{about}");
                assert!(bit_error(&query, &whole) < 0.1, "{about}");
            }
        }
    }
}

#[test]
fn most_of_what_can_be_read_from_the_start_still_gives_a_fingerprint() {
    // MP4 keeps what it needs at the end; symphonia wants the whole of an AIFF chunk or Matroska
    // segment.
    for name in ["pcm.wav", "native.flac", "constant.mp3", "vorbis.ogg", "raw.aac"] {
        let bytes = corpus(name);
        let query = holds(&bytes[..bytes.len() * 8 / 10], name).expect(name);
        assert!(query.duration_ms >= 2_700, "{name}");
    }
}

#[test]
fn headers_that_promise_too_much_are_not_believed() {
    let samples = noise(8_000 * 130);
    let honest = wav(8_000, 1, &samples);
    let expected = passed(honest.clone()).unwrap();
    for claimed in [u32::MAX, u32::MAX - 36, honest.len() as u32 * 40, honest.len() as u32 * 2] {
        let mut lying = honest.clone();
        lying[4..8].copy_from_slice(&claimed.to_le_bytes());
        lying[40..44].copy_from_slice(&claimed.saturating_sub(36).to_le_bytes());
        let query = sought(lying).unwrap();
        assert_eq!(query.wire, expected.wire, "{claimed}");
    }
}

#[test]
fn rates_and_channels_that_are_not_served_are_refused() {
    let cases = [(37_800, 1, "unsupported_rate"), (0, 1, "damaged"), (44_100, 0, "damaged")];
    for (rate, channels, code) in cases {
        let error = passed(wav(rate, channels, &noise(20_000))).unwrap_err();
        assert_eq!(error.code(), code, "{rate} Hz, {channels} channels");
    }
}

#[test]
fn too_short_says_so_and_odd_rates_are_served() {
    assert_eq!(passed(wav(8_000, 1, &noise(8_000))).unwrap_err().code(), "too_short");
    assert_eq!(passed(wav(8_000, 1, &[])).unwrap_err().code(), "too_short");
    let odd = passed(wav(12_000, 1, &noise(12_000 * 5))).unwrap();
    assert_eq!(odd.duration_ms, 5_000);
}

#[test]
fn a_source_that_cannot_seek_is_read_once() {
    for (name, ..) in CORPUS.into_iter().filter(|(name, ..)| !name.ends_with("m4a")) {
        let bytes = corpus(name);
        let len = bytes.len() as u64;
        let source = ReadOnlySource::new(Cursor::new(bytes.clone()));
        let mut media = Media::open(Box::new(source), None).expect(name);
        media.set_one_pass_below_ms(0);
        let query = media
            .query(&mut Hooks { clock, on_progress: &mut |_| ControlFlow::Continue(()) })
            .expect(name);
        assert_eq!(query.bytes_read, len, "{name}");
        assert!(bit_error(&query, &reference(bytes).unwrap()) <= 0.03, "{name}");
    }
}

#[test]
fn the_caller_can_stop_it_and_hears_of_progress() {
    let bytes = wav(8_000, 1, &noise(8_000 * 300));
    for whole in [false, true] {
        let mut shares = Vec::new();
        let on_progress = &mut |share| {
            shares.push(share);
            if share > 0.5 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let media = open(bytes.clone()).unwrap();
        let mut hooks = Hooks { clock, on_progress };
        let error = match whole {
            true => media.reference(&mut hooks).unwrap_err(),
            false => media.query(&mut hooks).unwrap_err(),
        };
        assert_eq!(error.code(), "aborted");
        assert!(shares.len() > 20 && shares.is_sorted(), "{shares:?}");
        assert!(shares.iter().all(|share| (0.0..0.6).contains(share)), "{shares:?}");
    }
}

/// Fails after some bytes, as a network file or a pulled stick does.
struct Failing {
    source: Cursor<Vec<u8>>,
    bytes_left: usize,
}

impl Read for Failing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(buffer)?;
        match self.bytes_left.checked_sub(read) {
            Some(left) => self.bytes_left = left,
            None => return Err(io::Error::other("the stick was pulled")),
        }
        Ok(read)
    }
}

impl Seek for Failing {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.source.seek(to)
    }
}

impl MediaSource for Failing {
    fn is_seekable(&self) -> bool {
        true
    }

    fn byte_len(&self) -> Option<u64> {
        Some(self.source.get_ref().len() as u64)
    }
}

#[test]
fn a_source_that_fails_is_told_from_a_file_that_ends() {
    let source =
        Failing { source: Cursor::new(wav(8_000, 1, &noise(8_000 * 300))), bytes_left: 1_000_000 };
    let media = Media::open(Box::new(source), None).unwrap();
    let mut hooks = Hooks { clock, on_progress: &mut |_| ControlFlow::Continue(()) };
    let error = media.query(&mut hooks).unwrap_err();
    assert!(matches!(error, DecodeError::Read(_)), "{error:?}");
    assert!(error.to_string().contains("the stick was pulled"));
}

/// What is done to a file of the corpus.
#[derive(Clone, Debug)]
enum Harm {
    Flip { at: usize, bit: u8 },
    Overwrite { at: usize, with: Vec<u8> },
    Cut { from: usize, len: usize },
    Double { from: usize, len: usize },
    Truncate { at: usize },
}

impl Harm {
    fn do_to(&self, bytes: &mut Vec<u8>) {
        let place = |at: usize| at % bytes.len().max(1);
        match *self {
            Self::Flip { at, bit } => {
                let at = place(at);
                bytes.get_mut(at).into_iter().for_each(|byte| *byte ^= 1 << bit);
            }
            Self::Overwrite { at, ref with } => {
                let at = place(at);
                bytes.iter_mut().skip(at).zip(with).for_each(|(byte, with)| *byte = *with);
            }
            Self::Cut { from, len } => {
                let from = place(from);
                bytes.drain(from..(from + len).min(bytes.len()));
            }
            Self::Double { from, len } => {
                let from = place(from);
                let again = bytes[from..(from + len).min(bytes.len())].to_vec();
                bytes.splice(from..from, again);
            }
            Self::Truncate { at } => bytes.truncate(place(at)),
        }
    }
}

/// Half of all places lie in the first 600 bytes, where the headers are.
fn place() -> impl Strategy<Value = usize> {
    prop_oneof![0_usize..600, 0_usize..70_000]
}

fn harm() -> impl Strategy<Value = Harm> {
    let extremes = prop_oneof![Just(0_u8), Just(0xff), Just(0x7f), Just(0x80), any::<u8>()];
    prop_oneof![
        4 => (place(), 0_u8..8).prop_map(|(at, bit)| Harm::Flip { at, bit }),
        4 => (place(), prop::collection::vec(extremes, 1..12))
            .prop_map(|(at, with)| Harm::Overwrite { at, with }),
        1 => (place(), 1_usize..5_000).prop_map(|(from, len)| Harm::Cut { from, len }),
        1 => (place(), 1_usize..5_000).prop_map(|(from, len)| Harm::Double { from, len }),
        1 => place().prop_map(|at| Harm::Truncate { at }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 260, ..ProptestConfig::default() })]

    #[test]
    fn harmed_files_give_an_error_or_a_fingerprint(
        file in 0..CORPUS.len(),
        harms in prop::collection::vec(harm(), 1..6),
    ) {
        let (name, ..) = CORPUS[file];
        let mut bytes = corpus(name);
        harms.iter().for_each(|harm| harm.do_to(&mut bytes));
        let _ = holds(&bytes, name);
    }

    #[test]
    fn bytes_behind_a_known_beginning_give_an_error_or_a_fingerprint(
        file in 0..CORPUS.len(),
        kept in 0_usize..400,
        junk in prop::collection::vec(any::<u8>(), 0..6_000),
    ) {
        let (name, ..) = CORPUS[file];
        let mut bytes = corpus(name);
        bytes.truncate(kept);
        bytes.extend(junk);
        let _ = holds(&bytes, name);
    }
}
