//! Reads a Digital Sales Report and says what is wrong with it, by line and cell.

use std::collections::{BTreeMap, BTreeSet};

use super::escape::{BadEscape, cells};
use super::records::{Form, Part, RecordType, find, millionths};
use crate::fault::{FAULTS_KEPT, FileFault};

/// What is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// Bytes that are no text.
    #[error("it is not UTF-8")]
    NotUtf8,
    /// A last line that is cut.
    #[error("it does not end with a line feed; the file may be cut off")]
    LineEnd,
    /// A backslash that escapes nothing.
    #[error(transparent)]
    Escape(#[from] BadEscape),
    /// A record that is not of this profile's downloads.
    #[error("`{0}` is no record of a download report in the Basic Audio Profile")]
    UnknownRecord(String),
    /// Cells missing, or too many.
    #[error("it has {found} cells and should have {expected}; empty ones keep their tab")]
    Width {
        /// How many it has.
        found: usize,
        /// How many it should have.
        expected: usize,
    },
    /// Nothing where something is needed.
    #[error("it must be given")]
    Missing,
    /// Of another form.
    #[error("it should be {0}")]
    Form(&'static str),
    /// A record where it may not stand.
    #[error(
        "a file is HEAD, summaries, blocks of recordings, works and uses, and FOOT, in this order"
    )]
    Order,
    /// A part that every file has.
    #[error("the file has no {0} record")]
    NoRecord(&'static str),
    /// An id that stands for something else already.
    #[error("the id `{0}` is taken; a block's records stand together")]
    Repeated(String),
    /// An id that stands for nothing.
    #[error("there is no record `{0}` to which it could refer")]
    Unknown(String),
    /// A use of nothing.
    #[error("a use refers to a release or to a resource, and to one only")]
    NoReference,
    /// A count or sum that does not fit the records.
    #[error("it says {said}, the records sum to {found}")]
    Sum {
        /// What stands there.
        said: String,
        /// What it should be.
        found: String,
    },
}

/// What a file holds, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DsrCheck {
    /// Lines.
    pub lines: u64,
    /// Summary records.
    pub summaries: u64,
    /// Blocks.
    pub blocks: u64,
    /// The sum of all usages, in millionths.
    pub usages_millionths: i128,
    /// How many faults there are.
    pub fault_count: u64,
    /// The first [`FAULTS_KEPT`] of them, in the order in which they were found.
    pub faults: Vec<FileFault<Fault>>,
}

/// Checks a file of any content. Cost: one pass; memory: its ids.
pub fn check(bytes: &[u8]) -> DsrCheck {
    let mut reading = Reading::default();
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        reading.found.lines += 1;
        reading.line(line);
    }
    reading.finish()
}

#[derive(Default)]
struct Reading {
    found: DsrCheck,
    /// How far the file is.
    part: Option<Part>,
    summaries: BTreeMap<String, Summary>,
    block_ids: BTreeSet<String>,
    block: Option<OpenBlock>,
}

struct Summary {
    line: u64,
    said_usages: Option<i128>,
    said_revenue: Option<i128>,
    /// Whether the revenue is price times usages.
    priced: bool,
    usages: i128,
    /// In millionths of millionths.
    revenue: i128,
}

#[derive(Default)]
struct OpenBlock {
    id: String,
    releases: BTreeSet<String>,
    resources: BTreeSet<String>,
}

impl Reading {
    fn wrong(&mut self, field: Option<&'static str>, fault: Fault) {
        self.wrong_at(self.found.lines, field, fault);
    }

    fn wrong_at(&mut self, line: u64, field: Option<&'static str>, fault: Fault) {
        self.found.fault_count += 1;
        if self.found.faults.len() < FAULTS_KEPT {
            self.found.faults.push(FileFault { line, field, fault });
        }
    }

    fn line(&mut self, line: &[u8]) {
        let Some(line) = line.strip_suffix(b"\n") else {
            self.wrong(None, Fault::LineEnd);
            return self.record(line);
        };
        self.record(line.strip_suffix(b"\r").unwrap_or(line));
    }

    fn record(&mut self, line: &[u8]) {
        let Ok(text) = std::str::from_utf8(line) else {
            self.wrong(None, Fault::NotUtf8);
            return;
        };
        // Part 1 lets empty records stand; they are counted.
        if text.is_empty() {
            return;
        }
        let (cells, escapes) = cells(text);
        if let Err(bad) = escapes {
            self.wrong(None, bad.into());
        }
        let name = cells[0].join("|");
        let Some(of) = find(&name) else {
            self.wrong(None, Fault::UnknownRecord(name.chars().take(20).collect()));
            return;
        };
        self.order(of);
        if cells.len() != of.cells.len() {
            let expected = of.cells.len();
            self.wrong(None, Fault::Width { found: cells.len(), expected });
            return;
        }
        for (cell, (name, form, needed)) in cells.iter().zip(of.cells) {
            let is_empty = cell.iter().all(String::is_empty) && cell.len() == 1;
            if is_empty && *needed {
                self.wrong(Some(name), Fault::Missing);
            } else if !is_empty && !form.fits(cell) {
                self.wrong(Some(name), Fault::Form(form.words()));
            }
        }
        let texts: Vec<String> = cells.into_iter().map(|cell| cell.join("|")).collect();
        match of.part {
            Part::Head => {}
            Part::Summary => self.summary(&texts),
            Part::Foot => self.foot(&texts),
            part => self.in_block(part, &texts),
        }
    }

    /// Parts come in their order; but behind a use another block may begin.
    fn order(&mut self, of: &RecordType) {
        let fits = match (self.part, of.part) {
            (None, part) => part == Part::Head,
            (Some(Part::Head), part) => part == Part::Summary,
            (Some(Part::Foot), _) | (Some(_), Part::Head) => false,
            (Some(Part::Summary), Part::Foot | Part::Summary) => true,
            (Some(Part::Summary), part) => matches!(part, Part::Release | Part::Resource),
            (Some(_), Part::Summary) => false,
            (Some(before), Part::Foot) => before == Part::Usage,
            (Some(Part::Usage), part) => part != Part::Work,
            (Some(before), part) => before <= part,
        };
        if !fits {
            self.wrong(None, Fault::Order);
        }
        self.part = Some(of.part);
    }

    fn summary(&mut self, texts: &[String]) {
        self.found.summaries += 1;
        let summary = Summary {
            line: self.found.lines,
            said_usages: millionths(&texts[8]),
            said_revenue: millionths(&texts[11]),
            priced: texts[4] == "PayAsYouGoModel",
            usages: 0,
            revenue: 0,
        };
        if self.summaries.contains_key(&texts[1]) {
            self.wrong(Some("SummaryRecordId"), Fault::Repeated(short(&texts[1])));
        } else {
            self.summaries.insert(texts[1].clone(), summary);
        }
    }

    fn in_block(&mut self, part: Part, texts: &[String]) {
        let id = &texts[1];
        if self.block.as_ref().is_none_or(|block| block.id != *id) {
            self.found.blocks += 1;
            if !self.block_ids.insert(id.clone()) {
                self.wrong(Some("BlockId"), Fault::Repeated(short(id)));
            }
            if part == Part::Work || part == Part::Usage {
                self.wrong(Some("BlockId"), Fault::Unknown(short(id)));
            }
            self.block = Some(OpenBlock { id: id.clone(), ..OpenBlock::default() });
        }
        let Some(block) = &mut self.block else { return };
        match part {
            Part::Release => {
                if !block.releases.insert(texts[2].clone()) {
                    self.wrong(Some("ReleaseReference"), Fault::Repeated(short(&texts[2])));
                }
            }
            Part::Resource => {
                if !block.resources.insert(texts[2].clone()) {
                    self.wrong(Some("ResourceReference"), Fault::Repeated(short(&texts[2])));
                }
            }
            Part::Work => {
                if !block.resources.contains(&texts[16]) {
                    self.wrong(Some("ResourceReference"), Fault::Unknown(short(&texts[16])));
                }
            }
            _ => self.usage(texts),
        }
    }

    fn usage(&mut self, texts: &[String]) {
        let Some(block) = &self.block else { return };
        let (release, resource) = (&texts[4], &texts[5]);
        if release.is_empty() == resource.is_empty() {
            self.wrong(None, Fault::NoReference);
        } else if !release.is_empty() && !block.releases.contains(release) {
            self.wrong(Some("TransactedReleaseReference"), Fault::Unknown(short(release)));
        } else if !resource.is_empty() && !block.resources.contains(resource) {
            self.wrong(Some("TransactedResourceReference"), Fault::Unknown(short(resource)));
        }
        if millionths(&texts[9]).is_some_and(|returns| returns < 0) {
            self.wrong(Some("Returns"), Fault::Form("a number that is not negative"));
        }
        let usages = millionths(&texts[8]).unwrap_or(0);
        // Numbers have 21 digits at most, a file fewer than 2^64 lines: i128 holds their sums.
        self.found.usages_millionths = self.found.usages_millionths.saturating_add(usages);
        let price = millionths(&texts[10]);
        let Some(summary) = self.summaries.get_mut(&texts[2]) else {
            self.wrong(Some("SummaryRecordId"), Fault::Unknown(short(&texts[2])));
            return;
        };
        summary.usages = summary.usages.saturating_add(usages);
        let paid = usages.saturating_mul(price.unwrap_or(0));
        summary.revenue = summary.revenue.saturating_add(paid);
        if summary.priced && texts[10].is_empty() {
            self.wrong(Some("PriceEndUserPaidExcSalesTax"), Fault::Missing);
        }
    }

    fn foot(&mut self, texts: &[String]) {
        let (lines, blocks) = (self.found.lines, self.found.blocks);
        let counts = [
            (1, "NumberOfLinesInFile", lines),
            (2, "NumberOfLinesInReport", lines),
            (3, "NumberOfSummaryRecords", self.found.summaries),
            (4, "NumberOfBlocksInFile", blocks),
            (5, "NumberOfBlocksInReport", blocks),
        ];
        for (at, field, found) in counts {
            let said = &texts[at];
            if Form::Integer.fits(std::slice::from_ref(said)) && said.parse() != Ok(found) {
                self.wrong(Some(field), Fault::Sum { said: short(said), found: found.to_string() });
            }
        }
    }

    fn finish(mut self) -> DsrCheck {
        for summary in std::mem::take(&mut self.summaries).into_values() {
            if let Some(said) = summary.said_usages.filter(|said| *said != summary.usages) {
                let (said, found) = (decimal(said, 6), decimal(summary.usages, 6));
                self.wrong_at(summary.line, Some("TotalUsages"), Fault::Sum { said, found });
            }
            let said = summary.said_revenue.filter(|_| summary.priced);
            if let Some(said) =
                said.filter(|said| said.saturating_mul(1_000_000) != summary.revenue)
            {
                let (said, found) = (decimal(said, 6), decimal(summary.revenue, 12));
                self.wrong_at(summary.line, Some("NetRevenue"), Fault::Sum { said, found });
            }
        }
        if self.found.lines == 0 {
            self.wrong_at(0, None, Fault::NoRecord("HEAD"));
        }
        if self.found.summaries == 0 {
            self.wrong_at(0, None, Fault::NoRecord("SY01.03"));
        }
        if self.part != Some(Part::Foot) {
            self.wrong_at(0, None, Fault::NoRecord("FOOT"));
        }
        self.found
    }
}

fn short(text: &str) -> String {
    text.chars().take(40).collect()
}

/// A number in 10^-places as people write it.
fn decimal(number: i128, places: usize) -> String {
    let digits = format!("{:0>width$}", number.unsigned_abs(), width = places + 1);
    let (whole, rest) = digits.split_at(digits.len() - places);
    let sign = if number < 0 { "-" } else { "" };
    let rest = rest.trim_end_matches('0');
    format!("{sign}{whole}{}{rest}", if rest.is_empty() { "" } else { "." })
}
