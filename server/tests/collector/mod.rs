//! A collector of OpenTelemetry on a free port, as far as tests need one: what is put to it is
//! decoded and kept.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use tokio::net::TcpListener;

pub struct Collector {
    pub url: String,
    taken: Arc<Mutex<Vec<Taken>>>,
}

/// What is put to a collector at once, and the key it came with.
#[derive(Clone)]
pub struct Taken {
    pub key: Option<String>,
    pub batch: Bytes,
}

impl Collector {
    /// Takes traces at `/v1/traces` from now on, until the test's runtime ends.
    pub async fn start() -> Collector {
        let taken = Arc::new(Mutex::new(vec![]));
        let batches = Arc::clone(&taken);
        let take = async move |headers: HeaderMap, body: Bytes| {
            assert_eq!(headers["content-type"], "application/x-protobuf");
            let key = headers.get("authorization").map(|key| key.to_str().unwrap().to_owned());
            batches.lock().unwrap().push(Taken { key, batch: body });
            StatusCode::OK
        };
        let router = Router::new().route("/v1/traces", post(take));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async { axum::serve(listener, router).await.unwrap() });
        Collector { url, taken }
    }

    /// The batches, as they came.
    pub fn taken(&self) -> Vec<Taken> {
        self.taken.lock().unwrap().clone()
    }

    /// The same, decoded.
    pub fn requests(&self) -> Vec<ExportTraceServiceRequest> {
        let taken = self.taken().into_iter();
        taken.map(|taken| ExportTraceServiceRequest::decode(taken.batch).unwrap()).collect()
    }

    pub fn spans(&self) -> Vec<Span> {
        let scopes = |request: ExportTraceServiceRequest| {
            request.resource_spans.into_iter().flat_map(|resource| resource.scope_spans)
        };
        self.requests().into_iter().flat_map(scopes).flat_map(|scope| scope.spans).collect()
    }
}

/// Attributes as text, by their keys.
pub fn attributes(all: &[KeyValue]) -> BTreeMap<&str, String> {
    all.iter().map(|one| (one.key.as_str(), text(one.value.as_ref()))).collect()
}

fn text(value: Option<&AnyValue>) -> String {
    match value.and_then(|value| value.value.as_ref()) {
        Some(Value::StringValue(text)) => text.clone(),
        Some(Value::IntValue(number)) => number.to_string(),
        other => panic!("neither text nor a number: {other:?}"),
    }
}
