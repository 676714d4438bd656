//! Where a recording lies in a stream, and from when to when it is really heard there.
//!
//! The index names a recording for a window of 15 s; one that began in the middle of it is named as
//! well. The raw codes along the line tell to about a second where it begins and ends.

use std::ops::Range;

/// Share of differing bits, in 1/40 of a code's 8 bits, from which on a code speaks against the
/// line: 0.4. Unrelated music differs in nearly half of its bits, a recording under noise in a
/// third.
const AGAINST: i32 = 16;

/// What one differing bit counts in that unit.
const BIT: i32 = 5;

/// A run of codes that speaks less for the line than this is chance: about 1 s of codes that agree
/// well, 2 s of such as agree poorly.
const SCORE_MIN: i32 = 160;

/// A straight line: each code of a stream on the place in a recording that it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Line {
    /// A code of the stream.
    pub at: u64,
    /// Which code of the recording it is; negative before its beginning.
    pub place: f64,
    /// Codes of the recording per code of the stream.
    pub speed: f32,
}

/// A run of codes that speak for a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Traced {
    pub codes: Range<u64>,
    /// The more, the surer.
    pub score: i32,
}

impl Line {
    /// Which code of the recording the stream's code `at` is.
    pub fn place_of(&self, at: u64) -> f64 {
        let codes = if at >= self.at { (at - self.at) as f64 } else { -((self.at - at) as f64) };
        self.place + codes * f64::from(self.speed)
    }

    /// The part of a run of the stream's codes that the recording is long enough for.
    pub fn within(&self, codes: Range<u64>, recording_codes: usize) -> Range<u64> {
        let speed = f64::from(self.speed).max(f64::MIN_POSITIVE);
        let before = (-self.place_of(codes.start) / speed).max(0.0).ceil() as u64;
        let left = ((recording_codes as f64 - self.place_of(codes.start)) / speed).max(0.0);
        let start = codes.start.saturating_add(before).min(codes.end);
        start..codes.start.saturating_add(left as u64).clamp(start, codes.end)
    }

    /// Where the stream's codes (the first of which is number `first`) are the recording's: the run
    /// that speaks for it most. None where nothing does.
    pub fn trace(&self, first: u64, codes: &[u8], recording: &[u8]) -> Option<Traced> {
        let (mut best, mut start, mut score) = (None::<Traced>, first, 0);
        for (at, code) in (first..).zip(codes) {
            let place = self.place_of(at).round();
            let there = if place < 0.0 { None } else { recording.get(place as usize) };
            let bits = there.map_or(u8::BITS, |there| (code ^ there).count_ones());
            // Whatever speaks against it in sum is not the beginning of a run.
            if score <= 0 || there.is_none() {
                (start, score) = (at, 0);
            }
            score += AGAINST - BIT * bits as i32;
            let least = best.as_ref().map_or(SCORE_MIN - 1, |best| best.score);
            if score > least {
                best = Some(Traced { codes: start..at + 1, score });
            }
        }
        best
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn random(seed: u64, codes: usize) -> Vec<u8> {
        let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 32) as u8
        };
        (0..codes).map(|_| next()).collect()
    }

    #[test]
    fn begin_and_end_are_found_to_a_second() {
        let song = random(1, 2_400);
        for seed in 2..200 {
            let (before, len) = (seed as usize * 2, 100 + seed as usize);
            let mut noisy = song[500..500 + len].to_vec();
            // A quarter of the bits of every second code.
            noisy.iter_mut().step_by(2).for_each(|code| *code ^= 0b1100_0011);
            let stream = [random(seed, before), noisy, random(seed + 1_000, 300)].concat();
            let at = 9_000 + before as u64;
            let line = Line { at, place: 500.0, speed: 1.0 };
            let Traced { codes, .. } = line.trace(9_000, &stream, &song).unwrap();
            assert!(codes.start.abs_diff(at) <= 20, "{seed}: {codes:?} for {at}");
            assert!(codes.end.abs_diff(at + len as u64) <= 20, "{seed}: {codes:?}");
        }
    }

    #[test]
    fn unrelated_codes_are_no_run() {
        let song = random(1, 2_400);
        let line = Line { at: 0, place: 0.0, speed: 1.0 };
        for seed in 2..500 {
            assert_eq!(line.trace(0, &random(seed, 1_200), &song), None, "{seed}");
        }
    }

    #[test]
    fn a_recording_is_not_heard_before_its_beginning_nor_after_its_end() {
        let song = random(1, 400);
        let stream = [&random(2, 50)[..], &song, &random(3, 50)].concat();
        let line = Line { at: 60, place: 10.0, speed: 1.0 };
        assert_eq!(line.trace(0, &stream, &song).unwrap().codes, 50..450);
        assert_eq!(line.within(0..500, 400), 50..450);
        assert_eq!(line.within(100..200, 400), 100..200);
        assert_eq!(line.within(600..700, 400), 600..600);
        assert_eq!(line.within(0..20, 400), 20..20);
        let fast = Line { at: 60, place: 10.0, speed: 1.05 };
        let place = fast.place_of(80);
        assert!((place - 31.0).abs() < 1e-3 && (fast.place_of(40) + 11.0).abs() < 1e-3, "{place}");
    }
}
