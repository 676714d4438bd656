//! Songs for tests: random codes that are the same in every run, and queries cut out of them.

// Each test binary uses some of these.
#![allow(dead_code)]

use onmon_core::{CODES_PER_SECOND, Fingerprint, QueryBuilder, wire};
use onmon_library::{Entry, Recording};

/// A song of two minutes; equal seeds give equal songs, others have nothing in common.
pub fn song(seed: u64) -> Vec<u8> {
    song_of(seed, 120)
}

/// The same, so many seconds long.
pub fn song_of(seed: u64, seconds: u32) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..seconds * CODES_PER_SECOND).map(|_| random()).collect()
}

/// The wire bytes that enrol these codes.
pub fn reference(codes: &[u8]) -> Vec<u8> {
    encode(&Fingerprint::reference(codes.len() as u32 * onmon_core::HOP_MS, codes).unwrap())
}

/// The wire bytes that ask for 15 s from 20 s on and 15 s from 60 s on.
pub fn query(codes: &[u8]) -> Vec<u8> {
    let mut builder = QueryBuilder::new(codes.len() as u32 * onmon_core::HOP_MS);
    for start in [400, 1_200] {
        builder.push(start, &codes[start as usize..][..300]).unwrap();
    }
    encode(&builder.finish().unwrap())
}

/// Song `seed` under the id `song-SEED`.
pub fn entry(seed: u64) -> Entry {
    Entry { recording: Recording::new(id(seed)), reference: reference(&song(seed)) }
}

pub fn id(seed: u64) -> String {
    format!("song-{seed}")
}

/// The wire bytes of a fingerprint.
pub fn encode(fingerprint: &Fingerprint<'_>) -> Vec<u8> {
    let mut bytes = vec![0; wire::encoded_len_max(fingerprint.codes().len())];
    let len = wire::encode(fingerprint, &mut bytes).unwrap();
    bytes.truncate(len);
    bytes
}
