//! A stream of codes against an enrolled library: what is told of it.

mod songs;

use onmon_library::{Library, LibraryError, Recording, Rights, Segment, Stream};
use songs::{entry, id, song};
use tempfile::{TempDir, tempdir};

async fn library(seeds: std::ops::Range<u64>) -> (TempDir, Library) {
    let dir = tempdir().unwrap();
    let library = Library::open(dir.path()).await.unwrap();
    library.enrol(seeds.map(entry).collect()).await.unwrap();
    (dir, library)
}

/// Id (`-` for unknown), from and to in ms.
fn told(stream: &Stream) -> Vec<(String, u64, u64)> {
    let name = |segment: &Segment| match &segment.heard {
        Some(heard) => heard.recording.recording_id.clone(),
        None => "-".to_owned(),
    };
    stream.segments().iter().map(|s| (name(s), s.from_ms, s.to_ms)).collect()
}

fn assert_told(stream: &Stream, want: &[(&str, u64, u64)]) {
    let found = told(stream);
    let fits = found.len() == want.len()
        && found.iter().zip(want).all(|((name, from, to), want)| {
            name == want.0 && from.abs_diff(want.1) <= 1_000 && to.abs_diff(want.2) <= 1_000
        });
    assert!(fits, "{found:?} in place of {want:?}");
}

#[tokio::test]
async fn songs_one_after_the_other_and_something_unknown_between() {
    let (_dir, library) = library(1..4).await;
    // Song 1 is entered at 7 s, song 2 is broken off, song 3 follows at once.
    let (one, two, three) = (song(1), song(2), song(3));
    let programme =
        [&song(99)[..400], &one[140..], &song(98)[..800], &two[..1_000], &three[..]].concat();
    for block in [1, 7, 60, 1_000, usize::MAX] {
        let mut stream = Stream::new();
        for (at, codes) in programme.chunks(block.min(programme.len())).enumerate() {
            let first = (at * block) as u64;
            let taken = stream.push(&library, first, codes).await.unwrap();
            assert_eq!(taken.taken_codes, codes.len() as u64);
        }
        let want = [
            ("-", 0, 20_000),
            ("song-1", 20_000, 133_000),
            ("-", 133_000, 173_000),
            ("song-2", 173_000, 223_000),
            ("song-3", 223_000, 343_000),
        ];
        assert_told(&stream, &want);
        let segments = stream.segments();
        let heard = segments[1].heard.as_ref().unwrap();
        assert!(heard.offset_ms.abs_diff(7_000) <= 500, "{heard:?}");
        assert!((heard.speed - 1.0).abs() < 0.01 && heard.confidence > 5.0, "{heard:?}");
        assert!(segments[2].heard.is_none());
        assert!(segments[4].growing && !segments[3].growing);
    }
}

#[tokio::test]
async fn drop_outs_do_not_split_and_lost_codes_are_told() {
    let (_dir, library) = library(1..2).await;
    let mut codes = song(1);
    // 8 s of something else (a voice over the music), then 5 s that never come.
    codes[600..760].copy_from_slice(&song(99)[..160]);
    let mut stream = Stream::new();
    stream.push(&library, 0, &codes[..1_200]).await.unwrap();
    let error = stream.push(&library, 1_300, &codes[1_300..]).await.unwrap_err();
    assert!(matches!(error, LibraryError::CodesMissing { first: 1_300, next: 1_200 }), "{error}");
    assert_eq!(stream.next_code(), 1_200);
    stream.lose_until(1_300);
    stream.push(&library, 1_300, &codes[1_300..]).await.unwrap();
    assert_told(&stream, &[("song-1", 0, 120_000)]);
    assert_eq!(stream.losses_ms(), [(60_000, 65_000)]);
    // An hour that never comes is no drop-out.
    stream.lose_until(2_400 + 72_000);
    stream.push(&library, 2_400 + 72_000, &codes[..300]).await.unwrap();
    let want =
        [("song-1", 0, 120_000), ("-", 120_000, 3_720_000), ("song-1", 3_720_000, 3_735_000)];
    assert_told(&stream, &want);
}

#[tokio::test]
async fn codes_sent_again_or_overlapping_change_nothing() {
    let (_dir, library) = library(1..3).await;
    let programme = [&song(1)[..900], &song(2)[..900]].concat();
    let mut once = Stream::new();
    once.push(&library, 0, &programme).await.unwrap();
    let mut often = Stream::new();
    for at in (0..1_800).step_by(50) {
        let from = (at as usize).saturating_sub(130);
        for _ in 0..2 {
            let codes = &programme[from..at as usize + 50];
            often.push(&library, from as u64, codes).await.unwrap();
        }
    }
    assert_eq!(often.segments(), once.segments());
    assert_eq!(often.next_code(), 1_800);
}

#[tokio::test]
async fn a_recording_enrolled_twice_is_told_with_the_rights_of_both() {
    let (_dir, library) = library(1..2).await;
    let mut again = entry(1);
    again.recording = Recording { rights: Rights::NotEntrusted, ..Recording::new("again") };
    library.enrol(vec![again]).await.unwrap();
    let mut stream = Stream::new();
    stream.push(&library, 0, &song(1)[..1_200]).await.unwrap();
    let segments = stream.segments();
    assert_eq!(segments.len(), 1, "{segments:?}");
    let heard = segments[0].heard.as_ref().unwrap();
    let mut told: Vec<(&str, Rights)> =
        heard.recordings().map(|one| (one.recording_id.as_str(), one.rights)).collect();
    told.sort_by_key(|(id, _)| *id);
    assert_eq!(told, [("again", Rights::NotEntrusted), (&*id(1), Rights::Entrusted)]);
}

#[tokio::test]
async fn a_library_that_does_not_answer_loses_no_code() {
    let (dir, closed) = library(1..2).await;
    let mut stream = Stream::new();
    stream.push(&closed, 0, &song(1)[..100]).await.unwrap();
    closed.close().await.unwrap();
    let clone = Library::open(dir.path()).await.unwrap();
    let gone = clone.clone();
    clone.close().await.unwrap();
    let error = stream.push(&gone, 100, &song(1)[100..400]).await.unwrap_err();
    assert!(matches!(error, LibraryError::Closed), "{error}");
    let open = Library::open(dir.path()).await.unwrap();
    stream.push(&open, 100, &song(1)[100..400]).await.unwrap();
    assert_told(&stream, &[("song-1", 0, 18_000)]);
}
