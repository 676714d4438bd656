//! Songs whose codes move as those of music do.

// Each test binary uses some of these.
#![allow(dead_code)]

use onmon_core::{CODES_PER_SECOND, Fingerprint, HOP_MS, QueryBuilder, plan, wire};

/// Three minutes of codes of which each keeps most of its bits from the one before.
pub fn song(seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    let mut code = 0;
    let mut next = || {
        // Each bit flips one time in four.
        code ^= random() & random();
        code
    };
    (0..180 * CODES_PER_SECOND).map(|_| next()).collect()
}

/// The wire bytes that enrol these codes.
pub fn reference(codes: &[u8]) -> Vec<u8> {
    encode(&Fingerprint::reference(codes.len() as u32 * HOP_MS, codes).unwrap())
}

/// The wire bytes that a client sends of it.
pub fn query(codes: &[u8]) -> Vec<u8> {
    query_at(codes, &plan::spans(codes.len() as u32).unwrap())
}

/// The same with samples in other places.
pub fn query_at(codes: &[u8], spans: &[plan::Span]) -> Vec<u8> {
    let mut builder = QueryBuilder::new(codes.len() as u32 * HOP_MS);
    for span in spans {
        builder.push(span.start, &codes[span.start as usize..][..span.len as usize]).unwrap();
    }
    encode(&builder.finish().unwrap())
}

fn encode(fingerprint: &Fingerprint<'_>) -> Vec<u8> {
    let mut bytes = vec![0; wire::encoded_len_max(fingerprint.codes().len())];
    let len = wire::encode(fingerprint, &mut bytes).unwrap();
    bytes.truncate(len);
    bytes
}
