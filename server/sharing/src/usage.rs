//! What was bought and what was taken back in a span of time, with everything that a report asks.

use std::collections::BTreeMap;

use onmon_ledger::Sen;
use onmon_store::StoreError;
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row};

use crate::error::SharingError;
use crate::platform::Platform;
use crate::price::PricedShare;

/// A download as it is reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Download {
    /// Its id: the event's.
    pub purchase_id: String,
    /// Who bought it.
    pub account_id: String,
    /// What: the best match of its first piece of music.
    pub recording_id: String,
    /// When (Unix milliseconds).
    pub created_ms: i64,
    /// What it cost, without tax.
    pub price: Sen,
    /// Who gets what of it.
    pub shares: Vec<PricedShare>,
    /// How much of the upload's fingerprint matched, in ms.
    pub matched_ms: u32,
    /// Its confidence in hundredths: 612 says 10^-6.12.
    pub confidence: u32,
    /// The encoder of the fingerprint.
    pub encoder: u16,
    /// The rule that permitted the upload.
    pub rule_id: String,
    /// The rules' version then.
    pub rules_version: u32,
}

/// A download that was taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    /// The refund's id: the event's.
    pub refund_id: String,
    /// When (Unix milliseconds).
    pub refunded_ms: i64,
    /// What was bought.
    pub download: Download,
}

const COLUMNS: &str = "b.purchase_id, b.account_id, r.recording_id, b.created_ms, b.price, \
    p.matched_ms, p.confidence, p.encoder, p.rule_id, p.rule_version";

const TABLES: &str = "purchase b JOIN permit p ON p.permit_id = b.permit_id \
    JOIN permit_recording r ON r.permit_id = b.permit_id AND r.line = 0";

const SHARES: &str = "SELECT s.purchase_id, s.organisation, s.work_id, s.share_ppm, s.amount, \
    s.is_held, s.tariff_id FROM purchase_share s JOIN purchase b ON b.purchase_id = s.purchase_id";

/// Downloads read at once.
const PAGE: i64 = 2_000;

impl Platform {
    /// Downloads from one moment (included) to another (not), in the order of time and id. All of
    /// them are in memory: some 500 bytes each.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn downloads(&self, from_ms: i64, to_ms: i64) -> Result<Vec<Download>, SharingError> {
        let mut all: Vec<Download> = Vec::new();
        loop {
            let (after_ms, after_id) = match all.last() {
                Some(last) => (last.created_ms, last.purchase_id.clone()),
                None => (from_ms - 1, String::new()),
            };
            let sql = format!(
                "SELECT {COLUMNS} FROM {TABLES} WHERE b.created_ms < $1 AND (b.created_ms > $2 OR \
                 (b.created_ms = $2 AND b.purchase_id > $3)) \
                 ORDER BY b.created_ms, b.purchase_id LIMIT $4"
            );
            // Safe to assert, here and below: the text is this file's.
            let rows = sqlx::query(AssertSqlSafe(sql))
                .bind(to_ms)
                .bind(after_ms)
                .bind(&after_id)
                .bind(PAGE)
                .fetch_all(self.store().readers())
                .await?;
            if rows.is_empty() {
                return Ok(all);
            }
            let mut page = rows.iter().map(download).collect::<Result<Vec<_>, SharingError>>()?;
            let (first, last) = (page[0].created_ms, page[page.len() - 1].created_ms);
            let sql = format!(
                "{SHARES} WHERE b.created_ms >= $1 AND b.created_ms <= $2 \
                 ORDER BY s.purchase_id, s.line"
            );
            self.add_shares(&mut page, sql, first, last).await?;
            all.append(&mut page);
        }
    }

    /// Downloads that were taken back from one moment (included) to another (not), in the order of
    /// time, whenever they were bought.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn corrections(
        &self,
        from_ms: i64,
        to_ms: i64,
    ) -> Result<Vec<Correction>, SharingError> {
        let sql = format!(
            "SELECT {COLUMNS}, f.refund_id, f.refunded_ms FROM {TABLES} \
             JOIN refund f ON f.purchase_id = b.purchase_id \
             WHERE f.refunded_ms >= $1 AND f.refunded_ms < $2 \
             ORDER BY f.refunded_ms, f.refund_id"
        );
        let rows = sqlx::query(AssertSqlSafe(sql))
            .bind(from_ms)
            .bind(to_ms)
            .fetch_all(self.store().readers())
            .await?;
        let mut downloads = rows.iter().map(download).collect::<Result<Vec<_>, SharingError>>()?;
        let sql = format!(
            "{SHARES} JOIN refund f ON f.purchase_id = b.purchase_id \
             WHERE f.refunded_ms >= $1 AND f.refunded_ms < $2 ORDER BY s.purchase_id, s.line"
        );
        self.add_shares(&mut downloads, sql, from_ms, to_ms).await?;
        let corrections = rows.iter().zip(downloads).map(|(row, download)| {
            let (refund_id, refunded_ms) = (row.try_get(10)?, row.try_get(11)?);
            Ok(Correction { refund_id, refunded_ms, download })
        });
        corrections.collect()
    }

    /// Gives each download its shares, as `sql` finds them between two moments.
    async fn add_shares(
        &self,
        page: &mut [Download],
        sql: String,
        from_ms: i64,
        to_ms: i64,
    ) -> Result<(), SharingError> {
        let rows = sqlx::query(AssertSqlSafe(sql))
            .bind(from_ms)
            .bind(to_ms)
            .fetch_all(self.store().readers())
            .await?;
        let mut places: BTreeMap<String, usize> = BTreeMap::new();
        for (at, one) in page.iter().enumerate() {
            places.insert(one.purchase_id.clone(), at);
        }
        for row in &rows {
            let purchase_id: String = row.try_get(0)?;
            // Others of the same moment stand on the next page.
            if let Some(&at) = places.get(&purchase_id) {
                page[at].shares.push(share(row)?);
            }
        }
        Ok(())
    }
}

fn download(row: &AnyRow) -> Result<Download, SharingError> {
    let small = |column: usize| -> Result<u32, SharingError> {
        Ok(u32::try_from(row.try_get::<i64, _>(column)?).map_err(StoreError::foreign)?)
    };
    Ok(Download {
        purchase_id: row.try_get(0)?,
        account_id: row.try_get(1)?,
        recording_id: row.try_get(2)?,
        created_ms: row.try_get(3)?,
        price: Sen::new(row.try_get(4)?),
        shares: Vec::new(),
        matched_ms: small(5)?,
        confidence: small(6)?,
        encoder: small(7)? as u16,
        rule_id: row.try_get(8)?,
        rules_version: small(9)?,
    })
}

fn share(row: &AnyRow) -> Result<PricedShare, SharingError> {
    Ok(PricedShare {
        organisation: row.try_get(1)?,
        work_id: row.try_get(2)?,
        share_ppm: u32::try_from(row.try_get::<i64, _>(3)?).map_err(StoreError::foreign)?,
        amount: Sen::new(row.try_get(4)?),
        is_held: row.try_get::<i64, _>(5)? != 0,
        tariff_id: row.try_get(6)?,
    })
}
