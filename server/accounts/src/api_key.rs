//! API keys: long-lived secrets that are exchanged for tokens.

use std::fmt;

use onmon_store::Store;
use sha2::{Digest, Sha256};
use sqlx::{Any, AnyConnection, AnyPool, Executor, Row};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::account::{foreign, role};
use crate::admin::{Admin, record};
use crate::caller::Caller;
use crate::error::AccountsError;
use crate::id::{AccountId, ApiKeyId, base32, is_base32, plain, random};
use crate::token::Issued;
use crate::token_keys::TokenKeys;

/// An account has no more live keys than this.
pub const KEYS_MAX: usize = 16;

/// A secret, in clear: `onk_` and 52 characters, 256 random bits. Shown once, wiped when dropped,
/// never printed.
pub struct ApiKey(Zeroizing<String>);

/// An API key without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyInfo {
    /// Its id.
    pub id: ApiKeyId,
    /// What its owner calls it.
    pub label: String,
    /// When it was made, in Unix milliseconds.
    pub made_ms: i64,
    /// When it was used last, to the minute.
    pub used_ms: Option<i64>,
    /// Since when it is worth nothing, where it is.
    pub revoked_ms: Option<i64>,
}

/// Somebody who has shown an API key, not only a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authenticated {
    /// Who.
    pub caller: Caller,
    /// By which key.
    pub key: ApiKeyId,
    /// Whether [`mark_used`] is due.
    pub stale: bool,
}

impl ApiKey {
    /// The text to be shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn random() -> Result<ApiKey, AccountsError> {
        let bytes = Zeroizing::new(random::<SECRET_BYTES>()?);
        let digits = Zeroizing::new(base32(bytes.as_slice()));
        let mut text = Zeroizing::new(String::with_capacity(PREFIX.len() + digits.len()));
        text.push_str(PREFIX);
        text.push_str(&digits);
        Ok(ApiKey(text))
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(..)")
    }
}

/// Who has this API key. Reads only.
///
/// # Errors
/// [`AccountsError::UnknownKey`], the same for a text that is none, a key that is not there and one
/// that was revoked; [`AccountsError::Suspended`]; the database.
pub async fn authenticate<'e>(
    executor: impl Executor<'e, Database = Any>,
    secret: &str,
    now_ms: i64,
) -> Result<Authenticated, AccountsError> {
    let digits = secret.strip_prefix(PREFIX).filter(|digits| is_base32(digits, SECRET_BYTES));
    if digits.is_none() {
        return Err(AccountsError::UnknownKey);
    }
    // The database compares hashes, not in constant time: whoever guesses does not know how the
    // hash of a guess begins to agree with one that is there, and cannot make it agree further.
    let hash = Sha256::digest(secret);
    let row = sqlx::query(
        "SELECT account_key.id AS key_id, sha256, used_ms, account.id AS account_id, role, \
         organisation, suspended_ms FROM account_key JOIN account ON account.id = account \
         WHERE sha256 = $1 AND revoked_ms IS NULL",
    )
    .bind(&hash[..])
    .fetch_optional(executor)
    .await?;
    let row = row.ok_or(AccountsError::UnknownKey)?;
    let stored: Vec<u8> = row.try_get("sha256")?;
    if !bool::from(stored.ct_eq(&hash)) {
        return Err(AccountsError::UnknownKey);
    }
    if row.try_get::<Option<i64>, _>("suspended_ms")?.is_some() {
        return Err(AccountsError::Suspended);
    }
    let (key, account_id): (String, String) = (row.try_get("key_id")?, row.try_get("account_id")?);
    let used_ms: Option<i64> = row.try_get("used_ms")?;
    Ok(Authenticated {
        caller: Caller { account_id: account_id.parse().map_err(foreign)?, role: role(&row)? },
        key: key.parse().map_err(foreign)?,
        stale: used_ms.is_none_or(|used_ms| now_ms - used_ms >= USED_MS),
    })
}

/// Notes that the key was used.
///
/// # Errors
/// The database.
pub async fn mark_used(
    connection: &mut AnyConnection,
    key: &ApiKeyId,
    now_ms: i64,
) -> Result<(), AccountsError> {
    sqlx::query("UPDATE account_key SET used_ms = $1 WHERE id = $2")
        .bind(now_ms)
        .bind(key.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

/// Exchanges an API key for a token. Writes at most once a minute and key, so that exchanging
/// often, or with wrong keys, keeps nobody from writing.
///
/// # Errors
/// As [`authenticate`]; [`AccountsError::NoTokenKey`].
pub async fn exchange(
    store: &Store,
    keys: &TokenKeys,
    secret: &str,
    now_ms: i64,
) -> Result<Issued, AccountsError> {
    let found = authenticate(store.readers(), secret, now_ms).await?;
    let issued = keys.issue(&found.caller, now_ms)?;
    if found.stale {
        let mut write = store.begin().await?;
        mark_used(&mut write, &found.key, now_ms).await?;
        write.commit().await?;
    }
    Ok(issued)
}

/// Makes another API key for who has shown one. A token is not enough: it ends, and whoever finds
/// one must not make of it what does not.
///
/// # Errors
/// [`AccountsError::TooManyKeys`], [`AccountsError::Malformed`] labels; the database.
pub async fn add_key(
    connection: &mut AnyConnection,
    by: &Authenticated,
    label: &str,
    now_ms: i64,
) -> Result<(ApiKey, KeyInfo), AccountsError> {
    insert(connection, &by.caller.account_id, label, now_ms).await
}

/// An operator makes an API key for an account, whose keys were lost.
///
/// # Errors
/// [`AccountsError::NotFound`]; as [`add_key`] and [`record`].
pub async fn add_key_for(
    connection: &mut AnyConnection,
    admin: &Admin,
    account: &AccountId,
    label: &str,
) -> Result<(ApiKey, KeyInfo), AccountsError> {
    let known = sqlx::query("SELECT 1 FROM account WHERE id = $1").bind(account.as_str());
    known.fetch_optional(&mut *connection).await?.ok_or(AccountsError::NotFound)?;
    let made = insert(connection, account, label, admin.at_ms()).await?;
    record(connection, admin, "key.create", account.as_str(), made.1.id.as_str()).await?;
    Ok(made)
}

/// Makes one of the caller's own API keys worthless at once; tokens it was exchanged for end by
/// themselves. False if it was revoked before.
///
/// # Errors
/// [`AccountsError::NotFound`], the same for one that is not there and one that is another's; the
/// database.
pub async fn revoke_key(
    connection: &mut AnyConnection,
    caller: &Caller,
    key: &ApiKeyId,
    now_ms: i64,
) -> Result<bool, AccountsError> {
    revoke(connection, &caller.account_id, key, now_ms).await
}

/// An operator revokes an account's API key.
///
/// # Errors
/// As [`revoke_key`] and [`record`].
pub async fn revoke_key_of(
    connection: &mut AnyConnection,
    admin: &Admin,
    account: &AccountId,
    key: &ApiKeyId,
) -> Result<bool, AccountsError> {
    record(connection, admin, "key.revoke", account.as_str(), key.as_str()).await?;
    revoke(connection, account, key, admin.at_ms()).await
}

/// An account's API keys, revoked ones too, oldest first: to itself and to operators.
///
/// # Errors
/// [`AccountsError::NotFound`]; the database.
pub async fn keys(
    pool: &AnyPool,
    caller: &Caller,
    account: &AccountId,
) -> Result<Vec<KeyInfo>, AccountsError> {
    caller.may_see_account(account)?;
    let rows = sqlx::query(
        "SELECT id, label, made_ms, used_ms, revoked_ms FROM account_key \
         WHERE account = $1 AND (account = $2 OR $3 = 1) ORDER BY made_ms, id",
    )
    .bind(account.as_str())
    .bind(caller.account_id.as_str())
    .bind(i64::from(caller.is_operator()))
    .fetch_all(pool)
    .await?;
    let info = |row: &sqlx::any::AnyRow| -> Result<KeyInfo, AccountsError> {
        let id: String = row.try_get("id")?;
        Ok(KeyInfo {
            id: id.parse().map_err(foreign)?,
            label: row.try_get("label")?,
            made_ms: row.try_get("made_ms")?,
            used_ms: row.try_get("used_ms")?,
            revoked_ms: row.try_get("revoked_ms")?,
        })
    };
    rows.iter().map(info).collect()
}

pub(crate) async fn insert(
    connection: &mut AnyConnection,
    account: &AccountId,
    label: &str,
    now_ms: i64,
) -> Result<(ApiKey, KeyInfo), AccountsError> {
    let label = plain("label", label)?;
    let row =
        sqlx::query("SELECT COUNT(*) FROM account_key WHERE account = $1 AND revoked_ms IS NULL")
            .bind(account.as_str())
            .fetch_one(&mut *connection)
            .await?;
    if row.try_get::<i64, _>(0)? >= KEYS_MAX as i64 {
        return Err(AccountsError::TooManyKeys);
    }
    let (secret, id) = (ApiKey::random()?, ApiKeyId::random()?);
    sqlx::query(
        "INSERT INTO account_key (id, account, label, sha256, made_ms) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(id.as_str())
    .bind(account.as_str())
    .bind(label)
    .bind(&Sha256::digest(secret.as_str())[..])
    .bind(now_ms)
    .execute(connection)
    .await?;
    let label = label.to_owned();
    Ok((secret, KeyInfo { id, label, made_ms: now_ms, used_ms: None, revoked_ms: None }))
}

const PREFIX: &str = "onk_";
const SECRET_BYTES: usize = 32;

/// How exactly the last use is known.
const USED_MS: i64 = 60_000;

async fn revoke(
    connection: &mut AnyConnection,
    account: &AccountId,
    key: &ApiKeyId,
    now_ms: i64,
) -> Result<bool, AccountsError> {
    let row = sqlx::query("SELECT revoked_ms FROM account_key WHERE id = $1 AND account = $2")
        .bind(key.as_str())
        .bind(account.as_str())
        .fetch_optional(&mut *connection)
        .await?;
    if row.ok_or(AccountsError::NotFound)?.try_get::<Option<i64>, _>(0)?.is_some() {
        return Ok(false);
    }
    sqlx::query("UPDATE account_key SET revoked_ms = $1 WHERE id = $2 AND account = $3")
        .bind(now_ms)
        .bind(key.as_str())
        .bind(account.as_str())
        .execute(connection)
        .await?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_long_and_never_printed() {
        let (one, other) = (ApiKey::random().unwrap(), ApiKey::random().unwrap());
        assert_ne!(one.as_str(), other.as_str());
        assert_eq!(one.as_str().len(), 56);
        assert!(is_base32(one.as_str().strip_prefix("onk_").unwrap(), 32));
        assert_eq!(format!("{one:?}"), "ApiKey(..)");
    }
}
