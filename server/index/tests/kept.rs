//! Indexes that earlier versions wrote, one folder a version: they are opened, found sound, asked,
//! merged and written again for as long as that version is claimed to be readable.
//!
//! For a new version: `cargo test -p onmon-index --test kept -- --ignored`, then commit the folder,
//! and leave the older ones as they are.

use std::fs;
use std::path::{Path, PathBuf};

use onmon_core::QueryBuilder;
use onmon_index::{Depth, Index, LAYOUT, Slot};

/// Versions that can be read, the last of which is written.
const VERSIONS: [&str; 3] = ["v1", "v2", "v3"];

/// What is heard: the codes of slot 7 from this one on. Kept too, as are the songs in the segments.
const HEARD: &str = "heard.codes";
const HEARD_FROM: usize = 40;

/// The catalogue's number when it was written.
const SEQ: u64 = 12;

fn folder(version: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kept").join(version)
}

fn found(index: &Index, heard: &[u8]) -> Vec<(Slot, i64)> {
    let mut query = QueryBuilder::new(0);
    query.push(0, heard).expect("one sample");
    // By keys: a scan would find what the posting lists have lost.
    let found = index.search(&query.finish().expect("a query"), Depth::Keys);
    found
        .expect("a sound index")
        .matches
        .iter()
        .map(|found| (found.slot, found.offset_ms))
        .collect()
}

fn check(index: &Index, heard: &[u8]) {
    index.verify(|damage| panic!("{damage}"));
    assert_eq!((index.applied_seq(), index.len(), index.codes()), (SEQ, 4, 4 * 150));
    assert_eq!(found(index, heard), [(7, HEARD_FROM as i64 * 50)]);
}

#[test]
fn every_version_is_read_and_written_again_as_the_last() {
    for version in VERSIONS {
        let heard = fs::read(folder(version).join(HEARD)).expect("kept");
        let index = Index::open_to_read(&folder(version)).expect(version);
        let dead: Vec<u64> = index.segments().iter().map(|segment| segment.dead).collect();
        assert_eq!(dead, [1, 0], "{version}");
        check(&index, &heard);

        let copy = tempfile::tempdir().expect("a folder");
        for entry in fs::read_dir(folder(version)).expect("kept") {
            let entry = entry.expect("kept");
            fs::copy(entry.path(), copy.path().join(entry.file_name())).expect("a copy");
        }
        let mut index = Index::open(copy.path()).expect(version);
        check(&index, &heard);
        index.compact().expect(version);
        let index = Index::open(copy.path()).expect(version);
        let layouts: Vec<u8> = index.segments().iter().map(|segment| segment.layout).collect();
        assert_eq!(layouts, [LAYOUT], "{version}");
        check(&index, &heard);
    }
}

#[test]
#[ignore = "writes the folder of the last version anew"]
fn writes_the_last_version() {
    let folder = folder(VERSIONS[VERSIONS.len() - 1]);
    let _ = fs::remove_dir_all(&folder);
    let mut index = Index::open(&folder).expect("a folder");
    for slot in [1, 7, 9] {
        index.insert(slot, &song(slot, 150));
    }
    index.flush(4).expect("written");
    index.remove(9);
    for slot in [2, 3] {
        index.insert(slot, &song(slot, 150));
    }
    index.flush(SEQ).expect("written");
    fs::write(folder.join(HEARD), &song(7, 150)[HEARD_FROM..]).expect("written");
}

/// Codes as music has them: each bit lingers.
fn song(slot: Slot, codes: usize) -> Vec<u8> {
    let mut state = u64::from(slot).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let mut code = next() as u8;
    let lingering = |_| {
        code ^= (next() & next() >> 8) as u8;
        code
    };
    (0..codes).map(lingering).collect()
}
