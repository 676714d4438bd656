//! An extractor that begins in the middle of a recording agrees with one that ran from its start.

use onmon_core::plan::{PREROLL_CODES, SEEK_GRID_CODES, codes_in, frame_of, frames_for};
use onmon_core::{RATES_HZ, SampleRate};
use onmon_tests::signals::{chords, signal};
use onmon_tests::vectors::codes_of;

#[test]
fn codes_after_the_preroll_are_those_of_the_whole_at_every_rate() {
    for rate_hz in RATES_HZ {
        let rate = SampleRate::from_hz(rate_hz).unwrap();
        let whole = signal("", rate_hz, 1, 6.0, |t, _| chords(t)).pcm;
        let codes = codes_of(&whole, rate_hz, 1).unwrap();
        assert_eq!(codes.len() as u32, codes_in(whole.len() as u64, rate), "{rate_hz}");
        for start in [SEEK_GRID_CODES, 5 * SEEK_GRID_CODES, 9 * SEEK_GRID_CODES] {
            let enter = frame_of(start, rate) as usize;
            let wanted = PREROLL_CODES + 20;
            let leave = whole.len().min(enter + frames_for(wanted, rate) as usize);
            let part = codes_of(&whole[enter..leave], rate_hz, 1).unwrap();
            assert_eq!(part.len() as u32, wanted, "{rate_hz}");
            let (skip, first) = (PREROLL_CODES as usize, (start + PREROLL_CODES) as usize);
            assert_eq!(part[skip..], codes[first..first + 20], "{rate_hz} from code {start}");
        }
    }
}
