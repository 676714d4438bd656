//! What differs from one board to the next: a file each, all with the same names in it.
//!
//! `entry` marks the image's first function, [`Counter`] counts instructions, [`Ticker`] interrupts
//! again and again, [`Serial`] sends bytes, `sleep` waits for an interrupt. The memory map that
//! belongs to it lies in `boards/`.

#[cfg(target_arch = "arm")]
mod mps2;
mod register;
#[cfg(target_arch = "riscv32")]
mod virt;

use core::cell::Cell;

use critical_section::Mutex;

#[cfg(target_arch = "arm")]
pub use mps2::*;
#[cfg(target_arch = "riscv32")]
pub use virt::*;

type Handler = Cell<Option<fn()>>;

/// What the ticker's interrupt calls.
static ON_TICK: Mutex<Handler> = Mutex::new(Cell::new(None));

/// From now on the ticker's interrupt calls this.
pub fn on_tick(handler: fn()) {
    critical_section::with(|cs| ON_TICK.borrow(cs).set(Some(handler)));
}

/// Called by the board's interrupt.
fn ticked() {
    if let Some(handler) = critical_section::with(|cs| ON_TICK.borrow(cs).get()) {
        handler();
    }
}
