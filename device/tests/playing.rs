//! What is in the library is found where it is, and nothing else is.

use onmon_device::{EXCERPT_CODES, Library, Recogniser};
use onmon_link::Playing;
use onmon_tests::signals::noise;
use onmon_tests::songs::Song;
use onmon_tests::vectors::codes_of;

/// Recordings in the library, and where in each its excerpt begins.
const RECORDINGS: u64 = 12;
const EXCERPT_SECONDS: f64 = 20.0;

fn library() -> Vec<u8> {
    let excerpt = |number| {
        let pcm = Song::new(number).pcm(8_000, EXCERPT_SECONDS, 16.5).pcm;
        codes_of(&pcm, 8_000, 1).unwrap()[..EXCERPT_CODES].to_vec()
    };
    (0..RECORDINGS).flat_map(excerpt).collect()
}

/// Codes of a song's 19 s from there on, at another rate than the library's, with noise.
fn heard(number: u64, from_seconds: f64) -> Vec<u8> {
    let song = Song::new(number).pcm(44_100, from_seconds, 19.0).pcm;
    let noise = noise("", 44_100, 19).pcm;
    let pcm: Vec<i16> =
        song.iter().zip(noise).map(|(song, noise)| song.saturating_add(noise / 20)).collect();
    codes_of(&pcm, 44_100, 1).unwrap()
}

fn all_told(library: &[u8], runs: &[(u32, Vec<u8>)]) -> Vec<Playing> {
    let mut recogniser = Recogniser::new(Library::new(library).unwrap());
    let mut told = vec![];
    for (first, codes) in runs {
        for (number, code) in (*first..).zip(codes) {
            told.extend(recogniser.push(number, *code));
        }
    }
    told.extend(recogniser.finish());
    told
}

#[test]
fn a_recording_of_the_library_is_told_once_where_its_excerpt_begins() {
    let library = library();
    for (number, from) in [(3, 18.0), (7, 18.525), (11, 19.225)] {
        let told = all_told(&library, &[(0, heard(number, from))]);
        let [playing] = &told[..] else { panic!("{number} from {from}: {told:?}") };
        assert_eq!(u64::from(playing.recording), number);
        let begins = (EXCERPT_SECONDS - from) * 20.0;
        assert!((f64::from(playing.code) - begins).abs() <= 1.0, "{playing:?}, begins at {begins}");
        assert!(playing.bit_error_permille < 300, "{playing:?}");
    }
}

#[test]
fn what_is_not_in_the_library_is_not_told() {
    let library = library();
    for number in RECORDINGS..RECORDINGS + 12 {
        assert_eq!(all_told(&library, &[(0, heard(number, 18.3))]), []);
    }
    // In the library, but elsewhere in the recording.
    assert_eq!(all_told(&library, &[(0, heard(3, 40.0))]), []);
    assert_eq!(all_told(&[], &[(0, heard(3, 18.0))]), []);
}

#[test]
fn an_excerpt_with_a_gap_in_it_is_not_told_and_the_next_one_is() {
    let (library, one, other) = (library(), heard(3, 18.0), heard(7, 18.0));
    let after_gap = (140, one[140..].to_vec());
    let runs = [(0, one[..120].to_vec()), after_gap, (1_000, other)];
    let told = all_told(&library, &runs);
    let [playing] = &told[..] else { panic!("{told:?}") };
    assert_eq!((playing.recording, playing.code), (7, 1_040));
}

#[test]
fn a_library_is_whole_excerpts() {
    assert_eq!(Library::new(&[0; 3 * EXCERPT_CODES]).map(|library| library.len()), Some(3));
    assert!(Library::new(&[0; EXCERPT_CODES + 1]).is_none());
    assert!(Library::new(&[]).is_some_and(|library| library.is_empty()));
}
