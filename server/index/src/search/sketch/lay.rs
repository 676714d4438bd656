//! A query's samples on one sketch: at which shift all of them together differ from it least.

use onmon_core::Sample;

use super::as_long::{EARLIER, TRIED};
use super::pattern::{Pattern, SOME, WIDTH, word};
use super::rows::{GROUPS, Rows, Words};
use crate::sketch::SKETCH_CODES;

/// How much nearer than chance the steadiest bits must be for all steady ones to be counted there,
/// in standard deviations of independent bits, which are so in one place of 25.
const FIRST_NEAR: f32 = 1.75;

/// Zeros before and after a sketch, for the samples that a shift leads beyond it.
const PADDING: usize = WIDTH;

/// A query that is laid on one sketch after another.
pub(super) struct Lay {
    pattern: Pattern,
    /// Codes of a padded sketch before the first of the least shift's group, and how many shifts
    /// that group has before that one.
    first: usize,
    before: usize,
    /// What is laid on a place at first.
    rows: Rows,
    /// A sketch with zeros around it.
    padded: Vec<u8>,
}

impl Lay {
    /// `None` where there is too little to lay.
    pub(super) fn of(query: &[Sample<'_>]) -> Option<Self> {
        let pattern = Pattern::of(query)?;
        // In codes from the beginning of the padding.
        let place = pattern.earliest as usize + PADDING * SKETCH_CODES - EARLIER;
        let first = place.div_ceil(SKETCH_CODES);
        let before = SKETCH_CODES - 1 - (first * SKETCH_CODES - place);
        let rows = Rows::of(&pattern, FIRST_NEAR);
        Some(Self { pattern, first, before, rows, padded: vec![] })
    }

    /// How near all samples are to a recording with this sketch where they are nearest, if that is
    /// nearer than this, and by how many codes later than the recording's beginning the query's
    /// lies there.
    pub(super) fn on(&mut self, sketch: &[u8], least: f32) -> Option<(f32, i64)> {
        self.padded.clear();
        self.padded.resize(PADDING, 0);
        self.padded.extend_from_slice(sketch);
        self.padded.resize(sketch.len() + 2 * PADDING, 0);
        let mut there: [Words; GROUPS] = [[0; _]; _];
        for (group, there) in (self.first..).zip(&mut there) {
            for (there, sample) in there.iter_mut().zip(&self.pattern.samples) {
                *there = word(&self.padded, group + sample.behind);
            }
        }
        let (mut nearest, mut best) = (least, None);
        let mut near = self.rows.near(&there);
        while near != 0 {
            let at = near.trailing_zeros() as usize;
            near &= near - 1;
            let (group, shift) = (at / SOME.len(), SOME[at % SOME.len()]);
            for shift in shift - 1..=shift + 1 {
                let tried = (group * SKETCH_CODES + shift).checked_sub(self.before);
                let Some(tried) = tried.filter(|tried| *tried < TRIED) else { continue };
                let look = self.pattern.look(shift, &self.padded, self.first + group);
                if look > nearest {
                    (nearest, best) = (look, Some(tried as i64 - EARLIER as i64));
                }
            }
        }
        best.map(|shift| (nearest, shift))
    }
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
                let (look, found) = lay.on(&own, 3.0).expect("it is near");
                assert_eq!(found, shift, "{spans:?}");
                // Counted code by code.
                let (mut all, mut wrong, mut squares) = (0, 0, 0);
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
                        let own = sample.codes[i];
                        let near = [i.saturating_sub(1), (i + 1).min(sample.codes.len() - 1)];
                        for bit in 0..8 {
                            let alike = |at: &&usize| (sample.codes[**at] ^ own) >> bit & 1 == 0;
                            let weight = near.iter().filter(alike).count();
                            let differs = (own ^ there.unwrap_or(&0)) >> bit & 1 == 1;
                            all += weight;
                            wrong += weight * usize::from(differs);
                            squares += weight * weight;
                        }
                    }
                }
                let naive = (all as f32 - 2.0 * wrong as f32) / (squares as f32).sqrt();
                assert!(
                    (look - naive).abs() < 1e-3,
                    "{spans:?} at {shift}: {look} and not {naive}"
                );
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
            let too_short = [codes(2, 9), vec![], vec![0; 300]];
            assert_eq!(too_short.map(|sketch| lay.on(&sketch, 3.0)), [const { None }; 3]);
        }
    }
}
