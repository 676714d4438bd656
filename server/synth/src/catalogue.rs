//! Which song is what, and its codes: the whole catalogue follows from a seed.

use crate::bit_errors::spoil;
use crate::random::Random;
use crate::song;

/// How many songs in a thousand are another mastering of an earlier one, and how many an edit. A
/// choice: what shops sell has more of both, but mostly as the same recording again.
const REMASTERS: u32 = 20;
const EDITS: u32 = 10;

/// Bit error, per mille, of a remaster or an edit against its original: between a cut on the 50-ms
/// grid of the very same sound, and a little more than one off the grid (74) or MP3 at 32 kbit/s
/// (90, `bit_errors.rs`).
const REMASTER_ERRORS: (u32, u32) = (20, 100);

/// A remaster begins up to so many codes (2 s) earlier or later.
const SHIFT_MOST: u32 = 40;

/// Per mille of the original that an edit leaves out, the least and past the most.
const LEFT_OUT: (u32, u32) = (100, 350);

/// Codes (5 s) over which an edit fades out, and the bit error, per mille, of each quarter of them.
const FADE: usize = 100;
const FADE_ERRORS: [u32; 4] = [100, 200, 300, 450];

/// Songs every bit of which follows from a seed and their numbers.
#[derive(Clone, Debug)]
pub struct Catalogue {
    seed: u64,
    songs: u32,
}

/// What a song is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A song of its own.
    Original,
    /// Another mastering of an earlier song, which is an original: few bit errors, begins up to 2 s
    /// earlier or later.
    Remaster {
        /// The number of that song.
        of: u32,
    },
    /// An earlier song, which is an original, without a part of it: one from its middle, or its end,
    /// before which it then fades out.
    Edit {
        /// The number of that song.
        of: u32,
    },
}

/// What a stream of random numbers is for, so that no two are the same.
#[derive(Clone, Copy)]
enum Stream {
    Kind,
    Song,
    Change,
}

impl Catalogue {
    /// The catalogue of so many songs that this seed makes.
    pub fn new(seed: u64, songs: u32) -> Self {
        Self { seed, songs }
    }

    /// Songs in the catalogue: 0 to this, the last left out.
    pub fn songs(&self) -> u32 {
        self.songs
    }

    /// What song `n` is. A song that is not in the catalogue, `n >= songs`, is unknown to it: an
    /// original that no song is a version of.
    pub fn kind(&self, n: u32) -> Kind {
        let (drawn, mut random) = self.draw(n);
        if n >= self.songs || drawn >= REMASTERS + EDITS {
            return Kind::Original;
        }
        // The nearest original below one drawn.
        let mut of = random.below(n);
        while self.draw(of).0 < REMASTERS + EDITS {
            of -= 1;
        }
        if drawn < REMASTERS { Kind::Remaster { of } } else { Kind::Edit { of } }
    }

    /// What decides on a song's kind, 0 to 999, and the stream that goes on from there. Song 0 has
    /// none before it, so it is an original.
    fn draw(&self, n: u32) -> (u32, Random) {
        let mut random = self.random(Stream::Kind, n);
        let drawn = random.below(1_000);
        (if n == 0 { 999 } else { drawn }, random)
    }

    /// Fills `codes` with those of song `n`, one per 50 ms. Any number will do: those from
    /// [`Catalogue::songs`] on are songs that are not in the catalogue.
    pub fn song(&self, n: u32, codes: &mut Vec<u8>) {
        let mut random = self.random(Stream::Change, n);
        match self.kind(n) {
            Kind::Original => song::fill(codes, &mut self.random(Stream::Song, n)),
            Kind::Remaster { of } => {
                song::fill(codes, &mut self.random(Stream::Song, of));
                shift(codes, &mut random);
                spoil(codes, master_error(&mut random), &mut random);
            }
            Kind::Edit { of } => {
                song::fill(codes, &mut self.random(Stream::Song, of));
                edit(codes, &mut random);
                spoil(codes, master_error(&mut random), &mut random);
            }
        }
    }

    fn random(&self, stream: Stream, n: u32) -> Random {
        Random::new(self.seed, (stream as u64) << 32 | u64::from(n))
    }
}

fn master_error(random: &mut Random) -> u32 {
    let (least, past) = REMASTER_ERRORS;
    least + random.below(past - least)
}

/// Takes codes from the start, or adds silence there.
fn shift(codes: &mut Vec<u8>, random: &mut Random) {
    let shift = random.below(SHIFT_MOST + 1) as usize;
    if random.chance(500) {
        codes.drain(..shift);
    } else {
        codes.splice(..0, std::iter::repeat_n(song::SILENCE, shift));
    }
}

/// Leaves a part out.
fn edit(codes: &mut Vec<u8>, random: &mut Random) {
    let (least, past) = LEFT_OUT;
    let left_out = codes.len() * (least + random.below(past - least)) as usize / 1_000;
    let kept = codes.len() - left_out;
    if random.chance(500) {
        let from = random.below(kept as u32) as usize;
        codes.drain(from..from + left_out);
    } else {
        codes.truncate(kept);
        let fade = &mut codes[kept.saturating_sub(FADE)..];
        for (part, bit_error) in fade.chunks_mut(FADE / FADE_ERRORS.len()).zip(FADE_ERRORS) {
            spoil(part, bit_error, random);
        }
    }
}
