//! Random numbers for tests: the same each time.

/// Marsaglia's xorshift ("Xorshift RNGs", 2003).
pub(crate) fn random(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    }
}

/// Codes that linger, as those of music do.
pub(crate) fn lingering(seed: u64, count: usize) -> Vec<u8> {
    let (mut next, mut code) = (random(seed), 0);
    let step = |_| {
        code ^= (next() & next()) as u8;
        code
    };
    (0..count).map(step).collect()
}
