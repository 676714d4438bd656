//! Hits that are alone on their line are most of all hits, and say nothing: they are dropped before
//! the rest is sorted.

use super::votes::{Hit, NEAR_CELLS};

/// Lines of a bucket, at least as many as lie between two hits that count as near: such hits are in
/// the same bucket or in neighbouring ones.
const BUCKET_BITS: u32 = 2;

const _: () = assert!(NEAR_CELLS <= 1 << BUCKET_BITS);

/// Stretches of lines that are looked at one after the other, so that a stretch's buckets stay in
/// the cache.
const STRETCHES_BITS: u32 = 11;

/// Those hits that have another one in their bucket or beside it, stretch by stretch.
pub(super) fn not_alone(hits: &[Hit]) -> Vec<Hit> {
    let lines = hits.iter().map(|hit| hit.line());
    let (Some(first), Some(last)) = (lines.clone().min(), lines.max()) else { return vec![] };
    let bits = (last - first + 1).next_power_of_two().ilog2();
    let stretch_bits = bits.saturating_sub(STRETCHES_BITS).max(BUCKET_BITS);
    let stretch = |hit: &Hit| (hit.line() - first) >> stretch_bits;
    // A bucket each, and one on either side for the neighbouring stretches, where there may be
    // hits or not: what is near a border is taken to have company.
    let buckets = 1_usize << (stretch_bits - BUCKET_BITS);
    let (mut once, mut twice) = (Bits::new(buckets + 2), Bits::new(buckets + 2));
    let bucket = |hit: &Hit| {
        let line = (hit.line() - first) as usize % (1 << stretch_bits);
        1 + (line >> BUCKET_BITS)
    };
    let mut kept = vec![];
    for hits in ordered(hits, stretch).chunk_by(|a, b| stretch(a) == stretch(b)) {
        once.set(0);
        once.set(buckets + 1);
        for hit in hits {
            let at = bucket(hit);
            if once.has(at) {
                twice.set(at);
            }
            once.set(at);
        }
        let in_company = |hit: &&Hit| {
            let at = bucket(hit);
            twice.has(at) || once.has(at - 1) || once.has(at + 1)
        };
        kept.extend(hits.iter().filter(in_company));
        // There are far more buckets than hits.
        for at in hits.iter().map(bucket).chain([0, buckets + 1]) {
            once.forget_about(at);
            twice.forget_about(at);
        }
    }
    kept
}

/// The hits in order of a small number that each has, otherwise as they came.
pub(super) fn ordered(hits: &[Hit], number: impl Fn(&Hit) -> u64) -> Vec<Hit> {
    let number = |hit| number(hit) as usize;
    let mut places = vec![0_usize; 1 + hits.iter().map(number).max().unwrap_or(0)];
    hits.iter().for_each(|hit| places[number(hit)] += 1);
    let mut sum = 0;
    for place in &mut places {
        sum += std::mem::replace(place, sum);
    }
    let mut ordered = hits.to_vec();
    for hit in hits {
        let place = &mut places[number(hit)];
        ordered[*place] = *hit;
        *place += 1;
    }
    ordered
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

    #[test]
    fn whatever_has_another_hit_near_is_kept_and_most_of_the_rest_is_not() {
        for (seed, range) in [1 << 20, 1 << 26, 1 << 31].into_iter().enumerate() {
            let mut next = random(seed as u64);
            let begin = next() % (1 << 30);
            let mut lines: Vec<u64> = (0..20_000).map(|_| begin + next() % range).collect();
            // A few in company, also at the ends.
            let company = lines.iter().step_by(1_000).map(|line| line + next() % 3);
            lines.extend(company.collect::<Vec<u64>>());
            lines.extend([begin, begin + 2, begin + range - 1, begin + range - 2]);
            let hits: Vec<Hit> = lines.iter().map(|line| Hit::on_line(*line)).collect();
            let kept: Vec<u64> = not_alone(&hits).iter().map(|hit| hit.line()).collect();
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
        assert_eq!(not_alone(&[]).len(), 0);
    }
}
