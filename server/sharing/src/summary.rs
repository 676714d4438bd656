//! What the operator sees: counts, money, top recordings, and both over time.

use onmon_ledger::Sen;
use onmon_rights::{Date, Decision};
use sqlx::{AnyConnection, Row};

use crate::error::SharingError;
use crate::platform::{DAY_MS, Platform};

/// All there is, at a glance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Uploads that were permitted.
    pub uploads: u64,
    /// Downloads that were bought.
    pub downloads: u64,
    /// What they cost, without tax, less what was refunded.
    pub charged: Sen,
    /// Downloads that were refunded.
    pub refunds: u64,
    /// How much of that is held.
    pub held: Sen,
    /// Fingerprints kept that matched nothing.
    pub unknown: u64,
    /// Permits that were revoked.
    pub revoked: u64,
}

/// One day, in Japan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    /// `YYYY-MM-DD`.
    pub day: String,
    /// How often was decided what.
    pub decisions: Vec<(String, u64)>,
    /// Downloads that were bought,
    pub downloads: u64,
    /// and what they cost, without tax.
    pub charged: Sen,
}

/// A recording that is shared often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopRecording {
    /// Which.
    pub recording_id: String,
    /// Uploads of it.
    pub uploads: u64,
    /// Downloads of it.
    pub downloads: u64,
}

/// Counts a decision on its day.
pub(crate) async fn count(
    connection: &mut AnyConnection,
    decision: Decision,
    now_ms: i64,
) -> Result<(), SharingError> {
    let day = Date::in_japan(now_ms).ok_or(SharingError::BadTime)?.to_string();
    sqlx::query(
        "INSERT INTO decision_day (day, decision, times) VALUES ($1, $2, 1) \
         ON CONFLICT (day, decision) DO UPDATE SET times = decision_day.times + 1",
    )
    .bind(day)
    .bind(decision.as_str())
    .execute(connection)
    .await?;
    Ok(())
}

impl Platform {
    /// All there is, at a glance.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn summary(&self) -> Result<Summary, SharingError> {
        let row = sqlx::query(
            "SELECT (SELECT COUNT(*) FROM permit), \
             (SELECT COUNT(*) FROM purchase), \
             (SELECT CAST(COALESCE(SUM(CASE WHEN r.refund_id IS NULL THEN b.price ELSE 0 END), 0) \
             AS BIGINT) FROM purchase b LEFT JOIN refund r ON r.purchase_id = b.purchase_id), \
             (SELECT CAST(COALESCE(SUM(CASE WHEN r.refund_id IS NULL THEN b.held ELSE 0 END), 0) \
             AS BIGINT) FROM purchase b LEFT JOIN refund r ON r.purchase_id = b.purchase_id), \
             (SELECT COUNT(*) FROM unknown_fingerprint), \
             (SELECT COUNT(*) FROM permit WHERE revoked_ms IS NOT NULL), \
             (SELECT COUNT(*) FROM refund)",
        )
        .fetch_one(self.shared.store.readers())
        .await?;
        let count = |column: usize| row.try_get::<i64, _>(column).map(i64::unsigned_abs);
        Ok(Summary {
            uploads: count(0)?,
            downloads: count(1)?,
            charged: Sen::new(row.try_get(2)?),
            held: Sen::new(row.try_get(3)?),
            unknown: count(4)?,
            revoked: count(5)?,
            refunds: count(6)?,
        })
    }

    /// The last `days` days up to now, the oldest first, those without anything among them.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn days(&self, days: u32, now_ms: i64) -> Result<Vec<Day>, SharingError> {
        let mut all = Vec::with_capacity(days as usize);
        for back in (0..i64::from(days)).rev() {
            let day = Date::in_japan(now_ms - back * DAY_MS).ok_or(SharingError::BadTime)?;
            let day = day.to_string();
            all.push(Day { day, decisions: Vec::new(), downloads: 0, charged: Sen::ZERO });
        }
        let Some(first) = all.first().map(|day| day.day.clone()) else { return Ok(all) };
        let decided = sqlx::query("SELECT day, decision, times FROM decision_day WHERE day >= $1")
            .bind(&first)
            .fetch_all(self.shared.store.readers())
            .await?;
        for row in decided {
            let (day, decision): (String, String) = (row.try_get(0)?, row.try_get(1)?);
            let times = row.try_get::<i64, _>(2)?.unsigned_abs();
            if let Some(of) = all.iter_mut().find(|of| of.day == day) {
                of.decisions.push((decision, times));
            }
        }
        for of in &mut all {
            of.decisions.sort();
        }
        // Days are counted from the first one's beginning: Japan has no summer time.
        let begin = first.parse::<onmon_ledger::Date>()?.start_ms();
        let bought = sqlx::query(
            "SELECT (created_ms - $1) / $2, COUNT(*), CAST(COALESCE(SUM(price), 0) AS BIGINT) \
             FROM purchase WHERE created_ms >= $1 GROUP BY 1",
        )
        .bind(begin)
        .bind(DAY_MS)
        .fetch_all(self.shared.store.readers())
        .await?;
        for row in bought {
            let day = usize::try_from(row.try_get::<i64, _>(0)?);
            if let Some(of) = day.ok().and_then(|day| all.get_mut(day)) {
                of.downloads = row.try_get::<i64, _>(1)?.unsigned_abs();
                of.charged = Sen::new(row.try_get(2)?);
            }
        }
        Ok(all)
    }

    /// What is downloaded most, then shared most.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn top_recordings(&self, lines: u32) -> Result<Vec<TopRecording>, SharingError> {
        let rows = sqlx::query(
            "SELECT r.recording_id, COUNT(DISTINCT r.permit_id) AS uploads, \
             COUNT(b.purchase_id) AS downloads \
             FROM permit_recording r LEFT JOIN purchase b ON b.permit_id = r.permit_id \
             WHERE r.line = 0 GROUP BY r.recording_id \
             ORDER BY downloads DESC, uploads DESC, r.recording_id LIMIT $1",
        )
        .bind(i64::from(lines))
        .fetch_all(self.shared.store.readers())
        .await?;
        rows.iter()
            .map(|row| {
                Ok(TopRecording {
                    recording_id: row.try_get(0)?,
                    uploads: row.try_get::<i64, _>(1)?.unsigned_abs(),
                    downloads: row.try_get::<i64, _>(2)?.unsigned_abs(),
                })
            })
            .collect()
    }
}
