//! Files that are there whole and for good, or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::error::AuditError;

/// The folder of a log.
#[derive(Debug, Clone)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub fn new(path: &Path) -> Folder {
        Folder(path.to_path_buf())
    }

    /// A file's full path.
    pub fn path(&self, name: &Path) -> PathBuf {
        self.0.join(name)
    }

    /// What a file holds; none if it is not there.
    pub fn read(&self, name: &Path) -> Result<Option<Vec<u8>>, AuditError> {
        let path = self.path(name);
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(AuditError::File { path, source }),
        }
    }

    /// Puts a file there that is never to change. The same bytes once more are no change; others
    /// are refused.
    pub fn write_once(&self, name: &Path, bytes: &[u8]) -> Result<(), AuditError> {
        match self.read(name)? {
            Some(there) if there == bytes => Ok(()),
            Some(_) => {
                let what = "it is not what the database says; nothing is written over it";
                Err(AuditError::Damaged { path: self.path(name), what })
            }
            None => self.write(name, bytes),
        }
    }

    /// Puts a file there, in place of one that may be there: after a kill it is the old or the new.
    pub fn write(&self, name: &Path, bytes: &[u8]) -> Result<(), AuditError> {
        let path = self.path(name);
        let failed = |source| AuditError::File { path: path.clone(), source };
        let folder = path.parent().unwrap_or(&self.0);
        self.make(folder).map_err(failed)?;
        let mut unfinished = path.clone().into_os_string();
        unfinished.push(".tmp");
        let mut file = File::create(&unfinished).map_err(failed)?;
        file.write_all(bytes).and_then(|()| file.sync_all()).map_err(failed)?;
        fs::rename(&unfinished, &path).map_err(failed)?;
        sync(folder).map_err(failed)
    }

    /// Makes a folder and what leads to it, each on disk before the next.
    fn make(&self, folder: &Path) -> io::Result<()> {
        if folder.is_dir() {
            return Ok(());
        }
        let parent = folder.parent().unwrap_or(Path::new("."));
        if !parent.as_os_str().is_empty() {
            self.make(parent)?;
        }
        match fs::create_dir(folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ if parent.as_os_str().is_empty() => Ok(()),
            _ => sync(parent),
        }
    }
}

fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
