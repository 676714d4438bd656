//! `GET /metrics`: counters and gauges for Prometheus, units in their names.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use onmon_library::{Decision, Work};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

use super::problem::Problem;
use super::service::Service;
use crate::stages::Stages;

/// What is counted.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    identify_seconds: Histogram,
    identify_batch_seconds: Histogram,
    batch_problems: Family<CodeLabel, Counter>,
    identify: Family<DecisionLabel, Counter>,
    http_errors: Family<CodeLabel, Counter>,
    recordings: Gauge,
    index_codes: Gauge,
    index_codes_in_memory: Gauge,
    index_segments: Gauge,
    index_bytes: Gauge,
    applied_seq: Gauge,
    index_searches: Family<TierLabel, Counter>,
    index_probes: Counter,
    index_stop_keys: Counter,
    index_blocks: Counter,
    index_postings: Counter,
    streams: Gauge,
    queue_wait_seconds: Gauge<f64, AtomicU64>,
    stages: Stages,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct DecisionLabel {
    decision: &'static str,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct CodeLabel {
    code: &'static str,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct TierLabel {
    tier: u64,
}

/// From half a millisecond to eight seconds.
const FIRST_BUCKET_SECONDS: f64 = 0.000_5;
const BUCKETS: u16 = 15;

impl Metrics {
    /// Metrics with those of `stages` among them.
    pub fn new(stages: Stages) -> Metrics {
        let buckets = || exponential_buckets(FIRST_BUCKET_SECONDS, 2.0, BUCKETS);
        let metrics = Metrics {
            registry: Registry::default(),
            identify_seconds: Histogram::new(buckets()),
            identify_batch_seconds: Histogram::new(buckets()),
            batch_problems: Family::default(),
            identify: Family::default(),
            http_errors: Family::default(),
            recordings: Gauge::default(),
            index_codes: Gauge::default(),
            index_codes_in_memory: Gauge::default(),
            index_segments: Gauge::default(),
            index_bytes: Gauge::default(),
            applied_seq: Gauge::default(),
            index_searches: Family::default(),
            index_probes: Counter::default(),
            index_stop_keys: Counter::default(),
            index_blocks: Counter::default(),
            index_postings: Counter::default(),
            streams: Gauge::default(),
            queue_wait_seconds: Gauge::default(),
            stages,
        };
        // Every decision is there from the start: a rate over a series that appears later is wrong.
        for decision in Decision::ALL {
            let label = DecisionLabel { decision: decision.as_str() };
            drop(metrics.identify.get_or_create(&label));
        }
        metrics.registered()
    }

    /// A query was answered.
    pub fn observe_identify(&self, decision: Decision, elapsed: Duration) {
        self.identify_seconds.observe(elapsed.as_secs_f64());
        self.identify.get_or_create(&DecisionLabel { decision: decision.as_str() }).inc();
    }

    /// A whole batch was answered.
    pub fn observe_batch(&self, elapsed: Duration) {
        self.identify_batch_seconds.observe(elapsed.as_secs_f64());
    }

    /// A query of a batch was answered.
    pub fn count_in_batch(&self, answer: Result<Decision, &'static str>) {
        match answer {
            Ok(decision) => {
                self.identify.get_or_create(&DecisionLabel { decision: decision.as_str() }).inc();
            }
            Err(code) => {
                self.batch_problems.get_or_create(&CodeLabel { code }).inc();
            }
        }
    }

    /// A request was answered with a problem.
    pub fn count_error(&self, code: &'static str) {
        self.http_errors.get_or_create(&CodeLabel { code }).inc();
    }

    /// The library's own sums: they grow as counters do.
    fn tell_work(&self, work: &Work) {
        for (tier, &searches) in (1..).zip(&work.searches) {
            set(&self.index_searches.get_or_create(&TierLabel { tier }), searches);
        }
        set(&self.index_probes, work.probes);
        set(&self.index_stop_keys, work.stop_keys);
        set(&self.index_blocks, work.blocks);
        set(&self.index_postings, work.postings);
    }

    fn registered(mut self) -> Metrics {
        let registry = &mut self.registry;
        registry.register_with_unit(
            "onmon_identify",
            "Time from a whole query read to its decision made",
            Unit::Seconds,
            self.identify_seconds.clone(),
        );
        registry.register_with_unit(
            "onmon_identify_batch",
            "Time from a whole batch read to its last decision made",
            Unit::Seconds,
            self.identify_batch_seconds.clone(),
        );
        let stages = "Time of a stage of an identification: queue, search, catalogue, rights";
        registry.register_with_unit(
            "onmon_identify_stage",
            stages,
            Unit::Seconds,
            self.stages.seconds.clone(),
        );
        // The encoding adds `_total` to the names of counters.
        let queries = "Queries answered, by decision";
        registry.register("onmon_identify", queries, self.identify.clone());
        let in_batches = "Queries of batches answered with a problem, by its code";
        registry.register("onmon_batch_problems", in_batches, self.batch_problems.clone());
        let searches = "Searches, by the last tier asked: 1 and 2 whole keys, 3 begun keys, 4 \
                        sketches, 5 bits in doubt, 6 a scan";
        registry.register("onmon_index_searches", searches, self.index_searches.clone());
        let probes = "Keys looked up";
        registry.register("onmon_index_probes", probes, self.index_probes.clone());
        let stop_keys = "Keys passed over: their lists are too long to say anything";
        registry.register("onmon_index_stop_keys", stop_keys, self.index_stop_keys.clone());
        let blocks = "Blocks of 2 KiB read from segments";
        registry.register("onmon_index_blocks_read", blocks, self.index_blocks.clone());
        let postings = "Postings taken from lists";
        registry.register("onmon_index_postings_read", postings, self.index_postings.clone());
        let problems = "Requests answered with a problem, by its code";
        registry.register("onmon_http_errors", problems, self.http_errors.clone());
        let recordings = "Recordings that can be identified";
        registry.register("onmon_recordings", recordings, self.recordings.clone());
        let codes = "Codes in the index, 20 a second of audio";
        registry.register("onmon_index_codes", codes, self.index_codes.clone());
        let memory = "Codes in the index that are in no segment yet";
        registry.register(
            "onmon_index_codes_in_memory",
            memory,
            self.index_codes_in_memory.clone(),
        );
        let segments = "Segments of the index";
        registry.register("onmon_index_segments", segments, self.index_segments.clone());
        let size = "Size of the index's segments";
        registry.register_with_unit("onmon_index", size, Unit::Bytes, self.index_bytes.clone());
        let seq = "Number of the last change that can be identified";
        registry.register("onmon_applied_seq", seq, self.applied_seq.clone());
        let streams = "Streams that are listened to";
        registry.register("onmon_streams", streams, self.streams.clone());
        let wait =
            "What a query that came now would wait for a core, by what searches take of late";
        registry.register_with_unit(
            "onmon_queue_wait",
            wait,
            Unit::Seconds,
            self.queue_wait_seconds.clone(),
        );
        self
    }
}

/// Counters and gauges, in the OpenMetrics text format
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "operation",
    responses(
        (status = 200, description = "OpenMetrics text", body = String,
            content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8"),
        (status = 500, response = inline(super::openapi::InternalError)),
        (status = 503, response = inline(super::openapi::Unavailable)),
    )
)]
pub async fn scrape(State(service): State<Arc<Service>>) -> Result<Response, Problem> {
    let stats = service.library()?.stats().await?;
    let metrics = &service.metrics;
    metrics.recordings.set(stats.recordings as i64);
    metrics.index_codes.set(stats.index_codes as i64);
    metrics.index_codes_in_memory.set(stats.index_codes_in_memory as i64);
    metrics.index_segments.set(stats.index_segments as i64);
    metrics.index_bytes.set(stats.index_bytes as i64);
    metrics.applied_seq.set(stats.applied_seq as i64);
    metrics.tell_work(&stats.work);
    metrics.streams.set(service.streams.count() as i64);
    metrics.queue_wait_seconds.set(service.backlog.wait().as_secs_f64());
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = encode(&mut text, &metrics.registry);
    Ok(([(CONTENT_TYPE, OPENMETRICS)], text).into_response())
}

fn set(counter: &Counter, sum: u64) {
    counter.inner().store(sum, Ordering::Relaxed);
}

const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
