//! What the codes are made of, as a picture for people: the log bands, a byte each.

use std::ops::Range;

use onmon_core::profile::{BANDS, FRAMES_PER_HOP, LOG2_STEPS};

/// Steps of a picture per doubling of power (one is 0.376 dB): full scale is about 240.
const STEPS_PER_DOUBLING: u32 = 8;

/// Frames that are kept of a pass through everything (20 minutes, 1.5 MB). A longer recording has
/// no picture then.
const FRAMES_MAX: usize = 20 * 60 * 40;

/// Frames as they come, of one stretch of a recording.
#[derive(Default)]
pub(crate) struct Picture {
    levels: Vec<u8>,
}

impl Picture {
    /// Takes the next frame.
    pub(crate) fn push(&mut self, bands: &[i16; BANDS]) {
        if self.levels.len() <= FRAMES_MAX * BANDS {
            self.levels.extend(bands.iter().map(|&band| level(band)));
        }
    }

    /// The frames that belong to these codes of the stretch; none where they were not kept.
    pub(crate) fn of_codes(&self, codes: Range<u32>) -> Vec<u8> {
        let at = |code: u32| code as usize * FRAMES_PER_HOP * BANDS;
        self.levels.get(at(codes.start)..at(codes.end)).unwrap_or_default().to_vec()
    }
}

fn level(band: i16) -> u8 {
    let steps = u32::from(band.max(0).unsigned_abs()) * STEPS_PER_DOUBLING / LOG2_STEPS;
    u8::try_from(steps).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretch_of_codes_has_its_own_frames() {
        let mut picture = Picture::default();
        (0..10).for_each(|frame: i16| picture.push(&[frame * 32; BANDS]));
        let levels = picture.of_codes(1..3);
        assert_eq!(levels.len(), 4 * BANDS);
        assert_eq!((levels[0], levels[BANDS], levels[3 * BANDS]), (2, 3, 5));
        assert!(picture.of_codes(4..6).is_empty(), "not all of it was kept");
    }

    #[test]
    fn levels_stay_within_a_byte() {
        assert_eq!((level(-1), level(0), level(256), level(i16::MAX)), (0, 0, 8, u8::MAX));
    }
}
