//! The main loop: half-buffers from the microphone, messages out.

use core::fmt;

use onmon_device::Listener;
use onmon_link::{FRAME_BYTES_MAX, Message, encode};

use crate::board::{Serial, sleep};
use crate::clock::Clock;
use crate::microphone::{self, State, VECTORS_MAX};
use crate::vector::{Vector, VectorError, arguments};

/// What the argument line asks for.
pub struct Plan {
    /// After its first codes the main loop is away for so long, once.
    pub stall_ms: u64,
    /// What is heard, one after the other.
    pub vectors: heapless::Vec<Vector, VECTORS_MAX>,
}

/// Reads `IMAGE STALL_MS` and three words for every vector.
pub fn plan() -> Result<Plan, HearingError> {
    let arguments = arguments()?;
    let mut words = (&arguments).skip(1).peekable();
    let stall_ms = words.next().and_then(Result::ok).ok_or(VectorError::Arguments)?;
    let stall_ms = stall_ms.parse().map_err(VectorError::Number)?;
    let mut vectors = heapless::Vec::new();
    while words.peek().is_some() {
        vectors.push(Vector::open(&mut words)?).map_err(|_| VectorError::Arguments)?;
    }
    Ok(Plan { stall_ms, vectors })
}

/// Hears everything to its end; every message goes through `tell`. All that it does but read, wait
/// and be away is counted by the clock.
pub fn hear(
    plan: Plan,
    clock: &mut Clock,
    mut tell: impl FnMut(&Message),
) -> Result<(), HearingError> {
    let mut outlet = microphone::listen(plan.vectors)?.ok_or(HearingError::NoMicrophone)?;
    let mut listener = Listener::new();
    let mut stall_ms = Some(plan.stall_ms);
    loop {
        let mut told_codes = false;
        let heard = clock.lap(|| {
            outlet.take(|half| {
                listener.hear(&half, |message| {
                    told_codes |= matches!(message, Message::Codes(_));
                    tell(message);
                });
            })
        });
        if told_codes && let Some(ms) = stall_ms.take() {
            stall(clock, ms);
        }
        if heard.is_some() {
            continue;
        }
        match microphone::wait(&outlet) {
            State::Ended(lost) if !outlet.ready() => {
                listener.end(lost, tell);
                return Ok(());
            }
            State::Failed => return Err(HearingError::NoMicrophone),
            _ => {}
        }
    }
}

/// Sends a message's frame.
pub fn send(serial: &mut Serial, message: &Message) {
    let mut room = [0; FRAME_BYTES_MAX];
    if let Ok(frame) = encode(message, &mut room) {
        serial.write(frame);
    }
}

/// Away for so long; to QEMU an instruction is a nanosecond. It sleeps between interrupts, which is
/// faster to emulate than to count.
fn stall(clock: &Clock, ms: u64) {
    let begun = clock.now();
    while clock.since(&begun) < ms * 1_000_000 {
        sleep();
    }
}

/// Why nothing is heard.
pub enum HearingError {
    /// There is no vector.
    Vector(VectorError),
    /// The microphone is on already, or the host no longer gives its vector.
    NoMicrophone,
}

impl fmt::Display for HearingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Vector(error) => error.fmt(f),
            Self::NoMicrophone => f.write_str("the microphone does not work"),
        }
    }
}

impl From<VectorError> for HearingError {
    fn from(error: VectorError) -> Self {
        Self::Vector(error)
    }
}
