//! The index as its users meet it: enrol, identify, replace, remove, snapshot, damage.

use onmon_core::{Fingerprint, HOP_MS, QueryBuilder};
use onmon_index::{Depth, Effort, Index, IndexError};

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
    index.identify(&query).expect("a sound index").iter().map(|m| (m.slot, m.offset_ms)).collect()
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
            index.flush(17).unwrap();
        } else if round == 1 {
            index.compact().unwrap();
        } else {
            index = Index::open(directory.path()).unwrap();
            assert_eq!(index.applied_seq(), 17);
        }
    }
}

/// The files of the index in a folder, by their ending.
fn files(directory: &std::path::Path, ending: &str) -> Vec<std::path::PathBuf> {
    let all = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = all.filter(|path| path.to_string_lossy().ends_with(ending)).collect();
    files.sort();
    files
}

#[test]
fn every_damage_to_a_file_is_noticed_and_named() {
    let directory = tempfile::tempdir().unwrap();
    let mut index = Index::open(directory.path()).unwrap();
    index.insert(1, &song(1, 100));
    index.insert(2, &song(2, 60));
    index.flush(1).unwrap();
    drop(index);
    for ending in [".onmseg", ".onmman"] {
        let path = &files(directory.path(), ending)[0];
        let good = std::fs::read(path).unwrap();
        let damages = || match Index::open(directory.path()) {
            Ok(index) => {
                let mut found = vec![];
                index.verify(|damage| found.push(damage));
                found
            }
            Err(damage) => vec![damage],
        };
        assert!(damages().is_empty());
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 0x40;
            std::fs::write(path, &bad).unwrap();
            let found = damages();
            assert!(matches!(found[..], [IndexError::Damaged { .. }]), "byte {at}: {found:?}");
            std::fs::write(path, &good[..at]).unwrap();
            assert!(matches!(damages()[..], [IndexError::Damaged { .. }]), "cut at {at}");
        }
        std::fs::write(path, &good).unwrap();
    }
}

#[test]
fn a_query_that_meets_a_damaged_block_is_refused_and_others_are_answered() {
    let directory = tempfile::tempdir().unwrap();
    let mut index = library(directory.path());
    index.flush(1).unwrap();
    let path = &files(directory.path(), ".onmseg")[0];
    let mut bytes = std::fs::read(path).unwrap();
    // The codes of slot 3, which are read whole before anything is said of them.
    bytes[16 + 3 * 3_000 + 1_000] ^= 1;
    std::fs::write(path, &bytes).unwrap();
    let index = Index::open(directory.path()).unwrap();
    let ask = |slot: u64| {
        let builder = query(&song(slot, 3_000), 0, 600);
        index.identify(&builder.finish().unwrap()).map(|found| found[0].slot)
    };
    let damage = ask(3).unwrap_err().to_string();
    assert!(damage.contains("slot 3") && damage.contains("segment-"), "{damage}");
    assert_eq!(ask(4).unwrap(), 4);
}

/// Where the blocks of that library's segment begin: behind the head, the codes, and one code a
/// second of each song with their sum.
const BLOCKS_AT: usize = 16 + 50 * 3_000 + 50 * 150 + 4;

#[test]
fn a_sound_block_in_the_place_of_another_is_noticed_by_whoever_reads_it() {
    let directory = tempfile::tempdir().unwrap();
    let mut index = library(directory.path());
    index.flush(1).unwrap();
    let path = &files(directory.path(), ".onmseg")[0];
    let mut bytes = std::fs::read(path).unwrap();
    // Blocks of 2 KiB behind the head and the codes.
    let (before, after) = bytes[BLOCKS_AT..].split_at_mut(10 * 2_048);
    before[9 * 2_048..].swap_with_slice(&mut after[..2_048]);
    std::fs::write(path, &bytes).unwrap();
    let index = Index::open(directory.path()).unwrap();
    let builder = query(&song(3, 3_000), 0, 1_800);
    let damage = index.identify(&builder.finish().unwrap()).unwrap_err().to_string();
    assert!(damage.contains("another block in its place"), "{damage}");
    let mut found = vec![];
    index.verify(|damage| found.push(damage.to_string()));
    assert!(found[0].contains("block 9:") && found[1].contains("block 10:"), "{found:?}");
}

#[test]
fn a_block_out_of_order_is_noticed_before_it_is_merged() {
    let directory = tempfile::tempdir().unwrap();
    let mut index = library(directory.path());
    index.flush(1).unwrap();
    let path = &files(directory.path(), ".onmseg")[0];
    let mut bytes = std::fs::read(path).unwrap();
    // The lower bits of its distances, under a right sum: no disk does that, but a fault in a
    // writer may.
    let block = &mut bytes[BLOCKS_AT + 5 * 2_048..][..2_048];
    block[16..400].reverse();
    let sum = crc32fast::hash(&block[4..]);
    block[..4].copy_from_slice(&sum.to_le_bytes());
    std::fs::write(path, &bytes).unwrap();
    let mut index = Index::open(directory.path()).unwrap();
    let mut found = vec![];
    index.verify(|damage| found.push(damage.to_string()));
    assert!(found.len() == 1 && found[0].contains("block 5: out of order"), "{found:?}");
    index.remove(3);
    let damage = index.compact().unwrap_err().to_string();
    assert!(damage.contains("block 5: out of order"), "{damage}");
}

#[test]
fn a_segment_that_is_gone_or_by_the_name_of_another_is_damage() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for (folder, songs) in [(&one, [1, 2]), (&other, [1, 3])] {
        let mut index = Index::open(folder.path()).unwrap();
        songs.iter().for_each(|&slot| index.insert(slot, &song(u64::from(slot), 100)));
        index.flush(2).unwrap();
    }
    let path = &files(one.path(), ".onmseg")[0];
    std::fs::copy(&files(other.path(), ".onmseg")[0], path).unwrap();
    let damage = |opened: Result<Index, IndexError>| match opened {
        Err(damage @ IndexError::Damaged { .. }) => damage.to_string(),
        other => panic!("{:?}", other.err()),
    };
    for open in [Index::open, Index::open_to_read] {
        let another = damage(open(one.path()));
        assert!(another.contains("not the one that the manifest names"), "{another}");
        assert!(another.contains(".onmseg"), "{another}");
    }
    std::fs::remove_file(path).unwrap();
    for open in [Index::open, Index::open_to_read] {
        let gone = damage(open(one.path()));
        assert!(gone.contains("not there") && gone.contains(".onmseg"), "{gone}");
    }
}

#[test]
fn what_cannot_be_written_leaves_what_was_there_and_stops_writing() {
    let directory = tempfile::tempdir().unwrap();
    let mut index = library(directory.path());
    index.flush(1).unwrap();
    // A directory where the new manifest would go: fails for root too, as a full disk would.
    std::fs::create_dir(directory.path().join("manifest.onmman.part")).unwrap();
    index.insert(77, &song(77, 3_000));
    assert!(matches!(index.flush(2), Err(IndexError::Io { .. })));
    assert!(matches!(index.flush(2), Err(IndexError::Stopped { .. })));
    assert_eq!(found(&index, &query(&song(77, 3_000), 0, 600)), [(77, 0)]);
    std::fs::remove_dir(directory.path().join("manifest.onmman.part")).unwrap();
    let reopened = Index::open(directory.path()).unwrap();
    assert_eq!((reopened.applied_seq(), reopened.len()), (1, 50));
    assert_eq!(files(directory.path(), ".onmseg").len(), 1, "what no manifest names is removed");
}

#[test]
fn segments_stay_few_and_find_what_one_would() {
    let directory = tempfile::tempdir().unwrap();
    let mut index = Index::open(directory.path()).unwrap();
    for slot in 0..200_u32 {
        index.insert(slot, &song(u64::from(slot), 2_000));
        if slot % 3 == 2 {
            index.remove(slot - 1);
        }
        index.freeze(u64::from(slot));
        while let Some(job) = index.due() {
            // Who dies or is replaced while a job runs is as if it had not run.
            if slot % 10 == 0 && slot > 0 {
                index.insert(slot / 2, &song(u64::from(slot / 2 + 1_000), 2_000));
            }
            index.install(job.run()).unwrap();
        }
    }
    index.flush(1_000).unwrap();
    assert!(index.segments().len() < 24, "{:?}", index.segments());
    let twin = Index::open(directory.path()).unwrap();
    index.compact().unwrap();
    assert_eq!((index.segments().len(), twin.len()), (1, index.len()));
    for slot in (0..200_u64).step_by(7) {
        for seed in [slot, slot + 1_000] {
            let asked = query(&song(seed, 2_000), 400, 700);
            assert_eq!(found(&index, &asked), found(&twin, &asked), "{slot}");
        }
        let replaced = slot < 100 && slot % 5 == 0 && slot > 0;
        let removed = slot % 3 == 1 && slot < 198 && !replaced;
        let now = query(&song(if replaced { slot + 1_000 } else { slot }, 2_000), 400, 700);
        let expected = if removed { vec![] } else { vec![(slot as u32, 20_000)] };
        assert_eq!(found(&index, &now), expected, "{slot}");
    }
}

#[test]
fn songs_in_noise_are_found_by_sketches_in_memory_and_on_disk() {
    let directory = tempfile::tempdir().unwrap();
    let mut index = Index::open(directory.path()).unwrap();
    // In no order, as they are enrolled; more than a group of them on disk.
    let length = |slot: u32| 2_000 + 7_919 * slot as usize % 2_500;
    for slot in 0..600 {
        index.insert(slot, &song(u64::from(slot), length(slot)));
    }
    // Too little for all sketches.
    index.set_effort(Effort::new(0.005).unwrap());
    let tiers = |index: &Index, told: fn(u32) -> u32| -> Vec<Option<u8>> {
        let tier = |slot: u32| {
            let heard = noisy(&song(u64::from(slot), length(slot))[10..], 360);
            let query = QueryBuilder::of_recording(told(heard.len() as u32) * HOP_MS, &heard);
            let query = query.unwrap();
            let found = index.search(&query.finish().unwrap(), Depth::Keys).unwrap();
            let named: Vec<u32> = found.matches.iter().map(|found| found.slot).collect();
            assert!(named.is_empty() || named == [slot], "{named:?} instead of {slot}");
            (!named.is_empty()).then_some(found.tier)
        };
        (0..600).step_by(3).map(tier).collect()
    };
    let count = |tiers: &[Option<u8>], tier| tiers.iter().filter(|own| **own == Some(tier)).count();
    let in_memory = tiers(&index, |codes| codes);
    assert!(in_memory.iter().all(Option::is_some) && count(&in_memory, 4) > 100, "{in_memory:?}");
    index.flush(1).unwrap();
    // Where they are in order.
    assert_eq!(tiers(&index, |codes| codes), in_memory);
    let longer = tiers(&index, |codes| codes + 500);
    assert_eq!(count(&longer, 4), 0, "{longer:?}");
    // All of them: however long it is said to be.
    index.set_effort(Effort::new(0.02).unwrap());
    let longer = tiers(&index, |codes| codes + 500);
    assert!(longer.iter().all(Option::is_some) && count(&longer, 4) > 100, "{longer:?}");
}

#[test]
fn a_query_that_meets_damaged_sketches_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    library(directory.path()).flush(1).unwrap();
    let path = &files(directory.path(), ".onmseg")[0];
    let mut bytes = std::fs::read(path).unwrap();
    bytes[16 + 50 * 3_000 + 1_000] ^= 1;
    std::fs::write(path, &bytes).unwrap();
    let index = Index::open(directory.path()).unwrap();
    let ask = |codes: &[u8]| {
        let query = QueryBuilder::of_recording(codes.len() as u32 * HOP_MS, codes).unwrap();
        index.identify(&query.finish().unwrap()).map(|found| found.len())
    };
    assert_eq!(ask(&song(3, 3_000)).unwrap(), 1, "what needs none is answered");
    let damage = ask(&song(99, 3_000)).unwrap_err().to_string();
    assert!(damage.contains("sketches from that of slot 0 on"), "{damage}");
}

#[test]
fn a_query_of_two_recordings_names_both_and_says_which_sample_is_which() {
    let directory = tempfile::tempdir().unwrap();
    let index = library(directory.path());
    let mut builder = QueryBuilder::new(0);
    // A mix: 45 s of song 5, then 30 s of song 8, then what nobody enrolled.
    for (number, (slot, at)) in [(5, 300), (5, 600), (5, 900), (8, 0), (8, 300)].iter().enumerate()
    {
        builder.push(300 * number as u32, &song(*slot, 3_000)[*at..at + 300]).unwrap();
    }
    builder.push(1_500, &song(4_711, 300)).unwrap();
    let matches = index.identify(&builder.finish().unwrap()).unwrap();
    let mut told: Vec<(u32, Vec<(u8, i64)>)> = matches
        .iter()
        .map(|m| (m.slot, m.samples.iter().map(|s| (s.sample, s.recording_ms)).collect()))
        .collect();
    // Either may be the surer.
    told.sort_unstable();
    assert_eq!(
        told,
        [(5, vec![(0, 15_000), (1, 30_000), (2, 45_000)]), (8, vec![(3, 0), (4, 15_000)])]
    );
}

#[test]
fn a_sample_of_one_code_is_a_query_like_any_other() {
    let folder = tempfile::tempdir().unwrap();
    let library = library(folder.path());
    let stranger = song(999, 320);
    let mut builder = QueryBuilder::new(0);
    builder.push(0, &stranger[..1]).unwrap();
    builder.push(300, &stranger[1..300]).unwrap();
    assert_eq!(library.identify(&builder.finish().unwrap()).unwrap(), []);
}
