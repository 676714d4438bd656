//! `onmon-server backup` and `onmon-server restore`: all that a server keeps, as one directory.
//!
//! ```text
//! backup.json       what is in it, byte counts and sums    manifest.rs
//! audit/            the published log, copied first: its checkpoint is never ahead of the tables
//! platform.sqlite   rights, money, accounts, audit lines, wrapped keys
//! onmon.sqlite      the catalogue, copied last: no table speaks of a recording that it lacks
//! master-key        what the wrapped keys open with
//! admin-token
//! ```
//! Each database is copied as it is at one moment, by SQLite itself. In PostgreSQL both are one
//! database, which `pg_dump` copies; then only what lies beside it is here.

mod folder;
mod manifest;
mod restore;
mod take;

use std::path::PathBuf;

use clap::Args;

use crate::operator_tools::{Ended, Place};

pub const TAKE_HELP: &str = "Example:\n  \
    onmon-server backup --data ./data /backup/2026-04-15\n\
    Exit codes:\n  \
    0    the backup is whole and on disk\n  \
    3    it could not be made; what was begun is removed\n\
    The server may run. With PostgreSQL, run pg_dump right after it: docs/operations.md.";

pub const RESTORE_HELP: &str = "Example:\n  \
    onmon-server restore /backup/2026-04-15 --data ./restored\n  \
    onmon-server ledger check --data ./restored\n  \
    onmon-server audit verify --data ./restored\n  \
    onmon-server --data ./restored\n\
    Exit codes:\n  \
    0    the directory is as it was when the backup was made\n  \
    1    the backup is damaged; nothing was restored\n  \
    3    it could not be done: no backup, a directory that is not empty, a full disk";

/// Kept in a backup, and what it is called there and in the server's directory.
const ADMIN_TOKEN: &str = "admin-token";
const AUDIT: &str = "audit";
const CATALOGUE: &str = "onmon.sqlite";

/// What to copy, and where to.
#[derive(Debug, Args)]
pub struct BackupArgs {
    #[command(flatten)]
    place: Place,

    /// The directory that is made; there must be none of this name.
    #[arg(value_name = "BACKUP")]
    into: PathBuf,

    /// Leaves the master key and the admin token out. Keep a copy of the master key elsewhere:
    /// without it no key in the backup can be opened.
    #[arg(long)]
    without_keys: bool,

    /// As the server has it: the audit log is not published while it is copied.
    #[command(flatten)]
    audit: crate::audit_log::AuditArgs,
}

/// What to restore, and where to.
#[derive(Debug, Args)]
pub struct RestoreArgs {
    /// The directory that `onmon-server backup` made.
    #[arg(value_name = "BACKUP")]
    from: PathBuf,

    /// The server's directory that is made; there must be none of this name, or an empty one.
    #[arg(long, value_name = "DIR", env = "ONMON_DATA")]
    data: PathBuf,
}

/// `onmon-server backup`.
pub async fn take(args: &BackupArgs) -> Ended {
    ended(take::run(args).await)
}

/// `onmon-server restore`.
pub fn restore(args: &RestoreArgs) -> Ended {
    ended(restore::run(args))
}

fn ended(done: anyhow::Result<Ended>) -> Ended {
    done.unwrap_or_else(|error| {
        eprintln!("onmon-server: {error:#}");
        Ended::Failed
    })
}
