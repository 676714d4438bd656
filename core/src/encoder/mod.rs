//! Log bands to codes. One encoder a file; each has its own [`EncoderId`].
//!
//! ```text
//! log bands    32 per 25 ms
//!   | Encoder::push                      network.rs           encoder 3, of this build
//!   |                                    slow_difference.rs   encoder 1, the baseline
//! codes        one u8 per 50 ms
//! ```

mod layer;
mod network;
mod slow_difference;
#[rustfmt::skip]
mod weights;

use crate::fingerprint::EncoderId;
use crate::profile::{BANDS, FRAME_SAMPLES, WINDOW_SAMPLES};

pub use network::{MARGIN_CODES, Network};
pub use slow_difference::SlowDifference;

/// Where the network's weights come from: what they were trained on, by what, and how they did.
pub const CERTIFICATE: &str = weights::CERTIFICATE;

/// Log bands to codes: the last step of an [`Extractor`](crate::Extractor).
///
/// Sealed: what an encoder's codes are is part of the format.
pub trait Encoder: sealed::Sealed {
    /// Its name in every message. Codes of different encoders never compare.
    const ID: EncoderId;

    /// Frames that one code depends on.
    const FRAMES_PER_CODE: usize;

    /// Samples at 8 kHz that one code depends on: code i is a function of samples `400 i` to
    /// `400 i + SUPPORT_SAMPLES - 1` and of nothing else.
    const SUPPORT_SAMPLES: usize = (Self::FRAMES_PER_CODE - 1) * FRAME_SAMPLES + WINDOW_SAMPLES;

    /// At the start of a stream.
    fn new() -> Self;

    /// Takes the bands of one frame, none below 0; gives a code every second frame, once there are
    /// [`FRAMES_PER_CODE`](Self::FRAMES_PER_CODE).
    fn push(&mut self, bands: &[i16; BANDS]) -> Option<u8>;

    /// The codes before the first and after the last, were the stream to end here. `None` where
    /// there was no code, or the encoder makes none without their whole context.
    fn margins(&self) -> Option<Margins> {
        None
    }
}

/// Codes of the hops at a stream's ends, made with what there is of their context, the middle of
/// each nearer to an end than half of that. They say less of the sound than others do (five
/// sixths as much on average), and nothing of what a decode from elsewhere in the
/// recording would give: so they are for what is all there is of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Margins {
    /// Of the hops before that of the first code.
    pub before: [u8; MARGIN_CODES],
    /// Of those after that of the last.
    pub after: [u8; MARGIN_CODES],
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Network {}
    impl Sealed for super::SlowDifference {}
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use sha2::{Digest, Sha256};
    use std::{format, string::String};

    #[test]
    fn the_certificate_is_that_of_these_weights() {
        let mut sha = Sha256::new();
        for layer in &weights::LAYERS {
            layer.weights.iter().for_each(|weight| sha.update(weight.to_le_bytes()));
            layer.biases.iter().for_each(|bias| sha.update(bias.to_le_bytes()));
        }
        let hex: String = sha.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        let told = CERTIFICATE.lines().find_map(|line| line.strip_prefix("sha256: "));
        assert_eq!(told, Some(hex.as_str()));
    }
}
