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
    /// An earlier song, which is an original, without a part of it: one from its middle, or its
    /// end, before which it then fades out.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn song(catalogue: &Catalogue, n: u32) -> Vec<u8> {
        let mut codes = vec![1, 2, 3];
        catalogue.song(n, &mut codes);
        codes
    }

    /// FNV-1a, 64 bits.
    fn hash(codes: impl IntoIterator<Item = u8>) -> u64 {
        codes.into_iter().fold(0xcbf2_9ce4_8422_2325, |hash, code| {
            (hash ^ u64::from(code)).wrapping_mul(0x0100_0000_01b3)
        })
    }

    /// The least bit error of 15 s from the middle of one song against all of another.
    fn nearest(one: &[u8], other: &[u8]) -> f32 {
        let stretch = &one[one.len() / 2..][..300];
        let errors = other.windows(300).map(|run| onmon_core::compare::bit_error(stretch, run));
        errors.fold(1.0, f32::min)
    }

    #[test]
    fn songs_are_the_same_on_every_machine() {
        let catalogue = Catalogue::new(1, 2_000_000);
        let forwards: Vec<Vec<u8>> = (0..10).map(|n| song(&catalogue, n)).collect();
        let backwards: Vec<Vec<u8>> = (0..10).rev().map(|n| song(&catalogue, n)).collect();
        assert!(forwards.iter().eq(backwards.iter().rev()));
        assert_eq!(hash(forwards.into_iter().flatten()), 8_596_872_904_467_612_805);
        assert_ne!(song(&catalogue, 3), song(&Catalogue::new(2, 2_000_000), 3));
    }

    #[test]
    fn lengths_are_as_sold() {
        let catalogue = Catalogue::new(1, 1_000);
        let lengths: Vec<usize> = (0..1_000).map(|n| song(&catalogue, n).len()).collect();
        let mean = lengths.iter().sum::<usize>() / lengths.len();
        assert!((5_200..5_600).contains(&mean), "{mean}");
        assert!(lengths.iter().all(|length| (700..=14_700).contains(length)));
    }

    #[test]
    fn versions_are_near_and_others_are_not() {
        let catalogue = Catalogue::new(1, 2_000);
        let (mut remasters, mut edits) = (0, 0);
        for n in 0..catalogue.songs() {
            let of = match catalogue.kind(n) {
                Kind::Original => continue,
                Kind::Remaster { of } => {
                    remasters += 1;
                    of
                }
                Kind::Edit { of } => {
                    edits += 1;
                    of
                }
            };
            assert!(of < n && catalogue.kind(of) == Kind::Original);
            if remasters + edits <= 20 {
                let (version, original) = (song(&catalogue, n), song(&catalogue, of));
                let near = nearest(&version, &original);
                // An edit may be cut in the middle of the stretch: half of it then is chance.
                assert!(near < 0.3, "{n} of {of}: {near}");
                let far = nearest(&version, &song(&catalogue, (n + 1) % 2_000));
                assert!(far > 0.35, "{n} and the next: {far}");
            }
        }
        assert!((20..=60).contains(&remasters) && (8..=32).contains(&edits), "{remasters} {edits}");
    }

    #[test]
    fn songs_outside_are_originals() {
        let catalogue = Catalogue::new(1, 100);
        assert!((100..2_000).all(|n| catalogue.kind(n) == Kind::Original));
        assert_eq!(catalogue.kind(u32::MAX), Kind::Original);
        assert!(nearest(&song(&catalogue, 100), &song(&catalogue, 99)) > 0.35);
    }
}
