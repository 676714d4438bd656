//! All lines of one recording, gathered: what they say together.

use std::collections::{BTreeMap, BTreeSet};

use super::fault::{BadLine, Fault};
use super::line::{FaultyLine, Line};
use crate::claim::Claim;
use crate::identifiers::Isrc;
use crate::register::{Recording, Work};

/// The most lines that one recording may have: what is held in memory at once.
pub const BLOCK_LINES_MAX: usize = 10_000;

/// The lines of one recording.
#[derive(Debug)]
pub struct Block {
    /// Of which recording.
    pub recording_id: String,
    /// Where the first of its lines begins.
    pub line: u64,
    /// How many lines it has, bad ones too.
    pub lines: u64,
    /// What is wrong with it; it can be used only if nothing is.
    pub bad: Vec<BadLine>,
    /// How many of its lines are bad.
    pub bad_lines: u64,
    /// Whether a line before it may be one of its own, and cannot be read.
    pub in_doubt: bool,
    isrcs: BTreeSet<Isrc>,
    /// Each work, and where it first stands.
    works: BTreeMap<String, (u64, Work)>,
    master: Vec<Claim>,
    /// Where each claim stands; by work, or by none for the master.
    claims: BTreeMap<(Option<String>, Claim), u64>,
}

impl Block {
    /// Of a recording whose first line begins at `line`.
    pub fn new(recording_id: String, line: u64, in_doubt: bool) -> Block {
        Block {
            recording_id,
            line,
            lines: 0,
            bad: Vec::new(),
            bad_lines: 0,
            in_doubt,
            isrcs: BTreeSet::new(),
            works: BTreeMap::new(),
            master: Vec::new(),
            claims: BTreeMap::new(),
        }
    }

    /// Takes a bad line of this recording.
    pub fn add_bad(&mut self, line: FaultyLine) {
        self.lines += 1;
        self.bad_lines += 1;
        // What is beyond is counted, not kept.
        let room = BLOCK_LINES_MAX.saturating_sub(self.bad.len());
        self.bad.extend(line.bad.into_iter().take(room));
    }

    /// Takes a line of this recording.
    pub fn add(&mut self, line: Line) {
        self.lines += 1;
        if self.lines > BLOCK_LINES_MAX as u64 {
            if self.lines == BLOCK_LINES_MAX as u64 + 1 {
                self.wrong(line.at, None, "", Fault::TooManyLines(BLOCK_LINES_MAX));
            }
            return;
        }
        self.isrcs.extend(line.isrcs);
        if let Some(work) = line.work {
            self.add_work(line.at, work);
        }
        if let Some(claim) = line.master
            && self.is_new(line.at, None, &claim)
        {
            self.master.push(claim);
        }
    }

    fn add_work(&mut self, at: u64, mut work: Work) {
        let claim = work.claims.pop();
        let work_id = work.work_id.clone();
        match self.works.get(&work_id) {
            None => {
                self.works.insert(work_id.clone(), (at, work));
            }
            Some((line, known)) => {
                let line = *line;
                if (Work { claims: Vec::new(), ..known.clone() }) != work {
                    self.wrong(at, Some("work_id"), &work_id, Fault::OtherWork { line });
                    return;
                }
                // A second line without a claim says nothing; it is a slip.
                if claim.is_none() {
                    self.wrong(at, Some("claimant"), "", Fault::Missing);
                }
            }
        }
        if let Some(claim) = claim
            && self.is_new(at, Some(work_id.clone()), &claim)
            && let Some((_, work)) = self.works.get_mut(&work_id)
        {
            work.claims.push(claim);
        }
    }

    fn is_new(&mut self, at: u64, work_id: Option<String>, claim: &Claim) -> bool {
        let key = (work_id, claim.clone());
        if let Some(line) = self.claims.get(&key) {
            let fault = Fault::Twice { line: *line };
            self.wrong(at, Some("claimant"), claim.claimant.as_str(), fault);
            return false;
        }
        self.claims.insert(key, at);
        true
    }

    /// Notes that a line cannot be used.
    pub fn wrong(&mut self, line: u64, column: Option<&'static str>, found: &str, fault: Fault) {
        self.bad_lines += 1;
        let found = found.chars().take(40).collect();
        self.bad.push(BadLine { line, column, found, fault });
    }

    /// What it says: the works, each with where it stands, and the recording.
    pub fn said(self) -> (Vec<(u64, Work)>, Recording) {
        let recording = Recording {
            recording_id: self.recording_id,
            isrcs: self.isrcs.into_iter().collect(),
            work_ids: self.works.keys().cloned().collect(),
            master: self.master,
        };
        let works = self.works.into_values().map(|(line, mut work)| {
            work.claims.sort();
            (line, work)
        });
        (works.collect(), recording)
    }
}
