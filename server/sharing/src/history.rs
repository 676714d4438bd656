//! What an account has shared and bought: its own, the newest first, page by page.

use onmon_ledger::Sen;
use onmon_store::StoreError;
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::error::SharingError;
use crate::permit::Method;
use crate::platform::Platform;

/// Lines on a page, at most.
pub const PAGE_LINES_MAX: u32 = 200;

/// An upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PermitLine {
    /// Its id.
    pub permit_id: String,
    /// How it was shared.
    pub method: Method,
    /// Its best match.
    pub recording_id: String,
    /// When (Unix milliseconds).
    pub created_ms: i64,
    /// Whether it was revoked.
    pub revoked: bool,
    /// How often it was bought.
    pub downloads: u64,
}

/// A download.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PurchaseLine {
    /// Its id.
    pub purchase_id: String,
    /// The permit it was shared under.
    pub permit_id: String,
    /// The best match of what was bought.
    pub recording_id: String,
    /// The price without tax.
    pub price: Sen,
    /// When (Unix milliseconds).
    pub created_ms: i64,
    /// When it was taken back; none if it was not.
    pub refunded_ms: Option<i64>,
}

const PERMITS: &str = "SELECT p.permit_id, p.method, r.recording_id, p.created_ms, p.revoked_ms, \
    (SELECT COUNT(*) FROM purchase b WHERE b.permit_id = p.permit_id) \
    FROM permit p JOIN permit_recording r ON r.permit_id = p.permit_id AND r.line = 0 \
    WHERE p.account_id = $1";

const PURCHASES: &str = "SELECT b.purchase_id, b.permit_id, r.recording_id, b.price, b.created_ms, \
    f.refunded_ms FROM purchase b \
    JOIN permit_recording r ON r.permit_id = b.permit_id AND r.line = 0 \
    LEFT JOIN refund f ON f.purchase_id = b.purchase_id \
    WHERE b.account_id = $1";

impl Platform {
    /// Uploads of the account before a moment, the newest first, at most [`PAGE_LINES_MAX`].
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn permits_of(
        &self,
        account_id: &str,
        before_ms: i64,
        lines: u32,
    ) -> Result<Vec<PermitLine>, SharingError> {
        let sql = format!("{PERMITS} AND p.created_ms < $2 ORDER BY p.created_ms DESC LIMIT $3");
        let rows = self.page(sql, account_id, before_ms, lines).await?;
        rows.iter().map(permit_line).collect()
    }

    /// One upload of the account.
    ///
    /// # Errors
    /// [`SharingError::NoSuchPermit`], also where it is another's; a database that does not answer.
    pub async fn permit_of(
        &self,
        account_id: &str,
        permit_id: &str,
    ) -> Result<PermitLine, SharingError> {
        let sql = format!("{PERMITS} AND p.permit_id = $2");
        let row = self.one(sql, account_id, permit_id).await?;
        permit_line(&row.ok_or(SharingError::NoSuchPermit)?)
    }

    /// Downloads of the account before a moment, the newest first, at most [`PAGE_LINES_MAX`].
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn purchases_of(
        &self,
        account_id: &str,
        before_ms: i64,
        lines: u32,
    ) -> Result<Vec<PurchaseLine>, SharingError> {
        let sql = format!("{PURCHASES} AND b.created_ms < $2 ORDER BY b.created_ms DESC LIMIT $3");
        let rows = self.page(sql, account_id, before_ms, lines).await?;
        rows.iter().map(purchase_line).collect()
    }

    /// One download of the account.
    ///
    /// # Errors
    /// [`SharingError::NoSuchPurchase`], also where it is another's; a database that does not
    /// answer.
    pub async fn purchase_of(
        &self,
        account_id: &str,
        purchase_id: &str,
    ) -> Result<PurchaseLine, SharingError> {
        let sql = format!("{PURCHASES} AND b.purchase_id = $2");
        let row = self.one(sql, account_id, purchase_id).await?;
        purchase_line(&row.ok_or(SharingError::NoSuchPurchase)?)
    }

    async fn page(
        &self,
        sql: String,
        account_id: &str,
        before_ms: i64,
        lines: u32,
    ) -> Result<Vec<AnyRow>, SharingError> {
        // Safe to assert: the text is this file's.
        Ok(sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(account_id)
            .bind(before_ms)
            .bind(i64::from(lines.min(PAGE_LINES_MAX)))
            .fetch_all(self.shared.store.readers())
            .await?)
    }

    async fn one(
        &self,
        sql: String,
        account_id: &str,
        id: &str,
    ) -> Result<Option<AnyRow>, SharingError> {
        Ok(sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(account_id)
            .bind(id)
            .fetch_optional(self.shared.store.readers())
            .await?)
    }
}

fn permit_line(row: &AnyRow) -> Result<PermitLine, SharingError> {
    Ok(PermitLine {
        permit_id: row.try_get(0)?,
        method: row.try_get::<String, _>(1)?.parse().map_err(StoreError::foreign)?,
        recording_id: row.try_get(2)?,
        created_ms: row.try_get(3)?,
        revoked: row.try_get::<Option<i64>, _>(4)?.is_some(),
        downloads: row.try_get::<i64, _>(5)?.unsigned_abs(),
    })
}

fn purchase_line(row: &AnyRow) -> Result<PurchaseLine, SharingError> {
    Ok(PurchaseLine {
        purchase_id: row.try_get(0)?,
        permit_id: row.try_get(1)?,
        recording_id: row.try_get(2)?,
        price: Sen::new(row.try_get(3)?),
        created_ms: row.try_get(4)?,
        refunded_ms: row.try_get(5)?,
    })
}
