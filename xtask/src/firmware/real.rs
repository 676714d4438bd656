//! `cargo xtask firmware --board NAME`: an image for a board that lies on a table.
//!
//! Not in the gate: its HAL takes longer to build than all that the gate runs in QEMU.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::ValueEnum;

use crate::elf::{self, Footprint};
use crate::tools::compiler::{Compiler, Target};
use crate::{command, repo};

/// A board of somebody's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RealBoard {
    /// Nordic's nRF52840 with a PDM microphone (firmware/nrf52840).
    Nrf52840,
}

/// What was built.
pub struct RealImage {
    pub board: RealBoard,
    pub footprint: Footprint,
    path: PathBuf,
}

impl RealBoard {
    /// The chip, in probe-rs's words.
    fn chip(self) -> &'static str {
        match self {
            Self::Nrf52840 => "nRF52840_xxAA",
        }
    }

    fn folder(self) -> &'static str {
        match self {
            Self::Nrf52840 => "nrf52840",
        }
    }

    /// Builds its image.
    pub fn build(self) -> Result<RealImage> {
        let target = repo::target().join(self.folder());
        let compiler = Compiler::find(Target::Thumbv7em)?;
        let mut cargo = compiler.cargo("build");
        cargo.args(["--release", "--locked", "--target-dir"]).arg(&target);
        command::run(cargo.current_dir(repo::root().join("firmware").join(self.folder())))?;
        let path = target.join(Target::Thumbv7em.name()).join("release/listen");
        let bytes = fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
        Ok(RealImage { board: self, footprint: elf::footprint(&bytes)?, path })
    }
}

impl RealImage {
    /// For a person, who has the board beside them.
    pub fn print(&self) {
        println!(
            "{}\n  flash {} bytes, RAM {} bytes and the stack",
            self.path.display(),
            self.footprint.flash_bytes,
            self.footprint.static_ram_bytes
        );
        println!(
            "  to flash it: probe-rs run --chip {} {}",
            self.board.chip(),
            self.path.display()
        );
    }
}
