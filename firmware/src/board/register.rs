//! A register of a peripheral: a word at an address that the board's manual gives.
#![allow(unsafe_code)]

/// One 32-bit register (or an 8-bit one, of which there are few).
#[derive(Clone, Copy)]
pub(super) struct Register(usize);

impl Register {
    /// The register at this address.
    ///
    /// # Safety
    /// There must be a register at this address on every machine that the image runs on, aligned
    /// for the width it is used with, and writing to it must not change memory that Rust knows.
    pub(super) const unsafe fn at(address: usize) -> Self {
        Self(address)
    }

    /// Reads it.
    #[allow(dead_code, reason = "not every board has registers of both widths")]
    pub(super) fn read(self) -> u32 {
        // SAFETY: whoever made it promised that there is a register.
        unsafe { (self.0 as *const u32).read_volatile() }
    }

    /// Writes it.
    pub(super) fn write(self, value: u32) {
        // SAFETY: likewise, and that no memory of Rust's is changed by it.
        unsafe { (self.0 as *mut u32).write_volatile(value) }
    }

    /// Reads it, where it is a byte.
    #[allow(dead_code, reason = "not every board has registers of both widths")]
    pub(super) fn read_byte(self) -> u8 {
        // SAFETY: as for `read`.
        unsafe { (self.0 as *const u8).read_volatile() }
    }

    /// Writes it, where it is a byte.
    #[allow(dead_code, reason = "not every board has registers of both widths")]
    pub(super) fn write_byte(self, value: u8) {
        // SAFETY: as for `write`.
        unsafe { (self.0 as *mut u8).write_volatile(value) }
    }
}
