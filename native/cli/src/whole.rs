//! Files written as a whole or not at all: beside their place first, then moved there.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::outcome::Failure;

/// Writes a file by `content`; at `path` there is all of it, durably, or what was there before.
pub fn write(
    path: &Path,
    content: impl FnOnce(&mut BufWriter<&File>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let half = beside(path);
    let cannot = |error: std::io::Error| {
        Failure::new("write_failed", format!("cannot write {}: {error}", path.display()))
    };
    let written = File::create(&half).map_err(cannot).and_then(|file| {
        let mut sink = BufWriter::new(&file);
        content(&mut sink)?;
        sink.flush().map_err(cannot)?;
        file.sync_all().map_err(cannot)?;
        fs::rename(&half, path).map_err(cannot)
    });
    if written.is_err() {
        // What is left of it is of no use; that it cannot be removed is the smaller trouble.
        let _ = fs::remove_file(&half);
    }
    written
}

fn beside(path: &Path) -> PathBuf {
    let mut half = path.as_os_str().to_owned();
    half.push(format!(".{}.tmp", std::process::id()));
    PathBuf::from(half)
}
