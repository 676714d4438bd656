//! The codes of a run as eight rows of bits, 64 codes a word: what two bits have in common, at any
//! distance, is counted a word at a time.

use crate::code_by_code::BITS;
use crate::compare::AROUND_CODES;

/// 64-bit words for one bit of every code.
const WORDS: usize = AROUND_CODES.div_ceil(64);

/// One bit of every code of a run, the first in the lowest bit of the first word.
type Row = [u64; WORDS];

/// The codes of a run turned into eight rows of bits, and each row's mean as +-1.
pub(crate) struct Planes {
    rows: [Row; BITS],
    pub codes: usize,
    means: [f32; BITS],
}

impl Planes {
    pub(crate) fn new(run: &[u8], codes: usize) -> Self {
        let mut bytes = [[0; 8 * WORDS]; BITS];
        for (i, eight) in run.get(..codes).unwrap_or(run).chunks(8).enumerate() {
            let mut block = [0; 8];
            block.iter_mut().zip(eight).for_each(|(to, code)| *to = *code);
            for (row, bits) in bytes.iter_mut().zip(transposed(block)) {
                row.iter_mut().skip(i).take(1).for_each(|to| *to = bits);
            }
        }
        let mut rows = [[0; WORDS]; BITS];
        let words = bytes.as_flattened().as_chunks().0.iter().map(|word| u64::from_le_bytes(*word));
        rows.as_flattened_mut().iter_mut().zip(words).for_each(|(to, word)| *to = word);
        let mean = |row: &Row| {
            let ones: u32 = row.iter().map(|word| word.count_ones()).sum();
            (2.0 * ones as f32 - codes as f32) / codes.max(1) as f32
        };
        Self { means: rows.each_ref().map(mean), rows, codes }
    }

    pub(crate) fn row(&self, bit: usize) -> &Row {
        self.rows.get(bit).unwrap_or(&[0; WORDS])
    }

    /// Covariance of bit b with a row that is another bit some codes later.
    pub(crate) fn covariance(
        &self,
        (b, c): (usize, usize),
        later: impl Iterator<Item = u64>,
        lag: usize,
    ) -> f32 {
        let overlap = self.codes.saturating_sub(lag);
        let products = sum_of_products(self.row(b), later, overlap);
        products / overlap.max(1) as f32 - self.mean(b) * self.mean(c)
    }

    /// The row of a bit from `lag` codes on.
    pub(crate) fn later(&self, bit: usize, lag: usize) -> impl Iterator<Item = u64> {
        let (whole, part) = (lag / 64, lag % 64);
        let row = self.row(bit).get(whole..).unwrap_or_default();
        let next = row.iter().skip(1).chain(&[0]);
        // In two steps: all 64 at once are no shift.
        row.iter().zip(next).map(move |(low, high)| low >> part | high << 1 << (63 - part))
    }

    /// The same as a row.
    pub(crate) fn row_later(&self, bit: usize, lag: usize) -> Row {
        let mut later = [0; WORDS];
        let words = self.codes.saturating_sub(lag).div_ceil(64);
        later.iter_mut().take(words).zip(self.later(bit, lag)).for_each(|(out, word)| *out = word);
        later
    }

    /// Sum over the bits of their covariance with themselves some codes later, where it is above 0.
    pub(crate) fn with_itself(&self, lag: usize) -> f32 {
        let of = |bit| self.covariance((bit, bit), self.later(bit, lag), lag).max(0.0);
        (0..BITS).map(of).sum()
    }

    pub(crate) fn mean(&self, bit: usize) -> f32 {
        self.means.get(bit).copied().unwrap_or(0.0)
    }
}

/// Eight codes as eight bytes, one for each bit: the first code's in the lowest bit. Three rounds
/// of swaps, of single bits, of two and of four (Warren, "Hacker's Delight", 7-3).
#[cfg_attr(not(target_pointer_width = "64"), inline(never))]
fn transposed(codes: [u8; 8]) -> [u8; 8] {
    let mut x = u64::from_le_bytes(codes);
    for (apart, swapped) in
        [(7, 0x00aa_00aa_00aa_00aa), (14, 0x0000_cccc_0000_cccc), (28, 0x0000_0000_f0f0_f0f0)]
    {
        let differing = (x ^ x >> apart) & swapped;
        x ^= differing ^ differing << apart;
    }
    x.to_le_bytes()
}

/// Sum over the first `codes` places of the product of two rows, bits as +-1.
// On small devices flash is dearer than time, and each copy takes some hundred bytes of it.
#[cfg_attr(not(target_pointer_width = "64"), inline(never))]
pub(crate) fn sum_of_products(x: &Row, y: impl Iterator<Item = u64>, codes: usize) -> f32 {
    let whole = codes / 64;
    let valid = |word: usize| if word < whole { u64::MAX } else { (1 << (codes % 64)) - 1 };
    let words = x.iter().zip(y).take(codes.div_ceil(64)).enumerate();
    let differing: u32 = words.map(|(at, (x, y))| ((x ^ y) & valid(at)).count_ones()).sum();
    codes as f32 - 2.0 * differing as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::tests::random;

    #[test]
    fn a_row_is_one_bit_of_every_code() {
        for codes in [0, 1, 7, 8, 63, 64, 300, AROUND_CODES] {
            let run = random(3, codes);
            let planes = Planes::new(&run, codes);
            for (i, code) in run.iter().enumerate() {
                for bit in 0..BITS {
                    let there = planes.row(bit)[i / 64] >> (i % 64) & 1;
                    assert_eq!(there, u64::from(code >> bit & 1), "{i} of {codes}");
                }
            }
            let ones: u32 = planes.rows.iter().flatten().map(|word| word.count_ones()).sum();
            assert_eq!(ones, run.iter().map(|code| code.count_ones()).sum());
        }
    }

    #[test]
    fn lagged_products_equal_the_naive_sum() {
        let run = random(9, 300);
        let planes = Planes::new(&run, 300);
        let sign = |code: u8, bit: usize| if code >> bit & 1 == 1 { 1 } else { -1 };
        for lag in [0, 1, 63, 64, 65, 100] {
            let naive: i32 =
                run.iter().zip(run.iter().skip(lag)).map(|(&x, &y)| sign(x, 2) * sign(y, 5)).sum();
            let fast = sum_of_products(planes.row(2), planes.later(5, lag), 300 - lag);
            assert_eq!(fast, naive as f32, "{lag}");
            let row = planes.row_later(5, lag);
            let fast = sum_of_products(planes.row(2), row.iter().copied(), 300 - lag);
            assert_eq!(fast, naive as f32, "{lag}");
        }
    }
}
