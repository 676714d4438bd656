//! A whole sound that is played faster or slower, on the sketches of recordings whose length tells
//! by how much: of 2 million songs one in twenty. Samples are laid each by itself, as where one
//! lies does not tell where another does unless the speed is known: two, and where these are near
//! all.
//!
//! What a copy lacks at its beginning and end is not known, so that a recording's length tells the
//! speed to within some parts of a hundred. Samples in the middle are led astray least by it.

use onmon_core::Sample;
use onmon_core::compare::bit_errors;

use super::lone::{AWAY, Lone};
use super::nearest::Nearest;
use crate::band::{LACKS_CODES, Lengths};
use crate::part::{Cost, IndexError, View};
use crate::recordings::Ordinal;
use crate::search::Candidate;
use crate::search::closest::{Recording, at_speed};
use crate::search::look::look;

/// Samples that are laid at first.
const FIRST: usize = 2;

/// How near they must be, each where it is nearest, for the others to be laid too, in standard
/// deviations of independent bits. One unrelated recording in ten is; the songs 5 % faster that
/// were hardest to find came to 3.95 to 4.3.
const FIRST_NEAR: f32 = 3.8;

/// Speeds that they are laid at, in per cent.
const SLOWEST: usize = 95;
const FASTEST: usize = 105;
const SPEEDS: usize = FASTEST - SLOWEST + 1;

/// Recordings that are looked at more closely, the nearest.
const LOOKED_AT: usize = 256;

/// How near all samples must be to be one of them. By chance two are 3.1, and six 5.4.
const NEAR: f32 = 4.5;

/// How near all codes of the first must be there for a recording to be aligned.
const LOOK_MIN: f32 = 10.0;

/// Recordings that are aligned.
const ALIGNED: usize = 8;

/// The most promising places of the query, of a sound of so many codes, in recordings that are so
/// long.
pub(in super::super) fn candidates(
    parts: &[View<'_>],
    query: &[Sample<'_>],
    sound: u32,
    lengths: &[Lengths],
    cost: &mut Cost,
) -> Result<Vec<Candidate>, IndexError> {
    let Some(sped) = Sped::of(query, sound) else { return Ok(vec![]) };
    let mut nearest = Nearest::new(LOOKED_AT, NEAR);
    for ((part, view), lengths) in
        parts.iter().enumerate().flat_map(|part| lengths.iter().map(move |of| (part, of)))
    {
        let recordings = view.source.recordings();
        view.source.sketches(recordings.so_long(lengths), lengths, &mut |ordinal, sketch| {
            cost.scanned += sketch.len() as u64;
            let codes = recordings.row(ordinal).codes;
            let Some(look) = sped.look(sketch, codes) else { return };
            if look > nearest.least() && !view.dead.contains(&ordinal) {
                nearest.take(look, (part, ordinal), ());
            }
        })?;
    }
    nearest
        .candidates(ALIGNED, cost, |recording, ()| sped.candidate(recording, &parts[recording.0]))
}

/// A sound, as it would be at each speed.
struct Sped {
    /// Codes that it has.
    sound: u32,
    /// Those in the middle first.
    samples: Vec<Laid>,
}

/// A sample of it.
struct Laid {
    number: usize,
    start: u32,
    /// How many codes it has, and which it would have at each speed, from the slowest on.
    len: usize,
    codes: [Vec<u8>; SPEEDS],
    lone: [Lone; SPEEDS],
}

impl Sped {
    /// `None` where there is too little to lay.
    fn of(query: &[Sample<'_>], sound: u32) -> Option<Self> {
        let from_middle = |number: &usize| {
            let sample = &query[*number];
            (2 * u64::from(sample.start) + sample.codes.len() as u64).abs_diff(u64::from(sound))
        };
        let mut order: Vec<usize> = (0..query.len()).collect();
        order.sort_by_key(from_middle);
        let laid = |number: &usize| Laid::of(*number, &query[*number]);
        let enough = order.len() >= FIRST && sound > 0;
        enough.then(|| Self { sound, samples: order.iter().map(laid).collect() })
    }

    /// How near all samples are to a recording of so many codes that has this sketch, if the first
    /// are near.
    fn look(&self, sketch: &[u8], codes: u32) -> Option<f32> {
        let (speed, begins) = self.expected(codes);
        let (mut margin, mut squares) = (0, 0.0_f32);
        for (laid, number) in self.samples.iter().zip(1..) {
            let lone = &laid.lone[speed];
            margin += lone.margin(sketch, begins(laid));
            squares += lone.squares;
            if number == FIRST && (margin as f32) < FIRST_NEAR * squares.sqrt() {
                return None;
            }
        }
        Some(margin as f32 / squares.max(1.0).sqrt())
    }

    /// At which speed the sound is a recording's of so many codes, and about where each sample
    /// begins in it.
    fn expected(&self, codes: u32) -> (usize, impl Fn(&Laid) -> i64 + use<>) {
        let ratio = f64::from(codes.saturating_sub(LACKS_CODES)) / f64::from(self.sound);
        // A sound that is faster than any lacks more.
        let ratio = ratio.min(FASTEST as f64 / 100.0);
        let speed = ((100.0 * ratio).round() as usize).clamp(SLOWEST, FASTEST) - SLOWEST;
        let begins = move |laid: &Laid| {
            (0.5 * f64::from(LACKS_CODES) + f64::from(laid.start) * ratio) as i64
        };
        (speed, begins)
    }

    /// Where the nearer of the first samples lies, if they are near enough by all codes.
    fn candidate(
        &self,
        (number, ordinal): Recording,
        part: &View<'_>,
    ) -> Result<Option<Candidate>, IndexError> {
        let (speed, begins) = self.expected(part.source.recordings().row(ordinal).codes);
        let (mut all_bits, mut all_errors) = (0, 0);
        let mut nearest: Option<(f32, &Laid, usize)> = None;
        for laid in &self.samples[..FIRST] {
            let codes = &laid.codes[speed];
            let Some((errors, place)) = closest(part, ordinal, codes, begins(laid))? else {
                continue;
            };
            let bits = 8 * codes.len();
            (all_bits, all_errors) = (all_bits + bits, all_errors + errors);
            let own = look(bits, errors);
            if nearest.is_none_or(|(other, ..)| own > other) {
                nearest = Some((own, laid, place));
            }
        }
        let look = look(all_bits, all_errors);
        Ok(nearest.filter(|_| look >= LOOK_MIN).map(|(_, laid, place)| {
            let code = laid.len / 2;
            let behind = code * (speed + SLOWEST) / 100;
            Candidate {
                part: number,
                ordinal,
                sample: laid.number,
                code,
                place: place + behind,
                look,
            }
        }))
    }
}

impl Laid {
    fn of(number: usize, sample: &Sample<'_>) -> Self {
        let codes = std::array::from_fn(|speed| at_speed(sample.codes, SLOWEST + speed));
        let lone = codes.each_ref().map(|codes| Lone::of(codes));
        Self { number, start: sample.start, len: sample.codes.len(), codes, lone }
    }
}

/// Bits of these codes that differ from a recording's where fewest do, about a place, and where
/// that is; `None` where they lie on it nowhere.
fn closest(
    part: &View<'_>,
    ordinal: Ordinal,
    codes: &[u8],
    about: i64,
) -> Result<Option<(u32, usize)>, IndexError> {
    let last = i64::from(part.source.recordings().row(ordinal).codes) - codes.len() as i64;
    let (first, last) = ((about - AWAY).max(0), (about + AWAY).min(last));
    if first > last {
        return Ok(None);
    }
    let mut there = vec![0; (last - first) as usize + codes.len()];
    part.source.peek_codes(ordinal, first as usize, &mut there)?;
    let windows = there.windows(codes.len()).zip(first as usize..);
    Ok(windows.map(|(there, place)| (bit_errors(codes, there), place)).min())
}

#[cfg(test)]
mod tests {
    use super::super::lay::tests::{SIX, noisy, samples};
    use super::*;
    use crate::key::Sampling;
    use crate::memory::Open;
    use crate::random::lingering as song;

    /// A song of so many codes, between these, as it sounds so much faster.
    fn played(song: &[u8], cut: (usize, usize), per_mille: usize) -> Vec<u8> {
        let left = &song[cut.0..song.len() - cut.1];
        let heard = left.len() * 1_000 / per_mille;
        (0..heard).map(|at| left[(at * per_mille / 1_000).min(left.len() - 1)]).collect()
    }

    #[test]
    fn what_is_played_faster_or_slower_is_found_if_its_length_tells_so() {
        let mut memory = Open::new(Sampling::default());
        let song = |slot: u32| song(u64::from(slot), 5_300 + slot as usize);
        for slot in 0..300 {
            memory.push(slot, &song(slot));
        }
        // The recordings that it is found in, and how far from where it lies.
        let found = |memory: &Open, heard: &[u8], cut: usize, per_mille: usize| {
            let sound = heard.len() as u32;
            let query =
                samples(heard, &SIX.map(|(start, len)| (start * sound as usize / 5_400, len)));
            let lengths = Lengths::at_other_speeds(sound);
            let mut cost = Cost::default();
            let all = candidates(&[memory.view()], &query, sound, &lengths, &mut cost).unwrap();
            let off = |found: &Candidate| {
                let heard = query[found.sample].start as usize + found.code;
                (found.ordinal, found.place.abs_diff(cut + heard * per_mille / 1_000) <= 3)
            };
            all.iter().map(off).collect::<Vec<_>>()
        };
        for per_mille in [950, 965, 1_020, 1_035, 1_050] {
            for cut in [(0, 0), (40, 0), (0, 60), (40, 60)] {
                // One bit of eight is wrong.
                let heard = noisy(&played(&song(77), cut, per_mille), 3, 32);
                let told = found(&memory, &heard, cut.0, per_mille);
                assert_eq!(told, [(77, true)], "{per_mille} {cut:?}");
            }
        }
        let faster = played(&song(77), (0, 0), 1_050);
        assert_eq!(found(&memory, &faster[..4_500], 0, 1_050), [], "another length");
        assert_eq!(found(&memory, &song(77), 0, 1_000), [], "its own speed");
        let unknown = noisy(&song(1_000), 3, 64);
        assert_eq!(found(&memory, &unknown, 0, 1_000), [], "nobody knows it");
        memory.remove(77);
        assert_eq!(found(&memory, &faster, 0, 1_050), []);
    }

    #[test]
    fn too_little_is_laid_nowhere() {
        let mut memory = Open::new(Sampling::default());
        memory.push(0, &[1; 4_000]);
        memory.push(1, &[]);
        let heard = song(1, 4_000);
        let lengths = [Lengths::at_least(0)];
        for (spans, sound) in [
            (&[][..], 4_000),
            (&[(0, 300)], 4_000),
            (&[(0, 300), (300, 300)], 0),
            (&[(0, 39), (60, 20)], 4_000),
            (&[(0, 1), (1, 1)], 1),
            (&[(3_700, 300), (3_000, 300)], u32::MAX),
        ] {
            let query = samples(&heard, spans);
            let mut cost = Cost::default();
            let all = candidates(&[memory.view()], &query, sound, &lengths, &mut cost).unwrap();
            assert_eq!(all, [], "{spans:?}");
        }
        let far = [0, u32::MAX].map(|start| Sample { start, codes: &heard[..300] });
        let all = candidates(&[memory.view()], &far, 9_000, &lengths, &mut Cost::default());
        assert_eq!(all.unwrap(), []);
    }
}
