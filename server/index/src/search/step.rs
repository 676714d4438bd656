//! What a search tries one after another, from cheap to dear, until it is certain.

use super::scan::Extent;
use super::tier::{Known, TIERS, Tier, in_doubt};
use super::{Depth, Effort, Search};
use crate::band::Lengths;
use crate::part::View;

/// One way to find candidates.
pub(super) enum Step {
    /// By keys.
    Keys(Tier),
    /// By keys that noise may have made others of.
    KeysInDoubt(Tier),
    /// By the sketches of recordings that are as long as the sound.
    AsLong(Lengths),
    /// By the sketches of recordings that would be as long as the sound, of so many codes, if it
    /// were played faster or slower.
    Sped(u32, [Lengths; 2]),
    /// By all sketches.
    Anywhere,
    /// By all codes.
    Scan(Extent),
    /// By all codes, one after another.
    Naive,
}

/// Sketches that are laid, at most: a tenth of a second. Of 2 million songs a quarter of a million
/// are as long as one of the usual length.
const SKETCHES_MOST: f64 = 150_000.0;

/// And of those of what is played slower, or faster, of which less is laid.
const SPED_MOST: f64 = 250_000.0;

/// Codes in a library whose sketches are all gone through without being asked for: some hundredths
/// of a second on two cores.
const ANYWHERE_CODES: f64 = 2e8;

/// Codes of a query that is laid on all sketches and found nowhere, from which on little else is
/// tried: of 31 s of real music under noise, which came to 16 to 32 deviations, sketches miss half.
const ENOUGH_CODES: usize = 1_000;

/// How [`super::Found::tier`] tells them: keys are 1 and up.
const SKETCHES: u8 = TIERS.len() as u8 + 1;
const IN_DOUBT: u8 = SKETCHES + 1;
const SCAN: u8 = IN_DOUBT + 1;

impl Step {
    /// Whether it finds what others miss where noise has left too little, and nothing else.
    pub(super) fn is_for_noise(&self) -> bool {
        !matches!(self, Step::Keys(_))
    }
}

impl Search<'_> {
    /// All steps, each with its number. What it takes to plan those for noise is not done before it
    /// comes to them: most queries are certain by then.
    pub(super) fn steps(&self) -> impl Iterator<Item = (u8, Step)> {
        let keys =
            self.steps_by_keys().into_iter().map(|(number, tier)| (number, Step::Keys(tier)));
        keys.chain(std::iter::once_with(|| self.steps_for_noise()).flatten())
    }

    /// Of a whole sound keys are looked for about when they were heard first, which is an eighth as
    /// much to read: most copies begin as their recordings do. Others wait for what costs little.
    fn steps_by_keys(&self) -> Vec<(u8, Tier)> {
        let [two, all, begun] = [0, 1, 2].map(|at| (at as u8 + 1, TIERS[at]));
        let about = |(number, tier)| (number, Tier { about: true, ..tier });
        match self.knows_when() {
            _ if self.depth == Depth::Naive => vec![],
            false => vec![two, all, begun],
            true => vec![about(two), about(all), two, about(begun), all, begun],
        }
    }

    fn steps_for_noise(&self) -> Vec<(u8, Step)> {
        if self.depth == Depth::Naive {
            return vec![(SCAN, Step::Naive)];
        }
        let (mut steps, scan) = (vec![], self.scan());
        let of_several = self.query.len() > 1;
        let anywhere = of_several && self.codes <= self.effort.times(ANYWHERE_CODES);
        if self.effort != Effort::NONE {
            let as_long = self.as_long();
            let known = match (self.knows_when(), &as_long) {
                _ if anywhere && self.says_enough() => Known::Nowhere,
                (false, _) => Known::Nothing,
                (true, None) => Known::When,
                (true, Some((_, count))) => Known::Sketched(*count),
            };
            steps.extend(as_long.map(|(lengths, _)| (SKETCHES, Step::AsLong(lengths))));
            steps.extend(self.sped().map(|step| (SKETCHES, step)));
            steps.extend(anywhere.then_some((SKETCHES, Step::Anywhere)));
            // A scan finds more than doubted keys do, and where it is not asked for it is cheaper.
            if self.depth != Depth::Usual || scan.is_none() {
                let tier = in_doubt(self.codes, self.parts.len(), self.effort, known);
                steps.push((IN_DOUBT, Step::KeysInDoubt(tier)));
            }
        }
        let asked_for = self.depth == Depth::Scan && of_several && !anywhere;
        steps.extend(asked_for.then_some((SCAN, Step::Anywhere)));
        steps.extend(scan.map(|extent| (SCAN, Step::Scan(extent))));
        steps
    }

    /// Whether it is known about when the recording's keys occur, and can be asked for.
    pub(super) fn knows_when(&self) -> bool {
        let tells_when = |part: &View<'_>| part.source.recordings().begin_with_turns();
        self.whole.is_some() && self.parts.iter().all(tells_when)
    }

    /// Whether the query is long enough for its sketch to say that it lies nowhere.
    fn says_enough(&self) -> bool {
        self.query.iter().map(|sample| sample.codes.len()).sum::<usize>() >= ENOUGH_CODES
    }

    /// How long the recordings are whose sketches are laid, if any are, and how many.
    fn as_long(&self) -> Option<(Lengths, usize)> {
        let sound = self.whole?.codes?;
        Some(self.within_time(Lengths::about(sound), SKETCHES_MOST))
    }

    /// The same for a sound that is played at another speed.
    fn sped(&self) -> Option<Step> {
        let sound = self.whole?.codes?;
        let lengths = Lengths::at_other_speeds(sound);
        Some(Step::Sped(sound, lengths.map(|lengths| self.within_time(lengths, SPED_MOST).0)))
    }

    /// How many recordings are so long; where these are more than there is time for, those whose
    /// lengths are nearest.
    fn within_time(&self, mut lengths: Lengths, most: f64) -> (Lengths, usize) {
        let count = |lengths: &Lengths| -> usize {
            self.parts.iter().map(|part| part.source.recordings().count_so_long(lengths)).sum()
        };
        let most = self.effort.times(most) as usize;
        while count(&lengths) > most && lengths != lengths.narrowed() {
            lengths = lengths.narrowed();
        }
        let count = count(&lengths);
        (lengths, count)
    }

    /// What is scanned for, if anything.
    fn scan(&self) -> Option<Extent> {
        match self.depth {
            Depth::Keys | Depth::Naive => None,
            Depth::Scan => Extent::asked_for(&self.query, self.codes),
            Depth::Usual => Extent::usual(&self.query, self.codes, self.effort),
        }
    }
}
