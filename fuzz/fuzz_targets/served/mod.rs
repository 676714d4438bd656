//! An index whose files are in memory, where anything can be put in their place.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};

use onmon_index::{Index, ReadFile, Sampling, Storage, WriteFile};

/// Files by name; clones are the same folder.
#[derive(Clone, Default)]
pub struct Files(Arc<Mutex<BTreeMap<String, Vec<u8>>>>);

impl Files {
    pub fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Vec<u8>>> {
        self.0.lock().expect("nobody panics with it")
    }

    fn get(&self, name: &str) -> io::Result<Vec<u8>> {
        self.lock().get(name).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

pub fn open(files: &Files) -> Option<Index> {
    Index::open_on(Arc::new(files.clone()), Sampling::one_of(2)?).ok()
}

/// Codes as music has them: each bit lingers.
pub fn song(seed: u32, codes: usize) -> Vec<u8> {
    let (mut state, mut code) = (seed, 0);
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    let lingering = |_| {
        code ^= next() & next();
        code
    };
    (0..codes).map(lingering).collect()
}

impl Storage for Files {
    fn create(&self, name: &str) -> io::Result<Box<dyn WriteFile>> {
        Ok(Box::new(Writing { files: self.clone(), name: name.to_owned(), bytes: vec![] }))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn ReadFile>> {
        Ok(Box::new(Reading(self.get(name)?)))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let bytes = self.get(from)?;
        let mut files = self.lock();
        files.remove(from);
        files.insert(to.to_owned(), bytes);
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.lock().remove(name);
        Ok(())
    }

    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.lock().keys().cloned().collect())
    }

    fn sync_names(&self) -> io::Result<()> {
        Ok(())
    }

    fn path(&self) -> &Path {
        Path::new("/memory")
    }
}

struct Writing {
    files: Files,
    name: String,
    bytes: Vec<u8>,
}

impl Write for Writing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl WriteFile for Writing {
    fn sync(&mut self) -> io::Result<()> {
        self.files.lock().insert(self.name.clone(), self.bytes.clone());
        Ok(())
    }
}

struct Reading(Vec<u8>);

impl ReadFile for Reading {
    fn read_at(&self, bytes: &mut [u8], at: u64) -> io::Result<()> {
        let there = self.0.get(at as usize..).and_then(|there| there.get(..bytes.len()));
        bytes.copy_from_slice(there.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn announce(&self, _: u64, _: usize) {}

    fn bytes(&self) -> io::Result<u64> {
        Ok(self.0.len() as u64)
    }
}
