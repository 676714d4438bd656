//! How fast it seals and opens: `cargo run --release -p onmon-seal --example sealing`.

use std::error::Error;
use std::io::{self, Cursor, Read};
use std::time::Instant;

use onmon_seal::{ContentKey, RECORD_BYTES, Sealed, Sealer};

const MEGABYTES: usize = 256;

fn main() -> Result<(), Box<dyn Error>> {
    let content = vec![7; MEGABYTES * 1_000_000];
    let key = ContentKey::new([1; 16]);
    for record_bytes in [4 << 10, RECORD_BYTES, 1 << 20] {
        let mut sealed = Vec::with_capacity(content.len() + content.len() / 100);
        let began = Instant::now();
        let source = content.as_slice();
        Sealer::with_record_bytes(source, &key, &[2; 16], [3; 16], record_bytes)?
            .read_to_end(&mut sealed)?;
        let sealing = began.elapsed().as_secs_f64();
        let began = Instant::now();
        io::copy(&mut Sealed::read(sealed.as_slice())?.unlock(&key), &mut io::sink())?;
        let opening = began.elapsed().as_secs_f64();
        let began = Instant::now();
        let mut seeker = Sealed::read(Cursor::new(&sealed))?.unlock_seekable(&key)?;
        for i in 0..1_000 {
            seeker.open_range(i * 250_007, i * 250_007 + 4_096)?;
        }
        let jump_us = began.elapsed().as_secs_f64() * 1_000.0;
        println!(
            "records of {record_bytes}: seals {:.0} MB/s, opens {:.0} MB/s, a jump {jump_us:.0} us",
            MEGABYTES as f64 / sealing,
            MEGABYTES as f64 / opening,
        );
    }
    Ok(())
}
