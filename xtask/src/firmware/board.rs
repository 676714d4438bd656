//! The boards that QEMU plays, and an image on one of them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::elf::{self, Footprint};
use crate::tools::apt;
use crate::tools::compiler::Target;
use crate::{command, repo};

/// What RAM holds before an image runs; what still holds it afterwards was never used.
const PAINT: u8 = 0xa5;

/// RAM of an image (firmware/boards).
const RAM_BYTES: usize = 48 * 1024;

/// QEMU runs the longest vector in seconds; an image that hangs must not hang the gate.
const LIMIT: Duration = Duration::from_secs(120);

/// A microcontroller as QEMU knows it.
pub struct Board {
    /// For a person.
    pub name: &'static str,
    /// What it is built for.
    pub target: Target,
    /// Else a float costs a call.
    pub floats_in_hardware: bool,
    /// The emulator, and Debian's package of it.
    qemu: [&'static str; 2],
    /// The machine, in QEMU's words.
    machine: &'static str,
    /// More of QEMU's options.
    options: &'static [&'static str],
    /// Its memory that can lie in a file, and where in it our RAM begins.
    memory_bytes: u64,
    ram_at: usize,
}

/// The board of the budgets.
pub const M4F: &Board = &BOARDS[0];

/// One of each kind: floats in hardware, the same family without, another architecture.
pub const BOARDS: [Board; 3] = [
    Board {
        name: "Cortex-M4F",
        target: Target::Thumbv7em,
        floats_in_hardware: true,
        qemu: ["qemu-system-arm", "qemu-system-arm"],
        machine: "mps2-an386",
        options: &[],
        memory_bytes: 16 << 20,
        ram_at: 0,
    },
    Board {
        name: "Cortex-M3",
        target: Target::Thumbv7m,
        floats_in_hardware: false,
        qemu: ["qemu-system-arm", "qemu-system-arm"],
        machine: "mps2-an385",
        options: &[],
        memory_bytes: 16 << 20,
        ram_at: 0,
    },
    Board {
        name: "RISC-V",
        target: Target::Riscv32,
        floats_in_hardware: false,
        qemu: ["qemu-system-riscv32", "qemu-system-misc"],
        machine: "virt",
        options: &["-m", "16M", "-bios", "none"],
        memory_bytes: 16 << 20,
        ram_at: 1 << 20,
    },
];

/// An image, and how it is to be run.
pub struct Job {
    pub image: &'static str,
    /// The words behind its name.
    pub words: Vec<String>,
    /// An instruction takes 2 to this power nanoseconds. Only at 0 do images count instructions.
    pub slowness: u32,
}

/// What a run of an image left behind.
pub struct Run {
    /// What it printed by semihosting.
    pub printed: String,
    /// What it sent over its serial line.
    pub sent: Vec<u8>,
    /// Variables and the deepest stack.
    pub ram_bytes: u64,
}

impl Board {
    /// Machine and target, for a person.
    pub fn description(&self) -> String {
        format!("{} (QEMU {}, {})", self.name, self.machine, self.target.name())
    }

    /// Makes sure of the emulator.
    pub fn require(&self) -> Result<PathBuf> {
        apt::program(self.qemu[0], self.qemu[1])
    }

    /// Where this board's images and files lie.
    pub fn folder(&self) -> PathBuf {
        repo::target().join("firmware").join(self.target.name())
    }

    /// A built image.
    pub fn image(&self, name: &str) -> PathBuf {
        self.folder().join("release").join(name)
    }

    /// What a built image takes before it runs.
    pub fn footprint(&self, image: &str) -> Result<Footprint> {
        let path = self.image(image);
        let bytes = fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
        elf::footprint(&bytes)
    }

    /// Runs an image to its end.
    pub fn run(&self, job: &Job) -> Result<Run> {
        let Job { image, words, slowness } = job;
        let [memory, printed, sent] =
            ["memory.bin", "printed.txt", "serial.bin"].map(|name| self.folder().join(name));
        fs::write(&memory, vec![PAINT; usize::try_from(self.memory_bytes)?])?;

        let mut command = self.emulator(&memory)?;
        command.arg("-serial").arg(format!("file:{}", sent.display()));
        // Where the image sleeps, virtual time leaps to the next interrupt.
        command.args(["-icount", &format!("shift={slowness},sleep=off")]);
        command.arg("-semihosting-config").arg(semihosting(image, words));
        command.arg("-kernel").arg(self.image(image));
        command.stdout(fs::File::create(&printed)?).stderr(Stdio::inherit());
        let mut child = command::start(&mut command)?;
        let status = command::wait(&mut child, LIMIT)
            .with_context(|| format!("`{image}` on the {}", self.name))?;
        let printed = fs::read_to_string(&printed)?;
        if !status.success() {
            bail!("`{image} {}` failed on the {}: {printed}", words.join(" "), self.name);
        }
        let static_bytes = self.footprint(image)?.static_ram_bytes;
        let ram = fs::read(&memory)?;
        let ram = ram.get(self.ram_at..).unwrap_or_default();
        Ok(Run { printed, sent: fs::read(&sent)?, ram_bytes: used(ram, static_bytes) })
    }

    fn emulator(&self, memory: &Path) -> Result<Command> {
        let mut command = Command::new(self.require()?);
        command.args(["-machine", &format!("{},memory-backend=painted", self.machine)]);
        command.arg("-object").arg(format!(
            "memory-backend-file,id=painted,size={},share=on,mem-path={}",
            self.memory_bytes,
            memory.display()
        ));
        command.args(self.options).args(["-nographic", "-monitor", "none"]);
        Ok(command)
    }
}

impl Run {
    /// What stands behind this word at a line's start.
    pub fn field(&self, name: &str) -> Result<&str> {
        let mut lines = self.printed.lines();
        let field = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        field.with_context(|| format!("the image printed no `{name}`: {}", self.printed))
    }
}

/// The words of the argument line that name a vector.
pub fn words(pcm: &Path, rate_hz: u32, channels: u16) -> [String; 3] {
    [pcm.display().to_string(), rate_hz.to_string(), channels.to_string()]
}

/// The argument line; a comma in a value is written twice.
fn semihosting(image: &str, words: &[String]) -> String {
    let arguments = [image].into_iter().chain(words.iter().map(String::as_str));
    let arguments = arguments.map(|word| format!(",arg={}", word.replace(',', ",,")));
    format!("enable=on,target=native{}", arguments.collect::<String>())
}

/// Variables from below, the stack from above: between them the paint is untouched.
fn used(memory: &[u8], static_bytes: u64) -> u64 {
    let ram = &memory[..RAM_BYTES.min(memory.len())];
    let free = ram.iter().skip(static_bytes as usize).take_while(|byte| **byte == PAINT).count();
    (ram.len() - free) as u64
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
    fn a_comma_in_a_word_reaches_the_image() {
        assert_eq!(semihosting("a", &["b,c".into()]), "enable=on,target=native,arg=a,arg=b,,c");
    }
}
