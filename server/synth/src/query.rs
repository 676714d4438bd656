//! Codes as a query would have them: of a recording that noise, a codec or another speed spoiled.

use crate::bit_errors::{self, BLOCK, Rates};
use crate::random::Random;

/// Codes (2 s) from one level of loudness to the next, between which bit errors go straight.
const LOUDNESS_CODES: usize = 40;

/// How far bit errors go up and down with loudness, per mille of all bits. Within 15 s, errors of
/// codes 0.4 s apart correlate by 0.03 (speech_0, song_0), which this gives: most of what varies
/// varies from excerpt to excerpt ([`Degradation::spread`]).
const LOUDNESS_SPREAD: u32 = 60;

/// Bit error, per mille, that comes with each per cent of speed: codes of 0.2 at 5 % (speed_+5
/// 0.197, speed_-5 0.206) against 0.074 (clean). Measured at 5 % only.
const ERROR_PER_PERCENT: u32 = 25;

/// Bit error, per mille, of what is plainly unrelated.
const CHANCE: u32 = 500;

/// What happened to the sound before it became a query.
///
/// The constants are named after the conditions of `train/onmon_train/conditions.py` and fitted to
/// 40 excerpts of 15 s of each, encoder 2, against the reference at its true place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Degradation {
    /// Share of bits that are wrong, per mille.
    pub bit_error: u32,
    /// Its standard deviation from one excerpt to the next, per mille.
    pub spread: u32,
    /// How much faster the query plays than the reference, per mille; negative where slower.
    pub faster: i32,
}

impl Degradation {
    /// The recording itself, cut anywhere: not on the 50-ms grid of the reference.
    pub const CLEAN: Self = Self::of(74, 41);
    /// MP3 at 32 kbit/s.
    pub const MP3_32: Self = Self::of(90, 31);
    /// GSM full rate, a telephone of old.
    pub const GSM: Self = Self::of(139, 37);
    /// Opus at 8 kbit/s.
    pub const OPUS_8: Self = Self::of(200, 45);
    /// White noise as loud as the music.
    pub const WHITE_0: Self = Self::of(284, 63);
    /// Pink noise as loud as the music.
    pub const PINK_0: Self = Self::of(304, 68);
    /// Speech as loud as the music.
    pub const SPEECH_0: Self = Self::of(313, 53);
    /// Another song as loud as the music.
    pub const SONG_0: Self = Self::of(307, 81);

    const fn of(bit_error: u32, spread: u32) -> Self {
        Self { bit_error, spread, faster: 0 }
    }

    /// The same, played faster by so much per mille (slower where negative), with the bit errors
    /// that come with it.
    pub const fn faster(self, per_mille: i32) -> Self {
        let more = ERROR_PER_PERCENT * per_mille.unsigned_abs() / 10;
        Self { bit_error: self.bit_error + more, faster: per_mille, ..self }
    }
}

/// The codes of a query of the sound that `codes` are the reference of. Equal seeds give equal
/// errors.
///
/// Code i of the query is that at the nearest place to i times its speed; there are as many as
/// `codes` has places for.
pub fn degraded(codes: &[u8], how: Degradation, seed: u64) -> Vec<u8> {
    let mut query = at_speed(codes, how.faster);
    if query.is_empty() {
        return query;
    }
    let mut random = Random::new(seed, 0);
    // A sum of three evenly spread numbers has the deviation of one of them, times their root: half
    // the width of one.
    let around = |middle: u32, spread: u32, random: &mut Random| {
        let drawn: u32 = (0..3).map(|_| random.below(2 * spread + 1)).sum();
        (middle + drawn).saturating_sub(3 * spread).clamp(5, CHANCE)
    };
    let level = around(how.bit_error, how.spread, &mut random);
    // Loudness matters less where there are hardly any errors.
    let loudness = LOUDNESS_SPREAD.min(level / 3);
    let mut levels = || around(level, loudness, &mut random);
    let nodes: Vec<u32> = (0..query.len() / LOUDNESS_CODES + 2).map(|_| levels()).collect();
    spoil_in_time(&mut query, &nodes, level, &mut random);
    query
}

/// Puts in errors whose rate goes from one node to the next, and which stay for a code now and
/// then: neighbours hear the same noise (correlation 0.04 at codecs, 0.15 at noise; about half the
/// bit error).
fn spoil_in_time(codes: &mut [u8], nodes: &[u32], level: u32, random: &mut Random) {
    let stays = (level / 2 * 256 / 1_000) as u8;
    let mut earlier = 0;
    for at in (0..codes.len()).step_by(BLOCK) {
        let (node, part) = (at / LOUDNESS_CODES, (at % LOUDNESS_CODES) as u32);
        let past = LOUDNESS_CODES as u32 - part;
        let bit_error = (nodes[node] * past + nodes[node + 1] * part) / LOUDNESS_CODES as u32;
        let (clean, before, after) = bit_errors::block(codes, at);
        let errors = Rates::of(bit_error).draw(clean, before, after, random);
        let staying = Rates::even(stays).draw(clean, before, after, random);
        for ((code, error), stays) in codes[at..].iter_mut().zip(errors).zip(staying) {
            earlier = error & !stays | earlier & stays;
            *code ^= earlier;
        }
    }
}

/// The codes at the nearest places.
fn at_speed(codes: &[u8], faster: i32) -> Vec<u8> {
    let speed = i64::from(faster).saturating_add(1_000).max(1) as usize;
    let place = |i: usize| (i * speed + 500) / 1_000;
    (0..).map_while(|i| codes.get(place(i)).copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Catalogue;

    const LEVELS: [Degradation; 8] = [
        Degradation::CLEAN,
        Degradation::MP3_32,
        Degradation::GSM,
        Degradation::OPUS_8,
        Degradation::WHITE_0,
        Degradation::PINK_0,
        Degradation::SPEECH_0,
        Degradation::SONG_0,
    ];

    fn song() -> Vec<u8> {
        let mut codes = vec![];
        Catalogue::new(1, 1).song(0, &mut codes);
        codes
    }

    #[test]
    fn levels_hit_their_bit_error() {
        let song = song();
        for level in LEVELS {
            let (mut sum, mut squares) = (0.0, 0.0);
            const EXCERPTS: usize = 200;
            for seed in 0..EXCERPTS {
                let excerpt = &song[seed % 50 * 20..][..300];
                let error =
                    onmon_core::compare::bit_error(&degraded(excerpt, level, seed as u64), excerpt);
                sum += error * 1_000.0;
                squares += (error * 1_000.0).powi(2);
            }
            let mean = sum / EXCERPTS as f32;
            let spread = (squares / EXCERPTS as f32 - mean * mean).sqrt();
            println!("{level:?}: {mean} {spread}");
            assert!((mean - level.bit_error as f32).abs() < 20.0, "{level:?}: {mean}");
            assert!((spread - level.spread as f32).abs() < 20.0, "{level:?}: {spread}");
        }
    }

    #[test]
    fn errors_prefer_bits_that_move() {
        let song = song();
        let query = degraded(&song, Degradation::GSM, 1);
        let (mut steady, mut moving) = ((0, 0), (0, 0));
        for i in 1..song.len() - 1 {
            let moves = (song[i] ^ song[i - 1]) | (song[i] ^ song[i + 1]);
            let error = song[i] ^ query[i];
            steady = (steady.0 + (error & !moves).count_ones(), steady.1 + moves.count_zeros());
            moving = (moving.0 + (error & moves).count_ones(), moving.1 + moves.count_ones());
        }
        let rate = |(errors, bits): (u32, u32)| errors as f32 / bits as f32;
        assert!(rate(moving) > 2.0 * rate(steady), "{} {}", rate(moving), rate(steady));
    }

    #[test]
    fn speed_takes_the_nearest_code() {
        let codes: Vec<u8> = (0..=255).collect();
        assert_eq!(at_speed(&codes, 0), codes);
        assert_eq!(at_speed(&codes, 1_000), codes.iter().copied().step_by(2).collect::<Vec<_>>());
        assert_eq!(at_speed(&codes, -500)[..6], [0, 1, 1, 2, 2, 3]);
        assert_eq!(Degradation::CLEAN.faster(-50).bit_error, 74 + 125);
        assert!(degraded(&[], Degradation::CLEAN, 1).is_empty());
    }
}
