//! Traces for OpenTelemetry, off unless a collector is named: then a span for each request, and one
//! for each of its stages, go there as OTLP (protobuf over HTTP).
//!
//! ```text
//! http/request_span.rs   method, route, status; the caller's traceparent
//!   | stage.rs           queue, search, catalogue, rights: its children
//! Traces::layer          these spans, and nothing else: no events, so nothing of the log
//!   | batches, by a thread of their own; what finds its queue full is dropped
//! collector.rs           POST ENDPOINT/v1/traces; says once that nobody takes them
//! ```

mod collector;
mod endpoint;

use std::time::Duration;

use anyhow::Context;
use onmon_library::STAGE_TARGET;
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{Protocol, RetryPolicy, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracerProvider,
};
use tracing::{Metadata, Subscriber};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::Layer;
use tracing_subscriber::registry::LookupSpan;

use collector::Collector;
pub use endpoint::Endpoint;

/// The target of a request's span. Logs do not show it.
pub const REQUEST_TARGET: &str = "onmon::request";

/// As whom this server is known where its traces are looked at.
const SERVICE: &str = env!("CARGO_PKG_NAME");

/// Spans that wait to be sent, at most: some 1 MB. A request has up to five.
const QUEUE_SPANS: usize = 2_048;

/// Spans in one message at most.
const BATCH_SPANS: usize = 512;

/// What is not sent because a batch is full is sent so often.
const SEND_EVERY: Duration = Duration::from_secs(2);

/// A collector that takes longer has not taken a batch.
const SEND_TIMEOUT: Duration = Duration::from_secs(3);

/// How long the end of the server waits for what is not sent yet.
const FINISH_TIMEOUT: Duration = Duration::from_secs(2);

/// Traces on their way to a collector.
#[derive(Debug)]
pub struct Traces {
    provider: SdkTracerProvider,
}

impl Traces {
    /// Begins to send what [`Traces::layer`] sees; nothing is there if no endpoint is given.
    pub fn begin(endpoint: Option<&Endpoint>) -> anyhow::Result<Option<Traces>> {
        let Some(url) = endpoint.and_then(Endpoint::traces_url) else { return Ok(None) };
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Collector::new(SEND_TIMEOUT))
            .with_endpoint(url)
            .with_protocol(Protocol::HttpBinary)
            .with_timeout(SEND_TIMEOUT)
            // A batch that is not taken is dropped: the next one waits behind it.
            .with_retry_policy(RetryPolicy::disabled())
            .build()
            .context("traces cannot be sent as --otlp-endpoint says")?;
        let batches = BatchConfigBuilder::default()
            .with_max_queue_size(QUEUE_SPANS)
            .with_max_export_batch_size(BATCH_SPANS)
            .with_scheduled_delay(SEND_EVERY)
            .build();
        let provider = SdkTracerProvider::builder()
            // Who calls decides whether its trace is kept; whoever says nothing is traced.
            .with_sampler(Sampler::ParentBased(Box::new(Sampler::AlwaysOn)))
            .with_resource(resource())
            .with_span_processor(
                BatchSpanProcessor::builder(exporter).with_batch_config(batches).build(),
            )
            .build();
        Ok(Some(Traces { provider }))
    }

    /// What listens to the spans of requests and stages, and to nothing else.
    pub fn layer<S: Subscriber + for<'a> LookupSpan<'a>>(&self) -> impl Layer<S> + use<S> {
        tracing_opentelemetry::layer()
            .with_tracer(self.provider.tracer(SERVICE))
            .with_location(false)
            .with_threads(false)
            .with_level(false)
            .with_target(false)
            .with_tracked_inactivity(false)
            .with_context_activation(false)
            .with_filter(filter_fn(is_traced))
    }

    /// Sends what is left, but not for long.
    pub async fn finish(self) {
        let shutdown = move || self.provider.shutdown_with_timeout(FINISH_TIMEOUT);
        if let Ok(Err(error)) = tokio::task::spawn_blocking(shutdown).await {
            tracing::warn!(%error, "the last traces were not sent");
        }
    }
}

/// Whether a span is one of a request: then logs leave it out.
pub fn is_request(metadata: &Metadata<'_>) -> bool {
    metadata.target() == REQUEST_TARGET
}

fn is_traced(metadata: &Metadata<'_>) -> bool {
    metadata.is_span() && (is_request(metadata) || metadata.target() == STAGE_TARGET)
}

/// Nothing of the machine: no host, no process, nor what the environment might add.
fn resource() -> Resource {
    Resource::builder_empty()
        .with_service_name(SERVICE)
        .with_attribute(opentelemetry::KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .build()
}
