//! The index on a disk that ends at any step, loses and tears what was not durable, is full, fails
//! and lies: nothing acknowledged is lost, nothing wrong is said, and what is damaged is named.

mod disk;
mod model;

use std::io;
use std::sync::Arc;

use disk::{Fault, Left, SimulatedDisk, Step};
use model::{Catalogue, Life, Random, sampling};
use onmon_index::{Index, IndexError};

/// What the system says of a disk that is full, and of one that fails.
const ENOSPC: i32 = 28;
const EIO: i32 = 5;

/// Steps of a history's first life, and of each that follows.
const FIRST_STEPS: u64 = 60;
const NEXT_STEPS: u64 = 20;

/// Histories of each test; this variable asks for more.
const HISTORIES: u64 = 1;
const HISTORIES_VARIABLE: &str = "ONMON_HISTORIES";

fn histories() -> u64 {
    let asked = std::env::var(HISTORIES_VARIABLE).ok().and_then(|asked| asked.parse().ok());
    asked.unwrap_or(HISTORIES)
}

/// Opens what is there, enters what it has not, holds it against the catalogue.
fn open(disk: &SimulatedDisk, catalogue: &Catalogue) -> Result<Index, IndexError> {
    let mut index = Index::open_on(Arc::new(disk.clone()), sampling())?;
    assert!(index.applied_seq() <= catalogue.last_seq());
    catalogue.replay(&mut index);
    catalogue.check(&index)?;
    Ok(index)
}

/// Uses the index until so many steps are done, the first error, or the end.
fn live(
    disk: &SimulatedDisk,
    catalogue: &mut Catalogue,
    random: Random,
    steps: u64,
) -> Result<(), IndexError> {
    let index = open(disk, catalogue)?;
    let mut life = Life { random, index, catalogue, acknowledge: &mut |_| () };
    (0..steps).take_while(|_| !disk.has_ended()).try_for_each(|_| life.step())
}

/// The steps that a history's first life takes where nothing happens to it.
fn steps_of(seed: u64) -> Vec<Step> {
    let disk = SimulatedDisk::new();
    live(&disk, &mut Catalogue::default(), Random::new(seed), FIRST_STEPS).expect("a sound disk");
    disk.steps()
}

/// A life that may end anywhere, then one that does not: all is there, and a power cut after a
/// flush leaves nothing to replay.
fn goes_on(disk: &SimulatedDisk, catalogue: &mut Catalogue, random: &mut Random, what: &str) {
    disk.fails_after(random.below(60) as usize, Fault::End);
    if let Err(error) = live(disk, catalogue, Random::new(random.next()), NEXT_STEPS) {
        assert!(disk.has_ended(), "{what}: {error}");
    }
    let left = [Left::All, Left::Durable, Left::Torn][random.below(3) as usize];
    disk.restart(left, random);
    let mut index = open(disk, catalogue).unwrap_or_else(|error| panic!("{what}: {error}"));
    index.flush(catalogue.last_seq()).unwrap_or_else(|error| panic!("{what}: {error}"));
    drop(index);
    disk.restart(Left::Durable, random);
    let index = open(disk, catalogue).unwrap_or_else(|error| panic!("{what}: {error}"));
    assert_eq!(index.applied_seq(), catalogue.last_seq(), "{what}");
}

#[test]
fn whatever_step_is_the_last_nothing_acknowledged_is_lost() {
    for seed in 0..histories() {
        let steps = steps_of(seed);
        for (at, step) in steps.iter().enumerate() {
            for left in [Left::All, Left::Durable, Left::Torn] {
                let what =
                    format!("history {seed} ends at step {at}, {step:?}, with {left:?} left");
                let (disk, mut catalogue) = (SimulatedDisk::new(), Catalogue::default());
                disk.fails_after(at, Fault::End);
                let lived = live(&disk, &mut catalogue, Random::new(seed), FIRST_STEPS);
                assert!(disk.has_ended(), "{what}: {lived:?}");
                let mut random = Random::new(seed << 32 | at as u64);
                disk.restart(left, &mut random);
                goes_on(&disk, &mut catalogue, &mut random, &what);
            }
        }
    }
}

#[test]
fn a_disk_that_is_full_or_fails_is_told_and_never_written_again() {
    for seed in 100..100 + histories() {
        for (at, step) in steps_of(seed).into_iter().enumerate() {
            let number = if matches!(step, Step::Create | Step::Write) { ENOSPC } else { EIO };
            let what = format!("history {seed}, error {number} at step {at}, {step:?}");
            let (disk, mut catalogue) = (SimulatedDisk::new(), Catalogue::default());
            disk.fails_after(at, Fault::Error(number));
            let index = open(&disk, &catalogue).expect("a sound disk");
            let random = Random::new(seed);
            let mut life =
                Life { random, index, catalogue: &mut catalogue, acknowledge: &mut |_| () };
            let first = (0..FIRST_STEPS).find_map(|_| life.step().err());
            if step == Step::Remove {
                // What is superfluous is left for the next opening.
                assert!(first.is_none(), "{what}: {first:?}");
            } else {
                let Some(IndexError::Io { source, .. }) = first else {
                    panic!("{what}: {first:?}")
                };
                assert_eq!(source.raw_os_error(), Some(number), "{what}");
                let told = disk.steps().len();
                for error in (0..FIRST_STEPS).filter_map(|_| life.step().err()) {
                    assert!(matches!(error, IndexError::Stopped { .. }), "{what}: {error}");
                }
                let flushed = life.index.flush(life.catalogue.last_seq());
                assert!(matches!(flushed, Err(IndexError::Stopped { .. })), "{what}");
                let more = &disk.steps()[told..];
                assert!(more.is_empty(), "{what}: {more:?} after it was told");
            }
            life.catalogue.check(&life.index).unwrap_or_else(|error| panic!("{what}: {error}"));
            drop(life);
            goes_on(&disk, &mut catalogue, &mut Random::new(at as u64), &what);
        }
    }
}

#[test]
fn a_disk_that_lies_is_found_out_or_does_no_harm() {
    let (mut found_out, mut harmless) = (0, 0);
    for seed in 0..200 * histories() {
        let (disk, mut catalogue) = (SimulatedDisk::new(), Catalogue::default());
        let mut random = Random::new(1_000 + seed);
        disk.lies(Random::new(seed));
        for _ in 0..6 {
            disk.fails_after(random.below(120) as usize, Fault::End);
            let life = Random::new(random.next());
            match live(&disk, &mut catalogue, life, FIRST_STEPS) {
                _ if disk.has_ended() => {}
                Ok(()) => {}
                Err(IndexError::Damaged { path, .. }) => {
                    assert!(path.file_name().is_some_and(|name| name != "simulated"), "{path:?}");
                    found_out += 1;
                    break;
                }
                Err(error) => panic!("history {seed}: {error}"),
            }
            harmless += 1;
            let left = [Left::Durable, Left::Torn][random.below(2) as usize];
            disk.restart(left, &mut random);
        }
    }
    println!("{found_out} found out, {harmless} lives without harm");
    assert!(found_out > 20 && harmless > 20, "{found_out} found out, {harmless} harmless");
}

#[test]
fn the_numbers_of_errors_are_those_of_the_system() {
    assert_eq!(io::Error::from_raw_os_error(ENOSPC).kind(), io::ErrorKind::StorageFull);
    assert_eq!(io::Error::from_raw_os_error(EIO).to_string(), "Input/output error (os error 5)");
}
