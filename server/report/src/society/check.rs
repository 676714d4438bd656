//! Reads a society's file and says what is wrong with it, by line and field.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::columns::{ColumnForm, Society, place};
use super::write::{Encoding, counted_bytes};
use crate::fault::{FAULTS_KEPT, FileFault};

/// What is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// A name that does not say whose file it is.
    #[error("its name should be the licence number, year and month: J123456789201312.txt")]
    Name,
    /// Bytes that are not of the encoding.
    #[error("it has bytes that are not of its encoding")]
    Encoding,
    /// A byte-order mark, which would be read as a part of the first key.
    #[error("it begins with a byte-order mark; leave it out")]
    Mark,
    /// A line that ends in another way.
    #[error("it does not end with CRLF")]
    LineEnd,
    /// Fields missing, or too many.
    #[error("it has {found} fields and should have {expected}; empty ones keep their tab")]
    Width {
        /// How many it has.
        found: usize,
        /// How many it should have.
        expected: usize,
    },
    /// Nothing where something is needed.
    #[error("it must be given")]
    Missing,
    /// Longer than the field.
    #[error("it has {found} bytes, at most {bytes_max} are taken")]
    TooLong {
        /// Counted as in Shift_JIS.
        found: usize,
        /// The field's limit.
        bytes_max: usize,
    },
    /// Of another form.
    #[error("it should be {0}")]
    Form(&'static str),
    /// Neither a lyricist nor a composer.
    #[error("a lyricist or a composer must be given")]
    NoWriter,
    /// Words are used, and not said which.
    #[error("with V or T it must be 1 (original words), 2 (translated) or 3 (not known)")]
    NoWords,
    /// A part of a medley without its number, or a number without a medley.
    #[error("the parts of a medley are M and 001, 002 …; what is no medley has 000")]
    Medley,
    /// The same content, part and price twice.
    #[error("the same key, part and price are on line {0}; add the counts up")]
    Repeated(u64),
    /// Another number of lines than was entered.
    #[error("it has {found} lines, {declared} were declared")]
    Declared {
        /// In the file.
        found: u64,
        /// Entered.
        declared: u64,
    },
    /// A sum beyond 64 bits.
    #[error("the counts sum to more than 64 bits hold")]
    Overflow,
}

/// What a file holds, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SocietyCheck {
    /// Lines.
    pub lines: u64,
    /// The sum of the counts that can be read.
    pub requests: u64,
    /// How many faults there are.
    pub fault_count: u64,
    /// The first [`FAULTS_KEPT`] of them, in order of lines.
    pub faults: Vec<FileFault<Fault>>,
}

impl SocietyCheck {
    fn wrong(&mut self, line: u64, field: Option<&'static str>, fault: Fault) {
        self.fault_count += 1;
        if self.faults.len() < FAULTS_KEPT {
            self.faults.push(FileFault { line, field, fault });
        }
    }
}

/// Checks a file of any content. Cost: one pass; memory: the file decoded, and its keys.
pub fn check(
    name: &str,
    bytes: &[u8],
    society: Society,
    encoding: Encoding,
    declared_lines: Option<u64>,
) -> SocietyCheck {
    let mut found = SocietyCheck::default();
    if !is_name(name) {
        found.wrong(0, None, Fault::Name);
    }
    if bytes.starts_with("\u{feff}".as_bytes()) {
        found.wrong(1, None, Fault::Mark);
    }
    let mut met = BTreeMap::new();
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        found.lines += 1;
        let at = found.lines;
        let (line, ended) = match line.strip_suffix(b"\r\n") {
            Some(line) => (line, true),
            None => (line.strip_suffix(b"\n").unwrap_or(line), false),
        };
        if !ended {
            found.wrong(at, None, Fault::LineEnd);
        }
        let (text, broken): (Cow<'_, str>, bool) = match encoding {
            Encoding::Utf8 => (String::from_utf8_lossy(line), std::str::from_utf8(line).is_err()),
            Encoding::ShiftJis => encoding_rs::SHIFT_JIS.decode_without_bom_handling(line),
        };
        if broken {
            found.wrong(at, None, Fault::Encoding);
        }
        let cells: Vec<&str> = text.split('\t').collect();
        if cells.len() == society.columns().len() {
            check_cells(&mut found, at, society, &cells);
            let id =
                [place::KEY, 2, place::MEDLEY_BRANCH, place::PRICE].map(|at| cells[at].to_owned());
            if let Some(first) = met.get(&id) {
                found.wrong(at, None, Fault::Repeated(*first));
            } else {
                met.insert(id, at);
            }
        } else {
            let expected = society.columns().len();
            found.wrong(at, None, Fault::Width { found: cells.len(), expected });
        }
    }
    if let Some(declared) = declared_lines.filter(|declared| *declared != found.lines) {
        let lines = found.lines;
        found.wrong(0, None, Fault::Declared { found: lines, declared });
    }
    found
}

fn check_cells(found: &mut SocietyCheck, at: u64, society: Society, cells: &[&str]) {
    for (cell, column) in cells.iter().zip(society.columns()) {
        let field = Some(column.name);
        let bytes = counted_bytes(cell);
        if cell.is_empty() {
            if column.needed {
                found.wrong(at, field, Fault::Missing);
            }
        } else if !column.form.fits(cell) {
            found.wrong(at, field, Fault::Form(column.form.words()));
        } else if bytes > column.bytes_max {
            let bytes_max = column.bytes_max;
            found.wrong(at, field, Fault::TooLong { found: bytes, bytes_max });
        }
    }
    let name = |at: usize| Some(society.columns()[at].name);
    if cells[place::LYRICISTS].is_empty() && cells[place::COMPOSERS].is_empty() {
        found.wrong(at, name(place::LYRICISTS), Fault::NoWriter);
    }
    if matches!(cells[place::IVT], "V" | "T") && cells[place::WORDS].is_empty() {
        found.wrong(at, name(place::WORDS), Fault::NoWords);
    }
    if cells[place::MEDLEY].is_empty() != (cells[place::MEDLEY_BRANCH] == "000") {
        found.wrong(at, name(place::MEDLEY_BRANCH), Fault::Medley);
    }
    if ColumnForm::Count.fits(cells[place::COUNT])
        && let Ok(count) = cells[place::COUNT].parse::<u64>()
    {
        match found.requests.checked_add(count) {
            Some(sum) => found.requests = sum,
            None => found.wrong(at, name(place::COUNT), Fault::Overflow),
        }
    }
}

/// Letters and digits, of which the last six are a year and a month; `.txt`.
fn is_name(name: &str) -> bool {
    let Some(stem) = name.strip_suffix(".txt") else { return false };
    let alphanumeric = stem.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !alphanumeric || !(7..=26).contains(&stem.len()) {
        return false;
    }
    let (year, month) = stem[stem.len() - 6..].split_at(4);
    format!("{year}-{month}").parse::<crate::month::Month>().is_ok()
}
