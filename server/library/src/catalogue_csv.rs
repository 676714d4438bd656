//! Reads a catalogue: a CSV file that gives enrolled files their ids, codes, titles and rights.
//!
//! ```text
//! file,recording_id,isrc,iswc,title,artist,rights
//! 01 Aurora.flac,aurora-2019,JP-B01-23-45678,T-034.524.680-1,Aurora,The Example,entrusted
//! ```
//!
//! | column | meaning | empty or left out |
//! |---|---|---|
//! | `file` | which file: its name or its stem; folders before it are ignored | `recording_id` |
//! | `recording_id` | the owner's id | the file's stem |
//! | `isrc`, `iswc` | checked, punctuation optional | none |
//! | `title`, `artist` | for display | none |
//! | `rights` | `entrusted`, `not_entrusted` or `unknown` | `unknown`; no column: `entrusted` |
//!
//! UTF-8, comma, `"` quotes; columns in any order; a byte-order mark is skipped.

use std::collections::HashMap;
use std::fmt;
use std::io::{self, Read};
use std::path::Path;

use csv::StringRecord;

use crate::recording::Recording;
use crate::rights::Rights;

/// The columns a catalogue may have.
pub const COLUMNS: [&str; 7] =
    ["file", "recording_id", "isrc", "iswc", "title", "artist", "rights"];

/// Recordings by the stem of their file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Catalogue {
    by_stem: HashMap<String, Recording>,
}

impl Catalogue {
    /// What the catalogue says of the file with this stem (its name without folders and extension).
    pub fn get(&self, stem: &str) -> Option<&Recording> {
        self.by_stem.get(stem)
    }

    /// How many recordings it lists.
    pub fn len(&self) -> usize {
        self.by_stem.len()
    }

    /// Whether it lists none.
    pub fn is_empty(&self) -> bool {
        self.by_stem.is_empty()
    }

    /// Every stem and its recording, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Recording)> {
        self.by_stem.iter().map(|(stem, recording)| (stem.as_str(), recording))
    }
}

/// Reads a whole catalogue. All its lines are good, or none is taken: a catalogue that is half in
/// force would answer for rights it does not show.
///
/// # Errors
/// [`CatalogueCsvError`]; it lists every bad line.
pub fn read(reader: impl Read) -> Result<Catalogue, CatalogueCsvError> {
    // The csv crate skips a UTF-8 byte-order mark by itself.
    let mut csv = csv::ReaderBuilder::new().trim(csv::Trim::All).flexible(true).from_reader(reader);
    let columns = Columns::find(&header(&mut csv)?)?;
    let mut catalogue = Catalogue::default();
    let mut lines_of_stem: HashMap<String, u64> = HashMap::new();
    let mut lines_of_id: HashMap<String, u64> = HashMap::new();
    let mut bad_lines = Vec::new();
    let mut record = StringRecord::new();
    loop {
        let (at, outcome) = match csv.read_record(&mut record) {
            Ok(false) => break,
            Ok(true) => (line(record.position()), columns.recording(&record)),
            Err(error) => {
                let at = line(error.position());
                (at, Err(fault_of_line(error).map_err(CatalogueCsvError::Read)?))
            }
        };
        let outcome = outcome.and_then(|(stem, recording)| {
            claim(&mut lines_of_stem, &stem, at, "file")?;
            claim(&mut lines_of_id, &recording.recording_id, at, "recording_id")?;
            Ok((stem, recording))
        });
        match outcome {
            Ok((stem, recording)) => {
                catalogue.by_stem.insert(stem, recording);
            }
            Err(reason) => bad_lines.push(BadLine { line: at, reason }),
        }
    }
    if bad_lines.is_empty() {
        Ok(catalogue)
    } else {
        Err(CatalogueCsvError::BadLines(BadLines(bad_lines)))
    }
}

/// A line that cannot be used, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadLine {
    /// Counted from 1, the header's line.
    pub line: u64,
    /// What is wrong with it.
    pub reason: String,
}

/// Every line of a catalogue that cannot be used, in order; at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadLines(pub Vec<BadLine>);

impl fmt::Display for BadLines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bad line(s) in the catalogue; nothing was taken from it", self.0.len())?;
        for BadLine { line, reason } in &self.0 {
            write!(f, "\n  line {line}: {reason}")?;
        }
        Ok(())
    }
}

/// Why a catalogue was not read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CatalogueCsvError {
    /// The file itself cannot be read.
    #[error("cannot read the catalogue")]
    Read(#[source] io::Error),
    /// No header line.
    #[error("the catalogue is empty; its first line names the columns: {}", COLUMNS.join(", "))]
    NoHeader,
    /// A column that is not known: a misspelt `rights` must not pass for none.
    #[error("unknown column `{column}` in the catalogue; known are: {}", COLUMNS.join(", "))]
    UnknownColumn {
        /// The name in the header.
        column: String,
    },
    /// A column that comes twice.
    #[error("the column `{column}` comes twice in the catalogue; keep one")]
    RepeatedColumn {
        /// The name in the header.
        column: String,
    },
    /// Nothing to tell the recordings apart by.
    #[error("the catalogue needs a column `file` or `recording_id`")]
    NoKeyColumn,
    /// Lines that cannot be used.
    #[error("{0}")]
    BadLines(BadLines),
}

/// Where each of [`COLUMNS`] is found.
struct Columns {
    places: [Option<usize>; COLUMNS.len()],
    count: usize,
}

impl Columns {
    fn find(header: &StringRecord) -> Result<Columns, CatalogueCsvError> {
        let mut places = [None; COLUMNS.len()];
        for (place, name) in header.iter().enumerate() {
            let column = || name.to_owned();
            let known = COLUMNS.iter().position(|known| known.eq_ignore_ascii_case(name));
            let Some(known) = known else {
                return Err(CatalogueCsvError::UnknownColumn { column: column() });
            };
            if places[known].replace(place).is_some() {
                return Err(CatalogueCsvError::RepeatedColumn { column: column() });
            }
        }
        let columns = Columns { places, count: header.len() };
        if columns.has("file") || columns.has("recording_id") {
            Ok(columns)
        } else {
            Err(CatalogueCsvError::NoKeyColumn)
        }
    }

    fn recording(&self, record: &StringRecord) -> Result<(String, Recording), String> {
        if record.len() != self.count {
            return Err(format!("{} fields, the header names {}", record.len(), self.count));
        }
        let text = |column| self.cell(record, column).map(str::to_owned);
        let file = self.cell(record, "file").map(stem_of);
        let recording_id = text("recording_id").or_else(|| file.clone());
        let (Some(recording_id), file) = (recording_id, file) else {
            return Err("neither `file` nor `recording_id` is given".to_owned());
        };
        let stem = file.unwrap_or_else(|| recording_id.clone());
        let recording = Recording {
            recording_id,
            title: text("title"),
            artist: text("artist"),
            isrc: self.parsed(record, "isrc")?,
            iswc: self.parsed(record, "iswc")?,
            rights: match self.parsed(record, "rights")? {
                Some(rights) => rights,
                None if self.has("rights") => Rights::Unknown,
                None => Rights::default(),
            },
        };
        recording.check().map_err(|error| error.to_string())?;
        Ok((stem, recording))
    }

    fn has(&self, column: &str) -> bool {
        self.place(column).is_some()
    }

    fn place(&self, column: &str) -> Option<usize> {
        COLUMNS.iter().position(|known| *known == column).and_then(|known| self.places[known])
    }

    /// A cell's text; none if it is empty or there is no such column.
    fn cell<'a>(&self, record: &'a StringRecord, column: &str) -> Option<&'a str> {
        record.get(self.place(column)?).filter(|cell| !cell.is_empty())
    }

    fn parsed<T>(&self, record: &StringRecord, column: &str) -> Result<Option<T>, String>
    where
        T: std::str::FromStr<Err: fmt::Display>,
    {
        let Some(cell) = self.cell(record, column) else { return Ok(None) };
        cell.parse().map(Some).map_err(|error| format!("{column} `{cell}`: {error}"))
    }
}

fn header<R: Read>(csv: &mut csv::Reader<R>) -> Result<StringRecord, CatalogueCsvError> {
    match csv.headers() {
        Ok(header) if header.is_empty() => Err(CatalogueCsvError::NoHeader),
        Ok(header) => Ok(header.clone()),
        Err(error) => {
            let reason = fault_of_line(error).map_err(CatalogueCsvError::Read)?;
            Err(CatalogueCsvError::BadLines(BadLines(vec![BadLine { line: 1, reason }])))
        }
    }
}

/// A fault of the file ends the reading; a fault of one line is reported with the others.
fn fault_of_line(error: csv::Error) -> Result<String, io::Error> {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => Err(error),
        csv::ErrorKind::Utf8 { .. } => Ok("not UTF-8".to_owned()),
        _ => Ok("not CSV".to_owned()),
    }
}

fn line(position: Option<&csv::Position>) -> u64 {
    position.map_or(0, csv::Position::line)
}

/// A file's name without folders and extension.
fn stem_of(file: &str) -> String {
    let path = Path::new(file);
    path.file_stem().and_then(|stem| stem.to_str()).unwrap_or(file).to_owned()
}

fn claim(
    lines: &mut HashMap<String, u64>,
    key: &str,
    line: u64,
    column: &str,
) -> Result<(), String> {
    match lines.insert(key.to_owned(), line) {
        Some(first) => Err(format!("{column} `{key}` is on line {first} already")),
        None => Ok(()),
    }
}
