//! A purchase taken back: the contrary is booked, nothing is edited, and what was bought is not
//! released again.
//!
//! A release that was signed before stays good until it ends (a month by default), and a key that
//! was given cannot be fetched back: see docs/honest-limits.md.

use onmon_ledger::reverse;
use sqlx::{AnyConnection, Row};

use crate::error::SharingError;
use crate::ids;

/// Longest reason, in characters.
const REASON_CHARACTERS_MAX: usize = 500;

/// A purchase that is taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refunded {
    /// The refund's id: the correcting event's in reports.
    pub refund_id: String,
    /// Whether this call took it back; otherwise it was before and this call changed nothing.
    pub fresh: bool,
    /// When (Unix milliseconds).
    pub refunded_ms: i64,
}

/// Takes a purchase back, in the caller's transaction: the ledger's contrary, the row and the line
/// of the audit log. An invoice that has it already stays; the next one is less by it.
///
/// # Errors
/// [`SharingError::NoSuchPurchase`]; [`SharingError::BadReason`]; the database's.
pub async fn refund(
    connection: &mut AnyConnection,
    purchase_id: &str,
    reason: &str,
    now_ms: i64,
) -> Result<Refunded, SharingError> {
    let reason = reason.trim();
    let fits = (1..=REASON_CHARACTERS_MAX).contains(&reason.chars().count());
    if !fits || reason.contains('\0') {
        return Err(SharingError::BadReason);
    }
    let row = sqlx::query(
        "SELECT b.transfer_id, r.refund_id, r.refunded_ms FROM purchase b \
         LEFT JOIN refund r ON r.purchase_id = b.purchase_id WHERE b.purchase_id = $1",
    )
    .bind(purchase_id)
    .fetch_optional(&mut *connection)
    .await?
    .ok_or(SharingError::NoSuchPurchase)?;
    if let Some(refund_id) = row.try_get::<Option<String>, _>(1)? {
        return Ok(Refunded { refund_id, fresh: false, refunded_ms: row.try_get(2)? });
    }
    let reversal = match row.try_get::<Option<String>, _>(0)? {
        Some(paid) => {
            let key = format!("refund/{purchase_id}");
            Some(reverse(&mut *connection, &paid, &key, now_ms).await?.transfer_id)
        }
        None => None,
    };
    let refund_id = ids::new("ref_")?;
    sqlx::query(
        "INSERT INTO refund (purchase_id, refund_id, reason, transfer_id, refunded_ms) \
         VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(purchase_id)
    .bind(&refund_id)
    .bind(reason)
    .bind(reversal.as_deref())
    .bind(now_ms)
    .execute(&mut *connection)
    .await?;
    let body = serde_json::json!({ "purchase": purchase_id, "transfer": reversal });
    crate::audit_line(connection, "refund", &refund_id, now_ms, &body).await?;
    Ok(Refunded { refund_id, fresh: true, refunded_ms: now_ms })
}
