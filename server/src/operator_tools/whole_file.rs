//! A file that has its name only when it is whole.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;

/// A file under another name, until it is whole. Dropped before, it is removed.
#[derive(Debug)]
pub struct WholeFile {
    name: PathBuf,
    part: PathBuf,
    out: Option<BufWriter<File>>,
}

impl WholeFile {
    /// Begins a file, in place of one that may be there.
    pub fn begin(name: &Path) -> anyhow::Result<WholeFile> {
        let mut part = name.as_os_str().to_owned();
        part.push(".part");
        let part = PathBuf::from(part);
        let file = File::create(&part);
        let file = file.with_context(|| format!("cannot write {}", name.display()))?;
        Ok(WholeFile { name: name.to_path_buf(), part, out: Some(BufWriter::new(file)) })
    }

    /// It is whole: on disk, under its name.
    pub fn finish(mut self) -> anyhow::Result<()> {
        let cannot = || format!("cannot write {}", self.name.display());
        if let Some(out) = self.out.take() {
            let file = out.into_inner().map_err(io::IntoInnerError::into_error);
            let synced = file.and_then(|file| file.sync_all());
            let named = synced.and_then(|()| fs::rename(&self.part, &self.name));
            if named.is_err() {
                // Of no use to anybody.
                let _ = fs::remove_file(&self.part);
            }
            named.with_context(cannot)?;
        }
        Ok(())
    }
}

impl Write for WholeFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.as_mut().map_or(Ok(0), |out| out.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.as_mut().map_or(Ok(()), BufWriter::flush)
    }
}

impl Drop for WholeFile {
    fn drop(&mut self) {
        if self.out.take().is_some() {
            let _ = fs::remove_file(&self.part);
        }
    }
}
