//! What can go wrong with a database, told apart by what its operator can do about it.

use std::fmt;
use std::path::PathBuf;

/// A failure of the database.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The file is damaged, or holds what this program never writes.
    #[error("the database is damaged; restore it from a backup")]
    Corrupt(#[source] Fault),
    /// No room is left.
    #[error("the database's disk is full; nothing of this was kept")]
    DiskFull(#[source] Fault),
    /// Another program holds a lock for too long, or the server takes no more connections.
    #[error("the database is busy; try again")]
    Busy(#[source] Fault),
    /// A write or sync failed: what is on the disk is not known.
    #[error("writing to the database failed; restart when its disk is sound again")]
    WriteFailed(#[source] Fault),
    /// The server cannot be reached or ended the connection.
    #[error("the database server cannot be reached")]
    Unreachable(#[source] Fault),
    /// Another program is the only one that may write.
    #[error("another program writes to {location}; stop it first")]
    Locked {
        /// Where; without a password.
        location: String,
    },
    /// Closed already.
    #[error("the database is closed")]
    Closed,
    /// Another row has this key, or a row is named that is not there.
    #[error("the database refused a row that breaks a rule of its tables")]
    Constraint(#[source] Fault),
    /// Made by a newer version of this program.
    #[error(
        "the tables `{name}` are of version {found} and this program knows up to {known}; \
         use a newer program"
    )]
    NewerSchema {
        /// Of which schema,
        name: &'static str,
        /// which version was found,
        found: i64,
        /// and up to which this program knows.
        known: i64,
    },
    /// A path that cannot be put into a URL.
    #[error("the database's path {} is not UTF-8; move it", path.display())]
    PathNotUtf8 {
        /// The path.
        path: PathBuf,
    },
    /// A database that a server keeps is not copied as a file.
    #[error("{location} is no file that can be copied; use its own tools (pg_dump)")]
    NotAFile {
        /// Where; without a password.
        location: String,
    },
    /// Anything else.
    #[error("the database does not answer as it should")]
    Other(#[source] Fault),
}

/// What the database itself said; kept behind a type of ours, for logs.
#[derive(Debug)]
pub struct Fault(sqlx::Error);

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Fault {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}

impl StoreError {
    /// A stable name, for programs.
    pub fn code(&self) -> &'static str {
        match self {
            StoreError::Corrupt(_) => "database_corrupt",
            StoreError::DiskFull(_) => "disk_full",
            StoreError::Busy(_) => "database_busy",
            StoreError::WriteFailed(_) => "database_write_failed",
            StoreError::Unreachable(_) => "database_unreachable",
            StoreError::Locked { .. } => "database_locked",
            StoreError::Closed => "database_closed",
            StoreError::Constraint(_) => "database_constraint",
            StoreError::NewerSchema { .. } => "database_newer",
            StoreError::PathNotUtf8 { .. } => "database_path",
            StoreError::NotAFile { .. } => "database_no_file",
            StoreError::Other(_) => "database",
        }
    }

    /// A value that this program never writes: someone else has been at the tables.
    pub fn foreign(error: impl std::error::Error + Send + Sync + 'static) -> StoreError {
        StoreError::Corrupt(Fault(sqlx::Error::Decode(Box::new(error))))
    }

    pub(crate) fn unreachable(error: sqlx::Error) -> StoreError {
        StoreError::Unreachable(Fault(error))
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> StoreError {
        if matches!(error, sqlx::Error::PoolClosed) {
            return StoreError::Closed;
        }
        let kind = kind(&error);
        kind(Fault(error))
    }
}

/// Which kind of failure this is: by SQLite's primary result code (a number) or PostgreSQL's
/// SQLSTATE (five characters).
fn kind(error: &sqlx::Error) -> fn(Fault) -> StoreError {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) => return StoreError::Unreachable,
        sqlx::Error::PoolTimedOut => return StoreError::Busy,
        _ => {}
    }
    let Some(code) = error.as_database_error().and_then(|error| error.code()) else {
        return StoreError::Other;
    };
    match code.as_ref() {
        state if state.len() == 5 => match &state[..2] {
            "08" => StoreError::Unreachable,
            "23" => StoreError::Constraint,
            "40" | "55" => StoreError::Busy,
            // Cancelled for taking too long, and the server starting or shutting down.
            "57" if state == "57014" => StoreError::Busy,
            "57" => StoreError::Unreachable,
            "58" => StoreError::WriteFailed,
            "XX" => StoreError::Corrupt,
            "53" if state == "53100" => StoreError::DiskFull,
            "53" => StoreError::Busy,
            _ => StoreError::Other,
        },
        // The primary code is the low byte of the extended one. https://sqlite.org/rescode.html
        number => match number.parse::<u32>().map_or(0, |code| code & 0xff) {
            5 | 6 => StoreError::Busy,
            10 => StoreError::WriteFailed,
            11 | 26 => StoreError::Corrupt,
            13 => StoreError::DiskFull,
            19 => StoreError::Constraint,
            _ => StoreError::Other,
        },
    }
}
