//! `cargo xtask firmware`: the Cortex-M4F image against the golden vectors, in QEMU, and what it
//! takes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

use crate::elf::{self, Footprint};
use crate::tools::apt;
use crate::tools::compiler::{Compiler, Target};
use crate::vectors::Vector;
use crate::{command, repo, vectors};

/// Under `-icount shift=0` an instruction takes 1 ns of virtual time, and SysTick counts at 25 MHz.
const INSTRUCTIONS_PER_TICK: u64 = 40;

/// RAM of the image (firmware/memory.x) lies at the start of QEMU's PSRAM, which we keep in a file.
const RAM_BYTES: usize = 64 * 1024;
const PSRAM: &str = "16M";
const PSRAM_BYTES: u64 = 16 << 20;

/// What RAM holds before the image runs; what still holds it afterwards was never used.
const PAINT: u8 = 0xa5;

/// Seconds of audio over which the work is measured, at least.
const MEASURED_SECONDS: usize = 20;

/// QEMU runs the longest vector in seconds; an image that hangs must not hang the gate.
const LIMIT: Duration = Duration::from_secs(120);

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
}

/// What the image takes, measured.
pub struct Report {
    /// The whole image.
    pub flash_bytes: u64,
    /// Of it, what is there without the product: start-up, semihosting, printing.
    pub harness_flash_bytes: u64,
    /// Variables and the deepest stack seen over all vectors.
    pub ram_bytes: u64,
    /// One for each vector.
    pub speeds: Vec<Speed>,
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
    if let (Some(pcm), Some(rate_hz)) = (&options.pcm, options.rate) {
        let images = build()?;
        let run = images.run(pcm, rate_hz, options.channels)?;
        println!("{}", hex(&run.fingerprint));
        return Ok(());
    }
    report()?.print();
    Ok(())
}

/// Builds, runs every golden vector, compares every byte and measures.
pub fn report() -> Result<Report> {
    let images = build()?;
    let mut report = Report {
        flash_bytes: images.product()?.flash_bytes,
        harness_flash_bytes: elf::footprint(&fs::read(&images.harness)?)?.flash_bytes,
        ram_bytes: 0,
        speeds: Vec::new(),
    };
    for vector in vectors::all()? {
        let run = images.run(&vector.pcm, vector.rate_hz, vector.channels)?;
        compare(&vector, &run)?;
        let run = images.run(&repeated(&vector)?, vector.rate_hz, vector.channels)?;
        let instructions = u128::from(run.ticks * INSTRUCTIONS_PER_TICK);
        let per_second = instructions * u128::from(vector.rate_hz) / u128::from(run.frames.max(1));
        report.ram_bytes = report.ram_bytes.max(run.ram_bytes);
        report.speeds.push(Speed {
            vector: vector.name,
            rate_hz: vector.rate_hz,
            channels: vector.channels,
            instructions_per_second: u64::try_from(per_second)?,
        });
    }
    ensure!(!report.speeds.is_empty(), "no golden vectors: run `cargo xtask vectors`");
    Ok(report)
}

impl Report {
    /// For a person.
    pub fn print(&self) {
        println!(
            "firmware (Cortex-M4F, QEMU mps2-an386): {} vectors byte-equal",
            self.speeds.len()
        );
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
    }
}

/// A vector over and over until it lasts [`MEASURED_SECONDS`]: in a short one the first half
/// second, before there is a code, would make a second look cheaper than it is.
fn repeated(vector: &Vector) -> Result<PathBuf> {
    let pcm = fs::read(&vector.pcm)?;
    ensure!(!pcm.is_empty(), "{} is empty", vector.pcm.display());
    let bytes = MEASURED_SECONDS * vector.rate_hz as usize * usize::from(vector.channels) * 2;
    let path = repo::target().join("firmware/repeated.pcm");
    fs::write(&path, pcm.repeat(bytes.div_ceil(pcm.len())))?;
    Ok(path)
}

/// The built images.
struct Images {
    product: PathBuf,
    harness: PathBuf,
}

/// What one run printed, and what it left in RAM.
struct Run {
    codes: Vec<u8>,
    fingerprint: Vec<u8>,
    frames: u64,
    ticks: u64,
    ram_bytes: u64,
}

fn build() -> Result<Images> {
    let folder = repo::root().join("firmware");
    let target = repo::target().join("firmware");
    let compiler = Compiler::find(Target::Thumbv7em)?;
    let mut cargo = compiler.cargo("build");
    cargo.args(["--release", "--locked", "--target-dir"]).arg(&target).current_dir(&folder);
    command::run(&mut cargo).context("the firmware does not build")?;
    let built = target.join(Target::Thumbv7em.name()).join("release");
    refuse_panics(&built.join("no_panic"))?;
    Ok(Images { product: built.join("fingerprint"), harness: built.join("harness") })
}

/// No call of core may reach a panic: the linker leaves out what nothing calls, so nothing of the
/// panic machinery may be in an image of all of them.
fn refuse_panics(image: &Path) -> Result<()> {
    let bytes = fs::read(image).with_context(|| format!("reading {}", image.display()))?;
    let holds = |name: &str| bytes.windows(name.len()).any(|window| window == name.as_bytes());
    ensure!(holds("onmon_core"), "{} has lost its symbols, so it shows nothing", image.display());
    ensure!(
        !holds("core9panicking"),
        "some input of onmon-core can reach a panic: see which of its functions call core::panicking \
         (llvm-objdump -d {})",
        image.display()
    );
    Ok(())
}

impl Images {
    fn product(&self) -> Result<Footprint> {
        elf::footprint(&fs::read(&self.product)?)
    }

    /// Runs the image on a PCM file.
    fn run(&self, pcm: &Path, rate_hz: u32, channels: u16) -> Result<Run> {
        let qemu = apt::program("qemu-system-arm", "qemu-system-arm")?;
        let memory = repo::target().join("firmware/psram.bin");
        fs::write(&memory, vec![PAINT; PSRAM_BYTES as usize])?;
        let printed = repo::target().join("firmware/printed.txt");

        let mut command = Command::new(qemu);
        command.args(["-machine", "mps2-an386,memory-backend=psram", "-object"]);
        command.arg(format!(
            "memory-backend-file,id=psram,size={PSRAM},share=on,mem-path={}",
            memory.display()
        ));
        command.args(["-nographic", "-monitor", "none", "-serial", "none"]);
        command.args(["-icount", "shift=0", "-semihosting-config"]);
        // A comma in a value is written twice.
        let path = pcm.display().to_string().replace(',', ",,");
        command.arg(format!(
            "enable=on,target=native,arg=fingerprint,arg={path},arg={rate_hz},arg={channels}"
        ));
        command.arg("-kernel").arg(&self.product);
        command.stdout(fs::File::create(&printed)?).stderr(Stdio::inherit());

        let mut child = command::start(&mut command)?;
        let status = command::wait(&mut child, LIMIT).context("the image in QEMU")?;
        let text = fs::read_to_string(&printed)?;
        if !status.success() {
            bail!("the image failed on {} ({status}): {text}", pcm.display());
        }
        let ram_bytes = used(&fs::read(&memory)?, self.product()?.static_ram_bytes);
        let field = |name: &str| line(&text, name).with_context(|| format!("no `{name}`: {text}"));
        Ok(Run {
            codes: unhex(field("codes")?)?,
            fingerprint: unhex(field("fingerprint")?)?,
            frames: field("frames")?.parse()?,
            ticks: field("ticks")?.parse()?,
            ram_bytes,
        })
    }
}

/// Variables from below, the stack from above: between them the paint is untouched.
fn used(memory: &[u8], static_bytes: u64) -> u64 {
    let ram = &memory[..RAM_BYTES.min(memory.len())];
    let free = ram.iter().skip(static_bytes as usize).take_while(|byte| **byte == PAINT).count();
    (ram.len() - free) as u64
}

fn compare(vector: &Vector, run: &Run) -> Result<()> {
    for (what, got, expected) in [
        ("codes", &run.codes, &vector.codes),
        ("fingerprint", &run.fingerprint, &vector.fingerprint),
    ] {
        if got != expected {
            let same =
                got.iter().zip(expected).take_while(|(got, expected)| got == expected).count();
            bail!(
                "{}: the Cortex-M4F's {what} differ from the golden ones at byte {same} \
                 ({} bytes, {} expected)",
                vector.name,
                got.len(),
                expected.len()
            );
        }
    }
    Ok(())
}

fn line<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))
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
    fn used_ram_is_variables_and_the_deepest_stack() {
        let mut memory = vec![PAINT; RAM_BYTES];
        memory[..4].fill(0);
        memory[RAM_BYTES - 1_000..].fill(1);
        // A word of the stack may by chance hold the paint.
        memory[RAM_BYTES - 500] = PAINT;
        assert_eq!(used(&memory, 4), 1_004);
        // Variables that hold the paint are used all the same.
        assert_eq!(used(&memory, 100), 1_100);
    }

    #[test]
    fn hex_round_trips_and_refuses_other_text() {
        assert_eq!(unhex(&hex(&[0, 0x9f, 0xff])).expect("hex"), [0, 0x9f, 0xff]);
        assert!(unhex("abc").is_err() && unhex("zz").is_err());
    }
}
