//! The web demo's files: only what the page itself brought may run, and nothing is sniffed.

use std::path::Path;

use axum::Router;
use axum::extract::Request;
use axum::handler::HandlerWithoutStateExt;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use tower_http::services::ServeDir;

use super::problem;

/// The files of a directory, with the headers that keep a page to itself.
pub fn serve(root: &Path) -> Router {
    let files = ServeDir::new(root)
        .precompressed_br()
        .precompressed_gzip()
        .call_fallback_on_method_not_allowed(true)
        .fallback(problem::not_found.into_service());
    Router::new().fallback_service(files).layer(from_fn(protected))
}

/// `'wasm-unsafe-eval'` lets WebAssembly be compiled, and no script text be evaluated.
const POLICY: &str = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; \
                      media-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

/// Vite names the files in this folder after their content.
const HASHED: &str = "/assets/";

async fn protected(request: Request, next: Next) -> Response {
    let cache = if request.uri().path().starts_with(HASHED) {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let mut response = next.run(request).await;
    let done = response.status().is_success() || response.status().is_redirection();
    let mut set = |name: HeaderName, value| {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    };
    set(CONTENT_SECURITY_POLICY, POLICY);
    set(REFERRER_POLICY, "no-referrer");
    if done {
        set(CACHE_CONTROL, cache);
    }
    response
}
