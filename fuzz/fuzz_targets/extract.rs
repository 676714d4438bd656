//! Any PCM, format and cut: no panic, and the same codes as in one block.
#![no_main]

use libfuzzer_sys::fuzz_target;
use onmon_core::{Channels, Extractor, RATES_HZ, SampleRate};

fuzz_target!(|input: (u8, u16, u16, Vec<f32>)| {
    let (rate, channels, cut, pcm) = input;
    let rate = SampleRate::from_hz(RATES_HZ[usize::from(rate) % RATES_HZ.len()]).expect("listed");
    let Ok(channels) = Channels::new(channels) else { return };
    let (mut whole, mut parts) = (vec![], vec![]);
    Extractor::new(rate, channels).push(&pcm, |code| whole.push(code));
    let mut extractor = Extractor::new(rate, channels);
    for block in pcm.chunks(usize::from(cut).max(1)) {
        extractor.push(block, |code| parts.push(code));
    }
    assert_eq!(whole, parts);
});
