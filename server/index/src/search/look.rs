//! How near codes are to others: in standard deviations of independent bits, of which half differ
//! by chance.

/// How much nearer than chance they are, of whose bits so many differ.
pub(super) fn look(bits: usize, errors: u32) -> f32 {
    let bits = bits as f32;
    (bits - 2.0 * errors as f32) / bits.max(1.0).sqrt()
}

/// The most bits that may differ of those that are so near.
pub(super) fn errors_most(bits: usize, look: f32) -> u32 {
    let bits = bits as f32;
    (0.5 * bits - 0.5 * look * bits.sqrt()).max(0.0) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_near_enough_has_no_more_errors_and_one_more_is_too_many() {
        for bits in [112, 192, 1_024, 14_400] {
            for near in [0.0, 1.9, 3.0, 9.0] {
                let most = errors_most(bits, near);
                assert!(look(bits, most) >= near && look(bits, most + 1) < near, "{bits} {near}");
            }
        }
        assert_eq!((look(0, 0), errors_most(0, 1.0), errors_most(4, 9.0)), (0.0, 0, 0));
    }
}
