//! The image without the product: start-up, reading, printing. Its size is subtracted from the
//! other's.

#![no_std]
#![no_main]

use onmon_firmware::{BLOCK_SAMPLES, Clock, Vector, VectorError, arguments, entry, print_hex};
use semihosting::process::ExitCode;
use semihosting::{eprintln, println};

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

fn run(clock: &mut Clock) -> Result<(), VectorError> {
    let mut vector = Vector::open(&mut (&arguments()?).skip(1))?;
    let mut block = [0; BLOCK_SAMPLES];
    let mut sum = 0_i16;
    loop {
        let count = vector.read(&mut block)?;
        let samples = &block[..count];
        if samples.is_empty() {
            break;
        }
        sum = clock.lap(|| samples.iter().fold(sum, |sum, sample| sum.wrapping_add(*sample)));
    }
    print_hex(&sum.to_le_bytes());
    println!();
    println!("frames {}", vector.frames);
    println!("instructions {}", clock.instructions());
    Ok(())
}
