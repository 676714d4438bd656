//! How much a key of the query that occurs somewhere says for the query lying there: the logarithm
//! of how much likelier it is there than anywhere else, in [`UNITS`].
//!
//! A key says less the more there are of it, the more of its bits had to be taken for wrong, and
//! the fewer of the bits that were not asked for agree.

use onmon_core::Sample;

use super::votes::{Hit, NEAR_CELLS};
use crate::doubt::{UNITS, doubts, heard};
use crate::key::{KEY_SPAN, LASTS, doubts_of_last, last_of, pack};
use crate::probe::{Probe, Reach};

/// What the keys of one query say.
pub(super) struct Evidence {
    /// For each code of each sample, what each value says that the key's last bits may have; empty
    /// where they were asked for.
    lasts: Vec<Vec<[f32; LASTS]>>,
}

impl Evidence {
    /// Of keys that are asked for so far.
    pub(super) fn of(query: &[Sample<'_>], reach: Reach) -> Self {
        if reach == Reach::Whole {
            return Self { lasts: vec![] };
        }
        let agrees = std::array::from_fn(|cost| heard(cost as u8) as f32);
        Self { lasts: query.iter().map(|sample| lasts(sample.codes, &agrees)).collect() }
    }

    /// What it says that a probe's keys occur so often in a part of so many cells, by the last bits
    /// of what was found.
    pub(super) fn of_probe(&self, probe: &Probe, postings: usize, cells: u32) -> [u16; LASTS] {
        let places = probe.share() * f64::from(cells) / (NEAR_CELLS + 1) as f64;
        let rare = UNITS * (places / postings as f64).max(1.0).ln() - f64::from(probe.doubt);
        let rare = rare as f32;
        let lasts = self.lasts.get(usize::from(probe.sample));
        let lasts = lasts.and_then(|codes| codes.get(usize::from(probe.code)));
        // It always says something: keys that were asked for are likelier to be there than others.
        let least = |weight: f32| weight.clamp(1.0, f32::from(Hit::WEIGHT_MAX)) as u16;
        lasts.map_or([least(rare); LASTS], |lasts| lasts.map(|last| least(rare + last)))
    }
}

/// For the key of each code, what each value of its last bits says, where a bit that agrees says so
/// much by what it costs to doubt it.
fn lasts(codes: &[u8], agrees: &[f32; 256]) -> Vec<[f32; LASTS]> {
    let costs = doubts(codes);
    let last = |at: usize| {
        let (key, costs) = (pack(&codes[at..])?, doubts_of_last(&costs[at..])?);
        let all: f32 = costs.iter().map(|cost| agrees[usize::from(*cost)]).sum();
        let wrong = |there: usize| {
            let differs = last_of(key) ^ there;
            let bits = costs.iter().rev().enumerate().filter(|(bit, _)| differs >> bit & 1 == 1);
            bits.map(|(_, cost)| f32::from(*cost)).sum::<f32>()
        };
        Some(std::array::from_fn(|there| all - wrong(there)))
    };
    (0..codes.len()).map_while(last).collect()
}

/// What hits on one line say together. Keys that overlap say one thing: codes linger, so if one is
/// there by chance the next often is too. The one that says most counts.
pub(super) fn together(hits: &[Hit]) -> u32 {
    let mut all: Vec<(u64, u32)> = hits.iter().map(|hit| (hit.heard(), hit.weight())).collect();
    all.sort_unstable();
    let mut sum = 0;
    let mut rest = all.as_slice();
    while let Some(&(first, _)) = rest.first() {
        let overlap = rest.partition_point(|(heard, _)| *heard < first + KEY_SPAN as u64);
        let (own, others) = rest.split_at(overlap);
        sum += own.iter().map(|(_, weight)| weight).max().unwrap_or(&0);
        rest = others;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::lingering;

    #[test]
    fn rare_keys_say_more_and_doubted_ones_less() {
        let codes = lingering(4, 300);
        let query = [Sample { start: 0, codes: &codes }];
        let probe = |doubt| Probe::anywhere(0, false, 0, 7, doubt);
        let of = |postings, doubt| {
            let evidence = Evidence::of(&query, Reach::Whole);
            evidence.of_probe(&probe(doubt), postings, 1_000_000)[0]
        };
        // ln(500,000) and ln(50,000).
        assert_eq!((of(1, 0), of(10, 0), of(10, 50)), (262, 216, 166));
        assert_eq!((of(1_000_000, 333), of(1, u16::MAX)), (1, 1));
    }

    #[test]
    fn last_bits_that_agree_say_more_the_surer_they_are() {
        let codes = lingering(4, 300);
        let query = [Sample { start: 0, codes: &codes }];
        let evidence = Evidence::of(&query, Reach::Begun);
        let costs = doubts(&codes);
        for code in [0_u16, 17, 290] {
            let key = pack(&codes[usize::from(code)..]).unwrap();
            let probe = Probe::anywhere(0, false, 0, code, 100);
            let told = evidence.of_probe(&probe, 20, 1_000_000);
            let heard = last_of(key);
            assert_eq!(told.iter().max(), Some(&told[heard]), "{told:?}");
            for (bit, cost) in costs[usize::from(code) + 9][..4].iter().enumerate() {
                let less = told[heard] - told[heard ^ 8 >> bit];
                assert!(less.abs_diff(u16::from(*cost)) <= 1, "{less} and not {cost}");
            }
        }
        // The last codes begin no key.
        assert_eq!(evidence.lasts[0].len(), codes.len() - (KEY_SPAN - 1));
    }

    #[test]
    fn keys_that_overlap_count_once() {
        let hit = |sample, code, weight| Hit::of(70, sample, code, weight);
        let far = [hit(0, 10, 100), hit(0, 20, 90), hit(1, 10, 80)];
        assert_eq!(together(&far), 270);
        let near = [hit(0, 10, 100), hit(0, 11, 120), hit(0, 19, 90), hit(0, 20, 50)];
        assert_eq!(together(&near), 170);
        assert_eq!(together(&[]), 0);
    }
}
