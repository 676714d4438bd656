//! Hears vectors as a device hears its microphone, and tells what it hears over the serial line.
//!
//! The argument line is `IMAGE STALL_MS` and three words for every vector. After its first codes
//! the main loop does something else for so many milliseconds, once, as one that writes its flash
//! does.

#![no_std]
#![no_main]

use onmon_firmware::hearing::{HearingError, hear, plan, send};
use onmon_firmware::{Clock, Serial, entry};
use semihosting::process::ExitCode;
use semihosting::{eprintln, println};

#[entry]
fn main() -> ! {
    match run() {
        Ok(()) => ExitCode::SUCCESS.exit_process(),
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE.exit_process()
        }
    }
}

fn run() -> Result<(), HearingError> {
    let (plan, mut clock, mut serial) = (plan()?, Clock::start(), Serial::open());
    hear(plan, &mut clock, |message| send(&mut serial, message))?;
    println!("instructions {}", clock.instructions());
    Ok(())
}
