//! `backup.json`: what a backup holds.

use std::fs;
use std::path::Path;

use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};

/// The manifest's name in a backup.
pub const FILE: &str = "backup.json";

/// The layout that is written; others are not read.
const FORMAT: u32 = 1;

/// What a backup holds. Written last: a directory without it is none.
#[derive(Debug, Serialize, Deserialize)]
pub struct Manifest {
    format: u32,
    /// The version of the program that made it.
    program: String,
    /// When it was begun, Unix milliseconds.
    pub taken_ms: i64,
    /// Where the tables are, if not in it: to be restored by that database's own tools.
    pub database_elsewhere: Option<String>,
    pub files: Vec<Entry>,
}

/// A file of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub name: String,
    pub bytes: u64,
    pub sha256: String,
}

impl Manifest {
    pub fn new(taken_ms: i64, database_elsewhere: Option<String>, files: Vec<Entry>) -> Manifest {
        let program = env!("CARGO_PKG_VERSION").to_owned();
        Manifest { format: FORMAT, program, taken_ms, database_elsewhere, files }
    }

    /// Writes it, until it is on disk.
    pub fn write(&self, file: &Path) -> anyhow::Result<()> {
        let text = serde_json::to_string_pretty(self)?;
        let written = fs::write(file, text).and_then(|()| fs::File::open(file)?.sync_all());
        written.with_context(|| format!("cannot write {}", file.display()))
    }

    /// Reads the one of a backup.
    pub fn read(backup: &Path) -> anyhow::Result<Manifest> {
        let file = backup.join(FILE);
        let text = fs::read_to_string(&file).with_context(|| {
            format!("{} is no backup: cannot read {}", backup.display(), file.display())
        })?;
        let manifest: Manifest =
            serde_json::from_str(&text).with_context(|| format!("{}", file.display()))?;
        let (found, program) = (manifest.format, &manifest.program);
        ensure!(
            found == FORMAT,
            "{} is of format {found}, made by onmon-server {program}; this one reads {FORMAT}",
            backup.display()
        );
        Ok(manifest)
    }
}
