//! Posting lists to clusters: where in a part several keys of the query occur on one line.

use std::cmp::Reverse;
use std::ops::{Range, RangeInclusive};

use onmon_core::Sample;

use super::crowd::Crowd;
use super::evidence::{Evidence, together};
use crate::band::Band;
use crate::key::Sampling;
use crate::part::{Cost, IndexError, Lookup, Source};
use crate::posting::Posting;
use crate::probe::{Asked, Probe, Reach, likely, probes};
use crate::recordings::CELL_CODES;

/// Lists of more postings than this say too little to be read, at each reach, in a part of so many
/// codes. In doubt the long ones cost most of the time, and have most of what is to be found: at 2
/// million songs half of this found 127 queries of 319 in noise instead of 197 in three quarters of
/// the time, twice as much and three fifths of the sets of wrong bits 183 in as much time. About a
/// time it is a limit of what is read: twice as much found 134 of 160 instead of 130 in a sixth
/// more time.
fn postings_most(reach: Reach, codes: u64) -> usize {
    match reach {
        Reach::Whole | Reach::Begun => 4_096,
        Reach::BegunInDoubt(_) => (codes / 10_000).isqrt().max(64) as usize,
    }
}

/// Cells that votes may lie apart and still be of one line: as much as rounding moves them. At
/// another speed those of one sample drift by no more, those of different samples do.
pub(super) const NEAR_CELLS: u64 = 1;

/// What it says for a place that it is when it was heard, in [`crate::doubt::UNITS`]: 0.8 of all
/// copies begin so near to where the recording begins (a guess, that most do), and a twentieth of
/// what is met by chance, so ln(0.8 / 0.05) more, and ln(0.2 / 0.95) less where it is not.
const WHEN_HEARD: u32 = 87;

/// Keeps lines positive whatever a sample's start.
const BIAS: u64 = 1 << 33;

/// Where a sample's codes may lie in a part, and how much the query's keys say for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cluster {
    pub evidence: u32,
    /// Which sample of the query, which code of it,
    pub sample: usize,
    pub code: usize,
    /// and the cell that this code's key occurs in.
    pub cell: u32,
}

/// The key of one code of the query that occurs in one cell: `line << 31 | sample << 27`, with the
/// code in the bits from 15 on and the weight below. A line is the cell that the query's beginning
/// would lie in, the weight how much the key says for it ([`super::evidence`]).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Hit(u64);

impl Hit {
    /// The most that a hit can say.
    pub(super) const WEIGHT_MAX: u16 = (1 << Self::WEIGHT_BITS) - 1;

    const WEIGHT_BITS: u32 = 15;
    const CODE_BITS: u32 = 12;
    const HEARD_BITS: u32 = Self::CODE_BITS + 4;

    /// Of a probe's key in the part's first cell, were it there: all others lie so many lines
    /// further as their cells do.
    fn in_first_cell(query: &[Sample<'_>], probe: &Probe) -> Self {
        let time = time(query, usize::from(probe.sample), usize::from(probe.code));
        Self::of((BIAS - time) / CELL_CODES as u64, probe.sample, probe.code, 0)
    }

    /// The same key in another cell, where it says so much.
    fn in_cell(self, cell: u32, weight: u16) -> Self {
        let lines = u64::from(cell) << (Self::HEARD_BITS + Self::WEIGHT_BITS);
        Self((self.0 + lines) | u64::from(weight))
    }

    pub(super) fn of(line: u64, sample: u8, code: u16, weight: u16) -> Self {
        let heard = u64::from(sample) << Self::CODE_BITS | u64::from(code);
        let place = line << Self::HEARD_BITS | heard;
        Self(place << Self::WEIGHT_BITS | u64::from(weight.min(Self::WEIGHT_MAX)))
    }

    pub(super) fn line(self) -> u64 {
        self.0 >> (Self::HEARD_BITS + Self::WEIGHT_BITS)
    }

    /// Sample and code as one number, in order of time.
    pub(super) fn heard(self) -> u64 {
        self.0 >> Self::WEIGHT_BITS & ((1 << Self::HEARD_BITS) - 1)
    }

    pub(super) fn weight(self) -> u32 {
        (self.0 & u64::from(Self::WEIGHT_MAX)) as u32
    }

    fn cluster(self, query: &[Sample<'_>], evidence: u32) -> Cluster {
        let sample = (self.heard() >> Self::CODE_BITS) as usize;
        let code = (self.heard() & ((1 << Self::CODE_BITS) - 1)) as usize;
        // The line was rounded down.
        let up = CELL_CODES as u64 - 1;
        let codes = self.line() * CELL_CODES as u64 + time(query, sample, code) + up - BIAS;
        Cluster { evidence, sample, code, cell: (codes / CELL_CODES as u64) as u32 }
    }
}

fn time(query: &[Sample<'_>], sample: usize, code: usize) -> u64 {
    u64::from(query[sample].start) + code as u64
}

/// The lines on which keys may occur in a part of so many cells.
fn lines(query: &[Sample<'_>], cells: u32) -> RangeInclusive<u64> {
    let last = query.iter().map(|sample| u64::from(sample.start) + sample.codes.len() as u64).max();
    (BIAS - last.unwrap_or(0)) / CELL_CODES as u64..=BIAS / CELL_CODES as u64 + u64::from(cells)
}

/// What to look up for these samples in a part of this sampling, in order.
pub(super) fn asked(
    sampling: Sampling,
    query: &[Sample<'_>],
    samples: &[usize],
    reach: Reach,
    about: bool,
) -> Vec<Probe> {
    let samples = samples.iter().map(|&sample| {
        let Sample { start, codes } = query[sample];
        Asked { sample: sample as u8, start, codes }
    });
    let mut all = vec![];
    if let Reach::BegunInDoubt(sets) = reach {
        all = likely(sampling, samples, sets);
    } else {
        let whole = reach == Reach::Whole;
        for asked in samples {
            probes(sampling, asked, whole, about, |probe| all.push(probe));
        }
    }
    all.sort_unstable();
    all
}

/// What is asked of each part, and how.
pub(super) struct Asking<'a> {
    pub query: &'a [Sample<'a>],
    /// Whether the query tells about when its keys occur.
    pub knows_when: bool,
    pub reach: Reach,
    pub evidence: Evidence,
}

/// Where keys occur in a part, in order of their lines.
pub(super) fn hits(
    asking: &Asking<'_>,
    source: &dyn Source,
    probes: &[Probe],
    cost: &mut Cost,
) -> Result<Vec<Hit>, IndexError> {
    let Asking { query, reach, evidence, .. } = asking;
    let recordings = source.recordings();
    let mut crowd = Crowd::new(lines(query, recordings.cells()));
    source.look_up(&mut Lookup {
        probes,
        postings_most: postings_most(*reach, recordings.codes()),
        cost,
        visit: &mut |probe, postings| {
            let weights = evidence.of_probe(probe, postings.len(), recordings.cells());
            let key = Hit::in_first_cell(query, probe);
            let hit = |posting: &Posting| key.in_cell(posting.cell(), weights[posting.last()]);
            if probe.is_anywhere() {
                crowd.extend(postings.iter().map(hit));
            } else {
                let time = time(query, usize::from(probe.sample), usize::from(probe.code));
                let band = Band::about(time);
                let about = postings.iter().filter(|posting| band.has(posting.cell()));
                crowd.extend(about.map(hit));
            }
        },
    })?;
    Ok(crowd.in_company())
}

/// The clusters that say most, at most so many, in order of their cells: so are the codes on disk
/// that they are compared with.
pub(super) fn clusters(asking: &Asking<'_>, hits: &[Hit], most: usize) -> Vec<Cluster> {
    let query = asking.query;
    let group = |group: Range<usize>| {
        let middle = hits[group.start + group.len() / 2];
        let mut cluster = middle.cluster(query, together(&hits[group]));
        let is_when = || Band::about(time(query, cluster.sample, cluster.code)).has(cluster.cell);
        if asking.knows_when && is_when() {
            cluster.evidence += WHEN_HEARD;
        }
        cluster
    };
    let least = if hits.len() <= most { 1 } else { 2 };
    let mut clusters: Vec<Cluster> = near(hits, least).into_iter().map(group).collect();
    let by_evidence = |cluster: &Cluster| (Reverse(cluster.evidence), cluster.cell);
    if clusters.len() > most {
        clusters.select_nth_unstable_by_key(most, by_evidence);
        clusters.truncate(most);
    }
    clusters.sort_unstable_by_key(|cluster| cluster.cell);
    clusters
}

/// Groups of so many hits or more on lines near each other that no fuller group overlaps.
fn near(hits: &[Hit], least: usize) -> Vec<Range<usize>> {
    let mut groups: Vec<Range<usize>> = vec![];
    let mut end = 0;
    for (first, hit) in hits.iter().enumerate() {
        while end < hits.len() && hits[end].line() <= hit.line() + NEAR_CELLS {
            end += 1;
        }
        let group = first..end;
        if group.len() < least {
            continue;
        }
        match groups.last_mut() {
            Some(last) if hit.line() <= hits[last.start].line() + NEAR_CELLS => {
                if group.len() > last.len() {
                    *last = group;
                }
            }
            _ => groups.push(group),
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::memory::Memory;
    use crate::probe::Sets;
    use crate::random::random;

    #[test]
    fn hits_tell_what_they_were_made_of_and_the_cell_within_one() {
        let codes = [0; 300];
        let query =
            [Sample { start: 0, codes: &codes }, Sample { start: u32::MAX - 300, codes: &codes }];
        for (sample, code, cell) in [(0, 0, 0), (1, 299, u32::MAX), (1, 17, 12_345), (0, 299, 0)] {
            let probe = Probe::anywhere(0, true, sample, code, 0);
            let hit = Hit::in_first_cell(&query, &probe).in_cell(cell, 1_234);
            let cluster = hit.cluster(&query, 70);
            assert_eq!(
                (cluster.sample, cluster.code, cluster.cell),
                (usize::from(sample), usize::from(code), cell)
            );
            assert_eq!((hit.weight(), cluster.evidence), (1_234, 70));
            assert!(lines(&query, u32::MAX).contains(&hit.line()));
        }
    }

    #[test]
    fn votes_on_neighbouring_lines_are_one_group_and_the_fullest_wins() {
        let hits = [10, 11, 11, 12, 40, 70, 71].map(|line| Hit::of(line, 0, 0, 1));
        assert_eq!(near(&hits, 2), [0..3, 5..7]);
        assert_eq!(near(&hits, 1).len(), 4);
    }

    #[test]
    fn what_is_asked_for_about_a_time_is_met_there_and_nowhere_else() {
        let mut next = random(3);
        let verse: Vec<u8> = (0..100).map(|_| next() as u8).collect();
        // The same at 0 s, at 65 s, and a turn after that.
        let mut song = vec![0; 6_000];
        for at in [0, 1_300, 1_300 + 4_096] {
            song[at..at + 100].copy_from_slice(&verse);
        }
        let mut memory = Memory::new(Sampling::default());
        memory.push(7, &song);
        let met = |start, sets| -> Vec<u64> {
            let query = [Sample { start, codes: &verse }];
            let reach = Reach::BegunInDoubt(sets);
            let probes = asked(memory.sampling(), &query, &[0], reach, false);
            let evidence = Evidence::of(&query, reach);
            let asking = Asking { query: &query, knows_when: true, reach, evidence };
            let hits = hits(&asking, &memory, &probes, &mut Cost::default()).unwrap();
            // In which of the song's minutes.
            let minute = |hit: &Hit| u64::from(hit.cluster(&query, 0).cell) / 75;
            hits.iter().map(minute).collect::<BTreeSet<u64>>().into_iter().collect()
        };
        let anywhere = Sets { anywhere: 5_000, ..Sets::default() };
        let about = Sets { about: 5_000, ..Sets::default() };
        assert_eq!(met(1_000, anywhere), [0, 1, 4]);
        assert_eq!(met(1_300, about), [1, 4], "the song's cells come round");
        assert_eq!(met(1_340, about), [1, 4]);
        assert_eq!(met(1_500, about), []);
    }

    #[test]
    fn those_are_told_that_say_most() {
        let codes = [0; 300];
        let query = [Sample { start: 0, codes: &codes }];
        let line = |at: u32| BIAS / CELL_CODES as u64 + u64::from(at);
        let of = |at, weights: [u16; 2]| {
            [10, 100].map(|code| Hit::of(line(at), 0, code, weights[usize::from(code == 100)]))
        };
        let hits = [of(3, [100, 90]), of(50, [90, 90]), of(500, [120, 110])].concat();
        let told = |knows_when, hits: &[Hit], most| -> Vec<u32> {
            let (reach, evidence) = (Reach::Whole, Evidence::of(&query, Reach::Whole));
            let asking = Asking { query: &query, knows_when, reach, evidence };
            clusters(&asking, hits, most).iter().map(|cluster| cluster.evidence).collect()
        };
        assert_eq!(told(false, &hits, 9), [190, 180, 230]);
        assert_eq!(told(false, &hits, 2), [190, 230]);
        // The first two begin when the query does or soon after.
        assert_eq!(told(true, &hits[..4], 9), [190 + WHEN_HEARD, 180]);
    }
}
