//! How a file or a whole command fails, and what the process exits with.

use std::fmt;
use std::process::ExitCode;

use onmon_core::wire::WireError;
use onmon_decode::DecodeError;
use onmon_library::LibraryError;
use onmon_seal::SealError;
use onmon_tag::files::FileError;
use onmon_tag::{KeysError, Locked, TagError};

/// Why one file failed. The others go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Stable, for programs.
    pub code: String,
    /// For people; says what to do.
    pub message: String,
}

impl Failure {
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl From<DecodeError> for Failure {
    fn from(error: DecodeError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

impl From<WireError> for Failure {
    fn from(error: WireError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

impl From<LibraryError> for Failure {
    fn from(error: LibraryError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

impl From<TagError> for Failure {
    fn from(error: TagError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

impl From<KeysError> for Failure {
    fn from(error: KeysError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

impl From<Locked> for Failure {
    fn from(error: Locked) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

impl From<SealError> for Failure {
    fn from(error: SealError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

/// What a command that ran to its end exits with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// Every file was handled.
    AllHandled,
    /// Some files failed.
    SomeFailed,
    /// A shared file was not played, since it was not bought.
    Locked,
    /// Ctrl-C came before the last file.
    Stopped,
}

impl Done {
    /// From the number of failures and whether the last file was reached.
    pub fn of(failed: usize, stopped: bool) -> Self {
        match (stopped, failed) {
            (true, _) => Self::Stopped,
            (false, 0) => Self::AllHandled,
            (false, _) => Self::SomeFailed,
        }
    }
}

impl From<Done> for ExitCode {
    fn from(done: Done) -> Self {
        Self::from(match done {
            Done::AllHandled => 0,
            Done::SomeFailed => 1,
            Done::Locked => 4,
            Done::Stopped => 130,
        })
    }
}

/// The exit code of a command that could not do its work at all.
pub const NOTHING_DONE: u8 = 3;
