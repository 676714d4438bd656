//! Keys: four codes spread over half a second, of the last a half, packed into 28 bits, and which
//! of them are looked up.
//!
//! Spread codes carry more than neighbouring ones, which are alike. The order of a key's bits is
//! that of its codes, so the keys that share their first three codes are neighbours in every
//! posting list: a shorter key is a range of keys. A catalogue of millions is asked for whole
//! keys first; what noise leaves of them, for their beginnings.
//!
//! One key of so many ([`Sampling`]) is kept, chosen by what it says and not by where it is: then a
//! query keeps the same keys as the recording, and asks as much less as there is less to find.

use crate::doubt::{Census, Doubt, doubts};

/// Codes between the codes of a key.
const SPACING: usize = 3;

/// Codes from a key's first to past its last.
pub(crate) const KEY_SPAN: usize = 3 * SPACING + 1;

/// Bits of a key: so many that in a catalogue of 2 million songs a list has ten postings, and no
/// more, because a posting takes as many bits as its key has (`segment/block.rs`: 2 + log2 of the
/// mean gap, with 4 postings a cell).
pub(crate) const KEY_BITS: u32 = 28;

/// Bits of a key that its first three codes do not decide.
const LAST_BITS: u32 = KEY_BITS - 24;

/// Those bits.
const LAST: u32 = (1 << LAST_BITS) - 1;

/// How many values the bits have that the first three codes do not decide.
pub(crate) const LASTS: usize = LAST as usize + 1;

/// Which keys an index keeps: one of so many, 1 to 64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sampling(u32);

impl Sampling {
    /// One of 4: a catalogue of 2 million songs fits 10 GB, and a clip of 5 s still has 16 keys.
    pub const ONE_OF_4: Self = Self(4);

    /// One key of `of`; `None` beyond 1 to 64.
    ///
    /// Fewer keys make a smaller index that is asked faster and finds less of what is short or
    /// noisy (`shared/design/server.md`, section 2.1).
    pub fn one_of(of: u32) -> Option<Self> {
        (1..=64).contains(&of).then_some(Self(of))
    }

    /// One key of so many.
    pub fn of(self) -> u32 {
        self.0
    }

    /// The key whose first code is the first of `codes`, if it is one that is kept; `None` too
    /// where fewer than [`KEY_SPAN`] are left or all four are the same code, as in silence.
    pub(crate) fn key(self, codes: &[u8]) -> Option<u32> {
        pack(codes).filter(|&key| self.keeps(key))
    }

    fn keeps(self, key: u32) -> bool {
        // A multiplicative hash (Knuth, The Art of Computer Programming, 6.4), its upper bits.
        let begun = key >> LAST_BITS;
        let hash = begun.wrapping_mul(0x9e37_79b1) >> 16;
        let steady = begun >> 8 == begun & 0xffff && key & LAST == key >> (KEY_BITS - LAST_BITS);
        hash < 0x1_0000 / self.0 && !steady
    }
}

/// [`Sampling::ONE_OF_4`].
impl Default for Sampling {
    fn default() -> Self {
        Self::ONE_OF_4
    }
}

/// Reads the number of which one key is kept.
impl std::str::FromStr for Sampling {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().ok().and_then(Self::one_of).ok_or("a number from 1 to 64")
    }
}

impl std::fmt::Display for Sampling {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Neighbouring keys that are looked up together, and how sure the query is of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Probe {
    /// The first.
    pub first: u32,
    /// The last.
    pub last: u32,
    /// Which sample of the query it comes from.
    pub sample: u8,
    /// Which code of that sample.
    pub code: u16,
    /// -log P that they are what was there before noise, in [`crate::doubt::UNITS`]; 0 where
    /// nothing is doubted.
    pub doubt: u16,
}

/// How much of a key must have survived to be looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// All of it.
    Whole,
    /// The first three.
    Begun,
    /// The first three but for some of their bits: so many sets of wrong ones for all keys that are
    /// asked for together, the likeliest.
    BegunInDoubt(u64),
}

/// What to look up for the codes of one sample, as they are.
pub(crate) fn probes(
    sampling: Sampling,
    sample: u8,
    codes: &[u8],
    whole: bool,
    mut add: impl FnMut(Probe),
) {
    for (at, window) in codes.windows(KEY_SPAN).enumerate() {
        if let Some(key) = sampling.key(window) {
            let last = if whole { 0 } else { LAST };
            let (first, last, code) = (key & !last, key | last, at as u16);
            add(Probe { first, last, sample, code, doubt: 0 });
        }
    }
}

/// The likeliest beginnings of keys that these samples had before noise, so many sets of wrong bits
/// in all or fewer: where bits are sure one key gets more of them, where they are not, fewer or
/// none. Of what they make of the keys, those are told that are kept.
pub(crate) fn likely<'a>(
    sampling: Sampling,
    samples: impl Iterator<Item = (u8, &'a [u8])>,
    sets: u64,
) -> Vec<Probe> {
    let (mut keys, mut doubted) = (vec![], vec![]);
    for (sample, codes) in samples {
        let costs = doubts(codes);
        for (at, window) in codes.windows(KEY_SPAN).enumerate() {
            if let Some(key) = pack(window) {
                let costs = [0, 1, 2].map(|code| costs[at + code * SPACING]);
                doubted.push(Doubt::of(&std::array::from_fn(|bit| costs[bit / 8][bit % 8])));
                keys.push((key, sample, at as u16));
            }
        }
    }
    let most = Census::of(&doubted).most(sets.min(SETS_A_KEY * doubted.len() as u64));
    let mut all = vec![];
    for ((key, sample, code), doubt) in keys.into_iter().zip(doubted) {
        doubt.sets(most, |wrong, cost| {
            let key = key ^ wrong << LAST_BITS;
            if sampling.keeps(key) {
                let (first, last, doubt) = (key & !LAST, key | LAST, cost as u16);
                all.push(Probe { first, last, sample, code, doubt });
            }
        });
    }
    all
}

/// Sets of wrong bits for each key on average, at most: three times as many found fewer clips of
/// 5 s, for what they hit by chance hides what they were to find.
const SETS_A_KEY: u64 = 1_400;

/// The bits that a key's first three codes do not decide.
pub(crate) fn last_of(key: u32) -> usize {
    (key & LAST) as usize
}

/// What it costs to doubt each of them, the highest first, for the key of the first code, where it
/// costs so much to doubt each bit of each code; `None` where no key begins.
pub(crate) fn doubts_of_last(costs: &[[u8; 8]]) -> Option<&[u8]> {
    costs.get(3 * SPACING)?.get(..LAST_BITS as usize)
}

/// The key of the first code, kept or not; `None` where fewer than [`KEY_SPAN`] are left.
pub(crate) fn pack(codes: &[u8]) -> Option<u32> {
    let run = codes.get(..KEY_SPAN)?;
    let all = u32::from_be_bytes([run[0], run[SPACING], run[2 * SPACING], run[3 * SPACING]]);
    Some(all >> (32 - KEY_BITS))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(codes: &[u8], reach: Reach) -> Vec<Probe> {
        let mut all = vec![];
        match reach {
            Reach::BegunInDoubt(sets) => {
                all = likely(Sampling::default(), [(2, codes)].into_iter(), sets);
            }
            _ => probes(Sampling::default(), 2, codes, reach == Reach::Whole, |p| all.push(p)),
        }
        all
    }

    #[test]
    fn keys_take_every_third_code_and_leave_silence_out() {
        assert_eq!(pack(&[1, 0, 0, 2, 0, 0, 3, 0, 0, 0x45]), Some(0x0010_2034));
        let all = Sampling::one_of(1).unwrap();
        assert_eq!(all.key(&[1, 0, 0, 2, 0, 0, 3, 0, 0, 0x45]), Some(0x0010_2034));
        assert!((0..=255).all(|code| all.key(&[code; 10]).is_none()));
        assert_eq!(all.key(&[1; 9]), None);
    }

    #[test]
    fn one_key_of_four_is_kept_whatever_its_last_code() {
        let kept = (0..1 << 20).filter(|n| Sampling::default().keeps(n << 8 | 1)).count();
        assert!((kept as f64 / f64::from(1 << 20) - 0.25).abs() < 0.01, "{kept}");
        assert!((0..200_u32).all(
            |n| Sampling::default().keeps(n << 4 | 1) == Sampling::default().keeps(n << 4 | 7)
        ));
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
            whole.iter().map(|p| (usize::from(p.code), p.first)).collect();
        assert_eq!(keys, kept);
        assert!(whole.iter().all(|p| p.first == p.last && p.sample == 2));
        let begun = asked(&codes, Reach::Begun);
        assert!(begun.iter().zip(&kept).all(|(p, (_, key))| (p.first..=p.last).contains(key)));
        // A bit that stands alone after noise is the first to be doubted.
        let mut still = 0;
        for (at, key) in &kept {
            let mut heard = codes.clone();
            let near = [heard[at + 2], heard[at + 4]];
            heard[at + 3] = near[0] & near[1] ^ 0x10;
            let wrong = (heard[at + 3] ^ codes[at + 3]).count_ones();
            let probes = asked(&heard, Reach::BegunInDoubt(48 * 391));
            let asked = |p: &Probe| usize::from(p.code) == *at && (p.first..=p.last).contains(key);
            still += usize::from(wrong <= 1 && probes.iter().any(asked));
            let keys = heard.len() - (KEY_SPAN - 1);
            assert!(probes.len() <= keys * 48 / 3, "{}", probes.len());
        }
        assert!(still > 0, "of {}", kept.len());
    }
}
