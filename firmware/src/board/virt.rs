//! QEMU's RISC-V machine `virt`: the hart's own timer, and a 16550 as serial line.
#![allow(unsafe_code)]

pub use riscv_rt::entry;

use core::cell::Cell;

use critical_section::Mutex;
use riscv::interrupt::Interrupt;
use riscv::register::{mcycle, mie};
use riscv_rt::core_interrupt;

use super::register::Register;

/// The timer counts at 10 MHz.
const TICKS_PER_SECOND: u64 = 10_000_000;

// SAFETY: QEMU's hw/riscv/virt.c, `virt_memmap`: the CLINT's timer of hart 0 (SiFive's layout) and
// the 16550, none of which reaches memory.
const COMPARE: [Register; 2] = unsafe { [Register::at(0x0200_4000), Register::at(0x0200_4004)] };
// SAFETY: likewise.
const TIME: [Register; 2] = unsafe { [Register::at(0x0200_bff8), Register::at(0x0200_bffc)] };
// SAFETY: likewise.
const SERIAL_DATA: Register = unsafe { Register::at(0x1000_0000) };
// SAFETY: likewise.
const SERIAL_STATE: Register = unsafe { Register::at(0x1000_0005) };

const SERIAL_EMPTY: u8 = 1 << 5;

/// Counts instructions: under `-icount shift=0` that is what QEMU takes for cycles.
pub struct Counter;

/// What a [`Counter`] showed at some moment.
pub struct Moment(usize);

impl Counter {
    /// Starts it.
    pub fn start() -> Self {
        Self
    }

    /// Now.
    pub fn now(&self) -> Moment {
        Moment(mcycle::read())
    }

    /// Instructions since `begun`, which must be less than 2^32 of them ago.
    pub fn since(&self, begun: &Moment) -> u64 {
        mcycle::read().wrapping_sub(begun.0) as u64
    }
}

/// What the timer's interrupt is to do, and when it was last meant to come.
#[derive(Clone, Copy)]
struct Alarm {
    period: u64,
    due: u64,
}

static ALARM: Mutex<Cell<Alarm>> = Mutex::new(Cell::new(Alarm { period: 0, due: 0 }));

/// Interrupts again and again.
pub struct Ticker;

impl Ticker {
    /// The board's.
    pub fn take() -> Option<Self> {
        Some(Self)
    }

    /// Interrupts every time in which `frames` frames pass at this rate.
    pub fn every(&mut self, frames: usize, rate_hz: u32) {
        let period = TICKS_PER_SECOND * frames as u64 / u64::from(rate_hz.max(1));
        set_alarm(|_| Alarm { period, due: now() + period });
        // SAFETY: the handler is below, and whoever must not be disturbed is in a critical section.
        unsafe {
            mie::enable(Interrupt::MachineTimer);
            riscv::interrupt::enable();
        }
    }

    /// No more interrupts.
    pub fn stop(&mut self) {
        mie::disable(Interrupt::MachineTimer);
    }
}

#[core_interrupt(Interrupt::MachineTimer)]
fn machine_timer() {
    // This also takes the request back.
    set_alarm(|last| Alarm { due: last.due + last.period, ..last });
    super::ticked();
}

fn set_alarm(next: impl FnOnce(Alarm) -> Alarm) {
    critical_section::with(|cs| {
        let alarm = ALARM.borrow(cs);
        alarm.set(next(alarm.get()));
        let [low, high] = COMPARE;
        // Between the two writes it must not be due.
        high.write(u32::MAX);
        low.write(alarm.get().due as u32);
        high.write((alarm.get().due >> 32) as u32);
    });
}

fn now() -> u64 {
    let [low, high] = TIME;
    loop {
        let above = high.read();
        let below = low.read();
        if high.read() == above {
            return u64::from(above) << 32 | u64::from(below);
        }
    }
}

/// The serial line.
pub struct Serial;

impl Serial {
    /// Opens it.
    pub fn open() -> Self {
        Self
    }

    /// Sends bytes; waits while the line is busy.
    pub fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            while SERIAL_STATE.read_byte() & SERIAL_EMPTY == 0 {}
            SERIAL_DATA.write_byte(*byte);
        }
    }
}

/// Waits for an interrupt; inside a critical section too, so that none slips in before.
pub fn sleep() {
    riscv::asm::wfi();
}
