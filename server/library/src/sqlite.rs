//! What is particular to SQLite: how a file is opened, its schema, and what its error codes mean.
//!
//! Everything else (`catalogue.rs`) is SQL that PostgreSQL takes as well, through sqlx's `Any`
//! driver.

use std::path::Path;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::{AnyConnection, AnyPool, ConnectOptions, Row, raw_sql};

use crate::error::{CatalogueFault, LibraryError};

/// The catalogue's file in a library directory.
pub(crate) const FILE: &str = "onmon.sqlite";

/// What turns schema version `i` into `i + 1`; versions are counted in `PRAGMA user_version`.
const MIGRATIONS: [&str; 1] = [include_str!("../migrations/sqlite/0001_catalogue.sql")];

/// Connections that read while the one writer writes.
const READERS_MAX: u32 = 4;

/// Readers never wait for the writer under WAL, nor it for them; this is for foreign programs.
const BUSY_TIMEOUT: &str = "PRAGMA busy_timeout = 5000";

/// Opens the one connection that writes; makes the file and brings its schema up to date.
pub(crate) async fn open_writer(dir: &Path) -> Result<AnyConnection, LibraryError> {
    let stopped_uncleanly = dir.join(format!("{FILE}-wal")).exists();
    let mut connection = options(dir, "rwc")?.connect().await.map_err(read_fault)?;
    for pragma in [
        BUSY_TIMEOUT,
        // An acknowledged change survives the loss of power: the log is synced at every commit.
        "PRAGMA journal_mode = WAL",
        "PRAGMA synchronous = FULL",
        "PRAGMA foreign_keys = ON",
    ] {
        raw_sql(pragma).execute(&mut connection).await.map_err(read_fault)?;
    }
    if stopped_uncleanly {
        check_integrity(&mut connection).await?;
    }
    migrate(&mut connection).await?;
    Ok(connection)
}

/// Opens connections that only read. The file and its schema must be there.
pub(crate) fn open_readers(dir: &Path) -> Result<AnyPool, LibraryError> {
    let pool = AnyPoolOptions::new()
        .max_connections(READERS_MAX)
        .idle_timeout(None)
        .max_lifetime(None)
        .after_connect(|connection, _| {
            Box::pin(async move {
                for pragma in [BUSY_TIMEOUT, "PRAGMA query_only = ON"] {
                    raw_sql(pragma).execute(&mut *connection).await?;
                }
                Ok(())
            })
        });
    // Not mode=ro: a reader must be able to recover the log of a writer that was killed.
    Ok(pool.connect_lazy_with(options(dir, "rw")?))
}

/// Refuses a schema that this build does not know.
pub(crate) fn check_version(found: i64) -> Result<(), LibraryError> {
    let known = MIGRATIONS.len() as i64;
    if found > known { Err(LibraryError::NewerSchema { found, known }) } else { Ok(()) }
}

/// The schema version of a catalogue; 0 for an empty file.
pub(crate) async fn schema_version(
    connection: impl sqlx::AnyExecutor<'_>,
) -> Result<i64, LibraryError> {
    let row = sqlx::query("PRAGMA user_version").fetch_one(connection).await.map_err(read_fault)?;
    row.try_get(0).map_err(read_fault)
}

/// A failure while reading or opening, as the reader of a log should see it.
pub(crate) fn read_fault(error: sqlx::Error) -> LibraryError {
    if matches!(error, sqlx::Error::PoolClosed) {
        return LibraryError::Closed;
    }
    let fault = CatalogueFault(error);
    match primary_code(&fault.0) {
        Some(SQLITE_CORRUPT | SQLITE_NOTADB) => LibraryError::CatalogueCorrupt(fault),
        Some(SQLITE_FULL) => LibraryError::DiskFull(fault),
        Some(SQLITE_BUSY | SQLITE_LOCKED) => LibraryError::CatalogueBusy(fault),
        _ => LibraryError::Catalogue(fault),
    }
}

/// A failure while writing: as [`read_fault`], but an I/O error leaves the file in an unknown
/// state.
pub(crate) fn write_fault(error: sqlx::Error) -> LibraryError {
    match primary_code(&error) {
        Some(SQLITE_IOERR) => LibraryError::WriteFailed(CatalogueFault(error)),
        _ => read_fault(error),
    }
}

fn options(dir: &Path, mode: &str) -> Result<AnyConnectOptions, LibraryError> {
    onmon_store::drivers();
    let path = dir.join(FILE);
    let path = path.to_str().ok_or_else(|| LibraryError::PathNotUtf8 { dir: dir.to_path_buf() })?;
    let path = utf8_percent_encode(path, NON_ALPHANUMERIC);
    let options: AnyConnectOptions =
        format!("sqlite:{path}?mode={mode}").parse().map_err(read_fault)?;
    Ok(options.disable_statement_logging())
}

/// Finds damage from a failing disk or a foreign hand before anything is built upon it. Reads the
/// whole file once, so only after a stop that left a log behind.
async fn check_integrity(connection: &mut AnyConnection) -> Result<(), LibraryError> {
    tracing::info!("the catalogue was not closed cleanly; checking its integrity");
    let row =
        sqlx::query("PRAGMA quick_check(1)").fetch_one(connection).await.map_err(read_fault)?;
    let found: String = row.try_get(0).map_err(read_fault)?;
    if found == "ok" {
        return Ok(());
    }
    Err(LibraryError::CatalogueCorrupt(CatalogueFault(sqlx::Error::Protocol(found))))
}

async fn migrate(connection: &mut AnyConnection) -> Result<(), LibraryError> {
    let found = schema_version(&mut *connection).await?;
    check_version(found)?;
    for (version, ddl) in (1..).zip(MIGRATIONS).skip(found as usize) {
        let step = format!("BEGIN IMMEDIATE; {ddl} PRAGMA user_version = {version}; COMMIT;");
        // Safe to assert: the text is built from this crate's own files alone.
        let step = sqlx::AssertSqlSafe(step);
        raw_sql(step).execute(&mut *connection).await.map_err(write_fault)?;
    }
    Ok(())
}

/// SQLite's primary result code: the low byte of the extended one.
fn primary_code(error: &sqlx::Error) -> Option<u32> {
    let code: u32 = error.as_database_error()?.code()?.parse().ok()?;
    Some(code & 0xff)
}

// https://sqlite.org/rescode.html
const SQLITE_BUSY: u32 = 5;
const SQLITE_LOCKED: u32 = 6;
const SQLITE_IOERR: u32 = 10;
const SQLITE_CORRUPT: u32 = 11;
const SQLITE_FULL: u32 = 13;
const SQLITE_NOTADB: u32 = 26;
