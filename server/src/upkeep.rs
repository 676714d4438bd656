//! What the platform does by itself while the server runs.
//!
//! ```text
//! every minute   what is new in the audit log is published
//! every hour     unknown fingerprints are asked again; transfers that waited too long are taken back
//! 03:00 Japan    the ledger is checked
//! ```
//! Each can be dropped at any point and is taken up again by the next: none holds up the end.

use std::time::Duration;

use anyhow::Context;
use onmon_ledger::{check, expire};
use onmon_sharing::Platform;
use onmon_store::Store;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::audit_log::AuditLog;
use crate::http::now_ms;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// 03:00 in Japan is 18:00 UTC: so long after it begins another UTC day.
const NIGHT_OFFSET_MS: i64 = 6 * 60 * 60 * 1_000;

/// Transfers that are taken back in one transaction.
const EXPIRED_AT_ONCE: u32 = 500;

/// The loop, while it runs.
#[derive(Debug)]
pub struct Upkeep {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Upkeep {
    /// Begins it.
    pub fn begin(platform: Platform, log: AuditLog, publish_every: Duration) -> Upkeep {
        let (stop, stopping) = watch::channel(false);
        let task = tokio::spawn(platform_upkeep(platform, log, publish_every, stopping));
        Upkeep { stop, task }
    }

    /// Ends it where it is.
    pub async fn stop(self) {
        // No receiver: it has ended already.
        let _ = self.stop.send(true);
        if let Err(error) = self.task.await {
            tracing::error!("upkeep ended before its time: {error}");
        }
    }
}

/// Looks after a platform until `stopping` says true, or its sender is gone.
pub async fn platform_upkeep(
    platform: Platform,
    log: AuditLog,
    publish_every: Duration,
    mut stopping: watch::Receiver<bool>,
) {
    tokio::select! {
        biased;
        _ = stopping.wait_for(|stop| *stop) => {}
        () = rounds(&platform, &log, publish_every) => {}
    }
}

async fn rounds(platform: &Platform, log: &AuditLog, publish_every: Duration) {
    let every = |first: Duration, period: Duration| {
        let mut ticks = interval_at(Instant::now() + first, period);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ticks
    };
    let mut publishing = every(Duration::ZERO, publish_every);
    // A server that is started anew each hour asks again all the same.
    let mut hours = every(MINUTE, HOUR);
    let mut minutes = every(MINUTE, MINUTE);
    let (mut publishes, mut asks, mut expires, mut checks) = Default::default();
    let mut night = night_of(now_ms());
    loop {
        tokio::select! {
            _ = publishing.tick() => {
                told(&mut publishes, "publishing the audit log", publish(platform, log).await);
            }
            _ = hours.tick() => {
                told(&mut asks, "asking unknown fingerprints again", ask_again(platform).await);
                let expired = expire_all(platform.store()).await;
                told(&mut expires, "taking back transfers that waited too long", expired);
            }
            _ = minutes.tick() => {
                let now = night_of(now_ms());
                if now != night {
                    night = now;
                    told(&mut checks, "checking the ledger", check_ledger(platform.store()).await);
                }
            }
        }
    }
}

/// What went wrong last time, if anything did.
type Wrong = Option<String>;

/// Logs what goes wrong once, not every minute, and that it is over.
fn told(before: &mut Wrong, what: &str, done: anyhow::Result<()>) {
    let now = done.err().map(|error| format!("{error:#}"));
    if now != *before {
        match &now {
            Some(error) => tracing::error!("{what}: {error}"),
            None => tracing::info!("{what}: well again"),
        }
        *before = now;
    }
}

async fn publish(platform: &Platform, log: &AuditLog) -> anyhow::Result<()> {
    let published = log.publish(platform.store(), &platform.signing()).await?;
    if published.new_lines > 0 {
        let (new, size) = (published.new_lines, published.checkpoint.size);
        tracing::debug!(new, size, "the audit log is published");
    }
    Ok(())
}

async fn ask_again(platform: &Platform) -> anyhow::Result<()> {
    for found in platform.ask_unknown_again(now_ms()).await? {
        let (recording, times) = (found.recording_id, found.times);
        tracing::info!(recording, times, "what was unknown is known now");
    }
    Ok(())
}

async fn expire_all(store: &Store) -> anyhow::Result<()> {
    loop {
        let mut write = store.begin().await?;
        let expired = expire(&mut write, now_ms(), EXPIRED_AT_ONCE).await?;
        write.commit().await?;
        if (expired.len() as u64) < u64::from(EXPIRED_AT_ONCE) {
            return Ok(());
        }
    }
}

async fn check_ledger(store: &Store) -> anyhow::Result<()> {
    let balance = check(store.readers()).await.context("the ledger cannot be checked")?;
    let (accounts, transfers) = (balance.accounts, balance.transfers);
    if balance.is_sound() {
        tracing::info!(accounts, transfers, "the ledger is sound");
    }
    for discrepancy in &balance.discrepancies {
        let found = serde_json::to_string(discrepancy)?;
        tracing::error!(accounts, transfers, "the ledger does not agree: {found}");
    }
    Ok(())
}

/// Which night it is: another number from 03:00 in Japan on.
fn night_of(now_ms: i64) -> i64 {
    (now_ms + NIGHT_OFFSET_MS).div_euclid(DAY_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_night_begins_at_three_in_japan() {
        // 2026-04-15, noon in Japan.
        let noon = 1_776_222_000_000;
        let three = noon + 15 * 60 * 60 * 1_000;
        assert_eq!(night_of(noon), night_of(three - 1));
        assert_eq!(night_of(three - 1) + 1, night_of(three));
        assert_eq!(night_of(three), night_of(three + DAY_MS - 1));
    }
}
