//! What can go wrong with the log, told apart by what it means.

use std::path::PathBuf;

use onmon_store::StoreError;

/// A failure of the audit log.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuditError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The operating system gives no randomness.
    #[error("the operating system gives no randomness")]
    NoRandomness,
    /// A file of the log cannot be read or written.
    #[error("{} cannot be read or written", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Nothing was published yet.
    #[error("nothing was published yet")]
    NothingPublished,
    /// A file is not what this program wrote.
    #[error("{} is damaged: {what}", path.display())]
    Damaged {
        /// Which.
        path: PathBuf,
        /// In which way.
        what: &'static str,
    },
    /// The database has fewer lines than were published, or others: it was restored from a backup
    /// or altered. Nothing more is published.
    #[error("line {line} of the database is not the one that was published")]
    Disagrees {
        /// The first such line.
        line: u64,
    },
    /// A checkpoint that its key did not sign.
    #[error("the checkpoint's signature is not of this key")]
    BadSignature,
    /// A name or key that a signed note cannot have.
    #[error("a log's name is 1 to 64 letters, digits, `.`, `/` and `-`")]
    BadName,
    /// A line that is not in the log.
    #[error("there is no line {line}: the checkpoint has {size}")]
    NoSuchLine {
        /// Which was asked for.
        line: u64,
        /// How many the checkpoint has.
        size: u64,
    },
}

impl AuditError {
    /// A stable name, for programs.
    pub fn code(&self) -> &'static str {
        match self {
            AuditError::Store(error) => error.code(),
            AuditError::NoRandomness => "no_randomness",
            AuditError::File { .. } => "audit_file",
            AuditError::NothingPublished => "audit_empty",
            AuditError::Damaged { .. } => "audit_damaged",
            AuditError::Disagrees { .. } => "audit_disagrees",
            AuditError::BadSignature => "audit_bad_signature",
            AuditError::BadName => "audit_bad_name",
            AuditError::NoSuchLine { .. } => "audit_no_such_line",
        }
    }
}

impl From<sqlx::Error> for AuditError {
    fn from(error: sqlx::Error) -> Self {
        AuditError::Store(error.into())
    }
}
