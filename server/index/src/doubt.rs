//! Which bits of a query are most likely wrong, and so which keys it may have had before noise.
//!
//! A query carries no word on how sure its bits are. But codes linger, and a bit that its
//! neighbours in time share is right more often than one that stands alone.

/// What it costs to take a bit for wrong: log(P(right) / P(wrong)) in twentieths, by whether the
/// same bit agrees with it: 1 one code before, 2 one code after, 4 two before, 8 two after.
/// Measured on encoder 2's codes of validation music under Opus 8 kbit/s, pink and white noise,
/// speech and another song at 0 dB, and reverb (a third of all bits wrong): a bit that stands alone
/// is wrong in 45 of 100 cases, one amid its like in 18. Encoder 3's come within 10 of 100 of these
/// odds, and neither longer runs nor the other bits of the codes around say more (log-loss 0.553
/// with all of them, 0.553 without).
const COSTS: [u8; 16] = [4, 13, 13, 26, 5, 14, 11, 27, 4, 12, 15, 28, 5, 14, 14, 30];

/// Of log(P) above: so many are 1.
pub(crate) const UNITS: f64 = 20.0;

/// Bits of a key's first three codes.
pub(crate) const BITS: usize = 24;

/// What a set of wrong bits may cost beyond none: even where all are sure a key has a million.
const SPREAD: usize = 256;

/// And in all: 24 bits of which each is as likely wrong as right cost 333.
const COST_MAX: usize = 334 + SPREAD;

/// What it costs to take each bit of each code for wrong, the highest bit first.
pub(crate) fn doubts(codes: &[u8]) -> Vec<[u8; 8]> {
    let near = |at: usize, by: isize| {
        let there = at.saturating_add_signed(by).min(codes.len() - 1);
        !(codes[at] ^ codes[there])
    };
    let doubt = |at| {
        let alike = [-1, 1, -2, 2].map(|by| near(at, by));
        std::array::from_fn(|bit| {
            let set = |code: u8| usize::from(code >> (7 - bit) & 1);
            COSTS[alike.iter().rev().fold(0, |sum, &code| sum << 1 | set(code))]
        })
    };
    (0..codes.len()).map(doubt).collect()
}

/// How much it says for a place that a bit which costs so much to doubt is there as it was heard:
/// log of how much likelier that is where the query lies than where it does not, in [`UNITS`]. That
/// it is not there says as much less as it costs.
pub(crate) fn heard(cost: u8) -> f64 {
    UNITS * (2.0 / (1.0 + (-f64::from(cost) / UNITS).exp())).ln()
}

/// The bits of one key: what it costs to take each for wrong, and to take none for wrong.
pub(crate) struct Doubt {
    /// Cost and mask, the least first; the first bit of a key is the highest of [`BITS`].
    bits: [(u8, u32); BITS],
    none: usize,
}

impl Doubt {
    pub(crate) fn of(costs: &[u8; BITS]) -> Self {
        let mut bits: [(u8, u32); BITS] =
            std::array::from_fn(|bit| (costs[bit], 1 << (BITS - 1 - bit)));
        bits.sort_unstable();
        let right = |cost: &u8| UNITS * (-f64::from(*cost) / UNITS).exp().ln_1p();
        Self { bits, none: costs.iter().map(right).sum::<f64>().round() as usize }
    }

    /// Every set of wrong bits that costs so much or less, none among them: a mask, and what it
    /// costs.
    pub(crate) fn sets(&self, most: usize, mut found: impl FnMut(u32, usize)) {
        if let Some(left) = most.checked_sub(self.none).map(|left| left.min(SPREAD - 1)) {
            let mut told = |mask, unspent| found(mask, self.none + left - unspent);
            told(0, left);
            more(&self.bits, left, 0, &mut told);
        }
    }
}

fn more(bits: &[(u8, u32)], left: usize, mask: u32, found: &mut impl FnMut(u32, usize)) {
    for (at, &(cost, bit)) in bits.iter().enumerate() {
        let Some(left) = left.checked_sub(usize::from(cost)) else { break };
        found(mask | bit, left);
        more(&bits[at + 1..], left, mask | bit, found);
    }
}

/// How many sets of wrong bits there are at each cost, over all keys of a query.
pub(crate) struct Census([u64; COST_MAX]);

impl Census {
    pub(crate) fn of(keys: &[Doubt]) -> Self {
        let mut all = [0; COST_MAX];
        for key in keys {
            // Bit by bit, each in or out (the counting form of the knapsack problem).
            let mut own = [0_u32; SPREAD];
            own[0] = 1;
            for &(cost, _) in &key.bits {
                let without = own;
                let (_, from) = own.split_at_mut(usize::from(cost));
                from.iter_mut().zip(&without).for_each(|(with, without)| *with += without);
            }
            all.iter_mut().skip(key.none).zip(own).for_each(|(all, own)| *all += u64::from(own));
        }
        Self(all)
    }

    /// The cost up to which there are so many sets or fewer.
    pub(crate) fn most(&self, sets: u64) -> usize {
        let mut sum = 0;
        let reached = self.0.iter().take_while(|&&count| {
            sum += count;
            sum <= sets
        });
        reached.count().saturating_sub(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::random;

    #[test]
    fn a_bit_that_stands_alone_is_doubted_most() {
        let doubts = doubts(&[0, 0, 0b0001_0000, 0, 0, 0]);
        assert_eq!(doubts[2][3], COSTS[0]);
        assert_eq!(doubts[2][0], COSTS[15]);
        // The code after has only the one before it unlike.
        assert_eq!(doubts[3][3], COSTS[0b1110]);
        assert_eq!(super::doubts(&[]).len(), 0);
    }

    #[test]
    fn the_census_says_how_many_sets_there_are() {
        let mut next = random(1);
        let keys: Vec<Doubt> = (0..50)
            .map(|_| Doubt::of(&std::array::from_fn(|_| COSTS[next() as usize % 16])))
            .collect();
        let census = Census::of(&keys);
        for asked in [0, 1, 50, 2_000, 100_000] {
            let most = census.most(asked);
            let mut told = vec![];
            for (number, key) in keys.iter().enumerate() {
                key.sets(most, |mask, _| told.push((number, mask)));
            }
            let sum: u64 = census.0[..=most].iter().sum();
            assert!(most == 0 || (told.len() as u64) == sum, "{} {sum}", told.len());
            assert!(told.len() as u64 <= asked, "{} of {asked}", told.len());
            // The next would be too many; and none is told twice.
            assert!(sum + census.0[most + 1] > asked);
            let all = told.len();
            told.sort_unstable();
            told.dedup();
            assert_eq!(told.len(), all);
        }
    }

    #[test]
    fn the_likeliest_sets_are_those_of_the_least_sure_bits() {
        let mut costs = [30; BITS];
        (costs[3], costs[20]) = (4, 6);
        let (one, two) = (1 << (BITS - 1 - 3), 1 << (BITS - 1 - 20));
        let doubt = Doubt::of(&costs);
        let mut told = vec![];
        doubt.sets(doubt.none + 10, |mask, cost| told.push((mask, cost - doubt.none)));
        told.sort_unstable();
        assert_eq!(told, [(0, 0), (two, 6), (one, 4), (one | two, 10)]);
    }
}
