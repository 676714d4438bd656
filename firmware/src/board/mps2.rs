//! Arm's MPS2 with a Cortex-M3 (AN385) or M4F (AN386): CMSDK's timer and serial line, SysTick.
#![allow(unsafe_code)]

pub use cortex_m_rt::entry;

use cortex_m::Peripherals;
use cortex_m::peripheral::SYST;
use cortex_m::peripheral::syst::SystClkSource;
use cortex_m_rt::exception;

use super::register::Register;

/// Everything here counts at the core's 25 MHz, and QEMU lets an instruction take 1 ns.
const TICKS_PER_SECOND: u64 = 25_000_000;
const INSTRUCTIONS_PER_TICK: u64 = 1_000_000_000 / TICKS_PER_SECOND;

// SAFETY: Arm DAI0385D and DAI0386D, "CMSDK peripherals": timer 0 and serial line 0 of both images,
// none of which reaches memory.
const TIMER_CONTROL: Register = unsafe { Register::at(0x4000_0000) };
// SAFETY: likewise.
const TIMER_VALUE: Register = unsafe { Register::at(0x4000_0004) };
// SAFETY: likewise.
const TIMER_RELOAD: Register = unsafe { Register::at(0x4000_0008) };
// SAFETY: likewise.
const SERIAL_DATA: Register = unsafe { Register::at(0x4000_4000) };
// SAFETY: likewise.
const SERIAL_STATE: Register = unsafe { Register::at(0x4000_4004) };
// SAFETY: likewise.
const SERIAL_CONTROL: Register = unsafe { Register::at(0x4000_4008) };
// SAFETY: likewise.
const SERIAL_DIVISOR: Register = unsafe { Register::at(0x4000_4010) };

const TIMER_ENABLE: u32 = 1;
const SERIAL_SEND: u32 = 1;
const SERIAL_FULL: u32 = 1;

/// 25 MHz over this is 115,200 a second, nearly.
const DIVISOR: u32 = 217;

/// Counts instructions, 40 at a time. QEMU counts them as virtual time (`-icount shift=0`).
pub struct Counter;

/// What a [`Counter`] showed at some moment.
pub struct Moment(u32);

impl Counter {
    /// Starts it.
    pub fn start() -> Self {
        TIMER_RELOAD.write(u32::MAX);
        TIMER_VALUE.write(u32::MAX);
        TIMER_CONTROL.write(TIMER_ENABLE);
        Self
    }

    /// Now.
    pub fn now(&self) -> Moment {
        Moment(TIMER_VALUE.read())
    }

    /// Instructions since `begun`, which must be less than 2^32 ticks (171 s) ago.
    pub fn since(&self, begun: &Moment) -> u64 {
        // It counts down.
        u64::from(begun.0.wrapping_sub(TIMER_VALUE.read())) * INSTRUCTIONS_PER_TICK
    }
}

/// Interrupts again and again.
pub struct Ticker(SYST);

impl Ticker {
    /// The board's; there is one.
    pub fn take() -> Option<Self> {
        let mut counter = Peripherals::take()?.SYST;
        counter.set_clock_source(SystClkSource::Core);
        Some(Self(counter))
    }

    /// Interrupts every time in which `frames` frames pass at this rate: 0.67 s at most.
    pub fn every(&mut self, frames: usize, rate_hz: u32) {
        let ticks = TICKS_PER_SECOND * frames as u64 / u64::from(rate_hz.max(1));
        self.0.set_reload(ticks.saturating_sub(1) as u32);
        self.0.clear_current();
        self.0.enable_interrupt();
        self.0.enable_counter();
    }

    /// No more interrupts.
    pub fn stop(&mut self) {
        self.0.disable_counter();
    }
}

#[exception]
fn SysTick() {
    super::ticked();
}

/// The serial line.
pub struct Serial;

impl Serial {
    /// Opens it.
    pub fn open() -> Self {
        SERIAL_DIVISOR.write(DIVISOR);
        SERIAL_CONTROL.write(SERIAL_SEND);
        Self
    }

    /// Sends bytes; waits while the line is busy.
    pub fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            while SERIAL_STATE.read() & SERIAL_FULL != 0 {}
            SERIAL_DATA.write(u32::from(*byte));
        }
    }
}

/// Waits for an interrupt; inside a critical section too, so that none slips in before.
pub fn sleep() {
    cortex_m::asm::wfi();
}
