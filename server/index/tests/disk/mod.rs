//! A disk in memory that fails as disks do.
//!
//! ```text
//! written bytes           on the disk after WriteFile::sync
//! names                   on the disk after sync_names
//! what is not yet there   after a power cut: lost, or any part of it there, in any order
//! a failed sync           what it was to make durable never will be, though it can still be read
//!                         and the next sync says that all is well (as Linux does)
//! a lie                   a sync that says that all is well and does nothing
//! ```
//! Everything that changes the disk is a step; a fault waits for one.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};

use onmon_index::{ReadFile, Storage, WriteFile};

use crate::model::Random;

/// What a disk writes at once, or not at all.
const SECTOR_BYTES: usize = 512;

/// What happens at a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The process ends, or the power does: nothing is done from here on.
    End,
    /// This step fails with this number of the system's. A later one would not.
    Error(i32),
}

/// What is left after the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// Everything: only the process was killed.
    All,
    /// What was made durable.
    Durable,
    /// That, and any part of the rest.
    Torn,
}

/// Something that changes the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Create,
    Write,
    Sync,
    Rename,
    Remove,
    SyncNames,
}

/// The disk; clones are the same one.
#[derive(Clone)]
pub struct SimulatedDisk {
    state: Arc<Mutex<State>>,
}

type Inode = usize;

#[derive(Default)]
struct State {
    files: Vec<Bytes>,
    names: BTreeMap<String, Inode>,
    names_durable: BTreeMap<String, Inode>,
    /// Changes of names since they were durable.
    names_pending: Vec<Named>,
    /// Every step so far.
    steps: Vec<Step>,
    fault: Option<(usize, Fault)>,
    ended: bool,
    /// One sync of four does nothing.
    lies: Option<Random>,
}

#[derive(Default)]
struct Bytes {
    now: Vec<u8>,
    durable: Vec<u8>,
    dirty: bool,
}

#[derive(Clone)]
enum Named {
    Linked(String, Inode),
    Removed(String),
    Renamed(String, String, Inode),
}

impl SimulatedDisk {
    pub fn new() -> Self {
        Self { state: Arc::default() }
    }

    /// Lets this happen at the step that is the `after`th from now.
    pub fn fails_after(&self, after: usize, fault: Fault) {
        let mut state = self.state();
        state.fault = Some((state.steps.len() + after, fault));
    }

    /// Lies from now on.
    pub fn lies(&self, random: Random) {
        self.state().lies = Some(random);
    }

    pub fn steps(&self) -> Vec<Step> {
        self.state().steps.clone()
    }

    pub fn has_ended(&self) -> bool {
        self.state().ended
    }

    /// A new beginning, with what is left of the disk.
    pub fn restart(&self, left: Left, random: &mut Random) {
        let mut state = self.state();
        (state.ended, state.fault) = (false, None);
        if left == Left::All {
            return;
        }
        for named in std::mem::take(&mut state.names_pending) {
            if left == Left::Torn && random.below(2) == 0 {
                named.in_names(&mut state.names_durable);
            }
        }
        state.names = state.names_durable.clone();
        for file in &mut state.files {
            if left == Left::Torn && file.dirty {
                file.tear(random);
            }
            file.now.clone_from(&file.durable);
            file.dirty = false;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no step panics")
    }
}

impl State {
    /// Begins a step: what it is to fail with, if it is.
    fn step(&mut self, step: Step) -> io::Result<()> {
        self.alive()?;
        let fault = self.fault.filter(|(at, _)| *at == self.steps.len());
        self.steps.push(step);
        match fault {
            None => Ok(()),
            Some((_, Fault::Error(number))) => Err(io::Error::from_raw_os_error(number)),
            Some((_, Fault::End)) => {
                self.ended = true;
                self.alive()
            }
        }
    }

    fn alive(&self) -> io::Result<()> {
        if self.ended { Err(io::Error::other("the end")) } else { Ok(()) }
    }

    fn inode(&self, name: &str) -> io::Result<Inode> {
        self.alive()?;
        self.names.get(name).copied().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn name(&mut self, named: Named) {
        named.in_names(&mut self.names);
        self.names_pending.push(named);
    }

    fn lie(&mut self) -> bool {
        self.lies.as_mut().is_some_and(|random| random.below(4) == 0)
    }
}

impl Named {
    fn in_names(&self, names: &mut BTreeMap<String, Inode>) {
        match self {
            Self::Linked(name, inode) => {
                names.insert(name.clone(), *inode);
            }
            Self::Removed(name) => {
                names.remove(name);
            }
            Self::Renamed(from, to, inode) => {
                names.remove(from);
                names.insert(to.clone(), *inode);
            }
        }
    }
}

impl Bytes {
    fn write(&mut self, bytes: &[u8]) {
        self.now.extend_from_slice(bytes);
        self.dirty = true;
    }

    /// Puts any part of what was written on the disk: sectors as they are now, as they were, zeros
    /// or noise, up to any length.
    fn tear(&mut self, random: &mut Random) {
        let most = self.now.len().max(self.durable.len());
        let length =
            if random.below(2) == 0 { most } else { random.below(most as u64 + 1) as usize };
        let mut torn = self.durable.clone();
        torn.resize(length, 0);
        for (number, sector) in torn.chunks_mut(SECTOR_BYTES).enumerate() {
            let now = self.now.get(number * SECTOR_BYTES..).unwrap_or_default();
            let both = now.len().min(sector.len());
            match random.below(8) {
                0..5 => sector[..both].copy_from_slice(&now[..both]),
                5 => {}
                6 => sector.fill(0),
                _ => sector.fill_with(|| random.next() as u8),
            }
        }
        self.durable = torn;
    }
}

impl Storage for SimulatedDisk {
    fn create(&self, name: &str) -> io::Result<Box<dyn WriteFile>> {
        let mut state = self.state();
        state.step(Step::Create)?;
        let inode = match state.names.get(name) {
            Some(inode) => *inode,
            None => {
                state.files.push(Bytes::default());
                let inode = state.files.len() - 1;
                state.name(Named::Linked(name.to_owned(), inode));
                inode
            }
        };
        state.files[inode].now.clear();
        state.files[inode].dirty = true;
        Ok(Box::new(File { disk: self.clone(), inode }))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn ReadFile>> {
        let inode = self.state().inode(name)?;
        Ok(Box::new(File { disk: self.clone(), inode }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.state();
        state.step(Step::Rename)?;
        let inode = state.inode(from)?;
        state.name(Named::Renamed(from.to_owned(), to.to_owned(), inode));
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut state = self.state();
        state.step(Step::Remove)?;
        state.inode(name)?;
        state.name(Named::Removed(name.to_owned()));
        Ok(())
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let state = self.state();
        state.alive()?;
        Ok(state.names.keys().cloned().collect())
    }

    fn sync_names(&self) -> io::Result<()> {
        let state = &mut *self.state();
        let done = state.step(Step::SyncNames);
        if !state.ended && !state.lie() {
            // After an error they are forgotten.
            let pending = std::mem::take(&mut state.names_pending);
            if done.is_ok() {
                pending.iter().for_each(|named| named.in_names(&mut state.names_durable));
            }
        }
        done
    }

    fn path(&self) -> &Path {
        Path::new("/simulated")
    }
}

/// An open file.
struct File {
    disk: SimulatedDisk,
    inode: Inode,
}

impl Write for File {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut state = self.disk.state();
        state.alive()?;
        let done = state.step(Step::Write);
        // A write that fails may have begun.
        let written = if done.is_ok() { bytes.len() } else { bytes.len() / 2 };
        state.files[self.inode].write(&bytes[..written]);
        done.map(|()| written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.disk.state().alive()
    }
}

impl WriteFile for File {
    fn sync(&mut self) -> io::Result<()> {
        let mut state = self.disk.state();
        let done = state.step(Step::Sync);
        if !state.ended && !state.lie() {
            let file = &mut state.files[self.inode];
            if done.is_ok() {
                file.durable.clone_from(&file.now);
            }
            // After an error what was written is forgotten.
            file.dirty = false;
        }
        done
    }
}

impl ReadFile for File {
    fn read_at(&self, bytes: &mut [u8], at: u64) -> io::Result<()> {
        let state = self.disk.state();
        state.alive()?;
        let there = state.files[self.inode].now.get(at as usize..).unwrap_or_default();
        let there = there.get(..bytes.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        bytes.copy_from_slice(there);
        Ok(())
    }

    fn announce(&self, _: u64, _: usize) {}

    fn bytes(&self) -> io::Result<u64> {
        let state = self.disk.state();
        state.alive()?;
        Ok(state.files[self.inode].now.len() as u64)
    }
}
