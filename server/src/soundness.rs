//! Whether the ledger balances, for a page that asks every few seconds: a check reads every
//! transfer, so what it found is told again for a while.

use std::time::Duration;

use onmon_ledger::{LedgerError, check};
use onmon_store::Store;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// A check is told again for a minute at least,
const KEPT: Duration = Duration::from_secs(60);

/// and for so many times as long as it took: checking may take a fiftieth of one core.
const KEPT_FACTOR: u32 = 50;

/// The last check of the ledger, if there was one.
#[derive(Debug, Default)]
pub struct Soundness(Mutex<Option<(Instant, Checked)>>);

/// What a check found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checked {
    /// Every balance equals its lines.
    pub is_sound: bool,
    /// When it was looked at, Unix milliseconds.
    pub at_ms: i64,
}

impl Soundness {
    /// The last check, or a new one. Who asks at the same time waits for one check, not for two.
    pub async fn of(&self, store: &Store, now_ms: i64) -> Result<Checked, LedgerError> {
        let mut last = self.0.lock().await;
        if let Some((until, checked)) = *last
            && Instant::now() < until
        {
            return Ok(checked);
        }
        let begun = Instant::now();
        let is_sound = check(store.readers()).await?.is_sound();
        let checked = Checked { is_sound, at_ms: now_ms };
        let kept = (begun.elapsed() * KEPT_FACTOR).max(KEPT);
        *last = Some((Instant::now() + kept, checked));
        Ok(checked)
    }
}
