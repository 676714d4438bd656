//! A directory that is there whole or not at all: it is filled under another name.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, bail, ensure};
use sha2::{Digest, Sha256};

use super::manifest::Entry;

/// Being filled; removed when it is dropped before [`Folder::finish`].
pub struct Folder {
    name: PathBuf,
    part: PathBuf,
    finished: bool,
}

impl Folder {
    /// Begins a directory, for its owner alone: there are keys in it.
    pub fn begin(name: &Path) -> anyhow::Result<Folder> {
        let name = std::path::absolute(name)?;
        if name.is_dir() {
            let is_empty = fs::read_dir(&name)?.next().is_none();
            ensure!(is_empty, "{} is not empty; name another directory", name.display());
        } else if name.exists() {
            bail!("{} is not a directory; name another", name.display());
        }
        let part = with_suffix(&name, ".part");
        match DirBuilder::new().mode(0o700).create(&part) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => bail!(
                "{} is of one that is under way, or was killed: remove it if none is",
                part.display()
            ),
            made => made.with_context(|| format!("cannot make {}", part.display()))?,
        }
        Ok(Folder { name, part, finished: false })
    }

    /// Where a file of this name goes until it is finished. Its folder is made.
    pub fn place(&self, name: &str) -> anyhow::Result<PathBuf> {
        let inner = Path::new(name);
        let is_plain = inner.components().all(|part| matches!(part, Component::Normal(_)));
        ensure!(is_plain && !name.is_empty(), "`{name}` is no name of a file in a backup");
        let file = self.part.join(inner);
        if let Some(folder) = file.parent().filter(|folder| !folder.is_dir()) {
            DirBuilder::new().mode(0o700).recursive(true).create(folder)?;
        }
        Ok(file)
    }

    /// Copies a file, with its permissions, until it is on disk.
    pub fn copy(&self, from: &Path, name: &str) -> anyhow::Result<()> {
        let to = self.place(name)?;
        let copied = fs::copy(from, &to).and_then(|_| File::open(&to)?.sync_all());
        copied.with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))
    }

    /// What became of a file, by its bytes on disk.
    pub fn entry(&self, name: &str) -> anyhow::Result<Entry> {
        let file = self.place(name)?;
        let mut sum = Sha256::new();
        let read = File::open(&file).and_then(|mut open| io::copy(&mut open, &mut Sum(&mut sum)));
        let bytes = read.with_context(|| format!("cannot read {}", file.display()))?;
        let sha256 = sum.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Entry { name: name.to_owned(), bytes, sha256 })
    }

    /// Gives it its name, when all of it is on disk.
    pub fn finish(mut self) -> anyhow::Result<PathBuf> {
        sync_names(&self.part)?;
        let named = fs::rename(&self.part, &self.name);
        named.with_context(|| format!("cannot make {}", self.name.display()))?;
        self.finished = true;
        if let Some(parent) = self.name.parent() {
            File::open(parent).and_then(|folder| folder.sync_all())?;
        }
        Ok(self.name.clone())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.finished {
            // Nothing is lost by what cannot be removed: the next one says that it is there.
            let _ = fs::remove_dir_all(&self.part);
        }
    }
}

/// The files under a folder, named from there; none where there is no folder.
pub fn files_under(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = vec![];
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        let entries = match fs::read_dir(&next) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            entries => entries?,
        };
        for entry in entries {
            let path = entry?.path();
            match path.is_dir() {
                true => folders.push(path),
                false => files.extend(path.strip_prefix(folder).map(Path::to_path_buf)),
            }
        }
    }
    files.sort();
    Ok(files)
}

fn sync_names(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            sync_names(&path)?;
        }
    }
    File::open(folder)?.sync_all()
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}

struct Sum<'a>(&'a mut Sha256);

impl io::Write for Sum<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_finished_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let name = dir.path().join("backup");
        let folder = Folder::begin(&name).unwrap();
        fs::write(folder.place("a/b").unwrap(), "x").unwrap();
        assert!(Folder::begin(&name).is_err(), "two at once");
        drop(folder);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
        let folder = Folder::begin(&name).unwrap();
        fs::write(folder.place("a/b").unwrap(), "x").unwrap();
        assert_eq!(folder.entry("a/b").unwrap().bytes, 1);
        folder.finish().unwrap();
        assert_eq!(files_under(&name).unwrap(), [PathBuf::from("a/b")]);
        assert!(Folder::begin(&name).is_err(), "it is not empty");
    }

    #[test]
    fn no_name_leads_out_of_it() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::begin(&dir.path().join("backup")).unwrap();
        for name in ["", "..", "../a", "/etc/passwd", "a/../../b"] {
            assert!(folder.place(name).is_err(), "{name}");
        }
    }
}
