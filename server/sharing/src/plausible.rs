//! Whether a fingerprint can be one of sound at all. A pure look at its codes.
//!
//! It stops who sends random bytes, and marks who sends one sample six times. It does not stop who
//! sends another song's fingerprint: no look at codes can (docs/honest-limits.md).

use onmon_core::Fingerprint;

/// What the codes look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// Like sound.
    Sound,
    /// As if they had been drawn by chance: code follows code without any likeness.
    Random,
    /// Two samples are nearly the same, code for code, and not because nothing happens in them.
    /// Music made of exact loops can look so; it is marked, not refused.
    Copied,
}

/// Bits, of 8, that change from one code to the next, above which no sound was ever seen.
///
/// Of 4,184 queries of validation music under every condition of the robustness bench, of loops,
/// tones and silence the highest had 3.24. Random bytes have 4 +- 1.41 / sqrt(codes), so at 300
/// codes 3.6 is five standard deviations below.
const FLIPS_PER_CODE_MAX: f64 = 3.6;

/// Fewer codes than this say too little.
const CODES_MIN: usize = 150;

/// Share of codes that two samples have in common at the same places. Copies have all; of the same
/// 4,184 queries only silence, tones and loops have more than 0.2.
const SAME_CODES_MAX: f64 = 0.95;

/// Below so many different codes in a sample nothing happens in it, and it may be like another.
const DISTINCT_CODES_MIN: usize = 32;

/// Looks at a query's codes.
pub fn look(fingerprint: &Fingerprint<'_>) -> Look {
    let samples: Vec<&[u8]> = fingerprint.samples().map(|sample| sample.codes).collect();
    let pairs = samples.iter().flat_map(|codes| codes.windows(2));
    let (mut flips, mut count) = (0u64, 0usize);
    for pair in pairs {
        flips += u64::from((pair[0] ^ pair[1]).count_ones());
        count += 1;
    }
    if count >= CODES_MIN && flips as f64 > FLIPS_PER_CODE_MAX * count as f64 {
        return Look::Random;
    }
    let copied = samples.iter().enumerate().any(|(at, sample)| {
        samples[..at].iter().any(|other| eventful(sample) && are_same(sample, other))
    });
    if copied { Look::Copied } else { Look::Sound }
}

fn are_same(a: &[u8], b: &[u8]) -> bool {
    let length = a.len().min(b.len());
    let same = a.iter().zip(b).filter(|(a, b)| a == b).count();
    length >= CODES_MIN && same as f64 >= SAME_CODES_MAX * length as f64
}

fn eventful(codes: &[u8]) -> bool {
    let mut seen = [false; 256];
    codes.iter().for_each(|&code| seen[usize::from(code)] = true);
    seen.iter().filter(|&&seen| seen).count() >= DISTINCT_CODES_MIN
}
