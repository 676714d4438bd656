//! The one writer of a library directory, across processes.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use crate::error::LibraryError;

/// Held for as long as a process writes. The operating system releases it when the process ends,
/// however it ends, so a lock never outlives a kill -9; the file itself stays and means nothing.
#[derive(Debug)]
pub(crate) struct WriterLock {
    _file: File,
}

impl WriterLock {
    /// Takes the lock or says at once that another writer has it.
    pub fn acquire(dir: &Path) -> Result<WriterLock, LibraryError> {
        let unusable = |source| LibraryError::Directory { dir: dir.to_path_buf(), source };
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(dir.join("lock"))
            .map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => Ok(WriterLock { _file: file }),
            Err(TryLockError::WouldBlock) => {
                Err(LibraryError::Locked { library: dir.display().to_string() })
            }
            Err(TryLockError::Error(source)) => Err(unusable(source)),
        }
    }
}
