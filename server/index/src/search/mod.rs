//! From a query to its matches, in tiers from cheap to dear, ending with the first that is
//! certain.
//!
//! ```text
//! query        six samples of 300 codes
//!   | tier.rs, probe.rs     keys, at last also such as noise may have made others of
//!   | votes.rs, crowd.rs    posting lists -> clusters of votes on one line
//!   | evidence.rs           what each vote says, and so which clusters are worth a look
//!   | place.rs              a first look at the raw codes there
//!   | sketch/               one code a second: of what is as long as a whole sound, or would be at
//!   |                       another speed; of a library that is not large of everything
//!   | scan.rs, slices.rs    (small libraries, or asked for) each sample in every place there is
//! candidates   places in recordings where one sample may lie
//!   | core's align.rs       all samples together on the raw codes: one speed, one offset
//!   | told.rs               which of them are answers: rivals, near-duplicates, look-alikes
//! matches      recording, offset, confidence; best first; nothing below the threshold
//! ```

mod bit_rows;
mod closest;
mod counter;
mod crowd;
mod effort;
mod evidence;
mod look;
mod naive;
mod place;
mod scan;
mod sketch;
mod slices;
mod step;
mod tier;
mod told;
mod votes;
mod workers;

use std::collections::HashMap;

use onmon_core::align::{Alignment, Anchor, agreement, align};
use onmon_core::{SAMPLES_MAX, Sample, certainty};

use crate::band::Whole;
use crate::key::Sampling;
use crate::part::{Cost, IndexError, View};
use crate::probe::{Probe, Reach};
use crate::recordings::Ordinal;

pub use effort::{Effort, NotAnEffort};
use evidence::Evidence;
use step::Step;
use tier::Tier;
pub use told::{Match, SampleMatch};
use votes::Asking;

/// How far a search goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Depth {
    /// By keys and sketches; where nothing is certain then, by as much of a scan as takes no
    /// longer: of libraries of up to some thousand songs, or some ten thousand for queries of
    /// several samples.
    #[default]
    Usual,
    /// By keys and sketches alone.
    Keys,
    /// By these and then by a scan of everything: for queries of several samples of all sketches,
    /// some seconds for millions of songs, and sample by sample of all codes where that takes no
    /// more than a second, which for a query of one sample is up to some hundred thousand songs.
    Scan,
    /// By the naive scan and nothing else: what all others are measured by.
    Naive,
}

/// What was found for a query, and what it took.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// Best first.
    pub matches: Vec<Match>,
    /// What was read and compared.
    pub cost: Cost,
    /// The last tier that was asked: 1 whole keys of two samples, 2 of all samples, 3 the keys'
    /// first three codes, 4 sketches, 5 keys' first three codes with a few bits wrong, 6 the scan.
    pub tier: u8,
}

/// A place in a recording where a code of the query may lie.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Candidate {
    /// Number of the part,
    part: usize,
    /// of the recording in it,
    ordinal: Ordinal,
    /// of the query's sample, of the code in it
    sample: usize,
    code: usize,
    /// and which code of the recording that is.
    place: usize,
    /// How promising it looked, by whatever found it.
    look: f32,
}

/// What one step of a search finds.
#[derive(Default)]
struct Candidates {
    /// Where all samples together are nearest, of all places there are: each was a trial.
    of_all: Vec<Candidate>,
    /// Where something led.
    led_to: Vec<Candidate>,
}

/// Codes in a library in which each sample is asked for by itself.
const ALONE_CODES_MAX: u64 = 30_000_000;

/// Codes by which a candidate may lie off an alignment and still be the same one.
const SAME_LINE_CODES: u64 = 3;

/// How many times the threshold a match must reach for the search to end with it, whatever is
/// gathered: one that is barely certain may be a recording that shares a part with the right one,
/// which keys have missed, and what is shared comes through whole as well.
const SURE: f32 = 1.4;

/// Of the bits by which the query agrees with a recording where it is known to lie, how many
/// another place must have to be tried.
const OF_KNOWN_MIN: f32 = 0.8;

/// Of the look of a recording that is known, how promising another must look to be tried where that
/// one lies already: less would be a look-alike ([`told`]).
const OF_LOOK_MIN: f32 = 0.4;

/// A recording that the query was laid on.
struct Laid {
    codes: Vec<u8>,
    alignment: Alignment,
    /// Bits that agree there, as [`agreement`] counts them.
    agreement: i64,
    /// How promising it had looked.
    look: f32,
}

/// Every recording that was near enough so far.
type Best = HashMap<(usize, Ordinal), Laid>;

/// A query put to an index.
pub(crate) struct Search<'a> {
    pub parts: Vec<View<'a>>,
    pub query: Vec<Sample<'a>>,
    /// What the samples are all of, each told when it was heard. Most lie where they lie in it.
    pub whole: Option<Whole>,
    /// Codes of all recordings that live: to add them up takes a while where many are dead.
    pub codes: u64,
    /// A match has so many or more.
    pub deviations_min: f32,
    pub depth: Depth,
    pub effort: Effort,
}

impl Search<'_> {
    /// All matches of the first tier that is certain, best first. Of a query of which some samples
    /// are certain the others are asked on, by whole keys and their beginnings: they may be of
    /// another recording.
    pub(crate) fn identify(&self) -> Result<Found, IndexError> {
        let (mut best, mut cost) = (Best::new(), Cost::default());
        let mut open = vec![true; self.query.len()];
        let mut tier = 0;
        for (number, step) in self.steps() {
            if step.is_for_noise() && self.is_sure(&best) {
                break;
            }
            tier = number;
            let Candidates { of_all, led_to } = self.candidates(&step, &open, &mut cost)?;
            let least_of_all = certainty::deviations_min_of_all(self.codes);
            self.lay(&of_all, least_of_all.max(self.deviations_min), &mut best, &mut cost)?;
            self.lay(&led_to, self.deviations_min, &mut best, &mut cost)?;
            for (sample, open) in open.iter_mut().enumerate() {
                let explains =
                    |laid: &Laid| laid.alignment.agrees(sample) && self.sure_of(&laid.alignment);
                *open &= !best.values().any(explains);
            }
            if !open.contains(&true) {
                break;
            }
        }
        Ok(Found { matches: self.told(&best), cost, tier })
    }

    /// All recordings that any tier's candidates come so near to, at their nearest.
    pub(crate) fn nearest(&self) -> Result<Vec<Match>, IndexError> {
        let (mut best, mut cost) = (Best::new(), Cost::default());
        let (open, mut all) = (vec![true; self.query.len()], vec![]);
        for (_, step) in self.steps() {
            let Candidates { of_all, led_to } = self.candidates(&step, &open, &mut cost)?;
            all.extend([of_all, led_to].concat());
        }
        self.lay(&all, self.deviations_min, &mut best, &mut cost)?;
        Ok(self.told(&best))
    }

    fn is_sure(&self, best: &Best) -> bool {
        best.values().any(|laid| self.sure_of(&laid.alignment))
    }

    /// Whether there is no use in looking for a better one.
    fn sure_of(&self, alignment: &Alignment) -> bool {
        alignment.spread >= SURE * self.deviations_min
    }

    /// What one step finds, for the samples that are open.
    fn candidates(
        &self,
        step: &Step,
        open: &[bool],
        cost: &mut Cost,
    ) -> Result<Candidates, IndexError> {
        let Self { parts, query, codes, .. } = self;
        let led_to = match step {
            Step::Keys(tier) | Step::KeysInDoubt(tier) => self.by_keys(tier, open, cost)?,
            Step::AsLong(lengths) => sketch::as_long(parts, query, lengths, cost)?,
            Step::Sped(sound, lengths) => sketch::sped(parts, query, *sound, lengths, cost)?,
            Step::Anywhere => {
                let of_all = sketch::anywhere(parts, query, *codes, cost)?;
                return Ok(Candidates { of_all, ..Candidates::default() });
            }
            Step::Naive => naive::candidates(parts, query, cost)?,
            Step::Scan(extent) => scan::candidates(parts, query, *extent, *codes, cost)?,
        };
        Ok(Candidates { led_to, ..Candidates::default() })
    }

    /// The most promising candidates of a tier over all parts, for the samples that are open.
    fn by_keys(
        &self,
        tier: &Tier,
        open: &[bool],
        cost: &mut Cost,
    ) -> Result<Vec<Candidate>, IndexError> {
        let query = &self.query;
        let middle = |sample: &usize| (2 * sample + 1).abs_diff(query.len());
        let mut asked: Vec<usize> = (0..query.len()).filter(|&sample| open[sample]).collect();
        asked.sort_by_key(middle);
        asked.truncate(tier.samples);
        // Where votes are many, those of one sample are enough, and that several agree is a chance
        // more for songs of one tempo; in a large library keys are few and votes are scarce.
        let alone = self.codes <= ALONE_CODES_MAX;
        let (knows_when, reach) = (self.knows_when(), tier.reach);
        let asking = Asking { query, knows_when, reach, evidence: Evidence::of(query, reach) };
        let mut found = vec![];
        for together in asked.chunks(if alone { 1 } else { SAMPLES_MAX }) {
            let reach = match reach {
                Reach::BegunInDoubt(sets) => {
                    Reach::BegunInDoubt(sets.share(together.len(), asked.len()))
                }
                whole_or_begun => whole_or_begun,
            };
            // Parts of one sampling, as almost all are, are asked the same.
            let mut probes: Option<(Sampling, Vec<Probe>)> = None;
            for (number, part) in self.parts.iter().enumerate() {
                let sampling = part.source.sampling();
                let (_, probes) = match probes.take() {
                    Some(known) if known.0 == sampling => probes.insert(known),
                    _ => {
                        let asked = votes::asked(sampling, query, together, reach, tier.about);
                        probes.insert((sampling, asked))
                    }
                };
                let hits = votes::hits(&asking, part.source, probes, cost)?;
                let clusters = votes::clusters(&asking, &hits, tier.looked_at);
                let look = place::candidates(*part, number, query, &clusters, tier.look_min, cost);
                found.extend(look?);
            }
        }
        found.sort_by(|a, b| b.look.total_cmp(&a.look));
        found.truncate(tier.aligned);
        Ok(found)
    }

    /// Aligns the query at each candidate; keeps the recordings where that is certain, at their
    /// best.
    fn lay(
        &self,
        candidates: &[Candidate],
        least: f32,
        best: &mut Best,
        cost: &mut Cost,
    ) -> Result<(), IndexError> {
        let mut codes = vec![];
        for candidate in candidates {
            let at = (candidate.part, candidate.ordinal);
            let anchor =
                Anchor { sample: candidate.sample, code: candidate.code, place: candidate.place };
            // A recording that repeats itself is met in several places, of which the first need
            // not be the right one.
            if best.get(&at).is_some_and(|known| self.is_no_better(anchor, known)) {
                continue;
            }
            let outdone = |laid: &Laid| {
                laid.alignment.agrees(candidate.sample) && candidate.look < OF_LOOK_MIN * laid.look
            };
            if !best.contains_key(&at) && best.values().any(outdone) {
                continue;
            }
            let known = best.get(&at).map_or(0.0, |known| known.alignment.deviations);
            let source = &self.parts[candidate.part].source;
            source.read_codes(candidate.ordinal, &mut codes)?;
            cost.aligned += 1;
            let found = align(&self.query, &codes, anchor, least.max(known));
            // `align` gives up where it is plain that `least` is not reached; what it lets through
            // may still be less certain.
            let certain = |found: &Alignment| found.deviations >= least && found.deviations > known;
            if let Some(alignment) = found.filter(certain) {
                let agreement = agreement(&self.query, &codes, anchor, alignment.speed);
                let (codes, look) = (codes.clone(), candidate.look);
                best.insert(at, Laid { codes, alignment, agreement, look });
            }
        }
        Ok(())
    }

    /// Whether a candidate is on the line that is known, or far from agreeing as much as that does.
    fn is_no_better(&self, anchor: Anchor, known: &Laid) -> bool {
        let speed = known.alignment.speed;
        let there = agreement(&self.query, &known.codes, anchor, speed);
        lies_on(&self.query, anchor, &known.alignment)
            || (there as f32) < OF_KNOWN_MIN * known.agreement as f32
    }

    /// The answers among the recordings that were near enough.
    fn told(&self, best: &Best) -> Vec<Match> {
        let slot = |(part, ordinal): &(usize, Ordinal)| {
            self.parts[*part].source.recordings().row(*ordinal).slot
        };
        told::matches(&self.query, best.iter().map(|(at, laid)| (slot(at), laid)).collect())
    }
}

fn lies_on(query: &[Sample<'_>], anchor: Anchor, known: &Alignment) -> bool {
    let time = query[anchor.sample].start as f32 + anchor.code as f32;
    let there = known.offset_codes + (time * known.speed).round() as i64;
    there.abs_diff(anchor.place as i64) <= SAME_LINE_CODES
}

const _: () = assert!(SAMPLES_MAX <= 8, "a vote has 4 bits for its sample");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::Open;

    /// Codes that linger, as those of music do.
    fn song(seed: u32, codes: usize) -> Vec<u8> {
        let mut state = seed;
        let mut code = 0;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        (0..codes)
            .map(|_| {
                code ^= next() & next();
                code
            })
            .collect()
    }

    /// A query put to what is in memory, of 3,000 codes.
    fn asking<'a>(
        memory: &'a Open,
        query: &[Sample<'a>],
        deviations_min: f32,
        depth: Depth,
    ) -> Search<'a> {
        let (parts, query) = (vec![memory.view()], query.to_vec());
        Search {
            whole: None,
            parts,
            query,
            codes: 3_000,
            deviations_min,
            depth,
            effort: Effort::default(),
        }
    }

    #[test]
    fn nothing_below_the_threshold_is_told() {
        // Songs over one beat: a bar that each hides under sounds of its own.
        let bar = song(1, 32);
        let over = |seed: u32| -> Vec<u8> {
            let own = song(seed, 3_000);
            let both = own.iter().zip(bar.iter().cycle()).enumerate();
            both.map(|(i, (own, beat))| if i * 7 % 16 < 5 { *beat } else { *own }).collect()
        };
        let mut memory = Open::new(Sampling::default());
        memory.push(7, &over(2));
        let heard = over(3);
        let query = vec![Sample { start: 0, codes: &heard[..300] }];
        for tenths in (10..120).step_by(2) {
            let deviations_min = tenths as f32 / 10.0;
            let search = asking(&memory, &query, deviations_min, Depth::Scan);
            let told = search.identify().unwrap().matches;
            assert!(told.iter().all(|told| told.deviations >= deviations_min), "{told:?}");
        }
    }

    #[test]
    fn without_effort_nothing_that_takes_time_is_tried() {
        let mut memory = Open::new(Sampling::default());
        memory.push(7, &song(2, 3_000));
        let unknown = song(3, 300);
        let asked = |effort, depth| {
            let query = [Sample { start: 0, codes: &unknown }];
            let effort = Effort::new(effort).unwrap();
            let search = Search { effort, ..asking(&memory, &query, 9.0, depth) };
            let found = search.identify().unwrap();
            (found.tier, found.cost.scanned > 0)
        };
        assert_eq!(asked(0.0, Depth::Usual), (3, false));
        assert_eq!(asked(0.0, Depth::Keys), (3, false));
        assert_eq!(asked(0.0, Depth::Scan), (6, true), "asked for");
        assert_eq!(asked(1.0, Depth::Keys), (5, false));
        assert_eq!(asked(1.0, Depth::Usual), (6, true));
    }

    #[test]
    fn what_is_gathered_names_a_recording_and_does_not_end_the_search() {
        let whole = song(1, 3_000);
        let mut memory = Open::new(Sampling::default());
        memory.push(7, &whole);
        // As a part that two recordings share: the middle comes through whole, the rest not at all.
        let other = song(2, 300);
        let own = whole[900..1_200].iter().zip(&other).enumerate();
        let heard: Vec<u8> = own
            .map(|(i, (own, other))| if (90..210).contains(&i) { *own } else { *other })
            .collect();
        let query = vec![Sample { start: 0, codes: &heard }];
        let anchor = Anchor { sample: 0, code: 100, place: 1_000 };
        let alignment = align(&query, &whole, anchor, 1.0).unwrap();
        let asked = |deviations_min| {
            let search = asking(&memory, &query, deviations_min, Depth::Keys);
            let found = search.identify().unwrap();
            (found.matches.len(), found.tier)
        };
        // Enough with what is gathered and too little without it; then enough without it.
        let (all, spread) = (alignment.deviations / SURE, alignment.spread / SURE);
        assert!(all > 1.1 * spread, "nothing is gathered: {alignment:?}");
        assert_eq!(asked((all + spread) / 2.0), (1, 5));
        assert_eq!(asked(0.9 * spread), (1, 1));
    }

    #[test]
    fn a_recording_that_repeats_itself_is_met_at_its_best_place_not_at_the_first() {
        let verse = song(1, 900);
        // The same again, another singer: every fifth code is another.
        let again: Vec<u8> =
            verse.iter().enumerate().map(|(i, c)| if i % 5 == 0 { !c } else { *c }).collect();
        let whole = [&again[..], &song(2, 900), &verse, &song(3, 900)].concat();
        let mut memory = Open::new(Sampling::default());
        memory.push(7, &whole);
        let query = [Sample { start: 0, codes: &verse[300..600] }];
        let search = Search { codes: 2_700, ..asking(&memory, &query, 9.0, Depth::Keys) };
        let candidate =
            |place| Candidate { part: 0, ordinal: 0, sample: 0, code: 0, place, look: 0.0 };
        let certain = |candidates: &[Candidate]| {
            let mut best = Best::new();
            search.lay(candidates, 9.0, &mut best, &mut Cost::default()).unwrap();
            search.told(&best)
        };
        let places = [300, 2_100];
        for order in [places, [places[1], places[0]]] {
            let found = certain(&order.map(candidate));
            assert_eq!((found[0].slot, found[0].offset_ms), (7, 2_100 * 50), "{found:?}");
        }
        let first = certain(&[candidate(300)]);
        assert_eq!(first[0].offset_ms, 300 * 50, "a test that the first place would do too");
    }
}
