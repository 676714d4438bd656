//! One line of a catalogue: what it says, or everything that is wrong with it.

use std::str::FromStr;

use super::fault::{BadLine, Fault};
use super::header::Columns;
use super::lines::Record;
use super::shield::unshielded;
use crate::claim::{Claim, WHOLE_PPM};
use crate::date::Period;
use crate::error::TextFault;
use crate::identifiers::Isrc;
use crate::register::{ID_BYTES_MAX, NAMES_BYTES_MAX, TITLE_BYTES_MAX, Work, text_fault};
use crate::usage::Right;

/// What a line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Where it begins.
    pub at: u64,
    /// Of which recording.
    pub recording_id: String,
    /// Its numbers.
    pub isrcs: Vec<Isrc>,
    /// A work in it, with one claim or none.
    pub work: Option<Work>,
    /// A claim to the recording itself.
    pub master: Option<Claim>,
}

/// A line that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaultyLine {
    /// Of which recording; none if not even that can be read.
    pub recording_id: Option<String>,
    /// What is wrong; at least one thing.
    pub bad: Vec<BadLine>,
}

/// Reads a record.
pub fn read(columns: &Columns, record: &Record<'_>) -> Result<Line, FaultyLine> {
    if record.width != columns.width() {
        let fault = Fault::Width { found: record.width, expected: columns.width() };
        let bad = vec![BadLine { line: record.line, column: None, found: String::new(), fault }];
        // Cells may be shifted: what stands in the place of the id need not be one.
        return Err(FaultyLine { recording_id: None, bad });
    }
    let mut cells = Cells { columns, record, bad: Vec::new() };
    let recording_id = cells.id("recording_id");
    if recording_id.is_none() && cells.bad.is_empty() {
        cells.wrong("recording_id", Fault::Missing);
    }
    let isrcs = cells.list("isrc");
    let right: Option<Right> = cells.parsed("right");
    let claim = claim(&mut cells);
    let (work, master) = match right {
        Some(Right::MasterMakingAvailable) => {
            for column in WORK_COLUMNS {
                cells.must_be_empty(column, Fault::NotOfMaster);
            }
            if claim.is_none() {
                cells.must_be_given("claimant");
            }
            (None, claim)
        }
        Some(Right::InteractiveDistribution) => (work(&mut cells, claim), None),
        None => {
            if WORK_COLUMNS.iter().any(|column| cells.is_given(column)) || claim.is_some() {
                cells.must_be_given("right");
            }
            (None, None)
        }
    };
    match (recording_id, cells.bad) {
        (Some(recording_id), bad) if bad.is_empty() => {
            Ok(Line { at: record.line, recording_id, isrcs, work, master })
        }
        (recording_id, bad) => Err(FaultyLine { recording_id, bad }),
    }
}

const WORK_COLUMNS: [&str; 7] =
    ["work_id", "iswc", "jasrac_code", "nextone_code", "title", "composers", "lyricists"];

const CLAIM_COLUMNS: [&str; 7] =
    ["ipi", "share_ppm", "forms", "territories", "valid_from", "valid_until", "state"];

fn claim(cells: &mut Cells<'_>) -> Option<Claim> {
    if !cells.is_given("claimant") {
        for column in CLAIM_COLUMNS {
            cells.must_be_empty(column, Fault::NoClaimant);
        }
        return None;
    }
    let claimant = cells.parsed("claimant");
    let party = cells.parsed("ipi");
    let share = cells.text("share_ppm").map(|text| text.parse::<u32>());
    if share.as_ref().is_some_and(|share| !matches!(share, Ok(1..=WHOLE_PPM))) {
        cells.wrong("share_ppm", Fault::Share);
    }
    let (form, territory) = (cells.parsed("forms"), cells.parsed("territories"));
    let (from, until) = (cells.parsed("valid_from"), cells.parsed("valid_until"));
    let period = Period::new(from, until).map_err(|error| cells.wrong("valid_until", error.into()));
    let state = cells.parsed("state");
    for column in ["share_ppm", "forms", "territories", "state"] {
        cells.must_be_given(column);
    }
    Some(Claim {
        claimant: claimant?,
        party,
        share_ppm: share?.ok()?,
        form: form?,
        territory: territory?,
        period: period.ok()?,
        state: state?,
    })
}

fn work(cells: &mut Cells<'_>, claim: Option<Claim>) -> Option<Work> {
    let mut work = Work {
        work_id: cells.id("work_id").unwrap_or_default(),
        iswc: cells.parsed("iswc"),
        jasrac_code: cells.parsed("jasrac_code"),
        nextone_code: cells.parsed("nextone_code"),
        title: cells.title("title"),
        composers: cells.names("composers"),
        lyricists: cells.names("lyricists"),
        claims: claim.into_iter().collect(),
    };
    if work.work_id.is_empty() && !cells.is_given("work_id") {
        let iswc = work.iswc.as_ref().map(|code| format!("iswc:{code}"));
        let jasrac = || work.jasrac_code.as_ref().map(|code| format!("jasrac:{code}"));
        let nextone = || work.nextone_code.as_ref().map(|code| format!("nextone:{code}"));
        match iswc.or_else(jasrac).or_else(nextone) {
            Some(work_id) => work.work_id = work_id,
            None if cells.bad.is_empty() => cells.wrong("work_id", Fault::NoWork),
            None => {}
        }
    }
    Some(work)
}

/// A record's cells by their columns' names; gathers what is wrong.
struct Cells<'a> {
    columns: &'a Columns,
    record: &'a Record<'a>,
    bad: Vec<BadLine>,
}

impl<'a> Cells<'a> {
    /// The cell as text, without the white space around it; none if it is empty or there is no
    /// such column.
    fn text(&mut self, column: &'static str) -> Option<&'a str> {
        let cell = self.record.cell(self.columns.place(column)?)?;
        match std::str::from_utf8(cell) {
            Ok(text) => Some(text.trim()).filter(|text| !text.is_empty()),
            Err(_) => {
                self.wrong_once(column, Fault::NotUtf8);
                None
            }
        }
    }

    fn is_given(&self, column: &str) -> bool {
        let cell = self.columns.place(column).and_then(|place| self.record.cell(place));
        cell.is_some_and(|cell| !cell.trim_ascii().is_empty())
    }

    fn must_be_given(&mut self, column: &'static str) {
        if !self.is_given(column) {
            self.wrong_once(column, Fault::Missing);
        }
    }

    fn must_be_empty(&mut self, column: &'static str, fault: Fault) {
        if self.is_given(column) {
            self.wrong_once(column, fault);
        }
    }

    fn parsed<T: FromStr<Err: Into<Fault>>>(&mut self, column: &'static str) -> Option<T> {
        let text = self.text(column)?;
        text.parse().map_err(|error: T::Err| self.wrong(column, error.into())).ok()
    }

    fn list<T: FromStr<Err: Into<Fault>>>(&mut self, column: &'static str) -> Vec<T> {
        let text = self.text(column).unwrap_or_default();
        let parts = text.split(';').map(str::trim).filter(|part| !part.is_empty());
        let read: Result<Vec<T>, T::Err> = parts.map(str::parse).collect();
        read.map_err(|error| self.wrong(column, error.into())).unwrap_or_default()
    }

    fn names(&mut self, column: &'static str) -> Vec<String> {
        let text = self.kept(column, NAMES_BYTES_MAX).unwrap_or_default();
        let parts = text.split(';').map(str::trim).filter(|part| !part.is_empty());
        parts.map(str::to_owned).collect()
    }

    fn id(&mut self, column: &'static str) -> Option<String> {
        self.kept(column, ID_BYTES_MAX)
    }

    fn title(&mut self, column: &'static str) -> Option<String> {
        self.kept(column, TITLE_BYTES_MAX)
    }

    /// A free text, without the shield against spreadsheets.
    fn kept(&mut self, column: &'static str, bytes_max: usize) -> Option<String> {
        let text = unshielded(self.text(column)?);
        let fault =
            if text.is_empty() { Some(TextFault::Empty) } else { text_fault(text, bytes_max) };
        match fault {
            None => Some(text.to_owned()),
            Some(fault) => {
                self.wrong_once(column, fault.into());
                None
            }
        }
    }

    fn wrong_once(&mut self, column: &'static str, fault: Fault) {
        if self.bad.iter().all(|bad| bad.column != Some(column)) {
            self.wrong(column, fault);
        }
    }

    fn wrong(&mut self, column: &'static str, fault: Fault) {
        let cell = self.columns.place(column).and_then(|place| self.record.cell(place));
        let found = String::from_utf8_lossy(cell.unwrap_or_default()).chars().take(40).collect();
        self.bad.push(BadLine { line: self.record.line, column: Some(column), found, fault });
    }
}
