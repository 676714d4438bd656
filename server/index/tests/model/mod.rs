//! What an index is held against: the catalogue of all changes, as the library keeps it, and
//! histories of what is done with an index.
//!
//! A change is acknowledged once it is in the catalogue. Whatever happens to the index after that,
//! a new opening and a replay of what it has not on disk must find what lives, and nothing else.

use std::collections::BTreeMap;

use onmon_core::QueryBuilder;
use onmon_index::{Depth, Effort, Index, IndexError, Sampling, Slot};

/// Slots in use: few, so that most inserts replace something.
const SLOTS: u64 = 24;

/// Codes of a song that is gone or never was, as it is asked for: to find nothing takes longest.
const STRANGE_CODES: usize = 90;

/// Numbers that look random (Marsaglia's xorshift).
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub fn below(&mut self, end: u64) -> u64 {
        (self.next() >> 11) % end
    }
}

/// A recording, by what its codes are made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Song {
    pub seed: u64,
    pub length: usize,
}

impl Song {
    /// Codes as music has them: each bit lingers, so neighbouring codes are alike.
    pub fn codes(self) -> Vec<u8> {
        let mut random = Random::new(self.seed);
        let mut code = random.next() as u8;
        let lingering = |_| {
            code ^= (random.next() & random.next() >> 8) as u8;
            code
        };
        (0..self.length).map(lingering).collect()
    }
}

/// What came to be in a slot: a song, or nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    pub slot: Slot,
    pub song: Option<Song>,
}

/// Every change that was acknowledged. The first has the sequence number 1.
#[derive(Clone, Default)]
pub struct Catalogue {
    pub changes: Vec<Change>,
}

impl Catalogue {
    pub fn last_seq(&self) -> u64 {
        self.changes.len() as u64
    }

    /// Enters what the index has not on disk, as the library does when it opens one. Nothing is
    /// tried for noise from then on: histories ask a thousand times for what is not there.
    pub fn replay(&self, index: &mut Index) {
        index.set_effort(Effort::NONE);
        for change in &self.changes[index.applied_seq() as usize..] {
            apply(index, change);
        }
    }

    /// Asks for everything that lives, and for some that do not, by their keys alone: a scan would
    /// find what a posting list has lost.
    ///
    /// Panics where an answer is wrong; tells the first error where there was none to be had.
    pub fn check(&self, index: &Index) -> Result<(), IndexError> {
        let mut errors = vec![];
        let living = self.living();
        assert_eq!(index.len(), living.len(), "recordings");
        let codes: usize = living.values().map(|song| song.length).sum();
        assert_eq!(index.codes(), codes as u64, "codes");
        for (&slot, song) in &living {
            let at = song.length / 4;
            match ask(index, *song, at) {
                Ok(found) => assert_eq!(found, [(slot, at as i64 * 50)], "{song:?}"),
                Err(error) => errors.push(error),
            }
        }
        let gone = self.changes.iter().rev().filter_map(|change| change.song);
        let mut gone = gone.filter(|song| !living.values().any(|alive| alive == song));
        let never = Song { seed: u64::MAX / 3, length: STRANGE_CODES };
        let strange = if self.last_seq().is_multiple_of(2) { gone.next() } else { None };
        let strange = strange.unwrap_or(never);
        match ask(index, strange, strange.length - STRANGE_CODES) {
            Ok(found) => assert_eq!(found, [], "{strange:?} does not live"),
            Err(error) => errors.push(error),
        }
        let mut damage = vec![];
        index.verify(|found| damage.push(found));
        assert!(errors.is_empty() || !damage.is_empty(), "not seen by verify: {errors:?}");
        errors.into_iter().chain(damage).next().map_or(Ok(()), Err)
    }

    fn living(&self) -> BTreeMap<Slot, Song> {
        let mut living = BTreeMap::new();
        for change in &self.changes {
            match change.song {
                Some(song) => living.insert(change.slot, song),
                None => living.remove(&change.slot),
            };
        }
        living
    }
}

/// Which recordings a song is from its code `at` on, and where.
pub fn ask(index: &Index, song: Song, at: usize) -> Result<Vec<(Slot, i64)>, IndexError> {
    let mut query = QueryBuilder::new(0);
    query.push(0, &song.codes()[at..]).expect("a sample of a short song");
    let found = index.search(&query.finish().expect("a query"), Depth::Keys)?;
    Ok(found.matches.iter().map(|found| (found.slot, found.offset_ms)).collect())
}

/// All keys, so that a few seconds are found by them.
pub fn sampling() -> Sampling {
    Sampling::one_of(1).expect("one of one")
}

fn apply(index: &mut Index, change: &Change) {
    match change.song {
        Some(song) => index.insert(change.slot, &song.codes()),
        None => index.remove(change.slot),
    }
}

/// An index in use, step by step.
pub struct Life<'a> {
    pub random: Random,
    pub index: Index,
    pub catalogue: &'a mut Catalogue,
    /// Hears of every change before the index does.
    pub acknowledge: &'a mut dyn FnMut(&Change),
}

impl Life<'_> {
    /// Something that a library does with its index.
    pub fn step(&mut self) -> Result<(), IndexError> {
        match self.random.below(100) {
            0..68 => {
                self.change();
                Ok(())
            }
            68..84 => {
                self.index.freeze(self.catalogue.last_seq());
                self.write_out()
            }
            84..94 => self.write_out_while_it_changes(),
            94..97 => self.index.flush(self.catalogue.last_seq()),
            _ => self.index.compact(),
        }
    }

    fn change(&mut self) {
        let slot = self.random.below(SLOTS) as Slot;
        let song = Song { seed: self.random.next(), length: 120 + self.random.below(80) as usize };
        let song = (self.random.below(5) > 0).then_some(song);
        let change = Change { slot, song };
        (self.acknowledge)(&change);
        self.catalogue.changes.push(change);
        apply(&mut self.index, &change);
    }

    fn write_out(&mut self) -> Result<(), IndexError> {
        while let Some(job) = self.index.due() {
            self.index.install(job.run())?;
        }
        Ok(())
    }

    /// What a job writes is changed, written or compacted by others before it is installed.
    fn write_out_while_it_changes(&mut self) -> Result<(), IndexError> {
        self.index.freeze(self.catalogue.last_seq());
        let Some(job) = self.index.due() else { return Ok(()) };
        self.change();
        let written = job.run();
        (0..self.random.below(6)).for_each(|_| self.change());
        let meanwhile = match self.random.below(4) {
            0 => self.index.flush(self.catalogue.last_seq()),
            1 => self.index.compact(),
            _ => Ok(()),
        };
        let installed = self.index.install(written);
        meanwhile.and(installed)
    }
}
