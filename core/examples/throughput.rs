//! How fast PCM becomes codes on one core of this machine: `--json` prints one object per input
//! rate.

mod chirps;

use chirps::chirps;
use onmon_core::{Channels, Extractor, RATES_HZ, SampleRate};
use std::time::Instant;

/// Seconds of audio per measurement.
const AUDIO_SECONDS: u32 = 60;

/// Measurements per rate; the best counts, for the machine is shared.
const ROUNDS: usize = 5;

fn main() {
    let json = std::env::args().any(|argument| argument == "--json");
    for hz in RATES_HZ {
        for channels in [1, 2] {
            let times_realtime = f64::from(AUDIO_SECONDS) / best_seconds(hz, channels);
            if json {
                println!(
                    r#"{{"rate_hz":{hz},"channels":{channels},"times_realtime":{times_realtime:.0}}}"#
                );
            } else {
                println!("{hz:>7} Hz  {channels} channel(s)  {times_realtime:>7.0} x real time");
            }
        }
    }
}

fn best_seconds(hz: u32, channels: u16) -> f64 {
    let pcm = chirps(hz, channels, AUDIO_SECONDS);
    let rate = SampleRate::from_hz(hz).expect("a rate of the list");
    let layout = Channels::new(channels).expect("one or two");
    let run = || {
        let begin = Instant::now();
        let (mut extractor, mut codes) = (Extractor::new(rate, layout), 0_u32);
        for block in pcm.chunks(4_096) {
            extractor.push(block, |code| codes = codes.wrapping_add(u32::from(code)));
        }
        std::hint::black_box(codes);
        begin.elapsed().as_secs_f64()
    };
    (0..ROUNDS).map(|_| run()).fold(f64::INFINITY, f64::min)
}
