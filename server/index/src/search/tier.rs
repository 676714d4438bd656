//! The tiers of a search by keys, from cheap to dear.

use onmon_core::SAMPLES_MAX;

use super::Effort;
use crate::probe::{Reach, Sets};

/// What a tier asks for, and how far it follows what it finds.
#[derive(Clone, Copy)]
pub(super) struct Tier {
    /// How much of a key must be there.
    pub reach: Reach,
    /// Whether only about when it was heard; what is in doubt says for itself which keys are.
    pub about: bool,
    /// The most samples that are asked for, those in the middle of the recording first: it has more
    /// to tell than its beginning and end.
    pub samples: usize,
    /// Clusters of votes that are looked at in each part.
    pub looked_at: usize,
    /// How promising they must look there ([`super::place`]).
    pub look_min: f32,
    /// Candidates of all parts that are aligned.
    pub aligned: usize,
}

/// From cheap to dear; that of [`in_doubt`] comes last. Keys that came through mostly leave a place
/// that looks like it: what looks less so is met again in doubt.
pub(super) const TIERS: [Tier; 3] = [
    Tier { samples: 2, looked_at: 128, aligned: 16, ..WHOLE },
    Tier { looked_at: 256, ..WHOLE },
    Tier { reach: Reach::Begun, looked_at: 1_024, ..WHOLE },
];

const WHOLE: Tier = Tier {
    reach: Reach::Whole,
    about: false,
    samples: SAMPLES_MAX,
    looked_at: 0,
    look_min: 7.0,
    aligned: 32,
};

/// The dearest tier, and one that noise needs: a tenth of a second or two on one core, whatever the
/// size of the library. A short query has fewer keys, and so more sets for each.
///
/// Of a whole sound less is tried, and most of it about when it was heard. Where sketches were laid
/// ([`super::sketch`]), most of what it may be is told: what is left to be found has another
/// beginning or length, and less is tried for it the longer they took.
pub(super) fn in_doubt(library_codes: u64, parts: usize, effort: Effort, known: Known) -> Tier {
    let usual = Usual::of(library_codes, parts);
    let (anywhere, about, looked_at) = match known {
        Known::Nothing => (usual.anywhere, 0.0, LOOKED_AT),
        Known::When => (usual.anywhere / 2.0, usual.about, LOOKED_AT / 2),
        Known::Sketched(sketches) => {
            let left = 1.0 - sketches as f64 / effort.times(SKETCHES).max(1) as f64;
            let left = left.max(LEFT_MIN);
            (usual.anywhere * 0.2 * left, usual.about * 0.35 * left, LOOKED_AT / 4)
        }
        Known::Nowhere => (usual.anywhere * 0.2, 0.0, LOOKED_AT / 4),
    };
    let [anywhere, about] = [anywhere, about].map(|sets| effort.times(sets));
    let sets = Sets { anywhere, about };
    let looked_at = (looked_at / parts.max(1)).max(LOOKED_AT_MIN);
    Tier { reach: Reach::BegunInDoubt(sets), looked_at, look_min: 3.5, ..WHOLE }
}

/// What there is to know of the recording.
#[derive(Clone, Copy, Debug)]
pub(super) enum Known {
    Nothing,
    /// About when its keys occur.
    When,
    /// And how long it is: so many sketches were laid.
    Sketched(usize),
    /// That it lies nowhere at its own speed, with all samples together: all sketches were laid.
    Nowhere,
}

/// Sketches that take as long as all keys in doubt may where there are none.
const SKETCHES: f64 = 180_000.0;

/// Of those keys, what is left however many sketches there are.
const LEFT_MIN: f64 = 0.25;

/// Clusters that are looked at in doubt, of one part that holds all, where nothing is expected of
/// the recording: at 2 million songs 4,096 found 188 queries in noise of 319, these 197 and twice
/// as many no more. Where it is known when keys occur, half as many find as many, and a quarter
/// where sketches were laid.
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
}

impl Usual {
    fn of(library_codes: u64, parts: usize) -> Self {
        let codes = library_codes.max(1) as f64;
        let most = SETS_MAX / parts.max(1) as f64;
        Self {
            anywhere: most.min(9e10 / codes.powf(2.0 / 3.0)),
            about: most.min(1.92e10 / codes.powf(0.54)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sets(library_codes: u64, effort: f64, known: Known) -> Sets {
        let effort = Effort::new(effort).unwrap();
        match in_doubt(library_codes, 2, effort, known).reach {
            Reach::BegunInDoubt(sets) => sets,
            _ => Sets::default(),
        }
    }

    #[test]
    fn twice_the_effort_is_twice_the_sets_of_wrong_bits() {
        for known in [Known::Nothing, Known::When, Known::Sketched(0)] {
            let [once, twice] = [1.0, 2.0].map(|effort| sets(10_800_000_000, effort, known));
            assert!(once.anywhere > 0 && twice.anywhere.abs_diff(2 * once.anywhere) <= 1);
            assert!(twice.about.abs_diff(2 * once.about) <= 1);
        }
    }

    #[test]
    fn the_more_is_known_of_the_recording_the_less_is_tried() {
        for codes in [1_000_000, 1_000_000_000, 10_800_000_000] {
            let known = [0, 90_000, 135_000, 1 << 40].map(Known::Sketched);
            let [nothing, when] =
                [Known::Nothing, Known::When].map(|known| sets(codes, 1.0, known));
            let [none, half, most, all] = known.map(|known| sets(codes, 1.0, known));
            assert_eq!(nothing.about, 0);
            assert!(when.anywhere <= nothing.anywhere && when.anywhere <= when.about);
            assert!(none.anywhere <= when.anywhere && none.about <= when.about);
            assert!(none.anywhere <= none.about && all.anywhere > 0);
            assert!((none.about / 2).abs_diff(half.about) <= 1);
            assert_eq!((most.about, most.anywhere), (all.about, all.anywhere));
            // At twice the effort they take half of it.
            let twice = sets(codes, 2.0, known[2]);
            assert!(twice.about > 4 * most.about);
        }
    }
}
