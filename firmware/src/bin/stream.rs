//! Hears vectors as a device hears its microphone, and tells what it hears over the serial line.
//!
//! The argument line is `IMAGE STALL_MS` and three words for every vector. After its first codes
//! the main loop does something else for so many milliseconds, once, as one that writes its flash
//! does.

#![no_std]
#![no_main]

use core::fmt;

use onmon_core::FormatError;
use onmon_device::Listener;
use onmon_firmware::microphone::{self, State, VECTORS_MAX};
use onmon_firmware::{Clock, Counter, Serial, Vector, VectorError, arguments, entry, sleep};
use onmon_link::{FRAME_BYTES_MAX, Message, encode};
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

fn run() -> Result<(), Error> {
    let (stall_ms, vectors) = plan()?;
    let frames: u64 = vectors.iter().map(|vector| vector.frames).sum();
    let (mut clock, mut serial) = (Clock::start(), Serial::open());
    let mut outlet = microphone::listen(vectors)?.ok_or(Error::NoMicrophone)?;
    let mut listener = Listener::new();
    let mut stall_ms = Some(stall_ms);
    loop {
        let mut told_codes = false;
        let heard = clock.lap(|| {
            outlet.take(|half| {
                listener.hear(&half, |message| {
                    told_codes |= matches!(message, Message::Codes(_));
                    send(&mut serial, message);
                });
            })
        });
        if told_codes && let Some(ms) = stall_ms.take() {
            stall(ms);
        }
        if heard.is_some() {
            continue;
        }
        match microphone::wait(&outlet) {
            State::Ended(lost) if !outlet.ready() => {
                listener.end(lost, |message| send(&mut serial, message));
                break;
            }
            State::Failed => return Err(Error::NoMicrophone),
            _ => {}
        }
    }
    println!("frames {frames}");
    println!("instructions {}", clock.instructions());
    Ok(())
}

fn plan() -> Result<(u64, heapless::Vec<Vector, VECTORS_MAX>), Error> {
    let arguments = arguments()?;
    let mut words = (&arguments).skip(1).peekable();
    let stall_ms = words.next().and_then(Result::ok).ok_or(VectorError::Arguments)?;
    let stall_ms = stall_ms.parse().map_err(VectorError::Number)?;
    let mut vectors = heapless::Vec::new();
    while words.peek().is_some() {
        vectors.push(Vector::open(&mut words)?).map_err(|_| VectorError::Arguments)?;
    }
    Ok((stall_ms, vectors))
}

fn send(serial: &mut Serial, message: &Message) {
    let mut room = [0; FRAME_BYTES_MAX];
    if let Ok(frame) = encode(message, &mut room) {
        serial.write(frame);
    }
}

/// Away for so long; to QEMU an instruction is a nanosecond. It sleeps between interrupts, which is
/// faster to emulate than to count.
fn stall(ms: u64) {
    let counter = Counter::start();
    let begun = counter.now();
    while counter.since(&begun) < ms * 1_000_000 {
        sleep();
    }
}

/// Why nothing is heard.
enum Error {
    Vector(VectorError),
    NoMicrophone,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Vector(error) => error.fmt(f),
            Self::NoMicrophone => f.write_str("the microphone does not work"),
        }
    }
}

impl From<VectorError> for Error {
    fn from(error: VectorError) -> Self {
        Self::Vector(error)
    }
}

impl From<FormatError> for Error {
    fn from(error: FormatError) -> Self {
        Self::Vector(VectorError::Format(error))
    }
}
