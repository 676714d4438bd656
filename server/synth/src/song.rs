//! One song: new phrases, repeats of earlier ones, silence at its ends.
//!
//! Fitted to 322 recordings of 19 h (encoder 2): to the bit error of 5-s stretches against the most
//! similar other stretch of the same song, how far that is, and the collisions of keys within
//! songs.

use crate::bit_errors::{self, BLOCK, Rates};
use crate::model::MODEL;
use crate::random::Random;

/// Codes (20 per second) of a song, in sixteenths of all songs. A log-normal distribution of median
/// 245 s and deviation 0.45 (mean 270 s), ended at 60 s and 12 min: a choice, as for what is sold;
/// the fitted music is shorter (median 142 s).
const LENGTHS: [u32; 17] = [
    1_200, 2_457, 2_920, 3_287, 3_617, 3_933, 4_245, 4_565, 4_900, 5_259, 5_655, 6_105, 6_638,
    7_304, 8_223, 9_773, 14_400,
];

/// Bit error, per mille, of a song's repeats against the phrase they repeat, and how often, per
/// mille, what comes after a stretch is an earlier one: from songs of loops cut to the sample to
/// those of a band that plays it anew, and others in between.
const REPEAT_ERRORS: (u32, u32) = (40, 280);
const REPEATS: (u32, u32) = (900, 600);

/// Blocks (0.4 s) in a phrase, the least and past the most; one length a song.
const PHRASE_BLOCKS: (u32, u32) = (6, 28);

/// How often, per mille, a repeat is one of what has just been.
const AT_ONCE: u32 = 450;

/// How often, per mille, a stretch goes on for another phrase.
const GOES_ON: u32 = 650;

/// How often, per mille, a stretch has the song's own style.
const OWN_STYLE: u32 = 800;

/// The code of digital silence, and the one that silence with a little noise has now and then.
pub const SILENCE: u8 = 0xe2;
const NEARLY_SILENCE: u8 = 0xf2;

/// How often, per mille, a song begins or ends in silence, and what is the longest (in codes).
/// Together 0.14 % of all keys are silent, as measured; the music measured has some of that in its
/// middle.
const SILENT_START: u32 = 40;
const SILENT_END: u32 = 220;
const SILENCE_MOST: u32 = 200;

/// Fills `codes` with the song that this stream of random numbers makes.
pub fn fill(codes: &mut Vec<u8>, random: &mut Random) {
    codes.clear();
    let length = random.quantile(&LENGTHS) as usize;
    codes.reserve(length + SILENCE_MOST as usize);
    if random.chance(SILENT_START) {
        add_silence(codes, random);
    }
    let end = if random.chance(SILENT_END) { silence_length(random) } else { 0 };
    add_phrases(codes, length.saturating_sub(end), random);
    add_silence_of(codes, length.saturating_sub(codes.len()), random);
}

/// Adds silence of some length.
pub fn add_silence(codes: &mut Vec<u8>, random: &mut Random) {
    let length = silence_length(random);
    add_silence_of(codes, length, random);
}

/// Short ones are the most common.
fn silence_length(random: &mut Random) -> usize {
    let longest = random.below(SILENCE_MOST);
    random.below(longest + 1) as usize
}

/// Half of all silence is digital, the other half has a little noise.
fn add_silence_of(codes: &mut Vec<u8>, length: usize, random: &mut Random) {
    let noise = if random.chance(500) { 60 } else { 0 };
    codes.extend((0..length).map(|_| if random.chance(noise) { NEARLY_SILENCE } else { SILENCE }));
}

/// Adds phrases until there are `length` codes.
fn add_phrases(codes: &mut Vec<u8>, length: usize, random: &mut Random) {
    let (least, past) = PHRASE_BLOCKS;
    let phrase = (least + random.below(past - least)) as usize * BLOCK;
    let loose = random.below(1_001);
    let between = |(strict, free): (u32, u32)| (strict * (1_000 - loose) + free * loose) / 1_000;
    let (bit_error, repeats) = (between(REPEAT_ERRORS), between(REPEATS));
    let own_style = MODEL.style(random);
    // For each phrase, where its first playing begins: repeats of repeats do not pile up errors.
    let mut played: Vec<usize> = vec![];
    while codes.len() < length {
        let from = repeated(played.len(), repeats, random);
        let style = if random.chance(OWN_STYLE) { own_style } else { MODEL.style(random) };
        // Within a song some repeats are closer than others.
        let rates = Rates::of_repeat(bit_error / 2 + random.below(bit_error + 1));
        let mut next = from;
        loop {
            let begin = codes.len();
            match next.and_then(|next| played.get(next).copied()) {
                Some(source) => {
                    repeat(codes, source, phrase, rates, random);
                    played.push(source);
                }
                None => {
                    MODEL.extend(codes, phrase, style, random);
                    played.push(begin);
                }
            }
            next = next.map(|next| next + 1);
            if codes.len() >= length || !random.chance(GOES_ON) {
                break;
            }
        }
    }
    codes.truncate(length);
}

/// Which phrase of so many the next stretch repeats, if it does.
fn repeated(phrases: usize, repeats: u32, random: &mut Random) -> Option<usize> {
    let last = phrases.checked_sub(1)?;
    if !random.chance(repeats) {
        return None;
    }
    let at_once = random.chance(AT_ONCE);
    Some(if at_once { last } else { random.below(phrases as u32) as usize })
}

/// Adds the phrase at `source` again, with errors.
fn repeat(codes: &mut Vec<u8>, source: usize, phrase: usize, rates: Rates, random: &mut Random) {
    for at in (source..source + phrase).step_by(BLOCK) {
        let (clean, before, after) = bit_errors::block(codes, at);
        let errors = rates.draw(clean, before, after, random);
        codes.extend(clean.iter().zip(errors).map(|(code, error)| code ^ error));
    }
}
