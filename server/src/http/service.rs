//! What every route can reach: the library once it is there, the limits, the counters.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::body::Bytes;
use onmon_library::Library;
use onmon_sharing::Platform;
use tokio::sync::Semaphore;
use utoipa::openapi::OpenApi;

use super::metrics::Metrics;
use super::problem::Problem;
use crate::admin_token::AdminToken;
use crate::args::Args;
use crate::backlog::Backlog;
use crate::identity::Identity;
use crate::payments::Payments;
use crate::soundness::Soundness;
use crate::stages::Stages;
use crate::streams::Streams;

/// One running server.
#[derive(Debug)]
pub struct Service {
    library: OnceLock<Library>,
    platform: OnceLock<Platform>,
    identity: OnceLock<Identity>,
    draining: AtomicBool,
    document: OnceLock<Bytes>,
    /// Whoever shows it may enrol and remove.
    pub admin_token: AdminToken,
    /// One permit for each request to the API.
    pub in_flight: Semaphore,
    /// What waits for a core.
    pub backlog: Arc<Backlog>,
    /// Who would wait longer for one is turned away.
    pub wait_max: Duration,
    /// How long a request to the API may take.
    pub request_timeout: Duration,
    /// Streams that are listened to.
    pub streams: Streams,
    /// Where invoices are paid.
    pub payments: Payments,
    /// Whether the ledger balances.
    pub soundness: Soundness,
    /// Whether everyone may make a user's account.
    pub open_registration: bool,
    /// What `/metrics` tells.
    pub metrics: Metrics,
}

impl Service {
    /// A server whose library is not there yet.
    pub fn new(admin_token: AdminToken, args: &Args, stages: Stages) -> anyhow::Result<Service> {
        Ok(Service {
            library: OnceLock::new(),
            platform: OnceLock::new(),
            identity: OnceLock::new(),
            draining: AtomicBool::new(false),
            document: OnceLock::new(),
            admin_token,
            in_flight: Semaphore::new(args.in_flight_max),
            backlog: Arc::clone(&stages.backlog),
            wait_max: args.wait_max(),
            request_timeout: args.request_timeout(),
            streams: Streams::new(args.streams_max, args.stream_idle()),
            payments: Payments::new(&args.payments)?,
            soundness: Soundness::default(),
            open_registration: args.platform.open_registration,
            metrics: Metrics::new(stages),
        })
    }

    /// From now on it is ready.
    pub fn fill(&self, platform: Platform, identity: Identity) {
        let _ = self.identity.set(identity);
        // A second library is never opened.
        let _ = self.library.set(platform.library().clone());
        let _ = self.platform.set(platform);
    }

    /// From now on it is not ready any more, but still answers.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Release);
    }

    /// Whether it was told to stop.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }

    /// The library, or the answer that it is still being read.
    pub fn library(&self) -> Result<&Library, Problem> {
        self.library.get().ok_or_else(Problem::starting)
    }

    /// The copyright platform, or the answer that it is still being opened.
    pub fn platform(&self) -> Result<&Platform, Problem> {
        self.platform.get().ok_or_else(Problem::starting)
    }

    /// Who is believed, or the answer that it is still being opened.
    pub fn identity(&self) -> Result<&Identity, Problem> {
        self.identity.get().ok_or_else(Problem::starting)
    }

    /// The time of day, Unix milliseconds. The one clock of the platform: rooms are told it.
    pub fn now_ms(&self) -> i64 {
        now_ms()
    }

    /// Keeps the OpenAPI document as it will be served.
    pub fn publish(&self, document: &OpenApi) -> anyhow::Result<()> {
        let _ = self.document.set(document.to_json()?.into());
        Ok(())
    }

    /// The OpenAPI document.
    pub fn document(&self) -> Bytes {
        self.document.get().cloned().unwrap_or_default()
    }
}

/// The time of day, Unix milliseconds.
pub fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
