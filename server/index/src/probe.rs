//! What is looked up for a query: whole keys, their beginnings, and beginnings that noise may have
//! made others of; anywhere, or about when they were heard.
//!
//! A catalogue of millions is asked for whole keys first; what noise leaves of them, for their
//! beginnings.

use crate::band::Band;
use crate::doubt::{Census, Doubt, doubts};
use crate::key::{KEY_SPAN, LAST_BITS, LASTS, SPACING, Sampling, last_of, pack};
use crate::posting::{PHASES, Posting, shelf};

/// Postings that are looked up together, and how sure the query is of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Probe {
    /// The first shelf that they are on, and the last, all of one key's beginning.
    first: u32,
    last: u32,
    /// The key's last bits, where they must be there too.
    pub whole: Option<u8>,
    /// Which sample of the query it comes from.
    pub sample: u8,
    /// Which code of that sample.
    pub code: u16,
    /// -log P that they are what was there before noise, in [`crate::doubt::UNITS`]; 0 where
    /// nothing is doubted.
    pub doubt: u16,
}

impl Probe {
    /// Of a key's beginning in any phase; of no more than that key, if it must be there whole.
    pub(crate) fn anywhere(key: u32, whole: bool, sample: u8, code: u16, doubt: u16) -> Self {
        let phases = (0, PHASES - 1);
        let whole = whole.then_some(last_of(key) as u8);
        Self { whole, ..Self::of_phases(key, phases, sample, code, doubt) }
    }

    /// Of a key's beginning in these phases, from the first to the last.
    fn of_phases(key: u32, phases: (u32, u32), sample: u8, code: u16, doubt: u16) -> Self {
        let begun = key >> LAST_BITS;
        let (first, last) = (shelf(begun, phases.0, 0), shelf(begun, phases.1, LASTS as u32 - 1));
        Self { first, last, whole: None, sample, code, doubt }
    }

    /// The shelves that are read, from the first to the last.
    pub(crate) fn shelves(&self) -> (u32, u32) {
        (self.first, self.last)
    }

    /// Whether all phases are read.
    pub(crate) fn is_anywhere(&self) -> bool {
        self.last - self.first + 1 == PHASES * LASTS as u32
    }

    /// Of all phases, the share that is read.
    pub(crate) fn share(&self) -> f64 {
        f64::from(self.last - self.first + 1) / f64::from(PHASES * LASTS as u32)
    }

    /// The keys that are read, from the first to the last, where postings have no phases.
    pub(crate) fn keys(&self) -> (u32, u32) {
        let begun = Posting::first_of(self.first).begun() << LAST_BITS;
        match self.whole {
            Some(last) => (begun | u32::from(last), begun | u32::from(last)),
            None => (begun, begun | (LASTS as u32 - 1)),
        }
    }

    /// Whether it asks for this one of those that are read.
    pub(crate) fn takes(&self, posting: Posting) -> bool {
        self.whole.is_none_or(|last| posting.last() == usize::from(last))
    }
}

/// How much of a key must have survived to be looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// All of it.
    Whole,
    /// The first three.
    Begun,
    /// The first three but for some of their bits.
    BegunInDoubt(Sets),
}

/// How many sets of wrong bits are tried for all keys that are asked for together, the likeliest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sets {
    /// Wherever in a recording.
    pub anywhere: u64,
    /// These and the next likely ones about when they were heard; no more than those where that
    /// says nothing.
    pub about: u64,
}

impl Sets {
    /// A part of them.
    pub(crate) fn share(self, part: usize, of: usize) -> Self {
        let share = |sets: u64| sets * part as u64 / of.max(1) as u64;
        Self { anywhere: share(self.anywhere), about: share(self.about) }
    }
}

/// A sample whose keys are asked for.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub sample: u8,
    /// When its first code was heard, in codes.
    pub start: u32,
    pub codes: &'a [u8],
}

/// What to look up for the codes of one sample, as they are: whole keys or their beginnings,
/// anywhere or about when they were heard.
pub(crate) fn probes(
    sampling: Sampling,
    Asked { sample, start, codes }: Asked<'_>,
    whole: bool,
    about: bool,
    mut add: impl FnMut(Probe),
) {
    for (at, window) in codes.windows(KEY_SPAN).enumerate() {
        let Some(key) = sampling.key(window) else { continue };
        let anywhere = Probe::anywhere(key, whole, sample, at as u16, 0);
        if about {
            let of = |phases| {
                let there = Probe::of_phases(key, phases, sample, at as u16, 0);
                Probe { whole: anywhere.whole, ..there }
            };
            Band::about(u64::from(start) + at as u64).phases().map(of).for_each(&mut add);
        } else {
            add(anywhere);
        }
    }
}

/// The likeliest beginnings of keys that these samples had before noise, so many sets of wrong bits
/// in all or fewer: where bits are sure one key gets more of them, where they are not, fewer or
/// none. Of what they make of the keys, those are told that are kept.
pub(crate) fn likely<'a>(
    sampling: Sampling,
    samples: impl Iterator<Item = Asked<'a>>,
    sets: Sets,
) -> Vec<Probe> {
    let (mut keys, mut doubted) = (vec![], vec![]);
    for Asked { sample, start, codes } in samples {
        let costs = doubts(codes);
        for (at, window) in codes.windows(KEY_SPAN).enumerate() {
            if let Some(key) = pack(window) {
                let costs = [0, 1, 2].map(|code| costs[at + code * SPACING]);
                doubted.push(Doubt::of(&std::array::from_fn(|bit| costs[bit / 8][bit % 8])));
                keys.push((key, sample, at as u16, u64::from(start) + at as u64));
            }
        }
    }
    let census = Census::of(&doubted);
    let most = |sets: u64| census.most(sets.min(SETS_A_KEY * doubted.len() as u64));
    let [anywhere, about] = [sets.anywhere, sets.about].map(most);
    let mut all = vec![];
    for ((key, sample, code, time), doubt) in keys.into_iter().zip(&doubted) {
        doubt.sets(anywhere.max(about), |wrong, cost| {
            let key = key ^ wrong << LAST_BITS;
            if !sampling.keeps(key) {
                return;
            }
            if cost <= anywhere {
                all.push(Probe::anywhere(key, false, sample, code, cost as u16));
            } else {
                let of = |phases| Probe::of_phases(key, phases, sample, code, cost as u16);
                all.extend(Band::about(time).phases().map(of));
            }
        });
    }
    all
}

/// Sets of wrong bits for each key on average, at most: three times as many found fewer clips of
/// 5 s, for what they hit by chance hides what they were to find.
const SETS_A_KEY: u64 = 1_400;

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(codes: &[u8], reach: Reach) -> Vec<Probe> {
        let mut all = vec![];
        let asked = Asked { sample: 2, start: 0, codes };
        match reach {
            Reach::BegunInDoubt(sets) => {
                all = likely(Sampling::default(), [asked].into_iter(), sets);
            }
            _ => probes(Sampling::default(), asked, reach == Reach::Whole, false, |p| all.push(p)),
        }
        all
    }

    #[test]
    fn what_a_recording_keeps_its_query_asks_for() {
        let codes: Vec<u8> = (0..400_u32).map(|i| (i * i * 7 + i / 3) as u8).collect();
        let kept: Vec<(usize, u32)> = (0..codes.len())
            .filter_map(|at| Some((at, Sampling::default().key(&codes[at..])?)))
            .collect();
        assert!(kept.len() > 30, "{}", kept.len());
        let whole = asked(&codes, Reach::Whole);
        let keys: Vec<(usize, u32)> =
            whole.iter().map(|p| (usize::from(p.code), p.keys().0)).collect();
        assert_eq!(keys, kept);
        assert!(whole.iter().all(|p| p.keys().0 == p.keys().1 && p.sample == 2));
        let begun = asked(&codes, Reach::Begun);
        let reads = |p: &Probe, key: u32| p.keys().0 <= key && key <= p.keys().1;
        assert!(begun.iter().zip(&kept).all(|(p, (_, key))| reads(p, *key)));
        // A bit that stands alone after noise is the first to be doubted.
        let sets = Sets { anywhere: 48 * 391, ..Sets::default() };
        let mut still = 0;
        for (at, key) in &kept {
            let mut heard = codes.clone();
            let near = [heard[at + 2], heard[at + 4]];
            heard[at + 3] = near[0] & near[1] ^ 0x10;
            let wrong = (heard[at + 3] ^ codes[at + 3]).count_ones();
            let probes = asked(&heard, Reach::BegunInDoubt(sets));
            let asked = |p: &Probe| usize::from(p.code) == *at && reads(p, *key);
            still += usize::from(wrong <= 1 && probes.iter().any(asked));
            let keys = heard.len() - (KEY_SPAN - 1);
            assert!(probes.len() <= keys * 48 / 3, "{}", probes.len());
        }
        assert!(still > 0, "of {}", kept.len());
    }

    #[test]
    fn keys_about_a_time_are_those_anywhere_in_the_phases_they_were_heard_in() {
        let codes: Vec<u8> = (0..400_u32).map(|i| (i * i * 7 + i / 3) as u8).collect();
        let asked = Asked { sample: 2, start: 5_000, codes: &codes };
        for whole in [false, true] {
            let [mut anywhere, mut about] = [vec![], vec![]];
            probes(Sampling::default(), asked, whole, false, |probe| anywhere.push(probe));
            probes(Sampling::default(), asked, whole, true, |probe| about.push(probe));
            assert!(anywhere.iter().all(Probe::is_anywhere));
            for probe in &anywhere {
                let heard = crate::posting::phase((5_000 + u32::from(probe.code)) / 16);
                let posting = Posting::first_of(shelf(probe.first >> 8, heard, 7));
                let own = |other: &&Probe| other.code == probe.code;
                let there = about.iter().filter(own).filter(|other| {
                    other.first <= posting.shelf() && posting.shelf() <= other.last
                });
                assert_eq!(there.map(|other| other.whole).collect::<Vec<_>>(), [probe.whole]);
            }
            let share: f64 = about.iter().map(Probe::share).sum();
            assert!(share < anywhere.len() as f64 / 5.0, "{share}");
        }
    }

    #[test]
    fn likely_keys_are_asked_for_anywhere_and_less_likely_ones_about_when_they_were_heard() {
        let codes: Vec<u8> = (0..400_u32).map(|i| (i * i * 7 + i / 3) as u8).collect();
        let of = |anywhere, about| {
            let asked = Asked { sample: 0, start: 3_000, codes: &codes };
            likely(Sampling::default(), [asked].into_iter(), Sets { anywhere, about })
        };
        let sets = |probes: &[Probe]| {
            let mut all: Vec<(u16, u32, u16)> =
                probes.iter().map(|p| (p.code, p.keys().0, p.doubt)).collect();
            all.sort_unstable();
            all.dedup();
            all
        };
        let (mixed, plain) = (of(400 * 20, 400 * 80), of(400 * 80, 0));
        assert_eq!(sets(&mixed), sets(&plain), "the same keys");
        let (anywhere, about): (Vec<Probe>, Vec<Probe>) =
            mixed.iter().partition(|probe| probe.is_anywhere());
        assert!(anywhere.len() > 1_000 && about.len() > 2 * anywhere.len());
        let doubt = |probes: &[Probe]| probes.iter().map(|p| p.doubt).collect::<Vec<u16>>();
        assert!(doubt(&anywhere).iter().max() < doubt(&about).iter().min());
        for probe in about {
            // 3,000 codes and more are 2 min 30 s: the third turn's phases from 11 on.
            let cell = (3_000 + u32::from(probe.code)) / 16;
            let (first, last) = probe.shelves();
            let heard = shelf(first >> 8, crate::posting::phase(cell), 0);
            assert!(first <= heard + 16 && heard <= last + 16, "{probe:?}");
            assert!(probe.share() < 0.2);
        }
    }
}
