//! PCM samples of either kind, brought to the 16 bits that everything after works in.

/// A PCM sample: `i16`, or `f32` with full scale at +-1.
///
/// Sealed: what a sample's bytes become is part of the format.
pub trait PcmSample: Copy + sealed::Sealed {
    /// The nearest 16-bit value; out of range saturates, NaN is 0.
    fn to_i16(self) -> i16;
}

impl PcmSample for i16 {
    fn to_i16(self) -> i16 {
        self
    }
}

impl PcmSample for f32 {
    fn to_i16(self) -> i16 {
        // Exact: scaling by a power of two. Rounds half away from zero; `as` saturates and takes
        // NaN to 0.
        let scaled = self * 32_768.0;
        (scaled + if scaled < 0.0 { -0.5 } else { 0.5 }) as i16
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for i16 {}
    impl Sealed for f32 {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn float_carries_every_i16_unchanged() {
        for value in i16::MIN..=i16::MAX {
            assert_eq!((f32::from(value) / 32_768.0).to_i16(), value);
        }
    }

    #[test]
    fn float_out_of_range_saturates_and_nan_is_silence() {
        let cases = [
            (f32::NAN, 0),
            (f32::INFINITY, i16::MAX),
            (f32::NEG_INFINITY, i16::MIN),
            (1.0, i16::MAX),
            (-1.0, i16::MIN),
            (1e30, i16::MAX),
            (f32::MIN_POSITIVE, 0),
            (0.5 / 32_768.0, 1),
            (-0.5 / 32_768.0, -1),
        ];
        for (float, expected) in cases {
            assert_eq!(float.to_i16(), expected, "{float}");
        }
    }
}
