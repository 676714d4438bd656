//! Bit errors as sound has them that was degraded, or played again: most where a bit moves.
//!
//! Measured on 19 degradations of 40 excerpts each, encoder 2 (error rate of all bits, of those
//! that equal both neighbours in time, of those that differ from one, from both):
//!
//! ```text
//! condition   all    steady  from one  from both
//! clean       0.074  0.015   0.133     0.200      cut off the 50-ms grid
//! mp3_32      0.090  0.025   0.155     0.240
//! gsm         0.139  0.068   0.208     0.306
//! opus_8      0.200  0.132   0.268     0.348
//! white_0     0.284  0.220   0.345     0.441
//! cafe        0.385  0.340   0.427     0.514
//! ```
//! So one number tells the three to within 0.03: [`Rates::of`].

use crate::random::Random;

/// Codes that are worked on at a time: as many as fit into a word.
pub const BLOCK: usize = 8;

/// Error rates in 1/256.
#[derive(Clone, Copy, Debug)]
pub struct Rates {
    steady: u8,
    from_one: u8,
    from_both: u8,
}

impl Rates {
    /// The rates that together come to this bit error, per mille.
    ///
    /// The table's differences, less 0.01: there the mean is one over excerpts, and those that move
    /// less err less.
    pub fn of(bit_error: u32) -> Self {
        let rate = |per_mille: u32| (per_mille.min(500) * 256 / 1_000) as u8;
        Self {
            steady: rate(bit_error.saturating_sub(75).max(bit_error / 6)),
            from_one: rate((bit_error + 55).min(bit_error * 17 / 10)),
            from_both: rate((bit_error + 140).min(bit_error * 27 / 10)),
        }
    }

    /// The rates of a repeat in music, per mille of all bits: it moves as much as what it repeats.
    ///
    /// Of music's bits 0.45 are steady, 0.07 differ from both neighbours. An error makes one of
    /// these of one of those, and back; at 0.4 to 2.5 as many are made as are lost.
    pub fn of_repeat(bit_error: u32) -> Self {
        let rate = |tenths: u32| (bit_error * tenths * 256 / 10_000).min(255) as u8;
        Self { steady: rate(4), from_one: rate(13), from_both: rate(25) }
    }

    /// The same rate, in 1/256, whatever moves.
    pub fn even(rate: u8) -> Self {
        Self { steady: rate, from_one: rate, from_both: rate }
    }

    /// Which bits of a block are wrong, between the code before it and the one after.
    pub fn draw(
        self,
        block: [u8; BLOCK],
        before: u8,
        after: u8,
        random: &mut Random,
    ) -> [u8; BLOCK] {
        let codes = u64::from_le_bytes(block);
        let from_before = codes ^ (codes << 8 | u64::from(before));
        let from_after = codes ^ (codes >> 8 | u64::from(after) << 56);
        let (mut steady, mut from_one, mut from_both) = (0, 0, 0);
        // Each step halves the chance and adds a half where the rate has a bit: from its lowest on.
        for bit in 0..8 {
            let coin = random.next();
            let toss = |mask: u64, rate: u8| match rate >> bit & 1 {
                1 => mask | coin,
                _ => mask & coin,
            };
            steady = toss(steady, self.steady);
            from_one = toss(from_one, self.from_one);
            from_both = toss(from_both, self.from_both);
        }
        let errors = steady & !(from_before | from_after)
            | from_one & (from_before ^ from_after)
            | from_both & (from_before & from_after);
        errors.to_le_bytes()
    }
}

/// The block of `codes` at `at`, its last code again where they end, with the codes around it.
pub fn block(codes: &[u8], at: usize) -> ([u8; BLOCK], u8, u8) {
    let last = codes.len() - 1;
    let code = |i: usize| codes[i.min(last)];
    (std::array::from_fn(|i| code(at + i)), code(at.saturating_sub(1)), code(at + BLOCK))
}

/// Puts errors into all of `codes`.
pub fn spoil(codes: &mut [u8], bit_error: u32, random: &mut Random) {
    let rates = Rates::of(bit_error);
    for at in (0..codes.len()).step_by(BLOCK) {
        let (clean, before, after) = block(codes, at);
        let errors = rates.draw(clean, before, after, random);
        codes[at..].iter_mut().zip(errors).for_each(|(code, error)| *code ^= error);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_drawn_as_asked_for() {
        let rates = Rates { steady: 13, from_one: 64, from_both: 200 };
        let mut random = Random::new(1, 2);
        // Bit 0 stays, bit 1 moves once every block, bit 2 moves always.
        let block = [0, 4, 0, 4, 2, 6, 2, 6];
        let mut wrong = [0_u32; 3];
        const TIMES: u32 = 4_000;
        for _ in 0..TIMES {
            for (i, error) in rates.draw(block, 4, 2, &mut random).into_iter().enumerate() {
                wrong[0] += u32::from(error & 1);
                wrong[1] += u32::from(error >> 1 & 1 == 1 && (i == 3 || i == 4));
                wrong[2] += u32::from(error >> 2 & 1 == 1 && i < 7);
            }
        }
        let rate = |at: usize, bits: u32| wrong[at] * 256 / (TIMES * bits);
        assert!((11..=15).contains(&rate(0, 8)), "{}", rate(0, 8));
        assert!((58..=70).contains(&rate(1, 2)), "{}", rate(1, 2));
        assert!((192..=208).contains(&rate(2, 7)), "{}", rate(2, 7));
    }
}
