//! What music does next: a chain over codes, fitted to 19 h of it.
//!
//! A code is drawn from those that follow the one before, and taken or drawn again: by how far it
//! is from the last but one (the chain alone would linger, train/onmon_train/synthetic.py), and by
//! the style of the stretch, of which there are [`STYLES`], and an attack then turns some of its
//! bits into its own. Both make keys of half a second collide as often as in music: with 2^-26.5,
//! where the chain alone has 2^-31.6.

use std::sync::LazyLock;

use crate::random::Random;

/// Made by `train/onmon_train/synthetic.py`, which says what is where; its header says from what.
static BYTES: &[u8] = include_bytes!("model.bin");

const CODES: usize = 256;

/// Distances of two codes in bits: 0 to 8.
const DISTANCES: usize = 9;

/// Kinds of stretches of music, told apart by which codes they prefer.
pub const STYLES: usize = 16;

/// Codes that follow an attack: a drum, a plucked string.
const ATTACK_CODES: usize = 16;

/// Codes from the end of one attack to the next, past the most: one comes every 2.6 s in the mean.
/// Of the music's places 3 % begin 16 codes that differ from an attack's in less than 0.38 of their
/// bits, 0.7 % those that differ so from the same ones backwards.
const ATTACK_GAP: u32 = 72;

/// How strong attacks are: how many in a hundred, and of 16 bits that differ from an attack's how
/// many it turns. Fitted to how many of the music's places begin codes that are so near, and to how
/// common its commonest keys are.
const ATTACKS: [(u32, u8); 3] = [(16, 11), (34, 8), (50, 4)];

/// The model, read when first asked for.
pub static MODEL: LazyLock<Model> = LazyLock::new(|| Model::read(BYTES));

/// The model, ready to draw from.
pub struct Model {
    /// For each code, what follows.
    follows: Vec<[Column; CODES]>,
    /// How well a code is taken: by the distance of the two before it, and its own from the first.
    two_back: [[u8; DISTANCES]; DISTANCES],
    /// Shares of the styles, added up.
    shares: [u32; STYLES],
    /// How well each code is taken in each style.
    wanted: Vec<[u8; CODES]>,
    attack: [u8; ATTACK_CODES],
}

/// A column of Walker's alias table: its own code below the threshold, else the other.
#[derive(Clone, Copy, Default)]
struct Column {
    threshold: u8,
    other: u8,
}

impl Model {
    fn read(file: &[u8]) -> Self {
        let header = file.windows(2).position(|two| two == b"\n\n").expect("a header");
        let (chain, rest) = file[header + 2..].split_at(CODES * CODES);
        let (two_back, rest) = rest.split_at(DISTANCES * DISTANCES);
        let (shares, rest) = rest.split_at(STYLES);
        let (wanted, attack) = rest.split_at(STYLES * CODES);
        let mut sum = 0;
        Self {
            follows: chain.as_chunks().0.iter().map(columns).collect(),
            two_back: std::array::from_fn(|i| two_back.as_chunks().0[i]),
            shares: std::array::from_fn(|i| {
                sum += u32::from(shares[i]);
                sum
            }),
            wanted: wanted.as_chunks().0.to_vec(),
            attack: attack.as_chunks().0[0],
        }
    }

    /// One of the styles, as common as it is in music.
    pub fn style(&self, random: &mut Random) -> usize {
        let drawn = random.below(self.shares[STYLES - 1]);
        self.shares.iter().position(|&sum| drawn < sum).unwrap_or(0)
    }

    /// Adds so many codes of a style.
    pub fn extend(&self, codes: &mut Vec<u8>, count: usize, style: usize, random: &mut Random) {
        let wanted = &self.wanted[style];
        let any = random.next().to_le_bytes();
        let mut before = codes.last().copied().unwrap_or(any[0]);
        let mut first = codes.iter().rev().nth(1).copied().unwrap_or(any[1]);
        let (mut bits, mut left) = (0, 0);
        let (mut gap, mut strength) = (random.below(ATTACK_GAP) as usize, 0);
        let mut since = 0;
        for _ in 0..count {
            if since == gap {
                strength = attack_strength(random);
            } else if since == gap + ATTACK_CODES {
                (gap, strength, since) = (random.below(ATTACK_GAP) as usize + 1, 0, 0);
            }
            let expected = self.attack[since.saturating_sub(gap)];
            since += 1;
            let follows = &self.follows[usize::from(before)];
            let taken = &self.two_back[distance(first, before)];
            let next = loop {
                // 32 bits a draw: 8 for the column, 8 for its threshold, 16 to take it or not.
                if left == 0 {
                    (bits, left) = (random.next(), 2);
                }
                let draw = bits as u32;
                (bits, left) = (bits >> 32, left - 1);
                let own = draw as u8;
                let column = follows[usize::from(own)];
                let code = if (draw >> 8) as u8 <= column.threshold { own } else { column.other };
                let chance =
                    u32::from(taken[distance(first, code)]) * u32::from(wanted[usize::from(code)]);
                if draw >> 16 <= chance {
                    break code;
                }
            };
            let next = if strength == 0 { next } else { turned(next, expected, strength, random) };
            codes.push(next);
            (first, before) = (before, next);
        }
    }
}

/// How strong the next attack is.
fn attack_strength(random: &mut Random) -> u8 {
    let mut drawn = random.below(100);
    let weakest = &ATTACKS[ATTACKS.len() - 1];
    let stronger = ATTACKS.iter().find(|(share, _)| {
        let found = drawn < *share;
        drawn = drawn.saturating_sub(*share);
        found
    });
    stronger.unwrap_or(weakest).1
}

/// The code with `rate` of 16 bits that are not as expected turned.
fn turned(code: u8, expected: u8, rate: u8, random: &mut Random) -> u8 {
    let coins = random.next().to_le_bytes();
    // Each step halves the chance and adds a half where the rate has a bit: from its lowest on.
    let turns = (0..4).zip(coins).fold(0, |turns, (bit, coin)| match rate >> bit & 1 {
        1 => turns | coin,
        _ => turns & coin,
    });
    code ^ (code ^ expected) & turns
}

fn distance(one: u8, other: u8) -> usize {
    (one ^ other).count_ones() as usize
}

/// The alias table of a row (Vose, "A linear algorithm for generating random numbers with a given
/// distribution", 1991), in integers: thresholds are rounded to 1/256 of a column.
fn columns(row: &[u8; CODES]) -> [Column; CODES] {
    let weights = row.map(|v| u64::from(v) * u64::from(v) * CODES as u64);
    let mean = weights.iter().sum::<u64>() / CODES as u64;
    let mut columns: [Column; CODES] =
        std::array::from_fn(|i| Column { threshold: 255, other: i as u8 });
    let mut left = weights;
    let (mut small, mut large): (Vec<usize>, Vec<usize>) =
        (0..CODES).partition(|&i| left[i] < mean);
    while let (Some(&lesser), Some(&larger)) = (small.last(), large.last()) {
        small.pop();
        let threshold = (left[lesser] * 256 / mean).saturating_sub(1) as u8;
        columns[lesser] = Column { threshold, other: larger as u8 };
        left[larger] -= mean - left[lesser];
        if left[larger] < mean {
            large.pop();
            small.push(larger);
        }
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_keep_the_weights() {
        let row: [u8; CODES] =
            std::array::from_fn(|i| if i == 7 { 255 } else { (i % 16) as u8 + 1 });
        let mut mass = [0_u32; CODES];
        for (own, column) in columns(&row).into_iter().enumerate() {
            mass[own] += u32::from(column.threshold) + 1;
            mass[usize::from(column.other)] += 255 - u32::from(column.threshold);
        }
        let total: u32 = row.iter().map(|&v| u32::from(v).pow(2)).sum();
        for (code, &v) in row.iter().enumerate() {
            let exact = f64::from(u32::from(v).pow(2)) / f64::from(total) * 65_536.0;
            assert!((f64::from(mass[code]) - exact).abs() <= 0.03 * exact + 2.0, "{code}");
        }
    }

    #[test]
    fn every_style_ends() {
        let mut codes = vec![];
        for style in 0..STYLES {
            MODEL.extend(&mut codes, 1_000, style, &mut Random::new(1, style as u64));
        }
        assert_eq!(codes.len(), 1_000 * STYLES);
    }
}
