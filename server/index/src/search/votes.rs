//! Posting lists to clusters: where in a part several keys of the query occur on one line.

use std::cmp::Reverse;
use std::ops::{Range, RangeInclusive};

use onmon_core::Sample;

use super::crowd::Crowd;
use super::evidence::{Evidence, together};
use crate::band::{Band, Lengths};
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

/// What it says in addition that the recording is as long as the sound: 0.9 of those copies are (a
/// guess too), and a twentieth of all recordings.
const AS_LONG: u32 = 58;

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
            probes(sampling, asked, whole, |probe| all.push(probe));
        }
    }
    all.sort_unstable();
    all
}

/// Where keys occur in a part, in order of their lines.
pub(super) struct Hits {
    /// Where others are near, and what there is where they are few.
    in_company: Vec<Hit>,
    /// When they were heard, in recordings that are as long as the sound.
    expected: Vec<Hit>,
}

/// What is asked of each part, and how.
pub(super) struct Asking<'a> {
    pub query: &'a [Sample<'a>],
    /// Whether the query tells about when its keys occur.
    pub knows_when: bool,
    /// How long the recording is, where what is expected of it is looked for.
    pub expected: Option<&'a Lengths>,
    pub reach: Reach,
    pub evidence: Evidence,
}

/// Where keys occur in a part, in order of their lines.
pub(super) fn hits(
    asking: &Asking<'_>,
    source: &dyn Source,
    probes: &[Probe],
    cost: &mut Cost,
) -> Result<Hits, IndexError> {
    let Asking { query, reach, evidence, .. } = asking;
    let recordings = source.recordings();
    let as_long = asking.expected.map(|lengths| recordings.as_long(lengths));
    let mut crowd = Crowd::new(lines(query, recordings.cells()));
    let mut expected = vec![];
    source.look_up(&mut Lookup {
        probes,
        postings_most: postings_most(*reach, recordings.codes()),
        as_long: as_long.as_ref(),
        cost,
        visit: &mut |probe, read, postings| {
            let weights = evidence.of_probe(probe, read, recordings.cells());
            let key = Hit::in_first_cell(query, probe);
            let hit = |posting: &Posting| key.in_cell(posting.cell(), weights[posting.last()]);
            let time = time(query, usize::from(probe.sample), usize::from(probe.code));
            let band = Band::about(time);
            let is_when = |posting: &&Posting| band.has(posting.cell());
            let own = expected.len();
            if let Some(all) = &as_long {
                let as_long = postings.iter().filter(|posting| all.has(posting.cell()));
                expected.extend(as_long.filter(is_when).map(hit));
            }
            if probe.as_long {
                crowd.extend(expected[own..].iter().copied());
            } else if probe.is_anywhere() {
                crowd.extend(postings.iter().map(hit));
            } else {
                crowd.extend(postings.iter().filter(is_when).map(hit));
            }
        },
    })?;
    expected.sort_unstable();
    Ok(Hits { in_company: crowd.in_company(), expected })
}

/// The clusters that say most, at most so many, in order of their cells: so are the codes on disk
/// that they are compared with.
pub(super) fn clusters(asking: &Asking<'_>, hits: &Hits, most: usize) -> Vec<Cluster> {
    let query = asking.query;
    let group = |hits: &[Hit], group: Range<usize>| {
        let middle = hits[group.start + group.len() / 2];
        middle.cluster(query, together(&hits[group]))
    };
    let is_when = |cluster: &Cluster| {
        Band::about(time(query, cluster.sample, cluster.code)).has(cluster.cell)
    };
    let least = if hits.in_company.len() <= most { 1 } else { 2 };
    let mut clusters: Vec<Cluster> =
        near(&hits.in_company, least).into_iter().map(|own| group(&hits.in_company, own)).collect();
    if asking.knows_when {
        for cluster in clusters.iter_mut().filter(|cluster| is_when(cluster)) {
            cluster.evidence += WHEN_HEARD;
        }
    }
    // Alone or not: there are few of them.
    clusters.extend(near(&hits.expected, 1).into_iter().map(|own| {
        let mut cluster = group(&hits.expected, own);
        cluster.evidence += WHEN_HEARD + AS_LONG;
        cluster
    }));
    let by_evidence = |cluster: &Cluster| (Reverse(cluster.evidence), cluster.cell);
    if clusters.len() > most {
        clusters.select_nth_unstable_by_key(most, by_evidence);
        clusters.truncate(most);
    }
    let place = |cluster: &Cluster| (cluster.cell, cluster.sample, cluster.code);
    clusters.sort_unstable_by_key(|cluster| (place(cluster), Reverse(cluster.evidence)));
    // What is expected may have company too.
    clusters.dedup_by_key(|cluster| place(cluster));
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
        let met = |start, length, sets| -> [Vec<u64>; 2] {
            let query = [Sample { start, codes: &verse }];
            let reach = Reach::BegunInDoubt(sets);
            let probes = asked(memory.sampling(), &query, &[0], reach);
            let (evidence, lengths) = (Evidence::of(&query, reach), Lengths::about(length));
            let expected = Some(&lengths);
            let asking = Asking { query: &query, knows_when: true, expected, reach, evidence };
            let hits = hits(&asking, &memory, &probes, &mut Cost::default()).unwrap();
            // In which of the song's minutes.
            let minute = |hit: &Hit| u64::from(hit.cluster(&query, 0).cell) / 75;
            [hits.in_company, hits.expected].map(|hits| {
                hits.iter().map(minute).collect::<BTreeSet<u64>>().into_iter().collect()
            })
        };
        let anywhere = Sets { anywhere: 5_000, ..Sets::default() };
        let about = Sets { about: 5_000, ..Sets::default() };
        let as_long = Sets { as_long: 5_000, ..Sets::default() };
        assert_eq!(met(1_000, 6_000, anywhere), [vec![0, 1, 4], vec![]]);
        assert_eq!(met(1_300, 5_000, anywhere), [vec![0, 1, 4], vec![]]);
        assert_eq!(met(1_300, 6_000, anywhere), [vec![0, 1, 4], vec![1, 4]]);
        assert_eq!(met(1_300, 5_000, about), [vec![1, 4], vec![]], "the song's cells come round");
        assert_eq!(met(1_340, 6_000, about), [vec![1, 4], vec![1, 4]]);
        assert_eq!(met(1_500, 6_000, about), [vec![], vec![]]);
        assert_eq!(met(1_300, 5_000, as_long), [vec![], vec![]]);
        assert_eq!(met(1_340, 6_150, as_long), [vec![1, 4], vec![1, 4]]);
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
        let told = |knows_when, in_company: &[Hit], expected: &[Hit], most| -> Vec<u32> {
            let (reach, evidence) = (Reach::Whole, Evidence::of(&query, Reach::Whole));
            let asking = Asking { query: &query, knows_when, expected: None, reach, evidence };
            let hits = Hits { in_company: in_company.to_vec(), expected: expected.to_vec() };
            clusters(&asking, &hits, most).iter().map(|cluster| cluster.evidence).collect()
        };
        assert_eq!(told(false, &hits, &[], 9), [190, 180, 230]);
        assert_eq!(told(false, &hits, &[], 2), [190, 230]);
        // The first two begin when the query does or soon after.
        assert_eq!(told(true, &hits[..4], &[], 9), [190 + WHEN_HEARD, 180]);
        let as_long = WHEN_HEARD + AS_LONG;
        assert_eq!(told(true, &[], &hits[..1], 9), [100 + as_long], "alone");
        assert_eq!(told(true, &hits[..4], &hits[..2], 9), [190 + as_long, 180], "once");
    }
}
