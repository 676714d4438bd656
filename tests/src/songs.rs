//! Any number of different songs, as functions of time: for libraries that hold none of anybody's
//! music.
//!
//! Each has its own tempo, key, bars of eight chords, voices and beat, all drawn from its number.

use std::f64::consts::TAU;

use crate::signals::{Signal, signal};

/// Chords before they begin anew.
const CHORDS: usize = 8;

/// Partials of a chord's every note.
const PARTIALS: [f64; 2] = [1.0, 3.02];

/// Seconds after which a stroke is no longer heard.
const STROKE_SECONDS: f64 = 0.25;

/// A song.
pub struct Song {
    seconds_per_chord: f64,
    chords: [[f64; 3]; CHORDS],
    /// Where in a chord's time the drum is struck, and how high it sounds.
    strokes: [(f64, f64); 3],
}

impl Song {
    /// The song with this number.
    pub fn new(number: u64) -> Self {
        let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d;
        let mut draw = |below: u64| {
            // xorshift64 (Marsaglia, "Xorshift RNGs", 2003).
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 11) % below
        };
        let key = 110.0 * 2_f64.powf(draw(12) as f64 / 12.0);
        let seconds_per_chord = 0.31 + draw(60) as f64 / 100.0;
        let chords = std::array::from_fn(|_| {
            let root = draw(24) as f64;
            let third = 3.0 + draw(2) as f64;
            [0.0, third, 7.0].map(|step| key * 2_f64.powf((root + step) / 12.0))
        });
        let strokes = std::array::from_fn(|_| {
            (draw(16) as f64 / 16.0 * seconds_per_chord, 600.0 + draw(2_400) as f64)
        });
        Self { seconds_per_chord, chords, strokes }
    }

    /// Its amplitude at a time in seconds.
    pub fn at(&self, t: f64) -> f64 {
        let chord = (t / self.seconds_per_chord).floor();
        let since = t - chord * self.seconds_per_chord;
        // The second time round each chord stands elsewhere, so that bars differ.
        let round = (chord as usize / CHORDS) % CHORDS;
        let notes = &self.chords[(chord as usize * (1 + 2 * (round % 4)) + round) % CHORDS];
        let decay = (-2.5 * since).exp();
        let voices: f64 = notes
            .iter()
            .flat_map(|hz| PARTIALS.map(|partial| (TAU * hz * partial * t).sin() / partial))
            .sum();
        let struck = |(at, hz): (f64, f64)| {
            let since = (since - at).rem_euclid(self.seconds_per_chord);
            if since > STROKE_SECONDS {
                return 0.0;
            }
            (-30.0 * since).exp() * (TAU * hz * since).sin()
        };
        0.09 * decay * voices + self.strokes.map(|stroke| 0.15 * struck(stroke)).iter().sum::<f64>()
    }

    /// So much of it from there on.
    pub fn pcm(&self, rate_hz: u32, from_seconds: f64, seconds: f64) -> Signal {
        signal("", rate_hz, 1, seconds, |t, _| self.at(from_seconds + t).clamp(-1.0, 1.0))
    }
}
