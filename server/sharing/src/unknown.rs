//! What matched nothing, kept for a while: a recording that is registered later is found among it.
//!
//! No account and no time of day stand beside a kept fingerprint, and it goes when its days are
//! over.

use onmon_library::LibraryError;
use onmon_rights::Date;
use sha2::{Digest, Sha256};
use sqlx::{AnyConnection, Row};

use crate::error::SharingError;
use crate::platform::{DAY_MS, Platform};
use crate::share::hex;

/// Fingerprints asked again in one transaction.
const BATCH: i64 = 64;

/// A fingerprint that was unknown and is known now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rediscovered {
    /// What it is.
    pub recording_id: String,
    /// On which day it was first asked about, and how often since.
    pub first_day: String,
    /// How often it was asked about.
    pub times: u64,
}

/// Keeps a fingerprint that matched nothing, or counts it once more.
pub(crate) async fn keep(
    connection: &mut AnyConnection,
    wire: &[u8],
    days: u32,
    now_ms: i64,
) -> Result<(), SharingError> {
    if days == 0 {
        return Ok(());
    }
    let day = Date::in_japan(now_ms).ok_or(SharingError::BadTime)?.to_string();
    // The end of a day, so that it tells no time either.
    let expires_ms = (now_ms.div_euclid(DAY_MS) + 1 + i64::from(days)) * DAY_MS;
    sqlx::query(
        "INSERT INTO unknown_fingerprint \
         (digest, wire, first_day, last_day, times, expires_ms, asked_seq) \
         VALUES ($1, $2, $3, $3, 1, $4, 0) \
         ON CONFLICT (digest) DO UPDATE SET last_day = excluded.last_day, \
         times = unknown_fingerprint.times + 1, expires_ms = excluded.expires_ms",
    )
    .bind(&Sha256::digest(wire)[..])
    .bind(wire)
    .bind(&day)
    .bind(expires_ms)
    .execute(connection)
    .await?;
    Ok(())
}

impl Platform {
    /// Forgets what is over, and asks again what was not asked since the catalogue last changed.
    /// What is found is written to the audit log and forgotten here.
    ///
    /// # Errors
    /// A library or database that does not answer. What was done before holds.
    pub async fn ask_unknown_again(&self, now_ms: i64) -> Result<Vec<Rediscovered>, SharingError> {
        let mut write = self.shared.store.begin().await?;
        sqlx::query("DELETE FROM unknown_fingerprint WHERE expires_ms <= $1")
            .bind(now_ms)
            .execute(&mut *write)
            .await?;
        write.commit().await?;
        let mut all = Vec::new();
        let seq = self.shared.library.stats().await?.applied_seq;
        let seq = i64::try_from(seq).unwrap_or(i64::MAX);
        loop {
            let rows = sqlx::query(
                "SELECT digest, wire FROM unknown_fingerprint \
                 WHERE asked_seq < $1 LIMIT $2",
            )
            .bind(seq)
            .bind(BATCH)
            .fetch_all(self.shared.store.readers())
            .await?;
            if rows.is_empty() {
                return Ok(all);
            }
            let mut found = Vec::with_capacity(rows.len());
            for row in &rows {
                let wire: Vec<u8> = row.try_get(1)?;
                found.push(match self.shared.library.identify(&wire).await {
                    Ok(answer) => answer.matches.into_iter().next(),
                    // Of an older encoder: it will never be found any more.
                    Err(LibraryError::Fingerprint(_)) => None,
                    Err(error) => return Err(error.into()),
                });
            }
            let mut write = self.shared.store.begin().await?;
            for (row, best) in rows.iter().zip(found) {
                let digest: Vec<u8> = row.try_get(0)?;
                let Some(best) = best else {
                    sqlx::query("UPDATE unknown_fingerprint SET asked_seq = $1 WHERE digest = $2")
                        .bind(seq)
                        .bind(digest)
                        .execute(&mut *write)
                        .await?;
                    continue;
                };
                let forgotten = sqlx::query(
                    "DELETE FROM unknown_fingerprint WHERE digest = $1 RETURNING first_day, times",
                )
                .bind(&digest)
                .fetch_optional(&mut *write)
                .await?;
                // Gone: whoever asked at the same time has found it and written it down.
                let Some(forgotten) = forgotten else { continue };
                let one = Rediscovered {
                    recording_id: best.recording.recording_id,
                    first_day: forgotten.try_get(0)?,
                    times: forgotten.try_get::<i64, _>(1)?.unsigned_abs(),
                };
                let body = serde_json::json!({
                    "recording": one.recording_id,
                    "first_day": one.first_day,
                    "times": one.times,
                });
                let subject = hex(&digest);
                crate::audit_line(&mut write, "rediscovery", &subject, now_ms, &body).await?;
                all.push(one);
            }
            write.commit().await?;
        }
    }
}
