//! Time spent in the work alone, by SysTick: 24 bits counting down at the core's 25 MHz.
//!
//! Under QEMU's `-icount shift=0` an instruction takes 1 ns of virtual time, so a tick is 40
//! instructions.

use cortex_m::peripheral::SYST;
use cortex_m::peripheral::syst::SystClkSource;

const RELOAD: u32 = 0x00ff_ffff;

/// A stopwatch that adds up; one lap must be shorter than 2^24 ticks (0.67 s, 671 million
/// instructions).
pub struct Clock {
    ticks: u64,
}

impl Clock {
    /// Starts the counter.
    pub fn new(mut counter: SYST) -> Self {
        counter.set_clock_source(SystClkSource::Core);
        counter.set_reload(RELOAD);
        counter.clear_current();
        counter.enable_counter();
        Self { ticks: 0 }
    }

    /// Does `work` and adds the time it took.
    pub fn lap<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let begun = SYST::get_current();
        let result = work();
        let ended = SYST::get_current();
        self.ticks += u64::from(begun.wrapping_sub(ended) & RELOAD);
        result
    }

    /// Ticks in all laps.
    pub fn ticks(&self) -> u64 {
        self.ticks
    }
}
