//! The index's folder as work that takes minutes sees it: bytes are counted, and all of it fails
//! once the work is to stop. The index is none the wiser, and stands a write that fails anyway.

use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use onmon_index::{Disk, ReadFile, Storage, WriteFile};

use crate::progress::Progress;

/// Which bytes are progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counted {
    /// Those read.
    Reads,
    /// Those written.
    Writes,
    /// None: something else is counted.
    Nothing,
}

/// The folder `folder`, watched.
pub(crate) fn watched(folder: &Path, progress: &Progress, counted: Counted) -> Arc<dyn Storage> {
    Arc::new(Watched { disk: Disk::at(folder), progress: progress.clone(), counted })
}

struct Watched {
    disk: Arc<dyn Storage>,
    progress: Progress,
    counted: Counted,
}

struct WatchedFile<F: ?Sized> {
    progress: Progress,
    counts: bool,
    file: Box<F>,
}

impl Watched {
    fn file<F: ?Sized>(&self, file: Box<F>, counted: Counted) -> WatchedFile<F> {
        let counts = self.counted == counted;
        WatchedFile { progress: self.progress.clone(), counts, file }
    }
}

impl<F: ?Sized> WatchedFile<F> {
    fn count(&self, bytes: usize) {
        if self.counts {
            self.progress.advance(bytes as u64);
        }
    }
}

impl Storage for Watched {
    fn create(&self, name: &str) -> io::Result<Box<dyn WriteFile>> {
        self.progress.refuse_if_stopped()?;
        Ok(Box::new(self.file(self.disk.create(name)?, Counted::Writes)))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn ReadFile>> {
        self.progress.refuse_if_stopped()?;
        Ok(Box::new(self.file(self.disk.open(name)?, Counted::Reads)))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.disk.rename(from, to)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.disk.remove(name)
    }

    fn list(&self) -> io::Result<Vec<String>> {
        self.disk.list()
    }

    fn sync_names(&self) -> io::Result<()> {
        self.disk.sync_names()
    }

    fn path(&self) -> &Path {
        self.disk.path()
    }
}

impl Write for WatchedFile<dyn WriteFile> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.progress.refuse_if_stopped()?;
        let written = self.file.write(bytes)?;
        self.count(written);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl WriteFile for WatchedFile<dyn WriteFile> {
    fn sync(&mut self) -> io::Result<()> {
        self.file.sync()
    }
}

impl ReadFile for WatchedFile<dyn ReadFile> {
    fn read_at(&self, bytes: &mut [u8], at: u64) -> io::Result<()> {
        self.progress.refuse_if_stopped()?;
        self.file.read_at(bytes, at)?;
        self.count(bytes.len());
        Ok(())
    }

    fn announce(&self, at: u64, bytes: usize) {
        self.file.announce(at, bytes);
    }

    fn bytes(&self) -> io::Result<u64> {
        self.file.bytes()
    }
}
