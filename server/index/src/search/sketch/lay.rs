//! A query's samples on one sketch: at which shift all of them together differ from it least.

use onmon_core::Sample;

use super::rows::{FIRST, Rows};
use super::{EARLIER, SHIFTS};
use crate::search::look::errors_most;
use crate::sketch::SKETCH_CODES;

/// How much nearer than chance the first samples must be for the others to be laid there, in
/// standard deviations of independent bits; unrelated ones are so in one place of 35.
const FIRST_NEAR: f32 = 1.9;

/// The same of all of them together: unrelated ones are so in one place of a thousand.
const NEAR: f32 = 3.0;

/// Sketched codes of a sample, at most: so many fit into a word.
const WIDTH: usize = 16;

const _: () = assert!(onmon_core::CODES_PER_SAMPLE <= (WIDTH + 1) * SKETCH_CODES);

/// Zeros before and after a sketch, for the samples that a shift leads beyond it.
const PADDING: usize = WIDTH;

/// A query as sketches of it would be, one for each place that it may have between sketched codes.
///
/// ```text
/// query        . . . . . . . . . . . . . . . . .        a row: every 20th code of a sample
/// shifts       ----|--------|--------|--------|--       groups: the same codes of a sketch, one
/// sketch           x        x        x        x         row for each shift
/// ```
struct Pattern {
    samples: Vec<Sampled>,
    /// Codes of a padded sketch before the first of the least shift's group, and how many shifts
    /// that group has before that one.
    first: usize,
    before: usize,
}

/// Every [`SKETCH_CODES`]th code of a sample, for each shift of a group, from the least on.
struct Sampled {
    rows: [u128; SKETCH_CODES],
    /// The bits that all of them have.
    mask: u128,
    /// Codes of a sketch from those of the earliest sample to these.
    behind: usize,
}

impl Pattern {
    fn of(query: &[Sample<'_>]) -> Option<Self> {
        let earliest = query.iter().map(|sample| sample.start).min().filter(|_| query.len() > 1)?;
        // Those in the middle have more to tell than beginning and end.
        let middle = query.get(query.len() / 2)?.start;
        let mut order: Vec<&Sample<'_>> = query.iter().collect();
        order.sort_by_key(|sample| sample.start.abs_diff(middle));
        let samples = order.iter().map(|sample| Sampled::of(sample, earliest)).collect();
        // In codes from the beginning of the padding.
        let place = earliest as usize + PADDING * SKETCH_CODES - EARLIER;
        let first = place.div_ceil(SKETCH_CODES);
        Some(Self { samples, first, before: SKETCH_CODES - 1 - (first * SKETCH_CODES - place) })
    }

    fn bits(&self, samples: usize) -> usize {
        self.samples.iter().take(samples).map(|sample| sample.mask.count_ones() as usize).sum()
    }
}

impl Sampled {
    fn of(sample: &Sample<'_>, earliest: u32) -> Self {
        let distance = (sample.start - earliest) as usize;
        let behind = distance.div_ceil(SKETCH_CODES);
        // The latest row begins with code 38, where the earliest sample's begins with 19.
        let codes = (sample.codes.len() / SKETCH_CODES).saturating_sub(1).min(WIDTH);
        let row = |shift: usize| {
            let first = SKETCH_CODES - 1 - shift + (behind * SKETCH_CODES - distance);
            let codes = sample.codes.iter().skip(first).step_by(SKETCH_CODES).take(codes);
            codes.zip((0..).step_by(8)).fold(0, |row, (code, at)| row | u128::from(*code) << at)
        };
        let mask = u128::MAX.checked_shr(8 * (WIDTH - codes) as u32).unwrap_or(0);
        Self { rows: std::array::from_fn(row), mask, behind }
    }
}

/// A query that is laid on one sketch after another.
pub(super) struct Lay {
    pattern: Pattern,
    /// The first samples', which are laid on a place before the others are, and where in a sketch.
    rows: Rows,
    behind: [usize; FIRST],
    /// Errors that are let pass, of the first samples and of all.
    first_most: u16,
    most: u32,
    /// A sketch with zeros around it.
    padded: Vec<u8>,
}

impl Lay {
    /// `None` where there is too little to lay.
    pub(super) fn of(query: &[Sample<'_>]) -> Option<Self> {
        let pattern = Pattern::of(query)?;
        let first_most = errors_most(pattern.bits(FIRST), FIRST_NEAR) as u16;
        let most = errors_most(pattern.bits(usize::MAX), NEAR);
        let first: [Option<&Sampled>; FIRST] = std::array::from_fn(|n| pattern.samples.get(n));
        let rows = first.map(|one| one.map_or([0; SKETCH_CODES], |one| one.rows));
        let rows = Rows::new(rows, first.map(|one| one.map_or(0, |one| one.mask)));
        let behind = first.map(|one| one.map_or(0, |one| one.behind));
        Some(Self { pattern, rows, behind, first_most, most, padded: vec![] })
    }

    /// How many errors all samples have on a recording with this sketch where they have the least,
    /// if these are few, and by how many codes later than the recording's beginning the query's
    /// lies there.
    pub(super) fn on(&mut self, sketch: &[u8]) -> Option<(u32, i64)> {
        self.padded.clear();
        self.padded.resize(PADDING, 0);
        self.padded.extend_from_slice(sketch);
        self.padded.resize(sketch.len() + 2 * PADDING, 0);
        let there = std::array::from_fn(|group| {
            self.behind.map(|behind| word(&self.padded, self.pattern.first + group + behind))
        });
        // Mostly nowhere.
        let errors = self.rows.errors(&there, self.first_most)?;
        let before = self.pattern.before;
        let (mut least, mut best) = (self.most + 1, None);
        for (shift, &first) in errors[before..][..SHIFTS].iter().enumerate() {
            if first <= self.first_most {
                let errors = u32::from(first) + self.of_others(before + shift);
                if errors < least {
                    (least, best) = (errors, Some(shift as i64 - EARLIER as i64));
                }
            }
        }
        best.map(|shift| (least, shift))
    }

    /// Errors of the other samples at this shift of all groups.
    fn of_others(&self, shift: usize) -> u32 {
        let (place, row) = (self.pattern.first + shift / SKETCH_CODES, shift % SKETCH_CODES);
        let errors = |one: &Sampled| {
            ((one.rows[row] ^ word(&self.padded, place + one.behind)) & one.mask).count_ones()
        };
        self.pattern.samples.iter().skip(FIRST).map(errors).sum()
    }
}

/// The codes of a padded sketch from this one on; zeros beyond its end.
fn word(padded: &[u8], first: usize) -> u128 {
    let there = padded.get(first..).and_then(|rest| rest.first_chunk::<WIDTH>());
    there.map_or(0, |bytes| u128::from_le_bytes(*bytes))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::random::random;
    use crate::sketch::sketch;

    pub(in super::super) fn codes(seed: u64, count: usize) -> Vec<u8> {
        let mut next = random(seed);
        (0..count).map(|_| next() as u8).collect()
    }

    /// So many bits in 256 are others.
    pub(in super::super) fn noisy(codes: &[u8], seed: u64, wrong: u8) -> Vec<u8> {
        let mut next = random(seed);
        let mut bit = |at: u32| u8::from((next() as u8) < wrong) << at;
        codes.iter().map(|code| code ^ (0..8).map(&mut bit).sum::<u8>()).collect()
    }

    pub(in super::super) fn samples<'a>(
        heard: &'a [u8],
        spans: &[(usize, usize)],
    ) -> Vec<Sample<'a>> {
        let of = |&(start, len)| Sample { start: start as u32, codes: &heard[start..start + len] };
        spans.iter().map(of).collect()
    }

    pub(in super::super) const SIX: [(usize, usize); 6] =
        [(296, 300), (1_188, 300), (2_084, 300), (2_976, 300), (3_872, 300), (4_764, 300)];

    #[test]
    fn samples_are_laid_on_sketches_as_the_codes_would_be() {
        let song = codes(1, 5_400);
        let mut own = vec![];
        sketch(&song, &mut own);
        assert_eq!((own.len(), own[7]), (270, song[140]));
        for (spans, shifts) in [
            (&SIX[..], [-48_i64, -1, 0, 7, 48]),
            (&[(300, 300), (600, 110), (900, 39)], [-20, -3, 0, 3, 48]),
            // At the very beginning and end nothing lies before and behind.
            (&[(0, 300), (4_000, 300), (5_100, 300)], [-48, -17, 0, 1, 48]),
        ] {
            for shift in shifts {
                // What begins so much later or earlier is heard so much earlier or later.
                let mut heard = vec![0x55; 64];
                heard.extend(noisy(&song, 2, 60));
                heard.extend([0xaa; 64]);
                let query: Vec<Sample<'_>> = spans
                    .iter()
                    .map(|&(start, len)| {
                        let first = (64 + start as i64 + shift) as usize;
                        Sample { start: start as u32, codes: &heard[first..first + len] }
                    })
                    .collect();
                let mut lay = Lay::of(&query).unwrap();
                let (errors, found) = lay.on(&own).expect("it is near");
                assert_eq!(found, shift, "{spans:?}");
                // Counted code by code.
                let mut naive = 0;
                for sample in &query {
                    let at = |i: usize| i64::from(sample.start) + i as i64 + shift;
                    // From where all shifts of a group have a code on the sketch's grid.
                    let earliest = i64::from(query[0].start) + shift;
                    let behind = (i64::from(sample.start - query[0].start) + 19) / 20;
                    let first = (earliest + 19).div_euclid(20) * 20 + 20 * behind;
                    let on_grid = (0..sample.codes.len())
                        .filter(|&i| at(i) >= first && at(i).rem_euclid(20) == 0);
                    for i in on_grid.take((sample.codes.len() / 20).saturating_sub(1)) {
                        let there = usize::try_from(at(i)).ok().and_then(|at| song.get(at));
                        naive += (sample.codes[i] ^ there.unwrap_or(&0)).count_ones();
                    }
                }
                assert_eq!(errors, naive, "{spans:?} at {shift}");
            }
        }
    }

    #[test]
    fn a_sample_alone_is_not_laid_and_two_are_wherever_they_start() {
        let heard = codes(1, 600);
        let alone = [Sample { start: 0, codes: &heard[..300] }];
        assert!(Lay::of(&alone).is_none() && Lay::of(&[]).is_none());
        let far = [0, 1, u32::MAX].map(|start| Sample { start, codes: &heard[..299] });
        let opposite = [0, 300].map(|start| Sample { start, codes: &[0xff; 300] });
        for query in [&far[..], &far[..2], &opposite] {
            let mut lay = Lay::of(query).unwrap();
            assert_eq!([lay.on(&codes(2, 9)), lay.on(&[]), lay.on(&[0; 300])], [None; 3]);
        }
    }
}
