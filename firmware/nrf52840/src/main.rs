//! Listens by a PDM microphone at 16 kHz, and tells codes over the serial line at 115,200 baud.
//!
//! ```text
//! EasyDMA    two halves of 64 ms
//!   | microphone()   an executor of its own, on a software interrupt: Intake::fill
//!   | two halves of 64 ms for the main loop
//! main()     extracts, sends, sleeps
//! ```
//! Pins of the nRF52840-DK: clock P1.01 and data P1.02 to the microphone's, its SELECT to ground;
//! the serial line is P0.06, which the debugger shows as a USB serial port. On a XIAO nRF52840
//! Sense the microphone is at P1.00 and P0.16, and is switched on by P1.10.

#![no_std]
#![no_main]

use core::panic::PanicInfo;

use cortex_m::peripheral::SCB;
use embassy_executor::{InterruptExecutor, Spawner};
use embassy_nrf::interrupt;
use embassy_nrf::interrupt::{InterruptExt, Priority};
use embassy_nrf::pdm::{self, Frequency, Pdm, Ratio, SamplerState};
use embassy_nrf::uarte::{self, Baudrate, UarteTx};
use embassy_nrf::{Peri, bind_interrupts, peripherals};
use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use embassy_sync::signal::Signal;
use onmon_core::{Channels, SampleRate};
use onmon_device::{Format, Half, Halves, Intake, Listener, Outlet, double_buffer};
use onmon_link::{FRAME_BYTES_MAX, Message, encode};
use static_cell::ConstStaticCell;

/// Samples of a half, of the microphone's as of the main loop's.
const HALF_SAMPLES: usize = 1_024;

/// 1.28 MHz over 80: the microphone's bits become exactly so many samples a second.
const RATE_HZ: u32 = 16_000;
const BIT_CLOCK: Frequency = Frequency::_1280k;
const RATIO: Ratio = Ratio::Ratio80;

static MICROPHONE: InterruptExecutor = InterruptExecutor::new();

/// A half was filled.
static FILLED: Signal<CriticalSectionRawMutex, ()> = Signal::new();

bind_interrupts!(struct Interrupts {
    PDM => pdm::InterruptHandler<peripherals::PDM>;
    UARTE0 => uarte::InterruptHandler<peripherals::UARTE0>;
});

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    let board = embassy_nrf::init(embassy_nrf::config::Config::default());
    let mut config = uarte::Config::default();
    config.baudrate = Baudrate::Baud115200;
    let mut serial = UarteTx::new(board.UARTE0, Interrupts, board.P0_06, config);

    let Some((intake, outlet, format)) = double_buffered() else { return };
    interrupt::EGU1_SWI1.set_priority(Priority::P6);
    let spawner = MICROPHONE.start(interrupt::EGU1_SWI1);
    let Ok(task) = microphone(board.PDM, board.P1_01, board.P1_02, intake, format) else { return };
    spawner.spawn(task);
    listen(outlet, &mut serial).await;
}

/// Extracts what comes, for ever.
async fn listen(mut outlet: Outlet<HALF_SAMPLES>, serial: &mut UarteTx<'_>) {
    let mut listener = Listener::new();
    loop {
        while outlet.take(|half| listener.hear(&half, |message| send(serial, message))).is_some() {}
        FILLED.wait().await;
    }
}

fn double_buffered() -> Option<(Intake<HALF_SAMPLES>, Outlet<HALF_SAMPLES>, Format)> {
    static HALVES: ConstStaticCell<[Half<HALF_SAMPLES>; 2]> =
        ConstStaticCell::new([Half::new(), Half::new()]);
    static EMPTY: ConstStaticCell<Halves<HALF_SAMPLES>> = ConstStaticCell::new(Halves::new());
    static FULL: ConstStaticCell<Halves<HALF_SAMPLES>> = ConstStaticCell::new(Halves::new());
    let format = Format { rate: SampleRate::from_hz(RATE_HZ).ok()?, channels: Channels::MONO };
    let (intake, outlet) = double_buffer(HALVES.try_take()?, EMPTY.try_take()?, FULL.try_take()?);
    Some((intake, outlet, format))
}

/// Runs above the main loop: what comes while that extracts is taken all the same.
#[embassy_executor::task]
async fn microphone(
    pdm: Peri<'static, peripherals::PDM>,
    clock: Peri<'static, peripherals::P1_01>,
    data: Peri<'static, peripherals::P1_02>,
    mut intake: Intake<HALF_SAMPLES>,
    format: Format,
) {
    static DMA: ConstStaticCell<[[i16; HALF_SAMPLES]; 2]> =
        ConstStaticCell::new([[0; HALF_SAMPLES]; 2]);
    let Some(halves) = DMA.try_take() else { return };
    let mut config = pdm::Config::default();
    (config.frequency, config.ratio) = (BIT_CLOCK, RATIO);
    let mut pdm = Pdm::new(pdm, Interrupts, clock, data, config);
    let taken = pdm.run_task_sampler(halves, |samples| {
        // Where both halves are in the main loop's hands, it counts what is lost.
        intake.fill(format, samples.len(), |half| {
            half.iter_mut().zip(samples).for_each(|(to, from)| *to = *from);
        });
        FILLED.signal(());
        SamplerState::Sampled
    });
    // It ends with the power alone.
    let _ = taken.await;
}

fn send(serial: &mut UarteTx<'_>, message: &Message) {
    let mut room = [0; FRAME_BYTES_MAX];
    if let Ok(frame) = encode(message, &mut room) {
        // The line cannot fail: the frame is in RAM and shorter than DMA can take.
        let _ = serial.blocking_write_from_ram(frame);
    }
}

/// The software interrupt on which the microphone's executor runs.
#[interrupt]
#[allow(unsafe_code)]
unsafe fn EGU1_SWI1() {
    // SAFETY: this is the interrupt that `MICROPHONE` was started on, and nobody else calls it.
    unsafe { MICROPHONE.on_interrupt() }
}

/// core, device and link reach no panic; the HAL might. Starting anew is what a device can do.
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    SCB::sys_reset()
}
