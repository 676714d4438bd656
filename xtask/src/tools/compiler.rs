//! A Rust compiler for a target other than this machine: rustup's, else Debian's with its own std.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::{announce, apt, on_path};
use crate::command;

/// What we build for beside the machine itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Target {
    /// Browsers and Node.
    Wasm32,
    /// Cortex-M4F.
    Thumbv7em,
    /// Cortex-M3: no floating point in hardware.
    Thumbv7m,
    /// A small RISC-V: none either.
    Riscv32,
}

impl Target {
    /// The triple's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Wasm32 => "wasm32-unknown-unknown",
            Self::Thumbv7em => "thumbv7em-none-eabihf",
            Self::Thumbv7m => "thumbv7m-none-eabi",
            Self::Riscv32 => "riscv32imac-unknown-none-elf",
        }
    }

    /// Which of the standard library's crates have to be built where none are installed.
    fn library_crates(self) -> &'static str {
        match self {
            Self::Wasm32 => "std,panic_abort",
            Self::Thumbv7em | Self::Thumbv7m | Self::Riscv32 => "core",
        }
    }
}

/// A cargo that can build for one target.
pub struct Compiler {
    target: Target,
    source: Source,
}

enum Source {
    /// The cargo on PATH, whose toolchain has the target.
    Installed,
    /// Debian's rustc-web: it has the library's source, from which std is built for any target.
    Debian { linker: PathBuf },
}

const DEBIAN_PACKAGES: [&str; 4] = ["rustc-web", "cargo-web", "rust-web-src", "rust-web-llvm"];
const DEBIAN_CARGO: &str = "/usr/bin/cargo";
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
/// Without a network rustup retries for minutes; a download of 30 MB takes less than this.
const RUSTUP_LIMIT: Duration = Duration::from_secs(60);

impl Compiler {
    /// Finds a compiler for `target`, or installs one. `ONMON_COMPILER=debian` passes rustup by.
    pub fn find(target: Target) -> Result<Self> {
        let name = target.name();
        let debian_wanted = std::env::var_os("ONMON_COMPILER").is_some_and(|want| want == "debian");
        if !debian_wanted {
            if has_library(target) {
                announce(&format!("rustc for {name}: the one on PATH has it"));
                return Ok(Self { target, source: Source::Installed });
            }
            if add_by_rustup(target) {
                announce(&format!("rustc for {name}: rustup has just added it"));
                return Ok(Self { target, source: Source::Installed });
            }
        }
        let linker = debian_toolchain(target)?;
        announce(&format!(
            "rustc for {name}: Debian's rustc-web, building {} from source, linked by {}",
            target.library_crates(),
            linker.display()
        ));
        Ok(Self { target, source: Source::Debian { linker } })
    }

    /// `cargo SUBCOMMAND --target …`, to which package and profile are to be added.
    pub fn cargo(&self, subcommand: &str) -> Command {
        let name = self.target.name();
        let mut cargo = match &self.source {
            Source::Installed => Command::new("cargo"),
            Source::Debian { .. } => Command::new(DEBIAN_CARGO),
        };
        cargo.args([subcommand, "--target", name]);
        if let Source::Debian { linker } = &self.source {
            cargo.arg(format!("-Zbuild-std={}", self.target.library_crates()));
            let linker_variable = name.to_uppercase().replace('-', "_");
            cargo.env(format!("CARGO_TARGET_{linker_variable}_LINKER"), linker);
            // Stable releases accept -Z only so; Debian builds its own wasm packages this way.
            cargo.env("RUSTC_BOOTSTRAP", "1").env("RUSTC", DEBIAN_RUSTC);
            // rustup's wrapper of the cargo that runs us points these at its own toolchain.
            cargo.env_remove("RUSTUP_TOOLCHAIN").env_remove("LD_LIBRARY_PATH");
        }
        cargo
    }
}

/// Whether the toolchain on PATH has the target's core library: its folder may exist empty.
fn has_library(target: Target) -> bool {
    let mut rustc = Command::new("rustc");
    rustc.args(["--print", "target-libdir", "--target", target.name()]);
    let Ok(folder) = command::capture(&mut rustc) else { return false };
    let Ok(entries) = fs::read_dir(folder.trim()) else { return false };
    entries.flatten().any(|entry| entry.file_name().to_string_lossy().starts_with("libcore-"))
}

fn add_by_rustup(target: Target) -> bool {
    if on_path("rustup").is_none() {
        return false;
    }
    let mut rustup = Command::new("rustup");
    rustup.args(["target", "add", target.name()]).env("RUSTUP_MAX_RETRIES", "0");
    match command::run_within(&mut rustup, RUSTUP_LIMIT) {
        Ok(()) => has_library(target),
        Err(error) => {
            eprintln!("tool: rustup cannot add {}: {error:#}", target.name());
            false
        }
    }
}

/// Makes sure of Debian's compiler and returns the linker to give it.
fn debian_toolchain(target: Target) -> Result<PathBuf> {
    let purpose = format!("a Rust compiler for {}", target.name());
    if !is_debian_compiler() {
        apt::install(&DEBIAN_PACKAGES, &purpose).with_context(|| {
            format!("(or, with a network, run `rustup target add {}`)", target.name())
        })?;
    }
    if !is_debian_compiler() {
        bail!("{DEBIAN_RUSTC} has no library source: {} did not bring it", DEBIAN_PACKAGES[2]);
    }
    linker()
}

fn is_debian_compiler() -> bool {
    let manifest = "lib/rustlib/src/rust/library/Cargo.toml";
    let mut rustc = Command::new(DEBIAN_RUSTC);
    rustc.args(["--print", "sysroot"]).env_remove("LD_LIBRARY_PATH");
    let Ok(sysroot) = command::capture(&mut rustc) else { return false };
    Path::new(DEBIAN_CARGO).is_file() && Path::new(sysroot.trim()).join(manifest).exists()
}

/// rust-lld, which speaks for all targets: Debian's, else the one inside rustup's toolchain.
fn linker() -> Result<PathBuf> {
    let debian = Path::new("/usr/bin/rust-lld");
    if debian.exists() {
        return Ok(debian.to_path_buf());
    }
    let sysroot = command::capture(Command::new("rustc").args(["--print", "sysroot"]))?;
    let version = command::capture(Command::new("rustc").arg("-vV"))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default();
    let bundled =
        Path::new(sysroot.trim()).join("lib/rustlib").join(host).join("bin").join("rust-lld");
    if bundled.exists() {
        return Ok(bundled);
    }
    bail!("no rust-lld: install Debian's rust-web-llvm and lld")
}
