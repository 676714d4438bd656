//! For each file: the codes of the six samples read by seeking against those of a whole decode.
//!
//! `cargo run --release -p onmon-decode --example seek_error -- FILES...`

use std::fs::File;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::LazyLock;
use std::time::Instant;

use onmon_core::wire;
use onmon_decode::{DecodeError, Hooks, Media};

static START: LazyLock<Instant> = LazyLock::new(Instant::now);

fn main() {
    println!(
        "file | path | bit error worst sample | bit error | bytes read | ms seek | ms whole | ms off"
    );
    for file in std::env::args().skip(1) {
        match row(Path::new(&file)) {
            Ok(row) => println!("{file} | {row}"),
            Err(error) => println!("{file} | {}: {error}", error.code()),
        }
    }
}

fn row(file: &Path) -> Result<String, DecodeError> {
    let mut hooks = Hooks {
        clock: || START.elapsed().as_secs_f64() * 1_000.0,
        on_progress: &mut |_| ControlFlow::Continue(()),
    };
    let query = open(file)?.query(&mut hooks)?;
    let whole = open(file)?.reference(&mut hooks)?;
    let (sought, all) = (wire::decode(&query.wire).unwrap(), wire::decode(&whole.wire).unwrap());
    let errors: Vec<f32> = sought
        .samples()
        .map(|sample| {
            let start = sample.start as usize;
            let same = &all.codes()[start..start + sample.codes.len()];
            let bits: u32 = same.iter().zip(sample.codes).map(|(a, b)| (a ^ b).count_ones()).sum();
            bits as f32 / (8 * same.len()) as f32
        })
        .collect();
    let worst = errors.iter().copied().fold(0.0, f32::max);
    let mean = errors.iter().sum::<f32>() / errors.len() as f32;
    let len = std::fs::metadata(file).map_err(DecodeError::Read)?.len();
    Ok(format!(
        "{:?} | {worst:.4} | {mean:.4} | {} % | {:.0} | {:.0} | {}",
        query.path,
        query.bytes_read * 100 / len,
        query.spent.decode_ms + query.spent.extract_ms,
        whole.spent.decode_ms + whole.spent.extract_ms,
        i64::from(query.duration_ms) - i64::from(whole.duration_ms),
    ))
}

fn open(file: &Path) -> Result<Media, DecodeError> {
    let extension = file.extension().and_then(|extension| extension.to_str());
    Media::open(Box::new(File::open(file).map_err(DecodeError::Read)?), extension)
}
