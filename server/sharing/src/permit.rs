//! A permit as the database has it.

use std::fmt;
use std::str::FromStr;

use onmon_keys::Kid;
use onmon_store::StoreError;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use crate::error::SharingError;
use crate::ids;

/// How a file is shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// As it is, with a signed tag that players look for.
    Tag,
    /// Encrypted, by a key that has to be bought.
    Drm,
}

impl Method {
    /// Both, in the order of the enumeration.
    pub const ALL: [Method; 2] = [Method::Tag, Method::Drm];

    /// The word for it in the database and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Method::Tag => "tag",
            Method::Drm => "drm",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Method {
    type Err = UnknownMethod;

    fn from_str(text: &str) -> Result<Method, UnknownMethod> {
        Method::ALL.into_iter().find(|method| method.as_str() == text).ok_or(UnknownMethod)
    }
}

/// A word that names no method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the method is `tag` or `drm`")]
pub struct UnknownMethod;

/// A permit that was given.
#[derive(Debug, Clone)]
pub(crate) struct Permit {
    pub permit_id: String,
    pub account_id: String,
    pub request_digest: [u8; 32],
    pub method: Method,
    pub essence: [u8; 32],
    pub fingerprint: [u8; 32],
    pub encoder: u16,
    pub kid: Option<Kid>,
    pub created_ms: i64,
    pub revoked_ms: Option<i64>,
    /// The recordings, part by part; the first of a part is its best match.
    pub parts: Vec<Vec<String>>,
}

const COLUMNS: &str = "SELECT permit_id, account_id, request_digest, method, essence, \
    fingerprint, encoder, kid, created_ms, revoked_ms FROM permit";

impl Permit {
    /// By its id.
    pub async fn by_id(
        connection: &mut AnyConnection,
        permit_id: &str,
    ) -> Result<Option<Permit>, SharingError> {
        if !ids::is("prm_", permit_id) {
            return Ok(None);
        }
        Permit::one(connection, "permit_id = $1", &[permit_id]).await
    }

    /// By the id of its content key.
    pub async fn by_kid(
        connection: &mut AnyConnection,
        kid: &Kid,
    ) -> Result<Option<Permit>, SharingError> {
        Permit::one(connection, "kid = $1", &[&kid.to_string()]).await
    }

    /// By the account's own key for the upload.
    pub async fn by_key(
        connection: &mut AnyConnection,
        account_id: &str,
        idempotency_key: &str,
    ) -> Result<Option<Permit>, SharingError> {
        let place = "account_id = $1 AND idempotency_key = $2";
        Permit::one(connection, place, &[account_id, idempotency_key]).await
    }

    /// Every recording in it, once.
    pub fn recordings(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().flatten().map(String::as_str)
    }

    /// The best match of the first part: what the tag names.
    pub fn first_recording(&self) -> &str {
        self.recordings().next().unwrap_or_default()
    }

    async fn one(
        connection: &mut AnyConnection,
        place: &'static str,
        values: &[&str],
    ) -> Result<Option<Permit>, SharingError> {
        // Safe to assert: both texts are this file's.
        let sql = sqlx::AssertSqlSafe(format!("{COLUMNS} WHERE {place}"));
        let query = values.iter().fold(sqlx::query(sql), |query, &value| query.bind(value));
        let Some(row) = query.fetch_optional(&mut *connection).await? else { return Ok(None) };
        let mut permit = read(&row)?;
        let rows = sqlx::query(
            "SELECT part, recording_id FROM permit_recording WHERE permit_id = $1 ORDER BY line",
        )
        .bind(&permit.permit_id)
        .fetch_all(connection)
        .await?;
        for row in rows {
            let part = usize::try_from(row.try_get::<i64, _>(0)?).map_err(StoreError::foreign)?;
            if part >= permit.parts.len() {
                permit.parts.push(Vec::new());
            }
            if let Some(recordings) = permit.parts.get_mut(part) {
                recordings.push(row.try_get(1)?);
            }
        }
        Ok(Some(permit))
    }
}

fn read(row: &AnyRow) -> Result<Permit, SharingError> {
    let kid: Option<String> = row.try_get(7)?;
    Ok(Permit {
        permit_id: row.try_get(0)?,
        account_id: row.try_get(1)?,
        request_digest: digest(row, 2)?,
        method: row.try_get::<String, _>(3)?.parse().map_err(StoreError::foreign)?,
        essence: digest(row, 4)?,
        fingerprint: digest(row, 5)?,
        encoder: u16::try_from(row.try_get::<i64, _>(6)?).map_err(StoreError::foreign)?,
        kid: kid.map(|kid| kid.parse()).transpose().map_err(StoreError::foreign)?,
        created_ms: row.try_get(8)?,
        revoked_ms: row.try_get(9)?,
        parts: Vec::new(),
    })
}

fn digest(row: &AnyRow, column: usize) -> Result<[u8; 32], SharingError> {
    let bytes: Vec<u8> = row.try_get(column)?;
    let wrong = || StoreError::foreign(std::io::Error::other("a digest has 32 bytes"));
    Ok(bytes.try_into().map_err(|_| wrong())?)
}
