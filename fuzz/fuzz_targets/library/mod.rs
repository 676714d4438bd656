//! A small library, sound and on disk.

use crate::served::{Files, open, song};

/// Two segments, in one of which a recording is dead.
pub fn library() -> Files {
    let files = Files::default();
    let mut index = open(&files).expect("an empty folder");
    (1..5).for_each(|slot| index.insert(slot, &song(slot, 400)));
    index.flush(4).expect("memory does not fail");
    (3..8).for_each(|slot| index.insert(slot, &song(slot + 10, 200)));
    index.flush(9).expect("memory does not fail");
    files
}
