//! PCM to measure speed on: `throughput` beside it does, and `tests/peers`.

/// Integer noise under a slow sawtooth: no silence, no denormals, nothing that a branch could
/// learn.
pub fn chirps(rate_hz: u32, channels: u16, seconds: u32) -> Vec<i16> {
    let mut state = 1_u32;
    (0..rate_hz * seconds * u32::from(channels))
        .map(|i| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = (state >> 16) as i16 / 4;
            noise.wrapping_add(((i * 37) & 0x3fff) as i16)
        })
        .collect()
}
