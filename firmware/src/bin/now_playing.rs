//! Like `stream`, and tells what is playing: the device has a library in its flash.
//!
//! The library is the file that `ONMON_LIBRARY` names when the image is built (`cargo xtask
//! firmware` makes one); without it there is none, and nothing is ever playing.

#![no_std]
#![no_main]

use onmon_device::{Library, Recogniser};
use onmon_firmware::hearing::{HearingError, hear, plan, send};
use onmon_firmware::{Clock, Serial, entry};
use onmon_link::Message;
use semihosting::process::ExitCode;
use semihosting::{eprintln, println};

/// Excerpt after excerpt.
static LIBRARY: &[u8] = include_bytes!(env!("ONMON_LIBRARY_FILE"));

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
    let (plan, mut serial) = (plan()?, Serial::open());
    let (mut all, mut recognition) = (Clock::start(), Clock::start());
    // What is no whole excerpt is no library.
    let library = Library::new(LIBRARY).unwrap_or_default();
    let mut recogniser = Recogniser::new(library);
    hear(plan, &mut all, |message| {
        if let Message::Codes(told) = message {
            send(&mut serial, message);
            for (number, code) in (told.first..).zip(&told.codes) {
                if let Some(playing) = recognition.lap(|| recogniser.push(number, *code)) {
                    send(&mut serial, &Message::Playing(playing));
                }
            }
            return;
        }
        // No code follows on the last one.
        if let Some(playing) = recogniser.finish() {
            send(&mut serial, &Message::Playing(playing));
        }
        send(&mut serial, message);
    })?;
    println!("recordings {}", library.len());
    println!("instructions {}", all.instructions());
    println!("recognition {}", recognition.instructions());
    println!("dearest {}", recognition.longest());
    Ok(())
}
