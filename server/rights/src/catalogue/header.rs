//! The first line of a catalogue: which column stands where.

use super::COLUMNS;
use super::lines::Record;

/// Why a catalogue's first line is no header.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeaderError {
    /// Nothing in it.
    #[error("the catalogue is empty; its first line names the columns: {}", COLUMNS.join(","))]
    Empty,
    /// A column that is not known: a misspelt `state` must not pass for none.
    #[error("unknown column `{column}` in the catalogue; known are: {}", COLUMNS.join(","))]
    UnknownColumn {
        /// The beginning of its name.
        column: String,
    },
    /// A column that comes twice.
    #[error("the column `{0}` comes twice in the catalogue; keep one")]
    RepeatedColumn(&'static str),
    /// What no catalogue can do without.
    #[error("the catalogue needs a column `recording_id`")]
    NoRecordingColumn,
}

/// Where each of [`COLUMNS`] stands.
pub struct Columns {
    places: [Option<usize>; COLUMNS.len()],
    width: usize,
}

impl Columns {
    /// Reads the header.
    ///
    /// # Errors
    /// A line that is no header of a catalogue.
    pub fn find(header: &Record<'_>) -> Result<Columns, HeaderError> {
        let mut places = [None; COLUMNS.len()];
        for place in 0..header.width {
            let name = String::from_utf8_lossy(header.cell(place).unwrap_or_default());
            let name = name.trim();
            let known = COLUMNS.iter().position(|known| known.eq_ignore_ascii_case(name));
            let Some(known) = known else {
                let column = name.chars().take(40).collect();
                return Err(HeaderError::UnknownColumn { column });
            };
            if places[known].replace(place).is_some() {
                return Err(HeaderError::RepeatedColumn(COLUMNS[known]));
            }
        }
        let columns = Columns { places, width: header.width };
        match columns.place("recording_id") {
            Some(_) => Ok(columns),
            None => Err(HeaderError::NoRecordingColumn),
        }
    }

    /// How many cells a line has.
    pub fn width(&self) -> usize {
        self.width
    }

    /// In which cell a column stands, if the file has it.
    pub fn place(&self, column: &str) -> Option<usize> {
        COLUMNS.iter().position(|known| *known == column).and_then(|known| self.places[known])
    }
}
