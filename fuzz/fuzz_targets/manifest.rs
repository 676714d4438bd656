//! Any bytes as the manifest, any bytes behind a right checksum, and any list of segments that are
//! there: no panic, whatever is done with the index then.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;

mod library;
mod served;
mod used;

use library::library;
use served::{Files, open, song};
use used::use_all;

const NAME: &str = "manifest.onmman";

static LIBRARY: LazyLock<Files> = LazyLock::new(library);

/// Which of the library's segments, if any, with whose sum; which recordings of it are dead.
type Listed = (u8, Vec<u8>);

fuzz_target!(|input: (Vec<u8>, u64, Vec<Listed>)| {
    let (bytes, applied_seq, segments) = input;
    check(bytes.clone());
    check(sealed(bytes));
    let own = LIBRARY.lock()[NAME].clone();
    // Of the manifest that the library has: magic, version, how many; and each segment's sum.
    let mut listed = own[..12].to_vec();
    listed.extend((segments.len() as u32).to_le_bytes());
    listed.extend(applied_seq.to_le_bytes());
    listed.extend(100_u64.to_le_bytes());
    for (number, dead) in segments {
        let sum = if number % 2 == 0 { &own[44..48] } else { second(&own) };
        listed.extend(u64::from(number % 4 + 1).to_le_bytes());
        listed.extend((dead.len() as u32).to_le_bytes());
        listed.extend(sum);
        dead.iter().for_each(|dead| listed.extend(u32::from(*dead).to_le_bytes()));
    }
    check(sealed(listed));
});

/// The sum of the second segment, behind the dead of the first.
fn second(own: &[u8]) -> &[u8] {
    let dead = own[40..44].try_into().map_or(0, u32::from_le_bytes) as usize;
    &own[48 + 4 * dead + 12..][..4]
}

fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
    bytes
}

fn check(manifest: Vec<u8>) {
    let files = Files::default();
    files.lock().clone_from(&LIBRARY.lock());
    files.lock().insert(NAME.to_owned(), manifest);
    if let Some(mut index) = open(&files) {
        use_all(&mut index, &song(2, 400)[50..150]);
    }
}
