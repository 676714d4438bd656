//! Arm's MPS2 with a Cortex-M3 (AN385) or M4F (AN386).

pub use cortex_m_rt::entry;

use cortex_m::Peripherals;
use cortex_m::peripheral::SYST;
use cortex_m::peripheral::syst::SystClkSource;

/// SysTick has 24 bits.
const RELOAD: u32 = 0x00ff_ffff;

/// SysTick counts at the core's 25 MHz, and QEMU lets an instruction take 1 ns.
const INSTRUCTIONS_PER_TICK: u64 = 40;

/// Counts instructions, 40 at a time. QEMU counts them as virtual time (`-icount shift=0`).
pub struct Counter;

/// What a [`Counter`] showed at some moment.
pub struct Moment(u32);

impl Counter {
    /// Starts it; there is one.
    pub fn start() -> Option<Self> {
        let mut counter = Peripherals::take()?.SYST;
        counter.set_clock_source(SystClkSource::Core);
        counter.set_reload(RELOAD);
        counter.clear_current();
        counter.enable_counter();
        Some(Self)
    }

    /// Now.
    pub fn now(&self) -> Moment {
        Moment(SYST::get_current())
    }

    /// Instructions since `begun`, which must be less than 671 million (2^24 ticks) ago.
    pub fn since(&self, begun: Moment) -> u64 {
        // It counts down.
        let ticks = begun.0.wrapping_sub(SYST::get_current()) & RELOAD;
        u64::from(ticks) * INSTRUCTIONS_PER_TICK
    }
}
