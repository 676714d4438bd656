//! Bytes in, JSON out: the routes, and what holds for all of them.

mod answers;
mod audit_files;
mod batch;
mod body;
mod caller;
mod gate;
mod health;
mod identify;
mod lingering;
mod metrics;
mod openapi;
mod operator_page;
mod problem;
mod recordings;
mod request_span;
mod service;
mod sharing;
mod static_files;
mod streams;

use std::sync::Arc;

use axum::Router;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderName, HeaderValue, Method};
use axum::middleware::{from_fn, from_fn_with_state};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::{AllowOrigin, CorsLayer};
use tower_http::set_header::SetResponseHeaderLayer;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::args::Args;
use crate::audit_log;
pub use service::{Service, now_ms};

/// All routes over one service.
pub fn router(service: Arc<Service>, args: &Args) -> anyhow::Result<Router> {
    let queries = OpenApiRouter::new()
        .routes(routes!(identify::identify))
        .routes(routes!(batch::identify_batch))
        .layer(from_fn_with_state(Arc::clone(&service), gate::admit_in_time));
    let api = OpenApiRouter::new()
        .merge(queries)
        .routes(routes!(streams::create))
        .routes(routes!(streams::take_codes))
        .routes(routes!(streams::report, streams::end))
        .routes(routes!(recordings::enrol))
        .routes(routes!(recordings::remove))
        .merge(sharing::routes())
        .layer(from_fn_with_state(Arc::clone(&service), gate::admit));
    let open = OpenApiRouter::new()
        .routes(routes!(health::alive))
        .routes(routes!(health::ready))
        .routes(routes!(metrics::scrape))
        .routes(routes!(openapi::document));
    let (router, document) = OpenApiRouter::with_openapi(openapi::Document::openapi())
        .merge(api)
        .merge(open)
        .split_for_parts();
    service.publish(&document)?;
    let router = router.merge(operator_page::routes());
    let router = match args.audit_public {
        true => router.nest_service("/audit", audit_files::serve(&audit_log::folder(&args.data))),
        false => router,
    };
    let router = router.method_not_allowed_fallback(problem::method_not_allowed);
    let router = match &args.web_root {
        Some(root) => router.fallback_service(static_files::serve(root)),
        None => router.fallback(problem::not_found),
    };
    let router = router
        .layer(CatchPanicLayer::custom(problem::panicked))
        .layer(from_fn_with_state(Arc::clone(&service), gate::observe))
        .layer(from_fn(gate::nothing_cached_unless_said))
        .layer(SetResponseHeaderLayer::if_not_present(
            X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ));
    let router = if args.cors_origin.is_empty() { router } else { router.layer(cors(args)) };
    Ok(router.with_state(service))
}

fn cors(args: &Args) -> CorsLayer {
    let any = args.cors_origin.iter().any(|origin| origin == "*");
    let origins =
        if any { AllowOrigin::any() } else { AllowOrigin::list(args.cors_origin.clone()) };
    CorsLayer::new()
        .allow_origin(origins)
        .allow_methods([Method::GET, Method::POST, Method::DELETE])
        .allow_headers([AUTHORIZATION, CONTENT_TYPE, HeaderName::from_static("idempotency-key")])
}

#[cfg(test)]
mod tests {
    //! What can be seen only before the library is there and after the stop.

    use axum::body::Body;
    use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
    use axum::http::{Request, StatusCode};
    use axum::response::Response;
    use clap::Parser;
    use http_body_util::BodyExt;
    use onmon_library::Library;
    use tower::ServiceExt;

    use super::*;
    use crate::admin_token::AdminToken;
    use crate::stages::Stages;

    async fn ask(router: &Router, method: &str, path: &str) -> Response {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(AUTHORIZATION, "Bearer 0123456789abcdef")
            .header(CONTENT_TYPE, onmon_core::wire::MEDIA_TYPE)
            .body(Body::from("x"))
            .unwrap();
        router.clone().oneshot(request).await.unwrap()
    }

    async fn code(response: Response) -> String {
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let problem: serde_json::Value = serde_json::from_slice(&body).unwrap();
        problem["code"].as_str().unwrap().to_owned()
    }

    #[tokio::test]
    async fn alive_but_not_ready_until_the_library_is_there_and_after_the_stop() {
        let dir = tempfile::tempdir().unwrap();
        let token = dir.path().join("token");
        std::fs::write(&token, "0123456789abcdef").unwrap();
        let path = |path: &std::path::Path| path.to_str().unwrap().to_owned();
        let data = path(&dir.path().join("data"));
        let words = ["onmon-server", "--data", &data, "--admin-token-file", &path(&token)];
        let args = Args::parse_from(words);
        let admin = AdminToken::load(&args).unwrap();
        let service = Arc::new(Service::new(admin, &args, Stages::default()).unwrap());
        let router = router(Arc::clone(&service), &args).unwrap();

        let need_the_library = [
            ("GET", "/readyz"),
            ("GET", "/metrics"),
            ("POST", "/v1/identify"),
            ("POST", "/v1/identify/batch"),
            ("POST", "/v1/streams"),
            ("POST", "/v1/recordings?recording_id=a"),
            ("DELETE", "/v1/recordings/a"),
        ];
        for (method, path) in need_the_library {
            let response = ask(&router, method, path).await;
            assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE, "{path}");
            assert!(response.headers().contains_key(RETRY_AFTER), "{path}");
            assert_eq!(code(response).await, "starting", "{path}");
        }
        for path in ["/healthz", "/openapi.json"] {
            assert_eq!(ask(&router, "GET", path).await.status(), StatusCode::OK, "{path}");
        }

        let library = Library::open(&args.data).await.unwrap();
        let opened = crate::platform::open(&args.platform, &args.data, library.clone(), now_ms());
        let platform = opened.await.unwrap();
        let identity = crate::identity::Identity::open(&platform, now_ms()).await.unwrap();
        service.fill(platform, identity);
        assert_eq!(ask(&router, "GET", "/readyz").await.status(), StatusCode::OK);

        service.drain();
        assert_eq!(code(ask(&router, "GET", "/readyz").await).await, "stopping");
        assert_eq!(ask(&router, "GET", "/metrics").await.status(), StatusCode::OK);

        library.close().await.unwrap();
        let response = ask(&router, "DELETE", "/v1/recordings/a").await;
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(code(response).await, "library_closed");
        assert_eq!(ask(&router, "GET", "/healthz").await.status(), StatusCode::OK);
    }
}
