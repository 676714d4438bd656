//! The tiers of a search by keys, from cheap to dear.

use onmon_core::SAMPLES_MAX;

use super::Effort;
use crate::band::Lengths;
use crate::probe::{Reach, Sets};

/// What a tier asks for, and how far it follows what it finds.
pub(super) struct Tier {
    /// How much of a key must be there.
    pub reach: Reach,
    /// The most samples that are asked for, those in the middle of the recording first: it has more
    /// to tell than its beginning and end.
    pub samples: usize,
    /// Clusters of votes that are looked at in each part.
    pub looked_at: usize,
    /// How promising they must look there ([`super::place`]).
    pub look_min: f32,
    /// Candidates of all parts that are aligned.
    pub aligned: usize,
    /// Whether hits that are expected are looked at even if they are alone.
    pub expects: bool,
}

/// From cheap to dear; those of [`in_doubt`] come last. Keys that came through mostly leave a place
/// that looks like it: what looks less so is met again in doubt.
pub(super) const TIERS: [Tier; 3] = [
    Tier { samples: 2, looked_at: 128, aligned: 16, ..WHOLE },
    Tier { looked_at: 256, ..WHOLE },
    Tier { reach: Reach::Begun, looked_at: 1_024, ..WHOLE },
];

const WHOLE: Tier = Tier {
    reach: Reach::Whole,
    samples: SAMPLES_MAX,
    looked_at: 0,
    look_min: 7.0,
    aligned: 32,
    expects: true,
};

/// The dearest tiers, and those that noise needs: a tenth of a second or two on one core, whatever
/// the size of the library. A short query has fewer keys, and so more sets for each.
///
/// Of a whole sound whose length is known, first what is expected of its recording, then, with
/// less, what else may be: at 2 million songs that finds 20 of 40 queries in white noise that
/// begin 40 s later than the recording, and 29 of those that end 40 s before it, where all of the
/// time for it found 23 and 36.
pub(super) fn in_doubt(
    library_codes: u64,
    parts: usize,
    effort: Effort,
    lengths: Option<&Lengths>,
) -> Vec<Tier> {
    let sets = Usual::of(library_codes, parts);
    let tier = |sets: [f64; 3], looked_at: usize| {
        let [anywhere, about, as_long] = sets.map(|sets| effort.times(sets));
        let looked_at = (looked_at / parts.max(1)).max(LOOKED_AT_MIN);
        let reach = Reach::BegunInDoubt(Sets { anywhere, about, as_long });
        Tier { reach, looked_at, look_min: 3.5, expects: as_long > 0, ..WHOLE }
    };
    match lengths {
        None => vec![tier([sets.anywhere, 0.0, 0.0], LOOKED_AT)],
        Some(lengths) if !lengths.are_known() => {
            vec![tier([sets.anywhere / 2.0, sets.about, 0.0], LOOKED_AT / 2)]
        }
        Some(_) => {
            let other = [sets.anywhere / 4.0, sets.about * 0.3, 0.0];
            vec![tier([0.0, 0.0, sets.as_long], LOOKED_AT / 4), tier(other, LOOKED_AT / 2)]
        }
    }
}

/// Clusters that are looked at in doubt, of one part that holds all, where nothing is expected of
/// the recording: at 2 million songs 4,096 found 188 queries in noise of 319, these 197 and twice
/// as many no more. Where it is known when keys occur, half as many find as many (of 120 songs
/// played 3 % faster a quarter lost one), and of what is expected a quarter.
const LOOKED_AT: usize = 16_384;

/// In each of several parts, at least.
const LOOKED_AT_MIN: usize = 1_024;

/// Sets of wrong bits in one part, at most; in several each has its share.
const SETS_MAX: f64 = 400_000.0;

/// Sets of wrong bits that are tried for all keys of a query together, at the usual effort: as many
/// as the time allows, where all of it is for one kind.
#[derive(Clone, Copy)]
struct Usual {
    /// Anywhere a set costs more where there is more to read of it, 5 us at 2 million songs, 1 us
    /// at 200,000 and 0.2 us at 20,000, and in each part what it takes to look for a key that
    /// nobody has. Of 319 queries in noise at 2 million songs 8.25e10 for the constant found 190,
    /// 1.1e11 197 and 1.43e11 211.
    anywhere: f64,
    /// About a time there is less to read: 2.9 us at 2 million songs and 0.8 us at 200,000, in a
    /// slow hour. Of 240 such queries in noise at 2 million songs these 74,000 sets found 183 and
    /// twice as many 187.
    about: f64,
    /// In recordings as long as the sound there is little to follow of what is read: 1 us at 2
    /// million songs. Of 159 such queries in noise at 2 million songs 88,000 sets and what is left
    /// for other recordings found 135, where 74,000 about a time and half of those anywhere found
    /// 128 in as much time. Twice as many found 69 of 79, as many 66, half as many 63; at 200,000
    /// songs 76,000 found 215 of 238, 152,000 222, 381,000 229.
    as_long: f64,
}

impl Usual {
    fn of(library_codes: u64, parts: usize) -> Self {
        let codes = library_codes.max(1) as f64;
        let most = SETS_MAX / parts.max(1) as f64;
        Self {
            anywhere: most.min(9e10 / codes.powf(2.0 / 3.0)),
            about: most.min(1.92e10 / codes.powf(0.54)),
            as_long: most.min(1.9e7 / codes.powf(0.24)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sets(library_codes: u64, effort: f64, lengths: Option<&Lengths>) -> Vec<[u64; 3]> {
        let effort = Effort::new(effort).unwrap();
        let of = |tier: Tier| match tier.reach {
            Reach::BegunInDoubt(Sets { anywhere, about, as_long }) => [anywhere, about, as_long],
            _ => [0; 3],
        };
        in_doubt(library_codes, 2, effort, lengths).into_iter().map(of).collect()
    }

    #[test]
    fn twice_the_effort_is_twice_the_sets_of_wrong_bits() {
        let known = Lengths::about(5_400);
        for (lengths, tiers) in [(None, 1), (Some(&Lengths::ANY), 1), (Some(&known), 2)] {
            let [once, twice] = [1.0, 2.0].map(|effort| sets(10_800_000_000, effort, lengths));
            assert_eq!((once.len(), twice.len()), (tiers, tiers));
            for (once, twice) in once.iter().flatten().zip(twice.iter().flatten()) {
                assert!(twice.abs_diff(2 * once) <= 1);
            }
        }
    }

    #[test]
    fn what_is_known_of_the_recording_is_asked_for_first_and_most() {
        let known = Lengths::about(5_400);
        for codes in [1_000_000, 1_000_000_000, 10_800_000_000] {
            let [expected, other] = sets(codes, 1.0, Some(&known))[..] else { panic!("two tiers") };
            assert_eq!(expected[..2], [0, 0]);
            assert!(expected[2] >= other[1] && other[1] >= other[0] && other[2] == 0);
            let [when] = sets(codes, 1.0, Some(&Lengths::ANY))[..] else { panic!("one tier") };
            let [nothing] = sets(codes, 1.0, None)[..] else { panic!("one tier") };
            assert!(when[0] <= nothing[0] && when[0] <= when[1] && nothing[1..] == [0, 0]);
        }
    }
}
