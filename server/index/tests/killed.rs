//! A process that is killed (SIGKILL) at any step of writing, on the file system as it is: a
//! thousand times, after each of which everything acknowledged is found.
//!
//! The test starts itself again as that process. Changes are acknowledged through a file beside the
//! index, which is read as the catalogue after the end.

mod model;

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use model::{Catalogue, Change, Life, Random, Song, sampling};
use onmon_index::{Disk, Index, ReadFile, Storage, WriteFile};
use rustix::process::{Signal, getpid, kill_process};

/// Kills of each test, two of which make the thousand; this variable asks for more.
const KILLS: u64 = 500;
const KILLS_VARIABLE: &str = "ONMON_KILLS";

/// Where the index is: in memory, where there is such a folder. Whoever is killed leaves what the
/// system has of his files, written to a disk or not, and a thousand processes wait for no fsync.
/// This variable names another folder.
const IN_MEMORY: &str = "/dev/shm";
const PLACE_VARIABLE: &str = "ONMON_KILLED_IN";

/// What a process is told: the folder, the seed of what it does, the step at which it dies.
const FOLDER_VARIABLE: &str = "ONMON_KILLED_FOLDER";
const SEED_VARIABLE: &str = "ONMON_KILLED_SEED";
const STEP_VARIABLE: &str = "ONMON_KILLED_STEP";

/// Steps of a process's life.
const STEPS: u64 = 40;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

fn new_folder() -> tempfile::TempDir {
    let in_memory = || Some(PathBuf::from(IN_MEMORY)).filter(|folder| folder.is_dir());
    let place = std::env::var_os(PLACE_VARIABLE).map(PathBuf::from).or_else(in_memory);
    tempfile::tempdir_in(place.unwrap_or_else(std::env::temp_dir)).expect("a folder")
}

fn kills() -> u64 {
    number(KILLS_VARIABLE).map_or(KILLS, |kills| kills / 2)
}

/// The process that is killed; no test by itself.
#[test]
#[ignore = "started by the other tests"]
fn lives_until_it_is_killed() {
    let Some(folder) = std::env::var_os(FOLDER_VARIABLE).map(PathBuf::from) else { return };
    let (seed, dies_at) = (number(SEED_VARIABLE).unwrap_or(0), number(STEP_VARIABLE).unwrap_or(0));
    let mut catalogue = read_catalogue(&folder);
    let log = OpenOptions::new().append(true).create(true).open(folder.join("catalogue"));
    let mut log = log.expect("a file to acknowledge in");
    let disk = Mortal { disk: Disk::at(&index_folder(&folder)), left: Arc::new(dies_at.into()) };
    let mut index =
        Index::open_on(Arc::new(disk), sampling()).expect("an index that can be opened");
    catalogue.replay(&mut index);
    let mut acknowledge = |change: &Change| {
        // One write, so that the line is there as a whole or not at all.
        log.write_all(line(change).as_bytes()).expect("a file that can be written");
    };
    let (random, acknowledge) = (Random::new(seed), &mut acknowledge);
    let mut life = Life { random, index, catalogue: &mut catalogue, acknowledge };
    (0..STEPS).for_each(|_| life.step().expect("a disk that does not fail"));
}

fn line(change: &Change) -> String {
    let song = change.song.unwrap_or(Song { seed: 0, length: 0 });
    format!("{} {} {}\n", change.slot, song.seed, song.length)
}

fn read_catalogue(folder: &Path) -> Catalogue {
    let lines = fs::read_to_string(folder.join("catalogue")).unwrap_or_default();
    let change = |line: &str| {
        let numbers: Vec<u64> = line.split(' ').map(|n| n.parse().expect("a number")).collect();
        let song = Song { seed: numbers[1], length: numbers[2] as usize };
        Change { slot: numbers[0] as u32, song: (song.length > 0).then_some(song) }
    };
    Catalogue { changes: lines.lines().map(change).collect() }
}

fn index_folder(folder: &Path) -> PathBuf {
    folder.join("index")
}

/// Starts a process in this folder; whether it was killed, or came to its end before.
fn was_killed(folder: &Path, seed: u64, step: u64) -> bool {
    fs::create_dir_all(index_folder(folder)).expect("a folder");
    let this = std::env::current_exe().expect("this test");
    let child = Command::new(this)
        .args(["--exact", "lives_until_it_is_killed", "--ignored", "--test-threads=1"])
        .env(FOLDER_VARIABLE, folder)
        .env(SEED_VARIABLE, seed.to_string())
        .env(STEP_VARIABLE, step.to_string())
        .stdout(Stdio::null())
        .output()
        .expect("a process");
    let killed = child.status.signal() == Some(9);
    let told = String::from_utf8_lossy(&child.stderr);
    assert!(killed || child.status.success(), "seed {seed}, step {step}: {told}");
    killed
}

#[test]
fn a_new_index_survives_a_kill_at_every_step() {
    let (mut kills_left, mut seed, mut step) = (kills(), 0, 0);
    while kills_left > 0 {
        let folder = new_folder();
        if !was_killed(folder.path(), seed, step) {
            (seed, step) = (seed + 1, 0);
            continue;
        }
        let catalogue = read_catalogue(folder.path());
        let what = format!("seed {seed}, step {step}, {} changes", catalogue.last_seq());
        let disk = Disk::at(&index_folder(folder.path()));
        let mut index = Index::open_on(disk, sampling()).expect(&what);
        catalogue.replay(&mut index);
        catalogue.check(&index).expect(&what);
        index.flush(catalogue.last_seq()).expect(&what);
        drop(index);
        let mut index = Index::open_to_read(&index_folder(folder.path())).expect(&what);
        assert_eq!(index.applied_seq(), catalogue.last_seq(), "{what}");
        catalogue.replay(&mut index);
        catalogue.check(&index).expect(&what);
        (kills_left, step) = (kills_left - 1, step + 1);
    }
}

#[test]
fn an_index_goes_on_after_one_kill_upon_another() {
    let folder = new_folder();
    let mut random = Random::new(7);
    let mut kills_left = kills();
    while kills_left > 0 {
        let (seed, step) = (random.next(), random.below(60));
        kills_left -= u64::from(was_killed(folder.path(), seed, step));
        let catalogue = read_catalogue(folder.path());
        let what = format!("seed {seed}, step {step}, {} changes", catalogue.last_seq());
        // To read alone: what is left over is for the next process.
        let mut index = Index::open_to_read(&index_folder(folder.path())).expect(&what);
        catalogue.replay(&mut index);
        catalogue.check(&index).expect(&what);
    }
}

/// A folder of a process that dies at a step.
struct Mortal {
    disk: Arc<dyn Storage>,
    left: Arc<AtomicU64>,
}

/// Dies if this is the step.
fn step(left: &AtomicU64) {
    if left.fetch_sub(1, Ordering::Relaxed) == 0 {
        kill_process(getpid(), Signal::KILL).expect("may kill itself");
    }
}

impl Storage for Mortal {
    fn create(&self, name: &str) -> io::Result<Box<dyn WriteFile>> {
        step(&self.left);
        let file = self.disk.create(name)?;
        Ok(Box::new(MortalFile { file, left: Arc::clone(&self.left) }))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn ReadFile>> {
        self.disk.open(name)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        step(&self.left);
        self.disk.rename(from, to)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        step(&self.left);
        self.disk.remove(name)
    }

    fn list(&self) -> io::Result<Vec<String>> {
        self.disk.list()
    }

    fn sync_names(&self) -> io::Result<()> {
        step(&self.left);
        self.disk.sync_names()
    }

    fn path(&self) -> &Path {
        self.disk.path()
    }
}

struct MortalFile {
    file: Box<dyn WriteFile>,
    left: Arc<AtomicU64>,
}

impl Write for MortalFile {
    /// Written through, so that a file can be left at any length.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        step(&self.left);
        let written = self.file.write(bytes)?;
        self.file.flush().map(|()| written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl WriteFile for MortalFile {
    fn sync(&mut self) -> io::Result<()> {
        step(&self.left);
        self.file.sync()
    }
}
