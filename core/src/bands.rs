//! Power spectrum to 32 log bands: triangular bands of equal musical width, logarithm in 1/256
//! steps.

use crate::profile::{BANDS, LOG2_STEPS, WEIGHT_ONE, WINDOW_SAMPLES};
use crate::spectrum::{POWER_SCALE, Spectrum};
use crate::tables::{BAND_STARTS, BAND_WEIGHTS, LOG2};

/// `log2(E + 1)` per band in [`LOG2_STEPS`], where E is the band's mean power divided by the
/// window's length: about one squared 16-bit step is the silence floor, under which all bands are
/// 0.
pub(crate) type LogBands = [i16; BANDS];

/// One over the scales of window, weights and transform: a power of two, so exact.
const UNSCALE: f32 = 1.0 / (POWER_SCALE * WEIGHT_ONE as f32 * WINDOW_SAMPLES as f32);

/// The log bands of one spectrum. A call of its own: inlined into every `push` it costs a device
/// 2 KB of flash and is no faster.
#[inline(never)]
pub(crate) fn log_bands(spectrum: &Spectrum) -> LogBands {
    let mut bands = [0; BANDS];
    for ((band, &(bin, weight)), &(_, end)) in
        bands.iter_mut().zip(&BAND_STARTS).zip(BAND_STARTS.iter().skip(1))
    {
        let weights = BAND_WEIGHTS.get(usize::from(weight)..usize::from(end)).unwrap_or_default();
        let powers = spectrum.get(usize::from(bin)..).unwrap_or_default();
        *band = log2(energy(weights, powers) * UNSCALE + 1.0);
    }
    bands
}

/// Sum of products, always added in the order of the bins: float sums depend on it. Only the
/// products may be taken side by side.
fn energy(weights: &[u16], powers: &[f32]) -> f32 {
    let mut energy = 0.0;
    let ((weights, weights_rest), (blocks, _)) =
        (weights.as_chunks::<4>(), powers.as_chunks::<4>());
    for (weights, powers) in weights.iter().zip(blocks) {
        let mut products = [0.0; 4];
        for ((product, &weight), &power) in products.iter_mut().zip(weights).zip(powers) {
            *product = f32::from(weight) * power;
        }
        for product in products {
            energy += product;
        }
    }
    let powers_rest = powers.get(4 * weights.len()..).unwrap_or_default();
    for (&weight, &power) in weights_rest.iter().zip(powers_rest) {
        energy += f32::from(weight) * power;
    }
    energy
}

/// `log2(x)` in [`LOG2_STEPS`] for x >= 1: exponent bits and a table over the mantissa's first 8
/// bits. Within 1.3 steps (0.005) of the true value; exactly the same everywhere, because it is
/// integers only.
fn log2(x: f32) -> i16 {
    let bits = x.to_bits();
    let exponent = (bits >> 23) as i32 - 127;
    let mantissa = LOG2.get((bits >> 15) as usize & 0xff).copied().unwrap_or(0);
    let steps = exponent * LOG2_STEPS as i32 + i32::from(mantissa);
    // 1.0 itself is the floor; the table's first entry is the middle of its step.
    if bits == 1.0_f32.to_bits() { 0 } else { steps.clamp(0, i32::from(i16::MAX)) as i16 }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;

    #[test]
    fn log2_stays_within_its_stated_error() {
        let mut x = 1.0_f32;
        while x < 1e15 {
            let exact = f64::from(x).log2() * f64::from(LOG2_STEPS);
            assert!((f64::from(log2(x)) - exact).abs() < 1.3, "{x}");
            x *= 1.000_37;
        }
        assert_eq!(log2(1.0), 0);
    }
}
