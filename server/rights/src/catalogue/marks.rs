//! What a file has said so far, and where: each recording once, each work always alike.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use crate::error::RightsError;
use crate::register::Work;

/// Recordings and works by a hash under keys of this process's own, so that no file can be made
/// in which two are taken for one.
#[derive(Debug, Default)]
pub struct Marks {
    hasher: RandomState,
    /// On which line a recording begins.
    recordings: HashMap<u64, u64>,
    /// On which line a work stands first, and a hash of all that is said of it.
    works: HashMap<u64, (u64, u64)>,
}

/// Where a work stood first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Met {
    pub line: u64,
    /// Whether it was described in the same way there.
    pub is_alike: bool,
}

impl Marks {
    /// Notes where a recording's lines begin; an error if there were others before.
    pub fn recording(&mut self, recording_id: &str, line: u64) -> Result<(), RightsError> {
        match self.recordings.insert(self.hasher.hash_one(recording_id), line) {
            None => Ok(()),
            Some(first) => {
                let recording_id = recording_id.to_owned();
                Err(RightsError::Scattered { recording_id, first, again: line })
            }
        }
    }

    /// Where this work was taken first.
    pub fn work(&self, work: &Work) -> Option<Met> {
        let (line, said) = *self.works.get(&self.hasher.hash_one(&work.work_id))?;
        Some(Met { line, is_alike: said == self.hasher.hash_one(work) })
    }

    /// Notes where a work was taken.
    pub fn add_work(&mut self, work: &Work, line: u64) {
        let said = self.hasher.hash_one(work);
        self.works.insert(self.hasher.hash_one(&work.work_id), (line, said));
    }
}
