//! Random numbers that a seed and a number name: the same on every machine, at any place.

/// SplitMix64 (Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", 2014): a
/// counter and a mixing function, so that streams can start anywhere.
#[derive(Clone, Debug)]
pub struct Random {
    state: u64,
}

impl Random {
    /// The stream that these two numbers name.
    pub fn new(seed: u64, number: u64) -> Self {
        Self { state: mix(seed ^ mix(number)) }
    }

    /// The next 64 random bits.
    pub fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.state)
    }

    /// 0 to `end` - 1, all as likely; 0 where `end` is 0.
    pub fn below(&mut self, end: u32) -> u32 {
        (((self.next() >> 32) * u64::from(end)) >> 32) as u32
    }

    /// True `per_mille` times in a thousand.
    pub fn chance(&mut self, per_mille: u32) -> bool {
        self.below(1_000) < per_mille
    }

    /// A value of a distribution given as evenly spaced quantiles, straight between them.
    pub fn quantile(&mut self, quantiles: &[u32]) -> u32 {
        let steps = quantiles.len().saturating_sub(1) as u32;
        let place = self.below(steps << 16);
        let (at, part) = ((place >> 16) as usize, i64::from(place & 0xffff));
        let (low, high) = (i64::from(quantiles[at]), i64::from(quantiles[at + 1]));
        (low + (((high - low) * part) >> 16)) as u32
    }
}

/// Spreads what differs in one bit over all bits.
fn mix(mut x: u64) -> u64 {
    x = (x ^ x >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ x >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ x >> 31
}
