//! Bytes as hex on the host's standard output.

use semihosting::print;

/// Prints two lower-case digits a byte, without a line's end.
pub fn print_hex(bytes: &[u8]) {
    // A semihosting call stops the machine: sixteen bytes a call rather than one.
    for group in bytes.chunks(16) {
        let mut digits = [0; 32];
        for (pair, byte) in digits.chunks_exact_mut(2).zip(group) {
            pair[0] = digit(byte >> 4);
            pair[1] = digit(byte & 0xf);
        }
        print!("{}", core::str::from_utf8(&digits[..2 * group.len()]).unwrap_or_default());
    }
}

fn digit(nibble: u8) -> u8 {
    match nibble {
        0..=9 => b'0' + nibble,
        _ => b'a' + nibble - 10,
    }
}
