//! The keys that sign tokens: one signs, the one before verifies until its tokens have ended.

use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ed25519_dalek::{SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};
use sqlx::{Any, AnyConnection, Executor, Row};
use zeroize::Zeroizing;

use crate::caller::Caller;
use crate::error::{AccountsError, TokenError};
use crate::id::random;
use crate::token::{self, Issued, LIFETIME_S_MAX, SKEW_S};

/// Wraps secrets for the database, and opens them for the same purpose and id only. The server
/// gives the master keys of `onmon-keys`.
pub trait Wrap: Sync {
    /// Wraps.
    ///
    /// # Errors
    /// Where it cannot.
    fn wrap(&self, purpose: &str, id: &str, secret: &[u8]) -> Result<Vec<u8>, WrapError>;

    /// Opens.
    ///
    /// # Errors
    /// Where it was altered, or wrapped by a key that is not here.
    fn open(
        &self,
        purpose: &str,
        id: &str,
        wrapped: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, WrapError>;
}

/// Why a secret could not be wrapped or opened.
#[derive(Debug, thiserror::Error)]
#[error("a key of tokens cannot be wrapped or opened")]
pub struct WrapError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Of whom and for whom tokens are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// Who issues them.
    pub issuer: String,
    /// For which service they are.
    pub audience: String,
    /// How long they live: 1 to [`LIFETIME_S_MAX`] seconds.
    pub lifetime_s: i64,
}

/// What becomes of the key before, when there is a new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OldKey {
    /// It verifies until its tokens have ended.
    LetEnd,
    /// It is not to be believed any more, and all its tokens with it.
    Revoke,
}

/// The keys that live, opened. Loaded again after a change.
pub struct TokenKeys {
    terms: Terms,
    signing: Option<SigningKey>,
    keys: Vec<Key>,
}

struct Key {
    id: String,
    public: VerifyingKey,
    ends_ms: Option<i64>,
}

impl TokenKeys {
    /// Makes the first key where there is none, in the caller's transaction.
    ///
    /// # Errors
    /// No random bytes; wrapping; the database.
    pub async fn prepare(
        connection: &mut AnyConnection,
        wrap: &dyn Wrap,
        now_ms: i64,
    ) -> Result<(), AccountsError> {
        let there = sqlx::query("SELECT 1 FROM account_token_key WHERE ends_ms IS NULL");
        match there.fetch_optional(&mut *connection).await? {
            Some(_) => Ok(()),
            None => insert(connection, wrap, now_ms).await,
        }
    }

    /// Reads and opens the keys.
    ///
    /// # Errors
    /// [`AccountsError::Lifetime`]; [`AccountsError::KeyDamaged`] for keys that this program did
    /// not write; the database.
    pub async fn load<'e>(
        executor: impl Executor<'e, Database = Any>,
        wrap: &dyn Wrap,
        terms: Terms,
    ) -> Result<TokenKeys, AccountsError> {
        if !(1..=LIFETIME_S_MAX).contains(&terms.lifetime_s) {
            return Err(AccountsError::Lifetime);
        }
        let rows = sqlx::query("SELECT id, public, wrapped, ends_ms FROM account_token_key")
            .fetch_all(executor)
            .await?;
        let mut loaded = TokenKeys { terms, signing: None, keys: Vec::new() };
        for row in &rows {
            let (id, ends_ms): (String, Option<i64>) =
                (row.try_get("id")?, row.try_get("ends_ms")?);
            let public: Vec<u8> = row.try_get("public")?;
            let opened = wrap.open(PURPOSE, &place(&id, ends_ms), row.try_get("wrapped")?)?;
            let bytes: &[u8; 32] =
                opened.as_slice().try_into().map_err(|_| AccountsError::KeyDamaged)?;
            let verifying = match ends_ms {
                None => {
                    let key = SigningKey::from_bytes(bytes);
                    let verifying = key.verifying_key();
                    loaded.signing = Some(key);
                    verifying
                }
                Some(_) => {
                    VerifyingKey::from_bytes(bytes).map_err(|_| AccountsError::KeyDamaged)?
                }
            };
            if verifying.as_bytes()[..] != public || id_of(&verifying) != id {
                return Err(AccountsError::KeyDamaged);
            }
            loaded.keys.push(Key { id, public: verifying, ends_ms });
        }
        Ok(loaded)
    }

    /// A new key signs from the next [`TokenKeys::load`] on, in the caller's transaction.
    ///
    /// # Errors
    /// [`AccountsError::RotationTooSoon`] while the key before the present one still verifies,
    /// unless all are revoked; wrapping; the database.
    pub async fn rotate(
        connection: &mut AnyConnection,
        wrap: &dyn Wrap,
        old: OldKey,
        now_ms: i64,
    ) -> Result<(), AccountsError> {
        if old == OldKey::Revoke {
            sqlx::query("DELETE FROM account_token_key").execute(&mut *connection).await?;
            return insert(connection, wrap, now_ms).await;
        }
        sqlx::query("DELETE FROM account_token_key WHERE ends_ms <= $1")
            .bind(now_ms)
            .execute(&mut *connection)
            .await?;
        let rows = sqlx::query("SELECT id, public, ends_ms FROM account_token_key")
            .fetch_all(&mut *connection)
            .await?;
        let ends_ms = now_ms + (LIFETIME_S_MAX + SKEW_S) * 1000;
        for row in &rows {
            if let Some(until_ms) = row.try_get::<Option<i64>, _>("ends_ms")? {
                return Err(AccountsError::RotationTooSoon { until_ms });
            }
            let (id, public): (String, Vec<u8>) = (row.try_get("id")?, row.try_get("public")?);
            sqlx::query("UPDATE account_token_key SET wrapped = $1, ends_ms = $2 WHERE id = $3")
                .bind(wrap.wrap(PURPOSE, &place(&id, Some(ends_ms)), &public)?)
                .bind(ends_ms)
                .bind(id)
                .execute(&mut *connection)
                .await?;
        }
        insert(connection, wrap, now_ms).await
    }

    /// Opens and wraps all keys anew, when the master key changes. Returns how many.
    ///
    /// # Errors
    /// Wrapping; the database.
    pub async fn rewrap(
        connection: &mut AnyConnection,
        wrap: &dyn Wrap,
    ) -> Result<usize, AccountsError> {
        let rows = sqlx::query("SELECT id, wrapped, ends_ms FROM account_token_key")
            .fetch_all(&mut *connection)
            .await?;
        for row in &rows {
            let id: String = row.try_get("id")?;
            let place = place(&id, row.try_get("ends_ms")?);
            let key = wrap.open(PURPOSE, &place, row.try_get("wrapped")?)?;
            sqlx::query("UPDATE account_token_key SET wrapped = $1 WHERE id = $2")
                .bind(wrap.wrap(PURPOSE, &place, &key)?)
                .bind(id)
                .execute(&mut *connection)
                .await?;
        }
        Ok(rows.len())
    }

    /// A token for the caller.
    ///
    /// # Errors
    /// [`AccountsError::NoTokenKey`].
    pub fn issue(&self, caller: &Caller, now_ms: i64) -> Result<Issued, AccountsError> {
        let key = self.keys.iter().find(|key| key.ends_ms.is_none());
        match (&self.signing, key) {
            (Some(signing), Some(key)) => {
                Ok(token::sign(signing, &key.id, &self.terms, caller, now_ms))
            }
            _ => Err(AccountsError::NoTokenKey),
        }
    }

    /// Whose token this is.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn check(&self, token: &str, now_ms: i64) -> Result<Caller, TokenError> {
        token::check(token, &self.terms, now_ms, |kid| {
            self.live(now_ms).find(|key| key.id == kid).map(|key| key.public)
        })
    }

    /// The public keys that verify now, as JWKS (RFC 7517, 8037).
    pub fn jwks(&self, now_ms: i64) -> String {
        let keys: Vec<serde_json::Value> = self
            .live(now_ms)
            .map(|key| {
                serde_json::json!({
                    "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": key.id,
                    "x": BASE64_URL_SAFE_NO_PAD.encode(key.public.as_bytes()),
                })
            })
            .collect();
        serde_json::json!({ "keys": keys }).to_string()
    }

    fn live(&self, now_ms: i64) -> impl Iterator<Item = &Key> {
        self.keys.iter().filter(move |key| key.ends_ms.is_none_or(|ends_ms| now_ms < ends_ms))
    }
}

impl fmt::Debug for TokenKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenKeys").field("terms", &self.terms).finish_non_exhaustive()
    }
}

const PURPOSE: &str = "token";

/// The time a key ends is part of what it is wrapped for: the database cannot prolong it.
fn place(id: &str, ends_ms: Option<i64>) -> String {
    match ends_ms {
        None => id.to_owned(),
        Some(ends_ms) => format!("{id}/{ends_ms}"),
    }
}

fn id_of(public: &VerifyingKey) -> String {
    Sha256::digest(public.as_bytes())[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn insert(
    connection: &mut AnyConnection,
    wrap: &dyn Wrap,
    now_ms: i64,
) -> Result<(), AccountsError> {
    let seed = Zeroizing::new(random::<32>()?);
    let public = SigningKey::from_bytes(&seed).verifying_key();
    let id = id_of(&public);
    sqlx::query(
        "INSERT INTO account_token_key (id, public, wrapped, made_ms) VALUES ($1, $2, $3, $4)",
    )
    .bind(&id)
    .bind(&public.as_bytes()[..])
    .bind(wrap.wrap(PURPOSE, &place(&id, None), seed.as_slice())?)
    .bind(now_ms)
    .execute(connection)
    .await?;
    Ok(())
}
