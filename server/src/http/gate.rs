//! What every request passes: the limits of the API, the log, the counters, the caches.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::http::HeaderValue;
use axum::http::header::CACHE_CONTROL;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::time::timeout;
use tracing::Instrument;

use super::problem::{Code, Problem};
use super::service::Service;
use super::{lingering, request_span};
use crate::backlog::Backlog;

/// Lets a request to the API in, unless too many are in already; gives it up when it takes too
/// long.
pub async fn admit(State(service): State<Arc<Service>>, request: Request, next: Next) -> Response {
    let request = lingering::wrap(request);
    let Ok(_permit) = service.in_flight.try_acquire() else {
        return busy(&service.backlog, service.backlog.wait());
    };
    match timeout(service.request_timeout, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::timed_out().into_response(),
    }
}

/// Lets a query in, unless it would wait too long for a core: then it is told so before its body is
/// read. Who only sends slowly waits for nothing here and counts for nothing.
pub async fn admit_in_time(
    State(service): State<Arc<Service>>,
    request: Request,
    next: Next,
) -> Response {
    let wait = service.backlog.wait();
    if wait > service.wait_max {
        return busy(&service.backlog, wait);
    }
    next.run(request).await
}

fn busy(backlog: &Backlog, wait: Duration) -> Response {
    Problem::busy(backlog.retry_after_s(wait)).into_response()
}

/// Logs the route, never its parameters or body, and counts what went wrong; all that is done for
/// the request is below its span.
pub async fn observe(
    State(service): State<Arc<Service>>,
    request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let span = request_span::begin(&request);
    let response = next.run(request).instrument(span.clone()).await;
    request_span::end(&span, &response);
    drop(span);
    let route = route.as_ref().map_or("-", MatchedPath::as_str);
    let status = response.status().as_u16();
    let ms = started.elapsed().as_secs_f64() * 1e3;
    let code = response.extensions().get::<Code>().map(|code| code.0);
    if let Some(code) = code {
        service.metrics.count_error(code);
    }
    if response.status().is_server_error() {
        tracing::warn!(%method, route, status, code, ms);
    } else {
        tracing::debug!(%method, route, status, code, ms);
    }
    response
}

/// Answers are of the moment; static files say for themselves how long they hold.
pub async fn nothing_cached_unless_said(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.headers_mut().entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}
