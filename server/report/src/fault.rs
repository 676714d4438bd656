//! What is wrong with a usage line, or with a file.

use std::fmt;

/// How many faults a check keeps; the others are counted.
pub const FAULTS_KEPT: usize = 1_000;

/// What is wrong with a usage line: the field, and what would be right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LineFault {
    /// A field that must be given.
    #[error("{0} must be given")]
    Missing(&'static str),
    /// An id with characters that files cannot hold as they are.
    #[error("{0} may have 1 to 128 printable ASCII characters, without spaces")]
    Id(&'static str),
    /// Neither a use nor a correction.
    #[error("a line has a quantity and no returns, or corrects another and has returns only")]
    Quantity,
    /// An amount of the wrong sign.
    #[error("{0} must not be negative for a use, nor positive for a correction")]
    Sign(&'static str),
    /// The royalty is not the sum of what it is made of.
    #[error("the royalty is {royalty_sen} sen and its shares sum to {shares_sen}")]
    RoyaltySum {
        /// Of the line.
        royalty_sen: i64,
        /// Of the shares.
        shares_sen: i128,
    },
    /// The moment does not lie in the month.
    #[error("the moment of use does not lie in the reported month on the clocks given")]
    OtherMonth,
    /// A word that is none.
    #[error("{0} must be {1}")]
    Form(&'static str, &'static str),
    /// A score or share beyond the whole.
    #[error("{0} is at most 1,000,000 ppm")]
    Ppm(&'static str),
    /// Nobody wrote the work, as far as the line says.
    #[error("the work `{0}` needs a composer or a lyricist in this format")]
    NoWriter(String),
    /// A text that is too long for its field and cannot be cut.
    #[error("{field} is longer than {bytes_max} bytes in this format")]
    TooLong {
        /// Which.
        field: &'static str,
        /// Of the encoding of the file.
        bytes_max: usize,
    },
}

/// Why no report is made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// A line that cannot be reported.
    #[error("usage line {index} (`{event_id}`): {fault}")]
    Line {
        /// Its place among the lines given, from 0.
        index: usize,
        /// Its event.
        event_id: String,
        /// What is wrong with it.
        fault: LineFault,
    },
    /// One event in two lines: it would be counted twice.
    #[error("the event `{0}` comes twice")]
    RepeatedEvent(String),
    /// A sum beyond 64 bits.
    #[error("a sum does not fit into 64 bits")]
    Overflow,
    /// More was taken back than used: the format has no place for it.
    #[error("of `{0}` more was returned than used in this month; report it by hand")]
    NegativeCount(String),
    /// More than the format's field takes.
    #[error("a count of `{0}` has more than nine digits")]
    CountTooLarge(String),
    /// A name, number or moment of the report itself that its format does not take.
    #[error("the report's {0} must be {1}")]
    Heading(&'static str, &'static str),
    /// Two recordings that would be reported under one key.
    #[error("the recordings `{0}` and `{1}` have the same key; rename one")]
    KeyCollision(String, String),
}

impl ReportError {
    /// A stable name, for programs.
    pub fn code(&self) -> &'static str {
        match self {
            ReportError::Line { .. } => "usage_line",
            ReportError::RepeatedEvent(_) => "repeated_event",
            ReportError::Overflow => "overflow",
            ReportError::NegativeCount(_) => "negative_count",
            ReportError::CountTooLarge(_) => "count_too_large",
            ReportError::Heading(..) => "report_heading",
            ReportError::KeyCollision(..) => "key_collision",
        }
    }
}

/// What is wrong with a file, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileFault<F> {
    /// The line, from 1; 0: the file as a whole.
    pub line: u64,
    /// The field's name; none: the line as a whole.
    pub field: Option<&'static str>,
    /// What is wrong, in words that say what would be right.
    pub fault: F,
}

impl<F: fmt::Display> fmt::Display for FileFault<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "the file")?,
            line => write!(f, "line {line}")?,
        }
        if let Some(field) = self.field {
            write!(f, ", {field}")?;
        }
        write!(f, ": {}", self.fault)
    }
}
