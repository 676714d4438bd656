//! Traces on the real program: what a collector gets of a request and what it must never get; that
//! nothing goes out unless it is asked for; that a collector which is away changes nothing.

#[path = "../library/tests/songs/mod.rs"]
mod songs;

mod collector;
mod running;

use std::collections::BTreeMap;
use std::io::Write;
use std::net::TcpListener;

use collector::{Collector, attributes};
use onmon_core::wire::MEDIA_TYPE;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use running::{Answer, Server, TOKEN, command, problem};
use songs::{query, reference, song};
use tempfile::tempdir;
use ureq::http::Request;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const UNSAMPLED: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "00f067aa0ba902b7";

/// Words that stand in paths, queries, headers and methods here, and in no trace.
const SECRET: &str = "hunter2";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn identify_within(server: &Server, traceparent: &str) -> Answer {
    let request = Request::post(server.url(&format!("/v1/identify?from={SECRET}")))
        .header("content-type", MEDIA_TYPE)
        .header("traceparent", traceparent)
        .header("tracestate", format!("vendor={SECRET}"))
        .header("baggage", format!("user={SECRET}"))
        .header("user-agent", SECRET);
    server.send(request.body(query(&song(1))).unwrap()).unwrap()
}

/// The one span of this name.
fn only<'a>(spans: &'a [Span], name: &str) -> &'a Span {
    let named: Vec<&Span> = spans.iter().filter(|span| span.name == name).collect();
    assert_eq!(named.len(), 1, "{name} in {:?}", names(spans));
    named[0]
}

fn names(spans: &[Span]) -> Vec<&str> {
    spans.iter().map(|span| span.name.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_a_span_with_its_stages_below_it() {
    let collector = Collector::start().await;
    let dir = tempdir().unwrap();
    let server = Server::start(dir.path(), &["--otlp-endpoint", &collector.url]);
    server.enrol("recording_id=a", &reference(&song(1))).unwrap();
    assert_eq!(identify_within(&server, &format!("00-{TRACE}-{PARENT}-01")).status(), 200);
    assert_eq!(identify_within(&server, &format!("00-{UNSAMPLED}-{PARENT}-00")).status(), 200);
    assert!(server.stop().success());

    let spans = collector.spans();
    let request = only(&spans, "POST /v1/identify");
    assert_eq!(
        (hex(&request.trace_id), hex(&request.parent_span_id)),
        (TRACE.into(), PARENT.into())
    );
    assert_eq!(request.kind(), SpanKind::Server);
    let told = [
        ("http.request.method", "POST".to_owned()),
        ("http.response.status_code", "200".to_owned()),
        ("http.route", "/v1/identify".to_owned()),
    ];
    assert_eq!(attributes(&request.attributes), BTreeMap::from(told));
    for stage in ["queue", "search", "catalogue", "rights"] {
        let stage = only(&spans, stage);
        assert_eq!((&stage.trace_id, &stage.parent_span_id), (&request.trace_id, &request.span_id));
        // It may end a moment after the request: the database's thread lets go of it when it likes.
        let lasted = request.start_time_unix_nano..=request.end_time_unix_nano;
        assert!(lasted.contains(&stage.start_time_unix_nano));
    }
    // Whoever says nothing begins a trace; whoever does not want one has none.
    let enrolment = only(&spans, "POST /v1/recordings");
    assert!(enrolment.parent_span_id.is_empty());
    assert!(spans.iter().all(|span| hex(&span.trace_id) != UNSAMPLED));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_went_wrong_is_told_by_its_code() {
    let collector = Collector::start().await;
    let dir = tempdir().unwrap();
    let server =
        Server::start(dir.path(), &["--in-flight-max", "1", "--otlp-endpoint", &collector.url]);
    let bytes = query(&song(1));
    let head = format!(
        "POST /v1/identify HTTP/1.1\r\ncontent-type: {MEDIA_TYPE}\r\ncontent-length: {}",
        bytes.len()
    );
    let mut first = server.begin(&head, &bytes[..10]);
    assert_eq!(problem(&server.identify(&bytes)), (503, "busy".into()));
    first.write_all(&bytes[10..]).unwrap();
    assert!(server.stop().success());

    let spans = collector.spans();
    let outcomes = |span: &Span| {
        let mut about = attributes(&span.attributes);
        let status = span.status.as_ref().map_or(StatusCode::Unset, |status| status.code());
        let code = about.remove("http.response.status_code").unwrap();
        (code, about.remove("error.type"), status)
    };
    let mut told: Vec<_> =
        spans.iter().filter(|span| span.name == "POST /v1/identify").map(outcomes).collect();
    told.sort_by(|one, other| one.0.cmp(&other.0));
    let went_well = ("200".to_owned(), None, StatusCode::Unset);
    let was_busy = ("503".to_owned(), Some("busy".to_owned()), StatusCode::Error);
    assert_eq!(told, [went_well, was_busy]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_goes_out_that_names_anybody_or_anything() {
    let collector = Collector::start().await;
    let dir = tempdir().unwrap();
    let mut command = command(dir.path());
    command.args(["--log", "trace", "--otlp-endpoint", &collector.url]);
    // Of OpenTelemetry's variables the headers count, and not those that say what is traced.
    command.env("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20of-the-collector");
    command.env("OTEL_RESOURCE_ATTRIBUTES", format!("host.name={SECRET}"));
    command.env("OTEL_TRACES_SAMPLER", "always_off");
    let server = Server::spawn(command);
    let about = format!("recording_id={SECRET}&title={SECRET}");
    assert_eq!(server.enrol(&about, &reference(&song(1))).unwrap().status(), 201);
    assert_eq!(identify_within(&server, &format!("00-{TRACE}-{PARENT}-01")).status(), 200);
    assert_eq!(server.remove(SECRET).unwrap().status(), 204);
    assert_eq!(server.get(&format!("/{SECRET}")).status(), 404);
    let request = Request::get(server.url("/v1/shares"));
    let request = request.header("authorization", format!("Bearer {SECRET}.x.y"));
    assert_eq!(server.send(request.body(vec![]).unwrap()).unwrap().status(), 401);
    let request = Request::builder().method("HUNTER2").uri(server.url("/v1/identify"));
    assert_eq!(server.send(request.body(vec![]).unwrap()).unwrap().status(), 405);
    let metrics = String::from_utf8(server.get("/metrics").into_body()).unwrap();
    assert!(metrics.contains("onmon_identify_stage_seconds_count{stage=\"search\"} 1"));
    let (ended, log) = server.stop_and_tell();
    assert!(ended.success());
    // The log goes on as it does without, also where a line is of a request.
    assert!(log.iter().any(|line| line.contains("route=\"/v1/identify\"")));
    assert!(log.iter().any(|line| line.contains("a token is not taken")));
    assert!(log.iter().all(|line| !line.contains("http.route")));

    let spans = collector.spans();
    for name in ["DELETE /v1/recordings/{recording_id}", "GET", "HTTP /v1/identify"] {
        only(&spans, name);
    }
    let allowed = ["error.type", "http.request.method", "http.response.status_code", "http.route"];
    for span in &spans {
        let known = attributes(&span.attributes).into_keys().all(|key| allowed.contains(&key));
        assert!(known && span.events.is_empty() && span.links.is_empty(), "{span:?}");
        assert!(span.trace_state.is_empty(), "{span:?}");
    }
    for resource in collector.requests().into_iter().flat_map(|request| request.resource_spans) {
        let told = [
            ("service.name", "onmon-server".to_owned()),
            ("service.version", env!("CARGO_PKG_VERSION").to_owned()),
        ];
        assert_eq!(attributes(&resource.resource.unwrap().attributes), BTreeMap::from(told));
    }
    let fingerprint = query(&song(1));
    for taken in collector.taken() {
        assert_eq!(taken.key.as_deref(), Some("Bearer of-the-collector"));
        let words = [SECRET.as_bytes(), b"HUNTER2", TOKEN.as_bytes(), b"127.0.0.1"];
        for secret in words.into_iter().chain([&fingerprint[32..64]]) {
            assert!(
                !taken.batch.windows(secret.len()).any(|window| window == secret),
                "{secret:?}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_goes_out_unless_it_is_asked_for() {
    let collector = Collector::start().await;
    let dir = tempdir().unwrap();
    let mut command = command(dir.path());
    // Neither by the variables of OpenTelemetry nor by an empty one of ours.
    command.env("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url).env("ONMON_OTLP_ENDPOINT", "");
    let server = Server::spawn(command);
    assert_eq!(server.identify(&query(&song(1))).status(), 200);
    assert!(server.stop().success());
    assert!(collector.taken().is_empty());
}

#[test]
fn a_collector_that_is_away_is_told_once_and_changes_nothing() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", taken.local_addr().unwrap());
    drop(taken);
    let dir = tempdir().unwrap();
    let server = Server::start(dir.path(), &["--otlp-endpoint", &url]);
    server.enrol("recording_id=a", &reference(&song(1))).unwrap();
    // Five spans each: more than a batch takes, and more than wait at most.
    for _ in 0..500 {
        assert_eq!(server.ids(&query(&song(1))), ["a"]);
    }
    let (ended, log) = server.stop_and_tell();
    assert!(ended.success());
    let warnings = log.iter().filter(|line| line.contains("the collector takes no traces"));
    assert_eq!(warnings.count(), 1, "{log:#?}");
}

#[test]
fn a_collector_that_never_answers_does_not_keep_the_server() {
    // Connections are taken by the system, and nobody ever reads them.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let dir = tempdir().unwrap();
    let server = Server::start(dir.path(), &["--otlp-endpoint", &url]);
    for _ in 0..500 {
        assert_eq!(server.identify(&query(&song(1))).status(), 200);
    }
    assert!(server.stop().success());
}
