//! One block of a segment: a stretch of the sorted postings, bit-packed in 2 KiB, with its own
//! checksum.
//!
//! ```text
//! CRC-32 of all that follows u32 | postings u16 | low bits l u8 | 0 u8 | the first posting u64
//! low l bits of each other posting's distance from the first, end to end, to a whole byte
//! the rest of these distances in unary: before each posting's 1 as many 0 as the rest grew by
//! ```
//! All little-endian, lowest bit first. These are Elias-Fano lists (Elias, "Efficient Storage and
//! Retrieval by Content and Address of Static Files", 1974): about 2 + log2(mean gap) bits a
//! posting, and the place of a value is found by counting zeros, without unpacking what lies
//! before.

/// Bytes of a block on disk: half a page, so that a short list costs little to check and unpack.
pub(crate) const BLOCK_BYTES: usize = 2_048;

/// The most postings that a block holds; one bit each.
pub(crate) const BLOCK_POSTINGS_MAX: usize = 1 << 13;

const HEAD_BYTES: usize = 16;
const BODY_BITS: u64 = 8 * (BLOCK_BYTES - HEAD_BYTES) as u64;

/// A block as it is read, with room to load whole words at its end.
pub(crate) type Buffer = [u8; BLOCK_BYTES];

/// Why a block's bytes are no block.
pub(crate) type Damage = &'static str;

/// How the body is laid out for so many postings beyond the first.
struct Layout {
    low_bits: u32,
    low_bytes: usize,
}

impl Layout {
    /// For `others` postings, the last of which lies `reach` beyond the first; `None` where that is
    /// more than a block holds.
    fn of(others: u64, reach: u64) -> Option<Self> {
        let low_bits = (reach / others.max(1)).max(1).ilog2();
        let low_bytes = (others * u64::from(low_bits)).div_ceil(8);
        let bits = 8 * low_bytes + others + (reach >> low_bits);
        (bits <= BODY_BITS).then_some(Self { low_bits, low_bytes: low_bytes as usize })
    }
}

/// How many of these sorted postings, not none, fit into one block.
pub(crate) fn fitting(postings: &[u64]) -> usize {
    let fits = |n: usize| Layout::of(n as u64 - 1, postings[n - 1] - postings[0]).is_some();
    let most = postings.len().min(BLOCK_POSTINGS_MAX);
    // More postings never need fewer bits, but for a few bits at the steps of `low_bits`: what the
    // search settles on fits in any case.
    let (mut fit, mut too_many) = (1, most + 1);
    while too_many - fit > 1 {
        let middle = fit.midpoint(too_many);
        if fits(middle) { fit = middle } else { too_many = middle }
    }
    fit
}

/// Packs postings of which [`fitting`] said that they fit.
pub(crate) fn pack(postings: &[u64]) -> Buffer {
    let first = postings[0];
    let others = &postings[1..];
    let reach = postings[postings.len() - 1] - first;
    let layout = Layout::of(others.len() as u64, reach).expect("as many as fit");
    let mut block = [0; BLOCK_BYTES];
    block[4..6].copy_from_slice(&(postings.len() as u16).to_le_bytes());
    block[6] = layout.low_bits as u8;
    block[8..HEAD_BYTES].copy_from_slice(&first.to_le_bytes());
    let (lows, highs) = block[HEAD_BYTES..].split_at_mut(layout.low_bytes);
    let mask = (1_u64 << layout.low_bits) - 1;
    for (i, posting) in others.iter().enumerate() {
        let distance = posting - first;
        put(lows, i * layout.low_bits as usize, distance & mask);
        let one = (distance >> layout.low_bits) as usize + i;
        highs[one / 8] |= 1 << (one % 8);
    }
    let sum = crc32fast::hash(&block[4..]);
    block[..4].copy_from_slice(&sum.to_le_bytes());
    block
}

/// Sets the bits from `at` on that `value` has.
fn put(bytes: &mut [u8], at: usize, value: u64) {
    let mut rest = u128::from(value) << (at % 8);
    for byte in &mut bytes[at / 8..] {
        if rest == 0 {
            break;
        }
        *byte |= rest as u8;
        rest >>= 8;
    }
}

/// A block whose checksum holds.
pub(crate) struct Block<'a> {
    first: u64,
    others: usize,
    low_bits: u32,
    /// Low bits and then the rest,
    body: &'a [u8],
    /// which begins here.
    highs_at: usize,
}

impl<'a> Block<'a> {
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Self, Damage> {
        let bytes: &Buffer = bytes.try_into().map_err(|_| "cut off")?;
        if crc32fast::hash(&bytes[4..]).to_le_bytes() != bytes[..4] {
            return Err("wrong checksum");
        }
        Self::of_checked(bytes)
    }

    /// The same of bytes that were read before: a sum costs more than a look-up.
    pub(crate) fn of_checked(bytes: &'a Buffer) -> Result<Self, Damage> {
        let postings = usize::from(u16::from_le_bytes([bytes[4], bytes[5]]));
        let low_bits = u32::from(bytes[6]);
        let first = bytes[8..HEAD_BYTES].try_into().map(u64::from_le_bytes).unwrap_or(0);
        let others = postings.checked_sub(1).ok_or("no postings")?;
        let low_bytes = (others * low_bits as usize).div_ceil(8);
        if low_bits > 63 || low_bytes > BLOCK_BYTES - HEAD_BYTES {
            return Err("more bits than there are");
        }
        Ok(Self { first, others, low_bits, body: &bytes[HEAD_BYTES..], highs_at: low_bytes })
    }

    pub(crate) fn first(&self) -> u64 {
        self.first
    }

    /// Appends every posting from `from` on and below `end`, in order, and maybe a few of those
    /// before and after: a word's postings are told together, for to decode them is most of what
    /// there is to do in a search.
    pub(crate) fn about(&self, from: u64, end: u64, into: &mut Vec<u64>) {
        if self.first >= end {
            return;
        }
        into.push(self.first);
        let from_high = from.saturating_sub(self.first) >> self.low_bits;
        let highs = &self.body[self.highs_at..];
        let Start { mut chunk, mut word, mut ones } = Start::after(highs, from_high);
        while ones < self.others {
            let mut postings = [0; 64];
            let mut count = 0;
            while word != 0 {
                let before = ones + count;
                let high = 64 * chunk as u64 + u64::from(word.trailing_zeros()) - before as u64;
                let low = bits(self.body, before * self.low_bits as usize, self.low_bits);
                postings[count % 64] = self.first.saturating_add(high << self.low_bits | low);
                word &= word - 1;
                count += 1;
            }
            let own = &postings[..count.min(self.others - ones)];
            into.extend_from_slice(own);
            ones += count;
            chunk += 1;
            if own.last().is_some_and(|&last| last >= end) {
                return;
            }
            let Some(next) = highs.get(8 * chunk..).filter(|rest| !rest.is_empty()) else { return };
            word = self::word(next);
        }
    }
}

/// `width` bits from the bit `at` on; zeros beyond the end.
fn bits(bytes: &[u8], at: usize, width: u32) -> u64 {
    let (byte, shift) = (at / 8, at % 8);
    let rest = bytes.get(byte..).unwrap_or_default();
    let mut word = word(rest) >> shift;
    if width as usize + shift > 64 {
        word |= u64::from(bytes.get(byte + 8).copied().unwrap_or(0)) << (64 - shift);
    }
    word & ((1_u64 << width) - 1)
}

/// Where the ones begin that come after so many zeros of a string of bits.
struct Start {
    /// The 64 bits that they begin in,
    chunk: usize,
    /// what there is left of these,
    word: u64,
    /// and how many ones came before.
    ones: usize,
}

impl Start {
    fn after(bytes: &[u8], zeros: u64) -> Self {
        let (mut chunk, mut before, mut ones) = (0, 0_u64, 0);
        for eight in bytes.chunks_exact(8) {
            let word = word(eight);
            if before + u64::from(word.count_zeros()) >= zeros {
                break;
            }
            before += u64::from(word.count_zeros());
            ones += word.count_ones() as usize;
            chunk += 1;
        }
        let mut word = bytes.chunks(8).nth(chunk).map_or(0, word);
        let base = 64 * chunk as u64;
        // Within the word the ones before the wanted zero are dropped one by one.
        while word != 0 && base + u64::from(word.trailing_zeros()) - (ones as u64) < zeros {
            word &= word - 1;
            ones += 1;
        }
        Self { chunk, word, ones }
    }
}

/// The first 64 bits; zeros beyond the end.
fn word(bytes: &[u8]) -> u64 {
    match bytes.first_chunk() {
        Some(whole) => u64::from_le_bytes(*whole),
        None => bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::random;

    fn sorted(seed: u64, n: usize, gap: u64) -> Vec<u64> {
        let mut next = random(seed);
        let mut at = next() >> 20;
        (0..n)
            .map(|_| {
                at += next() % gap.max(1);
                at
            })
            .collect()
    }

    fn between(block: &Buffer, from: u64, end: u64) -> Vec<u64> {
        let mut found = vec![];
        Block::read(block).unwrap().about(from, end, &mut found);
        assert!(found.is_sorted());
        found.retain(|posting| (from..end).contains(posting));
        found
    }

    #[test]
    fn what_is_packed_is_found_whole_and_by_any_range() {
        for (seed, gap) in [1, 2, 3, 100, 1 << 12, 1 << 22, 1 << 40].into_iter().enumerate() {
            let postings = sorted(seed as u64, 20_000, gap);
            let fit = fitting(&postings);
            let (own, next) = postings.split_at(fit);
            let block = pack(own);
            assert_eq!(between(&block, 0, u64::MAX), own, "gap {gap}");
            let mut random = random(9);
            for _ in 0..200 {
                let from = own[random() as usize % fit] + random() % 3;
                let end = from + random() % (5 * gap + 2);
                let plain: Vec<u64> =
                    own.iter().copied().filter(|p| (from..end).contains(p)).collect();
                assert_eq!(between(&block, from, end), plain, "gap {gap}");
            }
            assert!(fit == BLOCK_POSTINGS_MAX || fitting(&postings[..=fit]) == fit, "{next:?}");
        }
    }

    #[test]
    fn random_gaps_take_two_bits_more_than_their_logarithm() {
        let fit = fitting(&sorted(5, 20_000, 1 << 22));
        let bits = 8.0 * BLOCK_BYTES as f64 / fit as f64;
        assert!((22.0..24.0).contains(&bits), "{bits} bits a posting for gaps of 21 bits");
    }

    #[test]
    fn the_largest_distances_and_single_postings_fit() {
        for postings in
            [vec![0], vec![u64::MAX], vec![0, u64::MAX], vec![7; 3], vec![0, 1, u64::MAX]]
        {
            let fit = fitting(&postings);
            assert_eq!(between(&pack(&postings[..fit]), 0, u64::MAX).len(), {
                postings[..fit].iter().filter(|&&p| p < u64::MAX).count()
            });
        }
    }

    #[test]
    fn every_flipped_bit_is_noticed_and_no_bytes_make_it_panic() {
        let block = pack(&sorted(1, 100, 1 << 20));
        for at in 0..8 * BLOCK_BYTES {
            let mut bad = block;
            bad[at / 8] ^= 1 << (at % 8);
            assert!(Block::read(&bad).is_err(), "bit {at}");
        }
        let mut next = random(3);
        for _ in 0..2_000 {
            let mut noise = [0; BLOCK_BYTES];
            noise.iter_mut().for_each(|byte| *byte = next() as u8);
            noise[6] %= 70;
            let sum = crc32fast::hash(&noise[4..]);
            noise[..4].copy_from_slice(&sum.to_le_bytes());
            if let Ok(block) = Block::read(&noise) {
                block.about(next() >> 8, u64::MAX, &mut vec![]);
            }
        }
    }
}
