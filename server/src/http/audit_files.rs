//! The audit log's tiles and checkpoint for whoever checks it from elsewhere, as C2SP tlog-tiles
//! asks for them: `GET /audit/checkpoint`, `/audit/tile/…` (<https://c2sp.org/tlog-tiles>).
//!
//! What they hold is hashes, kinds of event and times: how much happens when. So an operator has to
//! say that they may be seen (`--audit-public`).

use std::path::Path;

use axum::Router;
use axum::extract::Request;
use axum::handler::HandlerWithoutStateExt;
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use tower_http::services::ServeDir;

use super::problem;

/// The files of the log's folder.
pub fn serve(folder: &Path) -> Router {
    let files = ServeDir::new(folder)
        .append_index_html_on_directories(false)
        .call_fallback_on_method_not_allowed(true)
        .fallback(problem::not_found.into_service());
    Router::new().fallback_service(files).layer(from_fn(described))
}

/// A tile never changes, whole or partial; the checkpoint does.
async fn described(request: Request, next: Next) -> Response {
    let is_tile = request.uri().path().starts_with("/tile/");
    let mut response = next.run(request).await;
    if response.status().is_success() {
        let (media_type, cache) = match is_tile {
            true => ("application/octet-stream", "public, max-age=31536000, immutable"),
            false => ("text/plain; charset=utf-8", "no-cache"),
        };
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static(cache));
    }
    response
}
