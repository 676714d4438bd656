//! Any query that decodes, and any that can be built of noise and of stretches of enrolled songs:
//! no panic, and answers that keep their promises.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use onmon_core::{Fingerprint, QueryBuilder, wire};
use onmon_index::{Depth, Index};

mod library;
mod served;

use library::library;
use served::{open, song};

static INDEX: LazyLock<Index> = LazyLock::new(|| {
    let mut index = open(&library()).expect("a sound library");
    index.insert(20, &song(20, 300));
    index
});

/// Codes left out before it; which song, from where, how many codes; what is mixed into it.
type Stretch = (u32, u8, u16, u16, Vec<u8>);

fuzz_target!(|input: (Vec<u8>, Vec<Stretch>)| {
    let (bytes, stretches) = input;
    let mut sealed = [wire::MAGIC.as_slice(), &[wire::VERSION], &bytes].concat();
    sealed.extend(crc32fast::hash(&sealed).to_le_bytes());
    for bytes in [&bytes, &sealed] {
        wire::decode(bytes).iter().for_each(check);
    }
    let (mut query, mut end) = (QueryBuilder::new(0), 0_u32);
    for (gap, seed, from, length, noise) in stretches {
        let mut codes = song(u32::from(seed) % 21, 400);
        codes.iter_mut().zip(noise).for_each(|(code, noise)| *code ^= noise);
        let from = usize::from(from) % 400;
        let codes = &codes[from..][..usize::from(length % 301).min(400 - from)];
        let start = end.saturating_add(gap);
        if query.push(start, codes).is_ok() {
            end = start.saturating_add(codes.len() as u32);
        }
    }
    query.finish().iter().for_each(check);
});

fn check(query: &Fingerprint<'_>) {
    // By all keys first, then by a scan.
    let found = INDEX.search(query, Depth::Scan).expect("a sound index");
    for found in &found.matches {
        assert!(matches!(found.slot, 1..=7 | 20), "{found:?}");
        assert!(found.confidence.is_finite() && (0.9..1.1).contains(&found.speed), "{found:?}");
        assert!((0.0..=1.0).contains(&found.bit_error), "{found:?}");
    }
    assert!(found.matches.is_sorted_by(|a, b| a.deviations >= b.deviations));
}
