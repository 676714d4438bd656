//! Encoder 1: a fixed filter, no trained weights. The baseline that every trained encoder must
//! beat; kept for that, and no longer sent.
//!
//! Bit b says whether group b stands out over group b + 1 more in the last 200 ms than in the 200
//! ms before: Haitsma and Kalker's sign of an energy difference over time and frequency ("A
//! Highly Robust Audio Fingerprinting System", ISMIR 2002), made slow by running means so that it
//! survives noise (`shared/design/fingerprint.md`, "B-slow").
//!
//! ```text
//!          older 200 ms   last 200 ms
//! group b      - - - -      + + + +
//! group b+1    + + + +      - - - -      bit b = sign of the sum; bit 0 is the most significant
//! ```

use super::Encoder;
use crate::bands::LogBands;
use crate::fingerprint::EncoderId;
use crate::profile::{BANDS, FRAMES_PER_HOP};

/// Groups of neighbouring bands; bit b of a code compares group b with group b + 1.
const GROUPS: usize = 9;

/// First band of each group, and the end: `round(linspace(0, 32, 10))`.
const GROUP_EDGES: [usize; GROUPS + 1] = [0, 4, 7, 11, 14, 18, 21, 25, 28, 32];

/// Frames in each of the two running means (200 ms) whose difference a bit is the sign of.
const MEAN_FRAMES: usize = 8;

const FRAMES_PER_CODE: usize = 2 * MEAN_FRAMES;

/// Least common multiple of the groups' sizes (3 and 4): sums scaled to it compare as means do.
const GROUP_SCALE: i32 = 12;

/// Differences between neighbouring groups, one per bit.
type Differences = [i32; GROUPS - 1];

const _: () = assert!(GROUP_EDGES[GROUPS] == BANDS && GROUPS == 8 + 1);

/// Encoder 1, a fixed filter. Its state: 16 frames of differences and their two running sums.
pub struct SlowDifference {
    recent: [Differences; FRAMES_PER_CODE],
    /// Where the oldest frame is and the next one goes.
    next: usize,
    /// Frames until the next code.
    missing: usize,
    last: Differences,
    before: Differences,
}

impl Encoder for SlowDifference {
    const ID: EncoderId = EncoderId(1);
    const FRAMES_PER_CODE: usize = FRAMES_PER_CODE;

    fn new() -> Self {
        let zero = [0; GROUPS - 1];
        Self {
            recent: [zero; FRAMES_PER_CODE],
            next: 0,
            missing: FRAMES_PER_CODE,
            last: zero,
            before: zero,
        }
    }

    fn push(&mut self, bands: &LogBands) -> Option<u8> {
        let newest = differences(bands);
        let middle = (self.next + MEAN_FRAMES) % FRAMES_PER_CODE;
        let halfway = self.recent.get(middle).copied().unwrap_or_default();
        let oldest = match self.recent.get_mut(self.next) {
            Some(slot) => core::mem::replace(slot, newest),
            None => newest,
        };
        let sums = self.last.iter_mut().zip(&mut self.before);
        for ((last, before), (new, (half, old))) in
            sums.zip(newest.iter().zip(halfway.iter().zip(&oldest)))
        {
            *last += new - half;
            *before += half - old;
        }
        self.next = (self.next + 1) % FRAMES_PER_CODE;
        self.missing -= 1;
        if self.missing > 0 {
            return None;
        }
        self.missing = FRAMES_PER_HOP;
        let bits = self.last.iter().zip(&self.before);
        Some(bits.fold(0, |code, (last, before)| code << 1 | u8::from(last > before)))
    }
}

fn differences(bands: &LogBands) -> Differences {
    let mut means = [0; GROUPS];
    for (mean, edges) in means.iter_mut().zip(GROUP_EDGES.windows(2)) {
        let &[first, end] = edges else { continue };
        let group = bands.get(first..end).unwrap_or_default();
        let sum: i32 = group.iter().map(|&band| i32::from(band)).sum();
        *mean = sum * (GROUP_SCALE / group.len().max(1) as i32);
    }
    let mut differences = [0; GROUPS - 1];
    for (difference, pair) in differences.iter_mut().zip(means.windows(2)) {
        if let &[low, high] = pair {
            *difference = low - high;
        }
    }
    differences
}
