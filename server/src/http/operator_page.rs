//! The operator's page: five files that are part of the program, so that nothing has to be built or
//! installed to see it.

use std::sync::Arc;

use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY};
use axum::response::IntoResponse;
use axum::routing::get;

use super::service::Service;

const FILES: [(&str, &str, &str); 5] = [
    ("/operator", "text/html; charset=utf-8", include_str!("../../operator-page/index.html")),
    ("/operator/page.css", "text/css; charset=utf-8", include_str!("../../operator-page/page.css")),
    ("/operator/page.js", SCRIPT, include_str!("../../operator-page/page.js")),
    ("/operator/plot.js", SCRIPT, include_str!("../../operator-page/plot.js")),
    ("/operator/texts.js", SCRIPT, include_str!("../../operator-page/texts.js")),
];

const SCRIPT: &str = "text/javascript; charset=utf-8";

/// Nothing but the page's own files runs, and it talks to this server alone.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The page, and its files under it.
pub fn routes() -> Router<Arc<Service>> {
    FILES.into_iter().fold(Router::new(), |router, (path, media_type, text)| {
        let headers = [
            (CONTENT_TYPE, media_type),
            (CONTENT_SECURITY_POLICY, POLICY),
            (REFERRER_POLICY, "no-referrer"),
            (CACHE_CONTROL, "no-cache"),
        ];
        router.route(path, get(move || async move { (headers, text).into_response() }))
    })
}
