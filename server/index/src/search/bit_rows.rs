//! Codes as eight rows of bits, one for each bit of a code: so a stretch of a row is that bit of
//! many codes.

use fearless_simd::{i8x64, prelude::*, u8x64};

/// Codes whose bits of a row are a byte, the first code lowest.
pub(super) const IN_BYTE: usize = 8;

/// Writes the bits of codes into a row for each of their bits, the lowest first. A row has room for
/// the next multiple of 64 codes beyond them.
#[inline(always)]
pub(super) fn turn<S: Simd>(simd: S, codes: &[u8], rows: &mut [Vec<u8>; 8]) {
    const TOGETHER: usize = 64;
    let (whole, rest) = codes.as_chunks::<TOGETHER>();
    let mut last = [0; TOGETHER];
    last[..rest.len()].copy_from_slice(rest);
    for (at, codes) in whole.iter().chain([&last]).enumerate() {
        let mut codes: i8x64<S> = u8x64::from_slice(simd, codes).bitcast();
        // The highest bit is the sign; to double makes it that of the next.
        for row in rows.iter_mut().rev() {
            let bits = codes.simd_lt(0).to_bitmask().to_le_bytes();
            row[at * bits.len()..][..bits.len()].copy_from_slice(&bits);
            codes = codes + codes;
        }
    }
}
