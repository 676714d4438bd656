//! QEMU's RISC-V machine `virt`.

pub use riscv_rt::entry;

use riscv::register::mcycle;

/// Counts instructions: under `-icount shift=0` that is what QEMU takes for cycles.
pub struct Counter;

/// What a [`Counter`] showed at some moment.
pub struct Moment(usize);

impl Counter {
    /// Starts it.
    pub fn start() -> Option<Self> {
        Some(Self)
    }

    /// Now.
    pub fn now(&self) -> Moment {
        Moment(mcycle::read())
    }

    /// Instructions since `begun`, which must be less than 2^32 of them ago.
    pub fn since(&self, begun: Moment) -> u64 {
        mcycle::read().wrapping_sub(begun.0) as u64
    }
}
