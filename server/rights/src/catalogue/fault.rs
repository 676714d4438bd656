//! What is wrong with a line of a catalogue, and what would be right.

use std::fmt;

use crate::claim::UnknownState;
use crate::date::DateError;
use crate::error::TextFault;
use crate::identifiers::IdentifierError;
use crate::territory::TerritoryError;
use crate::usage::{UnknownForm, UnknownRight};

/// A line that cannot be used, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadLine {
    /// Where it begins, counted from 1, the header's line.
    pub line: u64,
    /// In which column; none: the line as a whole.
    pub column: Option<&'static str>,
    /// The beginning of what stands there, at most 40 characters.
    pub found: String,
    /// What is wrong, in words that say what would be right.
    pub fault: Fault,
}

impl fmt::Display for BadLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        if let Some(column) = self.column {
            write!(f, ", {column} `{}`", self.found)?;
        }
        write!(f, ": {}", self.fault)
    }
}

/// What is wrong with a cell or a line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// Not a number of the trade.
    #[error(transparent)]
    Identifier(#[from] IdentifierError),
    /// Not a place.
    #[error(transparent)]
    Territory(#[from] TerritoryError),
    /// Not a form of use.
    #[error("{0}; several are separated by `;`, and `all` stands alone")]
    Form(#[from] UnknownForm),
    /// Not a right.
    #[error(transparent)]
    Right(#[from] UnknownRight),
    /// Not a state.
    #[error(transparent)]
    State(#[from] UnknownState),
    /// Not a day, or a period without days.
    #[error(transparent)]
    Date(#[from] DateError),
    /// A text that cannot be kept.
    #[error("{0}")]
    Text(#[from] TextFault),
    /// Not a share.
    #[error("a share is a whole number of parts per million, 1 to 1000000 (half is 500000)")]
    Share,
    /// Nothing where something is needed.
    #[error("it must be given here")]
    Missing,
    /// Something where only nothing makes sense.
    #[error("a claim to the master names no work: leave it empty, or write the work's right")]
    NotOfMaster,
    /// A part of a claim, without whose it is.
    #[error("it belongs to a claim: give the claimant, or leave it empty")]
    NoClaimant,
    /// A work by no name.
    #[error("a work needs a work_id or one of the codes")]
    NoWork,
    /// A line of another width.
    #[error("it has {found} cells, the header names {expected}; a cell with a comma needs quotes")]
    Width {
        /// Cells of the line.
        found: usize,
        /// Cells of the header.
        expected: usize,
    },
    /// Bytes that are no text.
    #[error("it is not UTF-8; save the file as UTF-8")]
    NotUtf8,
    /// The same claim twice.
    #[error("the same claim is on line {line}; add their shares up into one")]
    Twice {
        /// Where it is.
        line: u64,
    },
    /// One work, described in two ways.
    #[error("the work is given in another way on line {line}; make them alike")]
    OtherWork {
        /// Where it is.
        line: u64,
    },
    /// More lines than one recording can have.
    #[error("a recording has at most {0} lines")]
    TooManyLines(usize),
}
