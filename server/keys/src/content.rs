//! Content keys: one for each permit, random, in the database only wrapped.

use std::fmt;

use sqlx::{Any, AnyConnection, Executor, Row};
use zeroize::Zeroizing;

use crate::error::KeysError;
use crate::kid::Kid;
use crate::master::MasterKeys;

/// The key that content is encrypted with: 128 random bits. Wiped when dropped, never printed.
pub struct ContentKey(Zeroizing<[u8; ContentKey::BYTES]>);

impl ContentKey {
    /// Its length.
    pub const BYTES: usize = 16;

    /// The key itself, for a cipher or a licence.
    pub fn as_bytes(&self) -> &[u8; ContentKey::BYTES] {
        &self.0
    }

    /// From bytes, which the caller wipes.
    pub fn from_bytes(bytes: &[u8; ContentKey::BYTES]) -> ContentKey {
        ContentKey(Zeroizing::new(*bytes))
    }

    fn random() -> Result<ContentKey, KeysError> {
        let mut bytes = Zeroizing::new([0; ContentKey::BYTES]);
        getrandom::fill(bytes.as_mut_slice()).map_err(|_| KeysError::Random)?;
        Ok(ContentKey(bytes))
    }
}

impl fmt::Debug for ContentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ContentKey(..)")
    }
}

/// Makes the content key of a permit, in the caller's transaction.
///
/// # Errors
/// [`KeysError::PermitHasKey`] where it has one; no random bytes; the database.
pub async fn content_key_new(
    connection: &mut AnyConnection,
    masters: &MasterKeys,
    permit: &str,
    now_ms: i64,
) -> Result<(Kid, ContentKey), KeysError> {
    let kid = Kid::random()?;
    let key = ContentKey::random()?;
    let wrapped = masters.wrap(PURPOSE, &place(&kid.to_string(), permit), key.as_bytes())?;
    // Not left to a constraint: PostgreSQL would end the caller's transaction with it.
    let made = sqlx::query(
        "INSERT INTO content_key (kid, permit, master, wrapped, made_ms) \
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (permit) DO NOTHING",
    )
    .bind(kid.to_string())
    .bind(permit)
    .bind(masters.current().to_string())
    .bind(wrapped)
    .bind(now_ms)
    .execute(connection)
    .await?;
    match made.rows_affected() {
        0 => Err(KeysError::PermitHasKey),
        _ => Ok((kid, key)),
    }
}

/// A content key, from readers or in the caller's transaction.
///
/// # Errors
/// [`KeysError::NotFound`], [`KeysError::Revoked`]; [`KeysError::UnknownMaster`] or
/// [`KeysError::Damaged`] where it cannot be opened.
pub async fn content_key<'e>(
    executor: impl Executor<'e, Database = Any>,
    masters: &MasterKeys,
    kid: &Kid,
) -> Result<ContentKey, KeysError> {
    let row =
        sqlx::query("SELECT kid, permit, wrapped, revoked_ms FROM content_key WHERE kid = $1")
            .bind(kid.to_string())
            .fetch_optional(executor)
            .await?;
    Ok(opened(masters, &row.ok_or(KeysError::NotFound)?)?.1)
}

/// The content key of a permit, from readers or in the caller's transaction.
///
/// # Errors
/// As [`content_key`].
pub async fn content_key_of_permit<'e>(
    executor: impl Executor<'e, Database = Any>,
    masters: &MasterKeys,
    permit: &str,
) -> Result<(Kid, ContentKey), KeysError> {
    let row =
        sqlx::query("SELECT kid, permit, wrapped, revoked_ms FROM content_key WHERE permit = $1")
            .bind(permit)
            .fetch_optional(executor)
            .await?;
    opened(masters, &row.ok_or(KeysError::NotFound)?)
}

/// Gives a content key to nobody any more; true if it was given until now. There is no way back.
///
/// # Errors
/// [`KeysError::NotFound`]; the database.
pub async fn content_key_revoke(
    connection: &mut AnyConnection,
    kid: &Kid,
    now_ms: i64,
) -> Result<bool, KeysError> {
    let revoked =
        sqlx::query("UPDATE content_key SET revoked_ms = $1 WHERE kid = $2 AND revoked_ms IS NULL")
            .bind(now_ms)
            .bind(kid.to_string())
            .execute(&mut *connection)
            .await?;
    if revoked.rows_affected() > 0 {
        return Ok(true);
    }
    let known = sqlx::query("SELECT 1 FROM content_key WHERE kid = $1").bind(kid.to_string());
    known.fetch_optional(connection).await?.map(|_| false).ok_or(KeysError::NotFound)
}

pub(crate) const PURPOSE: &str = "content";

/// What the key is wrapped for: moved to another kid or another permit it does not open.
pub(crate) fn place(kid: &str, permit: &str) -> String {
    format!("{kid}/{permit}")
}

fn opened(masters: &MasterKeys, row: &sqlx::any::AnyRow) -> Result<(Kid, ContentKey), KeysError> {
    let kid: String = row.try_get("kid")?;
    let permit: String = row.try_get("permit")?;
    let wrapped: Vec<u8> = row.try_get("wrapped")?;
    let revoked_ms: Option<i64> = row.try_get("revoked_ms")?;
    if revoked_ms.is_some() {
        return Err(KeysError::Revoked);
    }
    let bytes = masters.open(PURPOSE, &place(&kid, &permit), &wrapped)?;
    let key = bytes.first_chunk().filter(|_| bytes.len() == ContentKey::BYTES);
    let key = ContentKey::from_bytes(key.ok_or(KeysError::Damaged)?);
    Ok((kid.parse().map_err(|_| KeysError::Damaged)?, key))
}
