//! The rows: events in order, each with its salt and its hash in the tree.

use onmon_store::StoreError;
use sqlx::any::AnyRow;
use sqlx::{Any, AnyConnection, AnyPool, Executor, Row};

use crate::entry::{Event, leaf};
use crate::error::AuditError;
use crate::tree::Hash;

/// Random bytes beside each event.
const SALT_BYTES: usize = 16;

/// An event as the database has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its number, from 0.
    pub line: u64,
    /// What happened.
    pub kind: String,
    /// To what.
    pub subject: String,
    /// When (Unix milliseconds).
    pub at_ms: i64,
    /// Everything else, as JSON.
    pub body: String,
    /// The random bytes that its published hash was made with.
    pub salt: Vec<u8>,
    /// Its hash in the tree, as it was when it was written.
    pub leaf: Hash,
}

impl Line {
    /// The event itself.
    pub fn event(&self) -> Event<'_> {
        let Line { kind, subject, at_ms, body, .. } = self;
        Event { kind, subject, at_ms: *at_ms, body }
    }

    /// Its hash in the tree, made anew of what the row says.
    pub fn leaf_anew(&self) -> Hash {
        leaf(self.line, &self.event(), &self.salt)
    }
}

/// Writes an event down, in the caller's transaction; its line number.
///
/// # Errors
/// A database that does not answer; no randomness.
pub async fn append(connection: &mut AnyConnection, event: &Event<'_>) -> Result<u64, AuditError> {
    let mut salt = [0; SALT_BYTES];
    getrandom::fill(&mut salt).map_err(|_| AuditError::NoRandomness)?;
    // One writer at a time: nobody takes the same number.
    let line = lines(&mut *connection).await?;
    sqlx::query(
        "INSERT INTO audit_event (line, kind, subject, at_ms, body, salt, leaf) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(i64::try_from(line).map_err(StoreError::foreign)?)
    .bind(event.kind)
    .bind(event.subject)
    .bind(event.at_ms)
    .bind(event.body)
    .bind(&salt[..])
    .bind(&leaf(line, event, &salt)[..])
    .execute(connection)
    .await?;
    Ok(line)
}

/// How many lines there are.
///
/// # Errors
/// A database that does not answer.
pub async fn lines<'e>(executor: impl Executor<'e, Database = Any>) -> Result<u64, AuditError> {
    let row = sqlx::query("SELECT COALESCE(MAX(line) + 1, 0) FROM audit_event")
        .fetch_one(executor)
        .await?;
    Ok(u64::try_from(row.try_get::<i64, _>(0)?).map_err(StoreError::foreign)?)
}

/// One line.
///
/// # Errors
/// A database that does not answer.
pub async fn line(pool: &AnyPool, line: u64) -> Result<Option<Line>, AuditError> {
    Ok(between(pool, line, line.saturating_add(1)).await?.pop())
}

/// The lines `from..to` that are there, in order.
pub(crate) async fn between(pool: &AnyPool, from: u64, to: u64) -> Result<Vec<Line>, AuditError> {
    let bound = |line: u64| i64::try_from(line).unwrap_or(i64::MAX);
    let rows = sqlx::query(
        "SELECT line, kind, subject, at_ms, body, salt, leaf FROM audit_event \
         WHERE line >= $1 AND line < $2 ORDER BY line",
    )
    .bind(bound(from))
    .bind(bound(to))
    .fetch_all(pool)
    .await?;
    rows.iter().map(read).collect()
}

fn read(row: &AnyRow) -> Result<Line, AuditError> {
    let leaf: Vec<u8> = row.try_get(6)?;
    let wrong = || StoreError::foreign(std::io::Error::other("a leaf's hash has 32 bytes"));
    Ok(Line {
        line: u64::try_from(row.try_get::<i64, _>(0)?).map_err(StoreError::foreign)?,
        kind: row.try_get(1)?,
        subject: row.try_get(2)?,
        at_ms: row.try_get(3)?,
        body: row.try_get(4)?,
        salt: row.try_get(5)?,
        leaf: leaf.try_into().map_err(|_| wrong())?,
    })
}
