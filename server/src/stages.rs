//! How long each stage of an identification takes: the rooms mark them by spans, and here those are
//! timed. So no room but this one reads a clock for it, and another listener needs no other marks.
//! What waits for a core, whichever route it came by, is counted in the same way.

use std::sync::Arc;
use std::time::Instant;

use onmon_library::{QUEUE_STAGE, SEARCH_STAGE, STAGE_TARGET};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use tracing::span::{Attributes, Id};
use tracing::{Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

use crate::backlog::Backlog;

/// What is heard of the stages; clones count into the same.
#[derive(Debug, Clone)]
pub struct Stages {
    /// Seconds by stage.
    pub seconds: Family<StageLabel, Histogram>,
    /// What waits for a core.
    pub backlog: Arc<Backlog>,
}

/// The stage that a time is of.
#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
pub struct StageLabel {
    stage: &'static str,
}

impl Default for Stages {
    fn default() -> Stages {
        Stages { seconds: Family::new_with_constructor(histogram), backlog: Arc::default() }
    }
}

impl Stages {
    /// Whether a span marks a stage.
    pub fn is_stage(metadata: &Metadata<'_>) -> bool {
        metadata.is_span() && metadata.target() == STAGE_TARGET
    }
}

/// From 61 microseconds to two seconds.
fn histogram() -> Histogram {
    Histogram::new(exponential_buckets(0.000_061, 2.0, 16))
}

struct Begun(Instant);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Stages {
    fn on_new_span(&self, _: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        span.extensions_mut().insert(Begun(Instant::now()));
        if span.name() == QUEUE_STAGE {
            self.backlog.begin_waiting();
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else { return };
        let extensions = span.extensions();
        let Some(Begun(begun)) = extensions.get() else { return };
        let took = begun.elapsed();
        match span.name() {
            QUEUE_STAGE => self.backlog.end_waiting(),
            SEARCH_STAGE => self.backlog.count_search(took),
            _ => {}
        }
        let label = StageLabel { stage: span.name() };
        self.seconds.get_or_create(&label).observe(took.as_secs_f64());
    }
}
