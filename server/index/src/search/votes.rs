//! Posting lists to clusters: where in a part several keys of the query occur on one line.

use onmon_core::Sample;

use super::crowd::{not_alone, ordered};
use crate::key::{Probe, Reach, Sampling, likely, probes};
use crate::part::{Cost, IndexError, Lookup, Source};
use crate::recordings::CELL_CODES;

/// Lists of more postings than this say too little to be read, at each reach, in a part of so many
/// codes. In doubt the long ones cost most of the time: 64 instead of 1,024 at 20,000 songs lost
/// none of 80 queries in noise and took a third from the slowest; 256 at 200,000 songs lost 3 of 79
/// and took two fifths, for which more sets of wrong bits are tried.
fn postings_most(reach: Reach, codes: u64) -> usize {
    match reach {
        Reach::Whole | Reach::Begun => 4_096,
        Reach::BegunInDoubt(_) => (codes / 10_000).isqrt().max(64) as usize,
    }
}

/// Cells that votes may lie apart and still be of one line: a cell's own width on either side.
pub(super) const NEAR_CELLS: u64 = 2;

/// More hits than this are thinned out before they are sorted: more than any tier looks at one by
/// one, so that single hits would not be told.
const MANY: usize = 4_096;

/// Keeps lines positive whatever a sample's start.
const BIAS: u64 = 1 << 33;

/// Where a sample's codes may lie in a part, and how many of the query's keys say so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cluster {
    pub votes: usize,
    /// Which sample of the query, which code of it,
    pub sample: usize,
    pub code: usize,
    /// and the cell that this code's key occurs in.
    pub cell: u32,
}

/// The key of one code of the query that occurs in one cell: `line << 16 | sample << 12 | code`,
/// where a line is the cell that the query's beginning would lie in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Hit(u64);

impl Hit {
    fn new(query: &[Sample<'_>], probe: &Probe, cell: u32) -> Self {
        let time = time(query, usize::from(probe.sample), usize::from(probe.code));
        let line = (BIAS + u64::from(cell) * CELL_CODES as u64 - time) / CELL_CODES as u64;
        Self(line << 16 | u64::from(probe.sample) << 12 | u64::from(probe.code))
    }

    #[cfg(test)]
    pub(super) fn on_line(line: u64) -> Self {
        Self(line << 16)
    }

    pub(super) fn line(self) -> u64 {
        self.0 >> 16
    }

    fn cluster(self, query: &[Sample<'_>], votes: usize) -> Cluster {
        let (sample, code) = ((self.0 >> 12 & 0xf) as usize, (self.0 & 0xfff) as usize);
        // The line was rounded down.
        let up = CELL_CODES as u64 - 1;
        let codes = self.line() * CELL_CODES as u64 + time(query, sample, code) + up - BIAS;
        Cluster { votes, sample, code, cell: (codes / CELL_CODES as u64) as u32 }
    }
}

fn time(query: &[Sample<'_>], sample: usize, code: usize) -> u64 {
    u64::from(query[sample].start) + code as u64
}

/// What to look up for these samples in a part of this sampling, in order.
pub(super) fn asked(
    sampling: Sampling,
    query: &[Sample<'_>],
    samples: &[usize],
    reach: Reach,
) -> Vec<Probe> {
    let samples = samples.iter().map(|&sample| (sample as u8, query[sample].codes));
    let mut all = vec![];
    if let Reach::BegunInDoubt(sets) = reach {
        all = likely(sampling, samples, sets);
    } else {
        let whole = reach == Reach::Whole;
        for (sample, codes) in samples {
            probes(sampling, sample, codes, whole, |probe| all.push(probe));
        }
    }
    all.sort_unstable();
    all
}

/// Where keys occur in a part, in order of their lines.
pub(super) fn hits(
    source: &dyn Source,
    query: &[Sample<'_>],
    probes: &[Probe],
    reach: Reach,
    cost: &mut Cost,
) -> Result<Vec<Hit>, IndexError> {
    let mut hits: Vec<Hit> = vec![];
    source.look_up(&mut Lookup {
        probes,
        postings_most: postings_most(reach, source.recordings().codes()),
        cost,
        visit: &mut |probe, cells| {
            hits.extend(cells.iter().map(|&cell| Hit::new(query, probe, cell)));
        },
    })?;
    if hits.len() > MANY {
        hits = not_alone(&hits);
    }
    sort(&mut hits);
    hits.dedup();
    Ok(hits)
}

/// The clusters with the most votes, at most so many, the fullest first.
pub(super) fn clusters(query: &[Sample<'_>], hits: Vec<Hit>, most: usize) -> Vec<Cluster> {
    let mut clusters = near(&hits, most);
    clusters.sort_by_key(|(votes, _)| std::cmp::Reverse(*votes));
    clusters.truncate(most);
    clusters.into_iter().map(|(votes, hit)| hit.cluster(query, votes)).collect()
}

/// Groups of hits on lines near each other that no fuller group overlaps: how many, and the one in
/// the middle. Single hits are told only while there are few.
fn near(hits: &[Hit], most: usize) -> Vec<(usize, Hit)> {
    let least = if hits.len() <= most { 1 } else { 2 };
    let mut groups: Vec<(usize, Hit)> = vec![];
    let mut end = 0;
    for (first, hit) in hits.iter().enumerate() {
        while end < hits.len() && hits[end].line() <= hit.line() + NEAR_CELLS {
            end += 1;
        }
        if end - first < least {
            continue;
        }
        let group = (end - first, hits[first + (end - first) / 2]);
        match groups.last_mut() {
            Some(last) if group.1.line() <= last.1.line() + NEAR_CELLS => {
                if group.0 > last.0 {
                    *last = group;
                }
            }
            _ => groups.push(group),
        }
    }
    groups
}

/// Bits that a pass of the sort looks at.
const DIGIT_BITS: u32 = 11;

/// Sorts by line: millions of hits, so digit by digit (radix sort, least significant first).
fn sort(hits: &mut Vec<Hit>) {
    if hits.len() < 4_096 {
        hits.sort_unstable_by_key(|hit| hit.0);
        return;
    }
    // Lines are below 2^33, and equal lines stay in order of sample and code as they came.
    for shift in [0, DIGIT_BITS, 2 * DIGIT_BITS] {
        *hits = ordered(hits, |hit| hit.line() >> shift & ((1 << DIGIT_BITS) - 1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hits_tell_what_they_were_made_of_and_the_cell_within_one() {
        let codes = [0; 300];
        let query =
            [Sample { start: 0, codes: &codes }, Sample { start: u32::MAX - 300, codes: &codes }];
        for (sample, code, cell) in [(0, 0, 0), (1, 299, u32::MAX), (1, 17, 12_345), (0, 299, 0)] {
            let probe = Probe { first: 0, last: 0, sample, code };
            let cluster = Hit::new(&query, &probe, cell).cluster(&query, 1);
            assert_eq!(
                (cluster.sample, cluster.code, cluster.cell),
                (usize::from(sample), usize::from(code), cell)
            );
        }
    }

    #[test]
    fn many_hits_are_sorted_by_line() {
        let mut state = 1_u64;
        let mut hits: Vec<Hit> = (0..20_000)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                Hit(state >> 15)
            })
            .collect();
        let mut plain: Vec<u64> = hits.iter().map(|hit| hit.line()).collect();
        plain.sort_unstable();
        sort(&mut hits);
        assert_eq!(hits.iter().map(|hit| hit.line()).collect::<Vec<_>>(), plain);
    }

    #[test]
    fn votes_on_neighbouring_lines_are_one_group_and_the_fullest_wins() {
        let hits: Vec<Hit> = [10, 11, 11, 12, 40, 70, 72].map(|line| Hit(line << 16)).to_vec();
        let groups: Vec<(usize, u64)> = near(&hits, 3).iter().map(|g| (g.0, g.1.line())).collect();
        assert_eq!(groups, [(4, 11), (2, 72)]);
        assert_eq!(near(&hits, 100).len(), 3);
    }
}
