//! Which bits of a query are most likely wrong, and so which keys it may have had before noise.
//!
//! A query carries no word on how sure its bits are. But codes linger, and a bit that its
//! neighbours in time share is right more often than one that stands alone.

/// log(P(wrong) / P(right)) of a bit, by whether the same bit agrees with it: 1 one code before, 2
/// one code after, 4 two before, 8 two after. In hundredths. Measured on encoder 2's codes of
/// validation music under Opus 8 kbit/s, pink and white noise, speech and another song at 0 dB, and
/// reverb (a third of all bits wrong): a bit that stands alone is wrong in 45 of 100 cases, one
/// amid its like in 18.
const LOG_ODDS: [i32; 16] =
    [-22, -63, -63, -130, -23, -72, -56, -137, -22, -61, -74, -140, -26, -69, -68, -150];

/// Bits of a key's first three codes.
const BITS: usize = 24;

/// Of how many of the least sure bits two and three are flipped together.
const PAIRED: usize = 16;
const TRIPLED: usize = 10;

/// How likely each bit of each code is wrong: its log-odds, the highest bit first.
pub(crate) fn doubts(codes: &[u8]) -> Vec<[i32; 8]> {
    let near = |at: usize, by: isize| {
        let there = at.saturating_add_signed(by).min(codes.len() - 1);
        !(codes[at] ^ codes[there])
    };
    let doubt = |at| {
        let alike = [-1, 1, -2, 2].map(|by| near(at, by));
        std::array::from_fn(|bit| {
            let set = |code: u8| usize::from(code >> (7 - bit) & 1);
            LOG_ODDS[alike.iter().rev().fold(0, |sum, &code| sum << 1 | set(code))]
        })
    };
    (0..codes.len()).map(doubt).collect()
}

/// So many of the likeliest sets of wrong bits, given how likely each is wrong, that of none among
/// them: log(P(these are wrong) / P(none is)) in hundredths, and a mask of [`BITS`] bits, the first
/// the highest.
pub(crate) fn flips(doubts: &[i32], sets_most: usize) -> impl Iterator<Item = (i32, u32)> {
    let mut order: [usize; BITS] = std::array::from_fn(|bit| bit);
    order.sort_by_key(|&bit| std::cmp::Reverse(doubts[bit]));
    let mut sets: Vec<(i32, u32)> = vec![(0, 0)];
    for (i, &one) in order.iter().enumerate() {
        let (own, mask) = (doubts[one], 1 << (BITS - 1 - one));
        sets.push((own, mask));
        for (j, &two) in order.iter().enumerate().take(i.min(PAIRED)) {
            if i < PAIRED {
                let (both, mask) = (own + doubts[two], mask | 1 << (BITS - 1 - two));
                sets.push((both, mask));
                let third = order.iter().take(if i < TRIPLED { j } else { 0 });
                sets.extend(third.map(|&bit| (both + doubts[bit], mask | 1 << (BITS - 1 - bit))));
            }
        }
    }
    let likely = sets_most.clamp(1, sets.len());
    sets.select_nth_unstable_by_key(likely - 1, |&(odds, _)| std::cmp::Reverse(odds));
    sets.into_iter().take(likely)
}

/// log(P(none of these bits is wrong)) in hundredths.
pub(crate) fn none_wrong(doubts: &[i32]) -> i32 {
    let right = |odds: &i32| -100.0 * (f64::from(*odds) / 100.0).exp().ln_1p();
    doubts.iter().map(right).sum::<f64>() as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bit_that_stands_alone_is_doubted_most() {
        let doubts = doubts(&[0, 0, 0b0001_0000, 0, 0, 0]);
        assert_eq!(doubts[2][3], LOG_ODDS[0]);
        assert_eq!(doubts[2][0], LOG_ODDS[15]);
        // The code after has only the one before it unlike.
        assert_eq!(doubts[3][3], LOG_ODDS[0b1110]);
        assert_eq!(super::doubts(&[]).len(), 0);
    }

    #[test]
    fn the_likeliest_flips_are_those_of_the_least_sure_bits() {
        let mut doubts = [-150; BITS];
        (doubts[3], doubts[20]) = (-20, -30);
        let flips: Vec<u32> = flips(&doubts, 48).map(|(_, mask)| mask).collect();
        assert_eq!(flips.len(), 48);
        let (one, two) = (1 << (BITS - 1 - 3), 1 << (BITS - 1 - 20));
        for likely in [0, one, two, one | two] {
            assert!(flips.contains(&likely), "{likely:b}");
        }
        let mut unique = flips.clone();
        unique.sort_unstable();
        unique.dedup();
        assert_eq!(unique.len(), 48);
    }
}
