//! Files on disk: changed as a whole or not at all.

use std::boxed::Box;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::vec::Vec;

use super::error::FileError;
use super::patch::{Patch, apply};
use super::{plan_strip, plan_write, read};

/// Names tried for the file beside; more are taken only if somebody means it.
const NAMES: u32 = 100;

/// The tag in the file at `path`; see [`read`](super::read()).
///
/// # Errors
/// As [`read`](super::read()).
pub fn read_path(path: &Path) -> Result<Option<Vec<u8>>, FileError> {
    read(File::open(path)?)
}

/// Puts a tag into the file at `path`: a new file is written beside it and renamed, so that at any
/// moment, power cuts included, there is the old file or the new one. Keeps its permissions.
///
/// # Errors
/// As [`plan_write`](super::plan_write); the file is then what it was.
pub fn write_path(path: &Path, tag: &[u8]) -> Result<(), FileError> {
    let patches = plan_write(File::open(path)?, tag)?;
    replace(path, &patches)
}

/// Takes the tag out of the file at `path`, likewise. Says whether there was one.
///
/// # Errors
/// As [`plan_strip`](super::plan_strip); the file is then what it was.
pub fn strip_path(path: &Path) -> Result<bool, FileError> {
    let patches = plan_strip(File::open(path)?)?;
    if patches.is_empty() {
        return Ok(false);
    }
    replace(path, &patches)?;
    Ok(true)
}

fn replace(path: &Path, patches: &[Patch]) -> Result<(), FileError> {
    // A link stays a link: what it points to is replaced.
    let path: Box<Path> = fs::canonicalize(path)?.into();
    let mut old = File::open(&path)?;
    let (beside, new) = create_beside(&path)?;
    let written = (|| {
        let mut sink = BufWriter::new(&new);
        apply(&mut old, patches, &mut sink)?;
        sink.flush()?;
        drop(sink);
        new.set_permissions(old.metadata()?.permissions())?;
        new.sync_all()?;
        fs::rename(&beside, &path)?;
        Ok(())
    })();
    if written.is_err() {
        // What is left of it is of no use; that it cannot be removed is the smaller trouble.
        let _ = fs::remove_file(&beside);
        return written;
    }
    sync_folder(&path);
    written
}

fn create_beside(path: &Path) -> Result<(PathBuf, File), FileError> {
    for number in 0..NAMES {
        let mut name = OsString::from(".");
        name.push(path.file_name().unwrap_or_default());
        name.push(std::format!(".onmon-{number}"));
        let beside = path.with_file_name(name);
        match OpenOptions::new().write(true).create_new(true).open(&beside) {
            Ok(file) => return Ok((beside, file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(io::Error::from(io::ErrorKind::AlreadyExists).into())
}

/// Makes the rename last. Where folders cannot be opened (Windows) the system sees to it.
fn sync_folder(path: &Path) {
    if let Some(folder) = path.parent().and_then(|folder| File::open(folder).ok()) {
        let _ = folder.sync_all();
    }
}
