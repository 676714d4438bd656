//! What the index asks of a disk, and the disk itself.
//!
//! Everything that is written goes through here, a step at a time: so tests can put a disk that
//! loses, tears and refuses writes, or a process that dies at any step, in the place of the real
//! one.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A folder of files. Names are flat.
pub trait Storage: Send + Sync {
    /// Makes a file, in place of one of that name.
    ///
    /// # Errors
    /// Whatever the system says.
    fn create(&self, name: &str) -> io::Result<Box<dyn WriteFile>>;

    /// Opens a file to read at any place.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`] where there is none, and whatever the system says.
    fn open(&self, name: &str) -> io::Result<Box<dyn ReadFile>>;

    /// Gives a file another name, in place of one of that name, in one step.
    ///
    /// # Errors
    /// Whatever the system says.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    /// Whatever the system says.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// The names of all files.
    ///
    /// # Errors
    /// Whatever the system says.
    fn list(&self) -> io::Result<Vec<String>>;

    /// Makes names durable: what was created, renamed, removed.
    ///
    /// # Errors
    /// Whatever the system says; then nothing is known of any of them.
    fn sync_names(&self) -> io::Result<()>;

    /// Where it is, for messages.
    fn path(&self) -> &Path;
}

/// A file being written from its start.
pub trait WriteFile: Write + Send {
    /// Makes its contents durable.
    ///
    /// # Errors
    /// Whatever the system says; then nothing is known of what is on the disk.
    fn sync(&mut self) -> io::Result<()>;
}

/// A file that no longer changes.
pub trait ReadFile: Send + Sync {
    /// Fills `bytes` from place `at` on.
    ///
    /// # Errors
    /// [`io::ErrorKind::UnexpectedEof`] beyond the end, and whatever the system says.
    fn read_at(&self, bytes: &mut [u8], at: u64) -> io::Result<()>;

    /// Says that these bytes will be read soon, so that the disk may fetch many at once.
    fn announce(&self, at: u64, bytes: usize);

    /// Its length in bytes.
    ///
    /// # Errors
    /// Whatever the system says.
    fn bytes(&self) -> io::Result<u64>;
}

/// Bytes gathered before they are written.
const BUFFER_BYTES: usize = 1 << 20;

/// A folder of the file system: what [`Index::open`](crate::Index::open) uses, to be wrapped in a
/// storage that meters it, fails or dies.
pub struct Disk {
    folder: PathBuf,
}

impl Disk {
    /// This folder, which exists.
    pub fn at(folder: &Path) -> Arc<dyn Storage> {
        Arc::new(Self { folder: folder.to_owned() })
    }
}

impl Storage for Disk {
    fn create(&self, name: &str) -> io::Result<Box<dyn WriteFile>> {
        let file = File::create(self.folder.join(name))?;
        Ok(Box::new(BufWriter::with_capacity(BUFFER_BYTES, file)))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn ReadFile>> {
        Ok(Box::new(File::open(self.folder.join(name))?))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.folder.join(from), self.folder.join(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.folder.join(name))
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let mut names = vec![];
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                names.extend(entry.file_name().into_string().ok());
            }
        }
        Ok(names)
    }

    fn sync_names(&self) -> io::Result<()> {
        File::open(&self.folder)?.sync_all()
    }

    fn path(&self) -> &Path {
        &self.folder
    }
}

impl WriteFile for BufWriter<File> {
    fn sync(&mut self) -> io::Result<()> {
        self.flush()?;
        self.get_ref().sync_all()
    }
}

impl ReadFile for File {
    fn read_at(&self, bytes: &mut [u8], at: u64) -> io::Result<()> {
        self.read_exact_at(bytes, at)
    }

    fn announce(&self, at: u64, bytes: usize) {
        let advice = rustix::fs::Advice::WillNeed;
        // Advice: without it reading is slower, no more.
        let _ = rustix::fs::fadvise(self, at, std::num::NonZeroU64::new(bytes as u64), advice);
    }

    fn bytes(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }
}
