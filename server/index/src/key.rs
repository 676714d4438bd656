//! Keys: four codes spread over half a second, packed into 32 bits, and which of them say
//! anything.
//!
//! Spread codes carry about twice the bits of neighbouring ones (29 effective of 32 against 16 of
//! 24, `shared/design/fingerprint.md`, section 3): that keeps posting lists short.

/// Codes between the codes of a key.
const SPACING: usize = 3;

/// Codes from a key's first to past its last.
pub(crate) const KEY_SPAN: usize = 3 * SPACING + 1;

/// A key with fewer bits that move (differ one code earlier or later) is too common to look up:
/// silence, a held note.
const TRANSITIONS_MIN: u32 = 2;

/// The key whose first code is the first of `codes`; `None` where fewer than [`KEY_SPAN`] are
/// left or all four are the same code, as in silence.
pub(crate) fn key(codes: &[u8]) -> Option<u32> {
    let key = pack(codes, 0)?;
    (key != key.rotate_left(8)).then_some(key)
}

/// The key at `at` and those that differ from it in one unreliable bit, the key itself first.
///
/// A bit is unreliable where it differs from the same bit one code earlier or later: errors fall
/// there first (error rate 0.29 against 0.05, `shared/design/fingerprint.md`, section 5).
pub(crate) fn probes(codes: &[u8], at: usize, flips: bool) -> impl Iterator<Item = u32> {
    let key = codes.get(at..).and_then(key);
    let before = pack(codes, at.wrapping_sub(1));
    let after = pack(codes, at.wrapping_add(1));
    let same = key.unwrap_or(0);
    let moving = (before.unwrap_or(same) ^ same) | (after.unwrap_or(same) ^ same);
    let key = key.filter(|_| moving.count_ones() >= TRANSITIONS_MIN);
    let flipped = if flips { moving } else { 0 };
    key.into_iter().flat_map(move |key| {
        let bits = (0..32).filter(move |bit| flipped >> bit & 1 == 1);
        std::iter::once(key).chain(bits.map(move |bit| key ^ 1 << bit))
    })
}

fn pack(codes: &[u8], at: usize) -> Option<u32> {
    let run = codes.get(at..at.checked_add(KEY_SPAN)?)?;
    Some(u32::from_be_bytes([run[0], run[SPACING], run[2 * SPACING], run[3 * SPACING]]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_take_every_third_code_and_leave_silence_out() {
        assert_eq!(key(&[1, 0, 0, 2, 0, 0, 3, 0, 0, 4]), Some(0x0102_0304));
        assert_eq!(key(&[9; 10]), None);
        assert_eq!(key(&[1; 9]), None);
    }

    #[test]
    fn probes_flip_each_moving_bit_once() {
        let mut codes = [0b1111_0000_u8; 12];
        codes[4] = 0b1111_0011; // the code after the key's second (at 4 + 0): moves bits 0 and 1
        codes[5] = 0b0000_0000;
        let all: Vec<u32> = probes(&codes, 1, true).collect();
        let base = key(&codes[1..]).unwrap();
        assert_eq!(all[0], base);
        assert!(all[1..].iter().all(|probe| (probe ^ base).count_ones() == 1));
        assert_eq!(probes(&codes, 1, false).count(), 1);
        assert_eq!(probes(&[7; 12], 1, true).count(), 0);
        assert_eq!(probes(&codes, usize::MAX, true).count(), 0);
    }
}
