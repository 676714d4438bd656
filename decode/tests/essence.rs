//! The digest of the encoded audio: what it covers, what it leaves out, and that no file breaks it.

mod support;

use std::io::Cursor;
use std::ops::ControlFlow;

use onmon_decode::essence::{self, Essence};
use onmon_decode::{DecodeError, Hooks, ReadOnlySource};
use proptest::prelude::*;
use support::*;

fn essence(bytes: Vec<u8>) -> Result<Essence, DecodeError> {
    let mut hooks = Hooks { clock, on_progress: &mut |_| ControlFlow::Continue(()) };
    essence::digest(Box::new(Cursor::new(bytes)), None, &mut hooks)
}

#[test]
fn every_file_has_one_which_goes_by_its_packets_alone() {
    let mut seen = Vec::new();
    for (name, ..) in CORPUS {
        let found = essence(corpus(name)).unwrap();
        assert!(found.packets > 3, "{name}: {found:?}");
        let share = found.audio_bytes as f64 / corpus(name).len() as f64;
        assert!((0.8..=1.0).contains(&share), "{name}: {share}");
        // The same encoded audio, in another container or with other headers.
        let is_known =
            ["untagged.mp3", "raw.aac", "high.m4a", "opus.webm", "vorbis.mka"].contains(&name);
        assert_eq!(seen.contains(&found.digest), is_known, "{name}");
        seen.push(found.digest);
    }
}

/// The definition, by hand: a WAV file's packets are runs of its samples.
#[test]
fn it_is_what_it_says_it_is() {
    use sha2::{Digest, Sha256};
    let samples = noise(3_000);
    let found = essence(wav(44_100, 1, &samples)).unwrap();
    let bytes: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    let mut digest = Sha256::new_with_prefix(b"onmon essence 1\0");
    for packet in bytes.chunks(1_152 * 2) {
        digest.update((packet.len() as u32).to_le_bytes());
        digest.update(packet);
    }
    assert_eq!(found.digest, <[u8; 32]>::from(digest.finalize()));
    assert_eq!((found.packets, found.audio_bytes), (3, 6_000));
}

/// Golden: the definition is part of every tag that was ever signed.
#[test]
fn it_never_changes() {
    for (name, start) in [
        ("constant.mp3", "9a3ccc79bbdf4f72"),
        ("native.flac", "cd70edc134f8bdca"),
        ("opus.opus", "10e6cd0c942da706"),
        ("aac.m4a", "df3f9883b847a871"),
        ("pcm.wav", "f213c4d6c836ace5"),
    ] {
        let digest = essence(corpus(name)).unwrap().digest;
        let hex: String = digest[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, start, "{name}");
    }
}

#[test]
fn another_byte_of_audio_is_another_essence() {
    for (name, ..) in CORPUS {
        let mut bytes = corpus(name);
        let before = essence(bytes.clone()).unwrap().digest;
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        // Some containers have sums of their own and find it.
        let after = essence(bytes).map(|found| found.digest);
        assert_ne!(after.ok(), Some(before), "{name}");
    }
}

#[test]
fn a_source_that_only_reads_gives_the_same() {
    for (name, ..) in CORPUS {
        let mut hooks = Hooks { clock, on_progress: &mut |_| ControlFlow::Continue(()) };
        let source = ReadOnlySource::new(Cursor::new(corpus(name)));
        let streamed = essence::digest(Box::new(source), None, &mut hooks);
        match streamed {
            Ok(streamed) => assert_eq!(streamed, essence(corpus(name)).unwrap(), "{name}"),
            // The headers of these MP4 files come last.
            Err(error) => assert!(name.ends_with("m4a"), "{name}: {error}"),
        }
    }
}

#[test]
fn progress_goes_up_and_can_stop_it() {
    let mut told = Vec::new();
    let mut hooks = Hooks {
        clock,
        on_progress: &mut |share| {
            told.push(share);
            ControlFlow::Continue(())
        },
    };
    essence::digest(Box::new(Cursor::new(corpus("pcm.wav"))), None, &mut hooks).unwrap();
    assert!(told.windows(2).all(|pair| pair[0] <= pair[1]) && told.last() == Some(&1.0));
    let mut hooks = Hooks { clock, on_progress: &mut |_| ControlFlow::Break(()) };
    let stopped = essence::digest(Box::new(Cursor::new(corpus("pcm.wav"))), None, &mut hooks);
    assert!(matches!(stopped, Err(DecodeError::Aborted)));
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 300,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]
    #[test]
    fn damaged_files_end_well(
        file in 0..CORPUS.len(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..20),
        len in any::<prop::sample::Index>(),
    ) {
        let mut bytes = corpus(CORPUS[file].0);
        for (at, to) in changes {
            let at = at.index(bytes.len());
            bytes[at] = to;
        }
        bytes.truncate(len.index(bytes.len() + 1));
        let began_ms = clock();
        if let Err(error) = essence(bytes) {
            prop_assert!(!["budget_spent", "aborted"].contains(&error.code()));
        }
        prop_assert!(clock() - began_ms < 10_000.0);
    }
}
