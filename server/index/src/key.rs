//! Keys: four codes spread over half a second, of the last a half, packed into 28 bits, and which
//! of them are looked up.
//!
//! Spread codes carry more than neighbouring ones, which are alike. The order of a key's bits is
//! that of its codes, so the keys that share their first three codes are neighbours in every
//! posting list (`posting.rs`): a shorter key is a range of keys.
//!
//! One key of so many ([`Sampling`]) is kept, chosen by what it says and not by where it is: then a
//! query keeps the same keys as the recording, and asks as much less as there is less to find.

/// Codes between the codes of a key.
pub(crate) const SPACING: usize = 3;

/// Codes from a key's first to past its last.
pub(crate) const KEY_SPAN: usize = 3 * SPACING + 1;

/// Bits of a key: so many that in a catalogue of 2 million songs a list has ten postings, and no
/// more, because a posting takes as many bits as its key has (`segment/block.rs`: 2 + log2 of the
/// mean gap, with 4 postings a cell).
pub(crate) const KEY_BITS: u32 = 28;

/// Bits of a key that its first three codes do not decide.
pub(crate) const LAST_BITS: u32 = KEY_BITS - 24;

/// How many values these have.
pub(crate) const LASTS: usize = 1 << LAST_BITS;

/// Those bits.
const LAST: u32 = LASTS as u32 - 1;

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

    /// Whether it is one that is kept.
    pub(crate) fn keeps(self, key: u32) -> bool {
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
}
