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

/// The log bands of one spectrum.
pub(crate) fn log_bands(spectrum: &Spectrum) -> LogBands {
    let mut bands = [0; BANDS];
    for ((band, &(bin, weight)), &(_, end)) in
        bands.iter_mut().zip(&BAND_STARTS).zip(BAND_STARTS.iter().skip(1))
    {
        let weights = BAND_WEIGHTS.get(usize::from(weight)..usize::from(end)).unwrap_or_default();
        let powers = spectrum.iter().skip(usize::from(bin));
        let mut energy = 0.0;
        for (&weight, &power) in weights.iter().zip(powers) {
            energy += f32::from(weight) * power;
        }
        *band = log2(energy * UNSCALE + 1.0);
    }
    bands
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
