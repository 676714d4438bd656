//! Fingerprints one PCM vector as a microcontroller would, block by block, and prints what it got:
//! lines `codes HEX`, `fingerprint HEX` (the wire bytes), `frames N` and `instructions N`.

#![no_std]
#![no_main]

use core::fmt;

use onmon_core::plan::TooShort;
use onmon_core::wire::WireError;
use onmon_core::{Channels, Extractor, FingerprintError, FormatError, SampleRate, plan, wire};
use onmon_firmware::{
    BLOCK_SAMPLES, Clock, Excerpts, Vector, VectorError, arguments, entry, print_hex,
};
use semihosting::process::ExitCode;
use semihosting::{eprintln, print, println};

#[entry]
fn main() -> ! {
    let mut clock = Clock::start();
    match run(&mut clock) {
        Ok(()) => ExitCode::SUCCESS.exit_process(),
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE.exit_process()
        }
    }
}

fn run(clock: &mut Clock) -> Result<(), Error> {
    let mut vector = Vector::open(&mut (&arguments()?).skip(1))?;
    let rate = SampleRate::from_hz(vector.rate_hz)?;
    let mut extractor = Extractor::new(rate, Channels::new(vector.channels.into())?);
    let spans = plan::spans(plan::codes_in(vector.frames, rate))?;
    let duration_ms = vector.frames * 1_000 / u64::from(vector.rate_hz);
    let mut excerpts = Excerpts::new(&spans, duration_ms as u32);

    print!("codes ");
    let mut block = [0; BLOCK_SAMPLES];
    loop {
        let count = vector.read(&mut block)?;
        let samples = &block[..count];
        if samples.is_empty() {
            break;
        }
        let mut codes = [0; CODES_PER_BLOCK_MAX];
        let mut count = 0;
        clock.lap(|| {
            extractor.push(samples, |code| {
                codes[count] = code;
                count += 1;
            });
            codes[..count].iter().try_for_each(|code| excerpts.push(*code))
        })?;
        print_hex(&codes[..count]);
    }
    println!();

    let mut bytes = [0; wire::QUERY_BYTES_MAX];
    let length = clock.lap(|| {
        let query = excerpts.ended(extractor.margins().as_ref());
        Ok::<_, Error>(wire::encode(&query.finish()?, &mut bytes)?)
    })?;
    print!("fingerprint ");
    print_hex(&bytes[..length]);
    println!();
    println!("frames {}", vector.frames);
    println!("instructions {}", clock.instructions());
    Ok(())
}

/// A mono block at 8 kHz is 64 ms, a hop 50 ms.
const CODES_PER_BLOCK_MAX: usize = 1 + BLOCK_SAMPLES.div_ceil(onmon_core::profile::HOP_SAMPLES);

/// Why there is no fingerprint.
enum Error {
    Vector(VectorError),
    Format(FormatError),
    TooShort(TooShort),
    Fingerprint(FingerprintError),
    Wire(WireError),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Vector(error) => error.fmt(f),
            Self::Format(error) => error.fmt(f),
            Self::TooShort(error) => error.fmt(f),
            Self::Fingerprint(error) => error.fmt(f),
            Self::Wire(error) => error.fmt(f),
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
        Self::Format(error)
    }
}

impl From<TooShort> for Error {
    fn from(error: TooShort) -> Self {
        Self::TooShort(error)
    }
}

impl From<FingerprintError> for Error {
    fn from(error: FingerprintError) -> Self {
        Self::Fingerprint(error)
    }
}

impl From<WireError> for Error {
    fn from(error: WireError) -> Self {
        Self::Wire(error)
    }
}
