//! A recheck: a buyer's player computes the fingerprint of what it received and sends it.
//!
//! What an uploader could not be made to be honest about, each buyer can see: whether the audio is
//! what the permit was given for. A permit that several buyers find wrong is revoked.

use onmon_keys::content_key_revoke;
use sqlx::Row;

use crate::buy::bought;
use crate::error::SharingError;
use crate::offer::{Wanted, find};
use crate::platform::Platform;

/// What a recheck found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rechecked {
    /// The audio is what the permit was given for.
    Same,
    /// It is something else; so many buyers have found that.
    Other {
        /// What it is instead; none if it is nothing that is registered.
        found: Option<String>,
        /// Buyers, this one included, who found other audio.
        reports: u64,
        /// Whether the permit was revoked by it.
        revoked: bool,
    },
}

impl Platform {
    /// Takes the fingerprint of what a buyer received.
    ///
    /// # Errors
    /// [`SharingError::NoSuchPermit`] also where the account has not bought it; bytes that are no
    /// query fingerprint; a library or database that does not answer.
    pub async fn recheck(
        &self,
        account_id: &str,
        permit_id: &str,
        wire: &[u8],
        now_ms: i64,
    ) -> Result<Rechecked, SharingError> {
        let matches = self.shared.library.identify(wire).await?.matches;
        let mut write = self.shared.store.begin().await?;
        let permit = find(&mut write, &Wanted::Permit(permit_id.to_owned())).await?;
        bought(&mut write, account_id, &permit).await?.ok_or(SharingError::NoSuchPermit)?;
        let is_of_permit = |id: &str| permit.recordings().any(|recording| recording == id);
        if matches.iter().any(|found| is_of_permit(&found.recording.recording_id)) {
            return Ok(Rechecked::Same);
        }
        let found = matches.into_iter().next().map(|best| best.recording.recording_id);
        sqlx::query(
            "INSERT INTO recheck (account_id, permit_id, found, at_ms) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (account_id, permit_id) DO UPDATE SET found = excluded.found, \
             at_ms = excluded.at_ms",
        )
        .bind(account_id)
        .bind(permit_id)
        .bind(found.as_deref())
        .bind(now_ms)
        .execute(&mut *write)
        .await?;
        let row = sqlx::query("SELECT COUNT(*) FROM recheck WHERE permit_id = $1")
            .bind(permit_id)
            .fetch_one(&mut *write)
            .await?;
        let reports = row.try_get::<i64, _>(0)?.unsigned_abs();
        let revoked = reports >= u64::from(self.settings().rechecks_to_revoke.max(1));
        if revoked {
            sqlx::query("UPDATE permit SET revoked_ms = $1 WHERE permit_id = $2")
                .bind(now_ms)
                .bind(permit_id)
                .execute(&mut *write)
                .await?;
            if let Some(kid) = permit.kid {
                content_key_revoke(&mut write, &kid, now_ms).await?;
            }
            let body = serde_json::json!({ "reports": reports, "found": found });
            crate::audit_line(&mut write, "revocation", permit_id, now_ms, &body).await?;
        }
        write.commit().await?;
        Ok(Rechecked::Other { found, reports, revoked })
    }
}
