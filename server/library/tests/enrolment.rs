//! What is enrolled is identified; what is replaced or removed is not.

mod homes;
mod songs;

use std::future::{Future, poll_fn};
use std::task::Poll;

use homes::Home;
use onmon_library::{Decision, Entry, Library, LibraryError, Recording, Rights};
use onmon_store::Engine;
use onmon_store::testing::ENGINES;
use songs::{entry, id, query, reference, song};

async fn library(engine: Engine) -> (Home, Library) {
    let home = Home::new(engine).await;
    let library = Library::open_at(&home.place).await.unwrap();
    (home, library)
}

async fn ids(library: &Library, seed: u64) -> Vec<String> {
    let answer = library.identify(&query(&song(seed))).await.unwrap();
    answer.matches.into_iter().map(|found| found.recording.recording_id).collect()
}

#[tokio::test]
async fn an_enrolled_song_is_found_with_everything_the_catalogue_knows() {
    for engine in ENGINES {
        let (_home, library) = library(engine).await;
        let recording = Recording {
            recording_id: "a/曲 1".into(),
            title: Some("Aurora".into()),
            artist: Some("Ex\"ample".into()),
            isrc: Some("JP-B01-23-45678".parse().unwrap()),
            iswc: Some("T-034.524.680-1".parse().unwrap()),
            rights: Rights::Entrusted,
        };
        let entries =
            vec![entry(2), Entry { recording: recording.clone(), reference: reference(&song(1)) }];
        let enrolled = library.enrol(entries).await.unwrap();
        assert_eq!((enrolled[0].seq, enrolled[1].seq), (1, 2));
        assert!(enrolled.iter().all(|done| !done.replaced));

        let answer = library.identify(&query(&song(1))).await.unwrap();
        assert_eq!(answer.decision, Decision::Permit);
        assert_eq!(answer.matches.len(), 1);
        let found = &answer.matches[0];
        assert_eq!(found.recording, recording);
        assert_eq!(found.offset_ms, 0);
        assert_eq!(found.bit_error, 0.0);
        assert!(found.matched_ms > 0 && found.samples_agreeing > 0 && found.confidence > 0.0);
    }
}

#[tokio::test]
async fn an_unknown_song_is_unregistered_and_not_called_free() {
    for engine in ENGINES {
        let (_home, library) = library(engine).await;
        library.enrol(vec![entry(1)]).await.unwrap();
        let answer = library.identify(&query(&song(99))).await.unwrap();
        assert_eq!(answer.decision, Decision::Unregistered);
        assert!(answer.matches.is_empty());
        assert!(answer.rule.starts_with("no entrusted right found"));
    }
}

#[tokio::test]
async fn the_strictest_right_of_all_matching_recordings_decides() {
    for engine in ENGINES {
        let (_home, library) = library(engine).await;
        let claim = |name: &str, rights| Entry {
            recording: Recording { rights, ..Recording::new(name) },
            reference: reference(&song(1)),
        };
        let steps = [
            ("unknown", Rights::Unknown, Decision::Unregistered),
            ("entrusted", Rights::Entrusted, Decision::Permit),
            ("not", Rights::NotEntrusted, Decision::Refuse),
        ];
        for (count, (name, rights, want)) in (1..).zip(steps) {
            library.enrol(vec![claim(name, rights)]).await.unwrap();
            let answer = library.identify(&query(&song(1))).await.unwrap();
            assert_eq!((answer.decision, answer.matches.len()), (want, count), "{name}");
        }
    }
}

#[tokio::test]
async fn enrolling_again_changes_nothing_but_the_sequence() {
    for engine in ENGINES {
        let (_home, library) = library(engine).await;
        let first = library.enrol(vec![entry(1), entry(2)]).await.unwrap();
        let before = library.stats().await.unwrap();
        let again = library.enrol(vec![entry(1)]).await.unwrap();
        assert!(again[0].replaced && again[0].seq > first[1].seq);
        let after = library.stats().await.unwrap();
        assert_eq!((after.recordings, after.index_codes), (2, before.index_codes));
        assert_eq!(ids(&library, 1).await, [id(1)]);
    }
}

#[tokio::test]
async fn replacing_forgets_the_old_codes_and_texts() {
    for engine in ENGINES {
        let (_home, library) = library(engine).await;
        let mut old = entry(1);
        old.recording.title = Some("old".into());
        library.enrol(vec![old]).await.unwrap();
        let new = Entry { recording: Recording::new(id(1)), reference: reference(&song(7)) };
        library.enrol(vec![new]).await.unwrap();
        assert!(ids(&library, 1).await.is_empty());
        let answer = library.identify(&query(&song(7))).await.unwrap();
        assert_eq!(answer.matches[0].recording, Recording::new(id(1)));
    }
}

#[tokio::test]
async fn a_removed_song_is_gone_until_it_is_enrolled_again() {
    for engine in ENGINES {
        let (_home, library) = library(engine).await;
        library.enrol(vec![entry(1), entry(2)]).await.unwrap();
        assert!(library.remove(&id(1)).await.unwrap());
        assert!(!library.remove(&id(1)).await.unwrap());
        assert!(!library.remove("never there").await.unwrap());
        assert!(ids(&library, 1).await.is_empty());
        assert_eq!(ids(&library, 2).await, [id(2)]);
        let stats = library.stats().await.unwrap();
        assert_eq!((stats.recordings, stats.applied_seq, stats.last_seq), (1, 3, 3));

        let back = library.enrol(vec![entry(1)]).await.unwrap();
        assert!(!back[0].replaced);
        assert_eq!(ids(&library, 1).await, [id(1)]);
    }
}

#[tokio::test]
async fn one_bad_entry_keeps_the_whole_batch_out() {
    for engine in ENGINES {
        let (_home, library) = library(engine).await;
        let with = |change: fn(&mut Entry)| {
            let mut bad = entry(2);
            change(&mut bad);
            vec![entry(1), bad]
        };
        let batches = [
            (with(|bad| bad.recording.recording_id = id(1)), "duplicate_id"),
            (with(|bad| bad.recording.recording_id.clear()), "bad_recording_id"),
            (with(|bad| bad.recording.title = Some("t".repeat(2_000))), "text_too_long"),
            (with(|bad| bad.recording.artist = Some("a\0b".into())), "zero_in_text"),
            (with(|bad| bad.reference = query(&song(2))), "query_for_enrolment"),
            (with(|bad| bad.reference.truncate(100)), "checksum_mismatch"),
            (with(|bad| bad.reference.clear()), "not_a_fingerprint"),
        ];
        for (batch, code) in batches {
            let error = library.enrol(batch).await.unwrap_err();
            assert_eq!(error.code(), code, "{error}");
        }
        let stats = library.stats().await.unwrap();
        assert_eq!((stats.recordings, stats.last_seq), (0, 0));
    }
}

#[tokio::test]
async fn what_is_no_query_is_refused() {
    for engine in ENGINES {
        let (_home, library) = library(engine).await;
        let found = library.identify(&reference(&song(1))).await;
        assert!(matches!(found, Err(LibraryError::ReferenceForIdentify)), "{found:?}");
        let mut bent = query(&song(1));
        bent[40] ^= 1;
        let error = library.identify(&bent).await.unwrap_err();
        assert_eq!(error.code(), "checksum_mismatch");
        assert_eq!(library.identify(b"").await.unwrap_err().code(), "not_a_fingerprint");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_and_readers_at_once_see_every_acknowledged_song() {
    for engine in ENGINES {
        let (_home, library) = library(engine).await;
        let tasks: Vec<_> = (0..4)
            .map(|task| {
                let library = library.clone();
                tokio::spawn(async move {
                    for seed in (0..20).map(|i| 100 * task + i) {
                        library.enrol(vec![entry(seed)]).await.unwrap();
                        assert_eq!(ids(&library, seed).await, [id(seed)]);
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        let stats = library.stats().await.unwrap();
        assert_eq!((stats.recordings, stats.applied_seq), (80, 80));
    }
}

#[tokio::test]
async fn a_caller_that_goes_away_leaves_catalogue_and_index_in_step() {
    for engine in ENGINES {
        let (_home, library) = library(engine).await;
        for seed in 0..20 {
            // Dropped after as many polls as the loop has made: before, in and after the
            // transaction.
            let mut enrol = Box::pin(library.enrol(vec![entry(seed)]));
            for _ in 0..seed {
                if poll_fn(|cx| Poll::Ready(enrol.as_mut().poll(cx).is_ready())).await {
                    break;
                }
                tokio::task::yield_now().await;
            }
            drop(enrol);
        }
        // The last one waits for all that is still under way.
        library.enrol(vec![entry(50)]).await.unwrap();
        let stats = library.stats().await.unwrap();
        assert_eq!(stats.applied_seq, stats.last_seq);
        assert_eq!(stats.recordings, stats.last_seq);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_are_identified_in_their_order_and_a_bad_one_spoils_no_other() {
    for engine in ENGINES {
        let (_home, library) = library(engine).await;
        library.enrol((0..20).map(entry).collect()).await.unwrap();
        // Every fifth is no fingerprint, every seventh is of a song that is not enrolled.
        let seed_of = |at: u64| if at.is_multiple_of(7) { 1_000 } else { at % 20 };
        let wire = |at: u64| match at {
            at if at.is_multiple_of(5) => b"x".to_vec(),
            at => query(&song(seed_of(at))),
        };
        let answers = library.identify_many((0..60).map(wire).collect()).await;
        assert_eq!(answers.len(), 60);
        for (at, answer) in (0..).zip(answers) {
            if at % 5 == 0 {
                assert!(matches!(answer, Err(LibraryError::Fingerprint(_))), "{at}: {answer:?}");
                continue;
            }
            let alone = library.identify(&wire(at)).await.unwrap();
            let answer = answer.unwrap();
            assert_eq!(answer, alone, "{at}");
            let ids: Vec<_> = answer.matches.iter().map(|m| &m.recording.recording_id).collect();
            let want = id(seed_of(at));
            let want = if at % 7 == 0 { vec![] } else { vec![&want] };
            assert_eq!(ids, want, "{at}");
        }
        assert!(library.identify_many(vec![]).await.is_empty());
    }
}
