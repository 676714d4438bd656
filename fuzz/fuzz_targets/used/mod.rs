//! What can be done with an index.

use onmon_core::{CODES_PER_SAMPLE, QueryBuilder};
use onmon_index::{Depth, Index};

use crate::served::song;

/// Does with an index all that can be done. It may say no, and it may not panic.
pub fn use_all(index: &mut Index, heard: &[u8]) {
    let _ = (index.len(), index.codes(), index.segments(), index.applied_seq());
    index.verify(|_| ());
    let mut query = QueryBuilder::new(0);
    for (number, sample) in heard.chunks(CODES_PER_SAMPLE).enumerate() {
        let _ = query.push((number * CODES_PER_SAMPLE) as u32, sample);
    }
    if let Ok(query) = query.finish() {
        // By all keys first, then by a scan.
        let _ = index.search(&query, Depth::Scan);
    }
    index.remove(3);
    index.insert(4, &song(99, 100));
    let _ = index.compact();
}
