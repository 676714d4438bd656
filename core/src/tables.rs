//! The tables that `build.rs` computes: resampler taps, window, band weights, logarithms.

include!(concat!(env!("OUT_DIR"), "/tables.rs"));

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use crate::profile::{
        BANDS, FAMILY_8K, FAMILY_11K, Family, LOWPASS_GAIN_BITS, LOWPASS_HZ, RATE_HZ, WEIGHT_ONE,
        WINDOW_ONE, WINDOW_SAMPLES,
    };
    use std::f64::consts::TAU;
    use std::vec::Vec;

    fn families() -> [(&'static Family, Vec<&'static [i16]>); 2] {
        [
            (&FAMILY_8K, TAPS_8K.iter().map(|row| row.as_slice()).collect()),
            (&FAMILY_11K, TAPS_11K.iter().map(|row| row.as_slice()).collect()),
        ]
    }

    /// The low-pass on its lattice, in the order of time.
    fn impulse_response(family: &Family, rows: &[&[i16]]) -> Vec<f64> {
        let last = family.taps - 1;
        (0..family.phases.get() * family.taps)
            .map(|i| f64::from(rows[i % family.phases][last - i / family.phases]))
            .collect()
    }

    #[test]
    fn no_input_can_overflow_the_accumulator() {
        for (family, rows) in families() {
            let spacing = family.phases.get() / family.streams_max;
            for first in 0..spacing {
                let met = rows.iter().skip(first).step_by(spacing);
                let sum: i64 =
                    met.flat_map(|row| row.iter()).map(|&tap| i64::from(tap).abs()).sum();
                assert!(sum < 65_536, "{} Hz: {sum}", family.base_hz);
            }
        }
    }

    #[test]
    fn the_lowpass_passes_the_bands_and_stops_what_would_alias_into_them() {
        for (family, rows) in families() {
            let response = impulse_response(family, &rows);
            let lattice_hz = f64::from(family.base_hz) * family.phases.get() as f64;
            let gain_at = |hz: f64| {
                let (mut re, mut im) = (0.0, 0.0);
                for (i, tap) in response.iter().enumerate() {
                    let angle = TAU * hz / lattice_hz * i as f64;
                    re += tap * angle.cos();
                    im += tap * angle.sin();
                }
                let spacing = (family.phases.get() / family.streams_max) as f64;
                20.0 * ((re * re + im * im).sqrt() / (f64::from(1 << LOWPASS_GAIN_BITS) * spacing))
                    .log10()
            };
            for hz in (0..3_400).step_by(100) {
                assert!(gain_at(f64::from(hz)).abs() < 0.1, "{hz} Hz: {}", gain_at(f64::from(hz)));
            }
            assert!((gain_at(LOWPASS_HZ) + 6.0).abs() < 0.3);
            for hz in (4_600..60_000).step_by(97) {
                assert!(gain_at(f64::from(hz)) < -55.0, "{hz} Hz: {}", gain_at(f64::from(hz)));
            }
        }
    }

    #[test]
    fn the_window_is_the_periodic_hann_window() {
        for (i, &weight) in WINDOW.iter().enumerate() {
            // sin^2 where build.rs has 1 - cos.
            let exact = (TAU / 2.0 * i as f64 / WINDOW_SAMPLES as f64).sin().powi(2);
            let error = f64::from(weight) - exact * f64::from(WINDOW_ONE);
            assert!(error.abs() <= 1.001, "{i}: {error}");
        }
    }

    #[test]
    fn bands_cover_the_range_and_each_sums_to_one() {
        for band in 0..BANDS {
            let (first, start) = BAND_STARTS[band];
            let weights = &BAND_WEIGHTS[usize::from(start)..usize::from(BAND_STARTS[band + 1].1)];
            let sum: i32 = weights.iter().map(|&weight| i32::from(weight)).sum();
            assert!((sum - WEIGHT_ONE).abs() < 20, "{band}: {sum}");
            let hz_per_bin = f64::from(RATE_HZ) / WINDOW_SAMPLES as f64;
            let low = f64::from(first) * hz_per_bin;
            let high = (usize::from(first) + weights.len() - 1) as f64 * hz_per_bin;
            assert!(low >= 240.0 && high <= 3_501.0, "{band}: {low} to {high}");
        }
    }

    #[test]
    fn logarithms_are_those_of_the_middle_of_each_step() {
        for (i, &steps) in LOG2.iter().enumerate() {
            let exact = (1.0 + (i as f64 + 0.5) / 256.0).ln() / 2_f64.ln() * 256.0;
            assert!((f64::from(steps) - exact).abs() <= 0.501, "{i}");
        }
    }
}
