//! Hits as they come, millions of them, and those in company: hits that are alone on their line are
//! most of all hits, and say nothing.

use std::ops::RangeInclusive;

use super::votes::{Hit, NEAR_CELLS};

/// As many hits are kept as they are, alone or not: all of them can be looked at.
const FEW: usize = 4_096;

/// Lines of a bucket, at least as many as lie between two hits that count as near: such hits are in
/// the same bucket or in neighbouring ones.
const BUCKET_BITS: u32 = 1;

const _: () = assert!(NEAR_CELLS <= 1 << BUCKET_BITS);

/// Stretches of lines that hits are kept in, so that one's buckets stay in the cache while they are
/// looked at.
const STRETCHES_BITS: u32 = 11;

/// All hits of a query in a part.
pub(super) struct Crowd {
    first: u64,
    stretch_bits: u32,
    /// The first hits, while there are few.
    few: Vec<Hit>,
    /// All hits, once there are more.
    stretches: Vec<Vec<Hit>>,
}

impl Crowd {
    /// For hits on these lines.
    pub(super) fn new(lines: RangeInclusive<u64>) -> Self {
        let bits = (lines.end() - lines.start() + 1).next_power_of_two().ilog2();
        let stretch_bits = bits.saturating_sub(STRETCHES_BITS).max(BUCKET_BITS);
        Self { first: *lines.start(), stretch_bits, few: vec![], stretches: vec![] }
    }

    pub(super) fn extend(&mut self, hits: impl Iterator<Item = Hit>) {
        if self.stretches.is_empty() {
            self.few.extend(hits);
            if self.few.len() > FEW {
                self.stretches = vec![vec![]; 1 << STRETCHES_BITS];
                for hit in std::mem::take(&mut self.few) {
                    self.push(hit);
                }
            }
        } else {
            hits.for_each(|hit| self.push(hit));
        }
    }

    fn push(&mut self, hit: Hit) {
        let stretch = (hit.line().saturating_sub(self.first) >> self.stretch_bits) as usize;
        if let Some(stretch) = self.stretches.get_mut(stretch) {
            stretch.push(hit);
        }
    }

    /// In order of their lines: all hits if they are few, otherwise those that have another one in
    /// their bucket or beside it.
    pub(super) fn in_company(self) -> Vec<Hit> {
        let mut kept = self.few;
        kept.sort_unstable();
        let buckets = 1_usize << (self.stretch_bits - BUCKET_BITS);
        let bucket = |hit: &Hit| {
            let line = (hit.line() - self.first) as usize % (1 << self.stretch_bits);
            1 + (line >> BUCKET_BITS)
        };
        // A bucket each, and one on either side for the neighbouring stretches, where there may be
        // hits or not: what is near a border is taken to have company.
        let (mut once, mut twice) = (Bits::new(buckets + 2), Bits::new(buckets + 2));
        for hits in self.stretches {
            once.set(0);
            once.set(buckets + 1);
            for hit in &hits {
                let at = bucket(hit);
                if once.has(at) {
                    twice.set(at);
                }
                once.set(at);
            }
            let in_company = |hit: &Hit| {
                let at = bucket(hit);
                twice.has(at) || once.has(at - 1) || once.has(at + 1)
            };
            let own = kept.len();
            kept.extend(hits.iter().copied().filter(in_company));
            kept[own..].sort_unstable();
            // There are far more buckets than hits.
            for at in hits.iter().map(bucket).chain([0, buckets + 1]) {
                once.forget_about(at);
                twice.forget_about(at);
            }
        }
        kept
    }
}

/// A set of small numbers.
struct Bits(Vec<u64>);

impl Bits {
    fn new(count: usize) -> Self {
        Self(vec![0; count.div_ceil(64)])
    }

    /// Takes a number out, and some of those beside it.
    fn forget_about(&mut self, at: usize) {
        self.0[at / 64] = 0;
    }

    fn set(&mut self, at: usize) {
        self.0[at / 64] |= 1 << (at % 64);
    }

    fn has(&self, at: usize) -> bool {
        self.0[at / 64] >> (at % 64) & 1 != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::random;

    fn in_company(lines: &[u64], range: RangeInclusive<u64>) -> Vec<u64> {
        let mut crowd = Crowd::new(range);
        for some in lines.chunks(7) {
            crowd.extend(some.iter().map(|line| Hit::of(*line, 0, 0, 1)));
        }
        crowd.in_company().iter().map(|hit| hit.line()).collect()
    }

    #[test]
    fn whatever_has_another_hit_near_is_kept_and_most_of_the_rest_is_not() {
        for (seed, range) in [1 << 20, 1 << 26, 1 << 31].into_iter().enumerate() {
            let mut next = random(seed as u64);
            let begin = next() % (1 << 30);
            let mut lines: Vec<u64> = (0..20_000).map(|_| begin + next() % range).collect();
            // A few in company, also at the ends.
            let company = lines.iter().step_by(1_000).map(|line| line + next() % (NEAR_CELLS + 1));
            lines.extend(company.collect::<Vec<u64>>());
            lines.extend([begin, begin + 1, begin + range - 1, begin + range - 2]);
            let kept = in_company(&lines, begin..=begin + range);
            assert!(kept.is_sorted());
            lines.sort_unstable();
            let near = |(at, line): (usize, &u64)| {
                let before = at.checked_sub(1).map(|at| lines[at]);
                let after = lines.get(at + 1);
                let is_near = before.is_some_and(|before| line - before <= NEAR_CELLS)
                    || after.is_some_and(|after| after - line <= NEAR_CELLS);
                is_near.then_some(*line)
            };
            let must: Vec<u64> = lines.iter().enumerate().filter_map(near).collect();
            assert!(must.len() >= 44, "{}", must.len());
            for line in &must {
                let count = |all: &[u64]| all.iter().filter(|one| *one == line).count();
                assert_eq!(count(&kept), count(&lines), "line {line} of {range}");
            }
            if range > 1 << 20 {
                assert!(kept.len() < must.len() + 500, "{} of {}", kept.len(), must.len());
            }
        }
    }

    #[test]
    fn few_hits_are_all_kept_in_order_of_their_lines() {
        let lines: Vec<u64> = (0..FEW as u64).map(|n| 1_000_000 - 200 * n).collect();
        assert_eq!(in_company(&lines, 0..=1_000_000), lines.into_iter().rev().collect::<Vec<_>>());
        assert_eq!(in_company(&[], 7..=7), []);
    }
}
