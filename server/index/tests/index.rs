//! The index as its users meet it: enrol, identify, replace, remove, snapshot, damage.

use onmon_core::{Fingerprint, QueryBuilder};
use onmon_index::{Index, IndexError};

/// Codes as music has them: each bit lingers, so neighbouring codes are alike.
fn song(seed: u64, codes: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let mut code = next() as u8;
    (0..codes)
        .map(|_| {
            code ^= (next() & next() >> 8) as u8;
            code
        })
        .collect()
}

fn query(song: &[u8], at: usize, codes: usize) -> QueryBuilder {
    let mut builder = QueryBuilder::new(0);
    for (number, sample) in song[at..at + codes].chunks(300).enumerate() {
        builder.push(number as u32 * 300, sample).expect("six samples at most");
    }
    builder
}

/// Flips about `per_mille` of all bits.
fn noisy(codes: &[u8], per_mille: u64) -> Vec<u8> {
    let mut state = 88_172_645_463_325_252_u64;
    let flip = |code: &u8| {
        (0..8).fold(*code, |code, bit| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            if state % 1_000 < per_mille { code ^ 1 << bit } else { code }
        })
    };
    codes.iter().map(flip).collect()
}

fn library(directory: &std::path::Path) -> Index {
    let mut index = Index::open(directory).expect("an empty directory");
    for slot in 0..50 {
        index.insert(slot, &song(u64::from(slot), 3_000));
    }
    index
}

fn found(index: &Index, query: &QueryBuilder) -> Vec<(u32, i64)> {
    let query: Fingerprint<'_> = query.finish().expect("a valid query");
    index.identify(&query).iter().map(|m| (m.slot, m.offset_ms)).collect()
}

#[test]
fn finds_a_part_of_a_song_at_its_offset_also_under_noise() {
    let directory = tempfile::tempdir().unwrap();
    let index = library(directory.path());
    for (slot, at, codes, errors) in
        [(3, 0, 1_800, 0), (7, 1_000, 300, 0), (9, 555, 100, 50), (30, 200, 1_500, 280)]
    {
        let part = noisy(&song(slot, 3_000), errors);
        let expected = (slot as u32, at as i64 * 50);
        assert_eq!(found(&index, &query(&part, at, codes)), [expected], "{errors} per mille");
    }
}

#[test]
fn names_nothing_for_what_is_not_enrolled() {
    let directory = tempfile::tempdir().unwrap();
    let index = library(directory.path());
    for seed in 1_000..1_040 {
        let unknown = song(seed, 1_800);
        assert_eq!(found(&index, &query(&unknown, 0, 1_800)), []);
        assert_eq!(found(&index, &query(&unknown, 0, 40)), []);
    }
    assert_eq!(found(&index, &query(&[0; 1_800], 0, 1_800)), []);
    assert_eq!(found(&Index::empty(directory.path()), &query(&song(3, 1_800), 0, 300)), []);
}

#[test]
fn finds_a_song_played_faster_or_slower() {
    let directory = tempfile::tempdir().unwrap();
    let index = library(directory.path());
    let original = song(12, 3_000);
    for per_mille in [950, 973, 1_031, 1_050] {
        let played: Vec<u8> =
            (0..1_800).map(|i| original[600 + (i * per_mille + 500) / 1_000]).collect();
        let names = found(&index, &query(&played, 0, 1_800));
        assert_eq!(names.first().map(|name| name.0), Some(12), "{per_mille}");
    }
}

#[test]
fn two_entries_of_one_recording_are_both_named() {
    let directory = tempfile::tempdir().unwrap();
    let mut index = library(directory.path());
    index.insert(99, &noisy(&song(5, 3_000), 20));
    let mut names = found(&index, &query(&song(5, 3_000), 600, 900));
    names.sort_unstable();
    assert_eq!(names, [(5, 30_000), (99, 30_000)]);
}

#[test]
fn what_is_removed_or_replaced_is_gone_before_and_after_a_snapshot() {
    let directory = tempfile::tempdir().unwrap();
    let mut index = library(directory.path());
    index.remove(3);
    index.remove(1_234);
    index.insert(4, &song(400, 3_000));
    for round in 0..4 {
        assert_eq!(found(&index, &query(&song(3, 3_000), 0, 600)), [], "round {round}");
        assert_eq!(found(&index, &query(&song(4, 3_000), 0, 600)), [], "round {round}");
        assert_eq!(found(&index, &query(&song(400, 3_000), 300, 600)), [(4, 15_000)]);
        assert_eq!((index.len(), index.codes()), (49, 49 * 3_000));
        if round == 0 {
            index.snapshot(17).unwrap();
        } else if round == 1 {
            index.compact();
        } else {
            index = Index::open(directory.path()).unwrap();
            assert_eq!(index.applied_seq(), 17);
        }
    }
}

#[test]
fn every_damage_to_a_snapshot_is_noticed() {
    let directory = tempfile::tempdir().unwrap();
    let mut index = Index::open(directory.path()).unwrap();
    index.insert(1, &song(1, 100));
    index.snapshot(1).unwrap();
    let path = directory.path().join("snapshot.onmidx");
    let good = std::fs::read(&path).unwrap();
    for at in 0..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 0x40;
        std::fs::write(&path, &bad).unwrap();
        let result = Index::open(directory.path());
        assert!(matches!(result, Err(IndexError::Damaged { .. })), "byte {at}");
        std::fs::write(&path, &good[..at]).unwrap();
        let result = Index::open(directory.path());
        assert!(matches!(result, Err(IndexError::Damaged { .. })), "cut at {at}");
    }
}

#[test]
fn a_snapshot_that_cannot_be_written_leaves_the_last_one() {
    let directory = tempfile::tempdir().unwrap();
    let mut index = library(directory.path());
    index.snapshot(1).unwrap();
    // A directory where the new file would go: fails for root too, as a full disk would.
    std::fs::create_dir(directory.path().join("snapshot.onmidx.part")).unwrap();
    index.insert(77, &song(77, 3_000));
    assert!(matches!(index.snapshot(2), Err(IndexError::Io { .. })));
    let reopened = Index::open(directory.path()).unwrap();
    assert_eq!((reopened.applied_seq(), reopened.len()), (1, 50));
}

#[test]
fn a_sample_of_one_code_is_a_query_like_any_other() {
    let folder = tempfile::tempdir().unwrap();
    let library = library(folder.path());
    let stranger = song(999, 320);
    let mut builder = QueryBuilder::new(0);
    builder.push(0, &stranger[..1]).unwrap();
    builder.push(300, &stranger[1..300]).unwrap();
    assert_eq!(library.identify(&builder.finish().unwrap()), []);
}
