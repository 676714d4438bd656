//! The span of a request, for traces: what OpenTelemetry's conventions for HTTP servers call it, as
//! far as it names nobody. The route and not the path, a known method and not any word; no address,
//! header, query or body.

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, Method};
use axum::response::Response;
use opentelemetry::propagation::{Extractor, TextMapPropagator};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::Span;
use tracing::field::Empty;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use super::problem::Code;
use crate::traces::REQUEST_TARGET;

/// A span for a request that begins, below the caller's if it names one.
pub fn begin(request: &Request) -> Span {
    let span = tracing::trace_span!(
        target: REQUEST_TARGET,
        "request",
        otel.kind = "server",
        otel.name = Empty,
        otel.status_code = Empty,
        http.request.method = Empty,
        http.route = Empty,
        http.response.status_code = Empty,
        "error.type" = Empty,
    );
    if span.is_disabled() {
        return span;
    }
    let method = known(request.method());
    span.record("http.request.method", method.unwrap_or("_OTHER"));
    let name = method.unwrap_or("HTTP");
    match request.extensions().get::<MatchedPath>().map(MatchedPath::as_str) {
        Some(route) => {
            span.record("http.route", route);
            span.record("otel.name", format!("{name} {route}"));
        }
        None => {
            span.record("otel.name", name);
        }
    }
    let caller = TraceContextPropagator::new().extract(&Traceparent(request.headers()));
    // It fails only where nobody listens, or too late, and this is neither.
    let _ = span.set_parent(caller);
    span
}

/// What came of it.
pub fn end(span: &Span, response: &Response) {
    let status = response.status();
    span.record("http.response.status_code", i64::from(status.as_u16()));
    if status.is_server_error() {
        span.record("otel.status_code", "error");
        let code = response.extensions().get::<Code>();
        span.record("error.type", code.map_or(status.as_str(), |code| code.0));
    }
}

/// The caller's `traceparent` alone: its `tracestate` and baggage could say anything of anybody.
struct Traceparent<'a>(&'a HeaderMap);

const TRACEPARENT: &str = "traceparent";

impl Extractor for Traceparent<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        (key == TRACEPARENT).then(|| self.0.get(key)?.to_str().ok()).flatten()
    }

    fn keys(&self) -> Vec<&str> {
        vec![TRACEPARENT]
    }
}

/// A method of RFC 9110; any other is a word of the caller's own.
fn known(method: &Method) -> Option<&'static str> {
    let all = ["GET", "POST", "DELETE", "HEAD", "OPTIONS", "PUT", "PATCH", "CONNECT", "TRACE"];
    all.into_iter().find(|known| *known == method.as_str())
}
