//! `cargo xtask firmware`: the images against the golden vectors, in QEMU, and what they take.

mod board;
mod playing;
mod real;
mod stream;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::thread;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

pub use self::board::{BOARDS, Board, M4F};
use self::board::{Job, words};
use self::playing::Material;
pub use self::playing::Recognition;
use self::real::{RealBoard, RealImage};
use crate::tools::compiler::Compiler;
use crate::vectors::Vector;
use crate::{command, repo, vectors};

/// Seconds of audio over which the work is measured, at least.
const MEASURED_SECONDS: usize = 20;

#[derive(Args)]
pub struct Options {
    /// Run on one PCM file (i16, interleaved, little endian) and print the fingerprint instead.
    #[arg(long, requires = "rate")]
    pcm: Option<PathBuf>,
    /// Frames a second of that file.
    #[arg(long, requires = "pcm")]
    rate: Option<u32>,
    /// Interleaved channels of that file.
    #[arg(long, default_value_t = 1)]
    channels: u16,
    /// Build an image to be flashed instead, and say how.
    #[arg(long, conflicts_with = "pcm")]
    board: Option<RealBoard>,
}

/// What the image takes on one board, measured.
pub struct Report {
    pub board: &'static Board,
    /// The whole image.
    pub flash_bytes: u64,
    /// Of it, what is there without the product: start-up, semihosting, printing.
    pub harness_flash_bytes: u64,
    /// Variables and the deepest stack seen over all vectors.
    pub ram_bytes: u64,
    /// One for each vector.
    pub speeds: Vec<Speed>,
    /// Of the image that knows what is playing.
    pub recognition: Recognition,
}

/// Work for one second of audio of a kind.
pub struct Speed {
    pub vector: String,
    pub rate_hz: u32,
    pub channels: u16,
    pub instructions_per_second: u64,
}

/// `cargo xtask firmware`.
pub fn firmware(options: &Options) -> Result<()> {
    if let Some(board) = options.board {
        return board.build().map(|image| image.print());
    }
    if let (Some(pcm), Some(rate_hz)) = (&options.pcm, options.rate) {
        build(M4F, &Material::make()?)?;
        let run = fingerprint(M4F, pcm, rate_hz, options.channels)?;
        println!("{}", hex(&run.fingerprint));
        return Ok(());
    }
    test()
}

/// The gate: every board gives the golden vectors' bytes, and the Cortex-M4F is measured.
pub fn test() -> Result<()> {
    let material = Material::make()?;
    for board in &BOARDS {
        build(board, &material)?;
        board.require()?;
    }
    let vectors = golden()?;
    on_every_board(|board| {
        compare_all(board, &vectors)?;
        stream::check(board, &vectors)
    })?;
    for board in &BOARDS {
        println!(
            "{}: {} vectors byte-equal, at once and as a stream from interrupts",
            board.description(),
            vectors.len()
        );
    }
    measure(M4F, &vectors, &material)?.print();
    Ok(())
}

/// Builds for the board of the budgets, compares every byte and measures.
pub fn report() -> Result<Report> {
    let material = Material::make()?;
    build(M4F, &material)?;
    let vectors = golden()?;
    compare_all(M4F, &vectors)?;
    measure(M4F, &vectors, &material)
}

/// The same on every board, measured.
pub fn every_board() -> Result<Vec<Report>> {
    let (material, vectors) = (Material::make()?, golden()?);
    for board in &BOARDS {
        build(board, &material)?;
        board.require()?;
    }
    let reports = Mutex::new(Vec::new());
    on_every_board(|board| {
        compare_all(board, &vectors)?;
        let report = measure(board, &vectors, &material)?;
        reports.lock().unwrap_or_else(PoisonError::into_inner).push(report);
        Ok(())
    })?;
    let mut reports = reports.into_inner().unwrap_or_else(PoisonError::into_inner);
    let place = |report: &Report| BOARDS.iter().position(|board| board.name == report.board.name);
    reports.sort_by_key(place);
    Ok(reports)
}

/// The image to be flashed.
pub fn nrf52840() -> Result<RealImage> {
    RealBoard::Nrf52840.build()
}

/// QEMU keeps one core busy: the boards run beside each other.
fn on_every_board(work: impl Fn(&'static Board) -> Result<()> + Sync) -> Result<()> {
    static ALL: &[Board] = &BOARDS;
    thread::scope(|scope| {
        let running: Vec<_> = ALL.iter().map(|board| scope.spawn(|| work(board))).collect();
        running.into_iter().try_for_each(|thread| match thread.join() {
            Ok(outcome) => outcome,
            Err(_) => bail!("a thread of xtask panicked"),
        })
    })
}

fn measure(board: &'static Board, vectors: &[Vector], material: &Material) -> Result<Report> {
    let mut report = Report {
        board,
        flash_bytes: board.footprint("fingerprint")?.flash_bytes,
        harness_flash_bytes: board.footprint("harness")?.flash_bytes,
        ram_bytes: 0,
        speeds: Vec::new(),
        recognition: playing::check(board, material)?,
    };
    for vector in vectors {
        let run = fingerprint(board, &repeated(board, vector)?, vector.rate_hz, vector.channels)?;
        let per_second = u128::from(run.instructions) * u128::from(vector.rate_hz);
        report.ram_bytes = report.ram_bytes.max(run.ram_bytes);
        report.speeds.push(Speed {
            vector: vector.name.clone(),
            rate_hz: vector.rate_hz,
            channels: vector.channels,
            instructions_per_second: u64::try_from(per_second / u128::from(run.frames.max(1)))?,
        });
    }
    Ok(report)
}

impl Report {
    /// For a person.
    pub fn print(&self) {
        println!("{}", self.board.description());
        let product = self.flash_bytes.saturating_sub(self.harness_flash_bytes);
        println!(
            "  flash {} bytes: {product} for onmon-core, {} for start-up and semihosting",
            self.flash_bytes, self.harness_flash_bytes
        );
        println!("  RAM   {} bytes: variables and the deepest stack", self.ram_bytes);
        for speed in &self.speeds {
            println!(
                "  {:>6} Hz x {}: {:.2} million instructions per second of audio ({})",
                speed.rate_hz,
                speed.channels,
                speed.instructions_per_second as f64 / 1e6,
                speed.vector
            );
        }
        self.recognition.print();
    }
}

fn golden() -> Result<Vec<Vector>> {
    let vectors = vectors::all()?;
    ensure!(!vectors.is_empty(), "no golden vectors: run `cargo xtask vectors`");
    Ok(vectors)
}

/// A vector over and over until it lasts [`MEASURED_SECONDS`]: in a short one the first half
/// second, before there is a code, would make a second look cheaper than it is.
fn repeated(board: &Board, vector: &Vector) -> Result<PathBuf> {
    let pcm = fs::read(&vector.pcm)?;
    ensure!(!pcm.is_empty(), "{} is empty", vector.pcm.display());
    let bytes = MEASURED_SECONDS * vector.rate_hz as usize * usize::from(vector.channels) * 2;
    let path = board.folder().join("repeated.pcm");
    fs::write(&path, pcm.repeat(bytes.div_ceil(pcm.len())))?;
    Ok(path)
}

/// What the image `fingerprint` printed, and what it left in RAM.
struct Fingerprinted {
    codes: Vec<u8>,
    fingerprint: Vec<u8>,
    frames: u64,
    instructions: u64,
    ram_bytes: u64,
}

fn build(board: &Board, material: &Material) -> Result<()> {
    let compiler = Compiler::find(board.target)?;
    let mut cargo = compiler.cargo("build");
    cargo.args(["--release", "--locked", "--target-dir"]).arg(repo::target().join("firmware"));
    cargo.current_dir(repo::root().join("firmware")).env("ONMON_LIBRARY", material.library());
    command::run(&mut cargo).context("the firmware does not build")?;
    ["fingerprint", "stream", "now_playing"]
        .iter()
        .try_for_each(|image| refuse_float_printing(&board.image(image)))?;
    refuse_panics(&board.image("no_panic"))
}

/// What prints a float brings tables with it, and no device needs it.
fn refuse_float_printing(image: &Path) -> Result<()> {
    let bytes = fs::read(image).with_context(|| format!("reading {}", image.display()))?;
    ensure!(!holds(&bytes, "flt2dec"), "{} prints a float somewhere", image.display());
    Ok(())
}

fn holds(image: &[u8], name: &str) -> bool {
    image.windows(name.len()).any(|window| window == name.as_bytes())
}

/// No call of core, device or link may reach a panic: the linker leaves out what nothing calls, so
/// nothing of the panic machinery may be in an image of all of them.
fn refuse_panics(image: &Path) -> Result<()> {
    let bytes = fs::read(image).with_context(|| format!("reading {}", image.display()))?;
    for room in ["onmon_core", "onmon_device", "onmon_link"] {
        let path = image.display();
        ensure!(holds(&bytes, room), "{path} names no {room}, so it shows nothing");
    }
    ensure!(
        !holds(&bytes, "core9panicking"),
        "some input of core, device or link can reach a panic: see which of their functions call \
         core::panicking (llvm-objdump -d {})",
        image.display()
    );
    Ok(())
}

/// Runs the image `fingerprint` on a PCM file.
fn fingerprint(board: &Board, pcm: &Path, rate_hz: u32, channels: u16) -> Result<Fingerprinted> {
    let words = words(pcm, rate_hz, channels).to_vec();
    let run = board.run(&Job { image: "fingerprint", words, slowness: 0 })?;
    Ok(Fingerprinted {
        codes: unhex(run.field("codes")?)?,
        fingerprint: unhex(run.field("fingerprint")?)?,
        frames: run.field("frames")?.parse()?,
        instructions: run.field("instructions")?.parse()?,
        ram_bytes: run.ram_bytes,
    })
}

fn compare_all(board: &Board, vectors: &[Vector]) -> Result<()> {
    vectors.iter().try_for_each(|vector| {
        let run = fingerprint(board, &vector.pcm, vector.rate_hz, vector.channels)?;
        compare(board, vector, &run)
    })
}

fn compare(board: &Board, vector: &Vector, run: &Fingerprinted) -> Result<()> {
    for (what, got, expected) in [
        ("codes", &run.codes, &vector.codes),
        ("fingerprint", &run.fingerprint, &vector.fingerprint),
    ] {
        if got != expected {
            let same =
                got.iter().zip(expected).take_while(|(got, expected)| got == expected).count();
            bail!(
                "{}: the {what} of the {} differ from the golden ones at byte {same} \
                 ({} bytes, {} expected)",
                vector.name,
                board.name,
                got.len(),
                expected.len()
            );
        }
    }
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Result<Vec<u8>> {
    ensure!(text.is_ascii() && text.len().is_multiple_of(2), "not hex: {text}");
    (0..text.len()).step_by(2).map(|at| Ok(u8::from_str_radix(&text[at..at + 2], 16)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_round_trips_and_refuses_other_text() {
        assert_eq!(unhex(&hex(&[0, 0x9f, 0xff])).expect("hex"), [0, 0x9f, 0xff]);
        assert!(unhex("abc").is_err() && unhex("zz").is_err());
    }
}
