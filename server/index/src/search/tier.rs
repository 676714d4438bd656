//! The tiers of a search by keys, from cheap to dear.

use onmon_core::SAMPLES_MAX;

use super::Effort;
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
    /// Candidates of all parts that are aligned.
    pub aligned: usize,
}

/// From cheap to dear; [`in_doubt`] comes last.
pub(super) const TIERS: [Tier; 3] = [
    Tier { reach: Reach::Whole, samples: 2, looked_at: 128, aligned: 16 },
    Tier { reach: Reach::Whole, samples: SAMPLES_MAX, looked_at: 256, aligned: 32 },
    Tier { reach: Reach::Begun, samples: SAMPLES_MAX, looked_at: 1_024, aligned: 32 },
];

/// The dearest tier, and the one that noise needs: a tenth of a second or two on one core, whatever
/// the size of the library. A short query has fewer keys, and so more sets for each.
pub(super) fn in_doubt(library_codes: u64, parts: usize, effort: Effort, knows_when: bool) -> Tier {
    let sets = sets(library_codes, parts, effort, knows_when);
    let most = if knows_when { LOOKED_AT / 2 } else { LOOKED_AT };
    let looked_at = (most / parts.max(1)).max(LOOKED_AT / 4);
    Tier { reach: Reach::BegunInDoubt(sets), samples: SAMPLES_MAX, looked_at, aligned: 32 }
}

/// Clusters that the dearest tier looks at, of one part that holds all: at 2 million songs 4,096
/// found 188 queries in noise of 319, these 197 and twice as many no more. Where it is known when
/// keys occur, half as many find as many.
const LOOKED_AT: usize = 16_384;

/// Of the sets of wrong bits, how many are still tried anywhere in a recording where it is known
/// when a key must occur: for copies that begin elsewhere than the recording does. Of 40 such
/// queries in noise at 2 million songs 0.5 found 22, 0.4 found 20.
const ANYWHERE: f64 = 0.5;

/// Sets of wrong bits that are tried for all keys of a query together: as many as that time allows.
///
/// Anywhere, a set costs more where there is more to read of it, 5 us at 2 million songs, 1 us at
/// 200,000 and 0.2 us at 20,000, and in each part what it takes to look for a key that nobody has.
/// Of 319 queries in noise at 2 million songs 8.25e10 for the constant found 190, 1.1e11 197 and
/// 1.43e11 211.
///
/// About a time there is less to read: 2.9 us at 2 million songs and 0.8 us at 200,000, in a slow
/// hour, are as many microseconds a query. Of 240 such queries in noise at 2 million songs these
/// 74,000 sets found 183 and twice as many 187, of 160 three quarters as many a tenth less; at
/// 200,000 a third more than these found no more.
fn sets(library_codes: u64, parts: usize, effort: Effort, knows_when: bool) -> Sets {
    let codes = library_codes.max(1) as f64;
    let most = 400_000.0 / parts.max(1) as f64;
    let all = most.min(9e10 / codes.powf(2.0 / 3.0));
    let (anywhere, about) = match knows_when {
        true => (ANYWHERE * all, most.min(1.92e10 / codes.powf(0.54))),
        false => (all, all),
    };
    Sets { anywhere: effort.times(anywhere), about: effort.times(about) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twice_the_effort_is_twice_the_sets_of_wrong_bits() {
        for knows_when in [false, true] {
            let of = |effort| sets(10_800_000_000, 2, Effort::new(effort).unwrap(), knows_when);
            let (once, twice) = (of(1.0), of(2.0));
            assert!(twice.anywhere.abs_diff(2 * once.anywhere) <= 1 && once.anywhere > 1_000);
            assert!(twice.about.abs_diff(2 * once.about) <= 1);
            assert_eq!(once.tells_when(), knows_when);
        }
    }
}
