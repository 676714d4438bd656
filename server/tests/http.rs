//! The HTTP contract over real sockets: what is answered, what is refused and how.

#[path = "../library/tests/songs/mod.rs"]
mod songs;

mod running;

use std::io::{Read, Write};

use onmon_core::wire::MEDIA_TYPE;
use onmon_store::testing::ENGINES;
use running::{Answer, Kept, Server, TOKEN, json, problem};
use songs::{query, reference, song};
use tempfile::{TempDir, tempdir};
use ureq::http::Request;

fn server() -> (TempDir, Server) {
    let dir = tempdir().unwrap();
    let server = Server::start(dir.path(), &[]);
    (dir, server)
}

fn post(server: &Server, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let mut request = Request::post(server.url(path));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    server.send(request.body(body.to_vec()).unwrap()).unwrap()
}

#[tokio::test]
async fn enrolled_identified_replaced_and_removed() {
    for engine in ENGINES {
        let kept = Kept::new(engine).await;
        enrol_identify_replace_remove(&kept.serve());
    }
}

fn enrol_identify_replace_remove(server: &Server) {
    let about = "recording_id=a%2F%E6%9B%B2+1&title=Aurora%21&artist=&isrc=JP-B01-23-45678\
                 &iswc=T0345246801&rights=not_entrusted";
    let enrolled = server.enrol(about, &reference(&song(1))).unwrap();
    assert_eq!(enrolled.status(), 201);
    assert_eq!(json(&enrolled), serde_json::json!({ "recording_id": "a/曲 1", "seq": 1 }));

    let answer = json(&server.identify(&query(&song(1))));
    assert_eq!(answer["decision"], "refuse");
    assert!(answer["ms"]["match"].as_f64().unwrap() > 0.0);
    let found = &answer["matches"][0];
    for (field, want) in [
        ("recording_id", "a/曲 1"),
        ("title", "Aurora!"),
        ("isrc", "JPB012345678"),
        ("iswc", "T-034.524.680-1"),
        ("rights", "not_entrusted"),
    ] {
        assert_eq!(found[field], want, "{field}");
    }
    assert!(found["artist"].is_null());
    assert_eq!((&found["offset_ms"], &found["bit_error"]), (&0.into(), &0.0.into()));
    assert!(found["matched_ms"].as_u64().unwrap() > 0);

    let replaced = server.enrol("recording_id=a%2F%E6%9B%B2+1", &reference(&song(1))).unwrap();
    assert_eq!((replaced.status().as_u16(), &json(&replaced)["seq"]), (200, &2.into()));
    assert_eq!(json(&server.identify(&query(&song(1))))["decision"], "permit");

    assert_eq!(server.remove("a%2F%E6%9B%B2%201").unwrap().status(), 204);
    assert_eq!(json(&server.identify(&query(&song(1))))["decision"], "unregistered");
    let again = server.remove("a%2F%E6%9B%B2%201").unwrap();
    assert_eq!(problem(&again), (404, "no_such_recording".into()));
}

#[test]
fn what_no_key_is_left_of_is_found_by_a_scan_that_was_asked_for() {
    let dir = tempdir().unwrap();
    let heard: Vec<u8> = song(1).iter().enumerate().map(|(i, c)| c ^ 1 << (i * i % 7)).collect();
    for (arguments, decision) in [
        (&["--search-effort", "0"][..], "unregistered"),
        (&["--search-effort", "0", "--search-scan"][..], "permit"),
    ] {
        let server = Server::start(dir.path(), arguments);
        server.enrol("recording_id=a", &reference(&song(1))).unwrap();
        assert_eq!(json(&server.identify(&query(&heard)))["decision"], decision, "{arguments:?}");
        assert_eq!(json(&server.identify(&query(&song(2))))["decision"], "unregistered");
        server.stop();
    }
}

#[test]
fn only_fingerprints_are_taken() {
    let (_dir, server) = server();
    let types = [
        &[][..],
        &[("content-type", "application/octet-stream")],
        &[("content-type", "audio/mpeg")],
        &[("content-type", "application/vnd.onmon.fingerprint2")],
        &[("content-type", "application/vnd.onmon.fingerprint; charset=x")],
    ];
    for headers in types {
        let answer = post(&server, "/v1/identify", headers, &query(&song(1)));
        assert_eq!(problem(&answer), (415, "unsupported_media_type".into()), "{headers:?}");
    }
    let mut bent = query(&song(1));
    bent[30] ^= 1;
    let mut other = query(&song(1));
    other[3] = 9;
    let bodies: [(&[u8], &str); 6] = [
        (b"", "empty_body"),
        (b"ID3\x04 an MP3 file", "not_a_fingerprint"),
        (b"ONM", "truncated"),
        (&query(&song(1))[..100], "checksum_mismatch"),
        (&bent, "checksum_mismatch"),
        (&other, "unknown_wire_version"),
    ];
    for (body, code) in bodies {
        assert_eq!(problem(&server.identify(body)), (400, code.into()));
        assert_eq!(problem(&server.enrol("recording_id=a", body).unwrap()), (400, code.into()));
    }
    let wrong = server.identify(&reference(&song(1)));
    assert_eq!(problem(&wrong), (422, "reference_for_identify".into()));
    let wrong = server.enrol("recording_id=a", &query(&song(1))).unwrap();
    assert_eq!(problem(&wrong), (422, "query_for_enrolment".into()));
    assert_eq!(json(&server.identify(&query(&song(1))))["decision"], "unregistered");
}

#[test]
fn the_admin_token_is_asked_for_first_and_whole() {
    let (_dir, server) = server();
    let body = reference(&song(1));
    let almost = &TOKEN[..TOKEN.len() - 1];
    let wrong = [
        String::new(),
        "Bearer".into(),
        "Bearer ".into(),
        format!("Bearer {almost}"),
        format!("Bearer {TOKEN}x"),
        format!("Basic {TOKEN}"),
        TOKEN.into(),
    ];
    for value in &wrong {
        let headers = [("authorization", value.as_str()), ("content-type", MEDIA_TYPE)];
        let answer = post(&server, "/v1/recordings?recording_id=a", &headers, &body);
        assert_eq!(problem(&answer), (401, "unauthorised".into()), "{value}");
        assert!(answer.headers()["www-authenticate"].to_str().unwrap().starts_with("Bearer"));
        let request = Request::delete(server.url("/v1/recordings/a"));
        let request = request.header("authorization", value).body(Vec::new()).unwrap();
        assert_eq!(server.send(request).unwrap().status(), 401, "{value}");
    }
    // Whoever has no token learns nothing more: not even that type and parameters are wrong.
    assert_eq!(post(&server, "/v1/recordings?x=1", &[], b"x").status(), 401);
    let lower_case = format!("bearer {TOKEN}");
    let headers = [("authorization", lower_case.as_str()), ("content-type", MEDIA_TYPE)];
    let answer = post(&server, "/v1/recordings?recording_id=a", &headers, &body);
    assert_eq!(answer.status(), 201);
}

#[test]
fn parameters_are_checked() {
    let (_dir, server) = server();
    let long_id = format!("recording_id={}", "x".repeat(256));
    let long_title = format!("recording_id=a&title={}", "x".repeat(1_025));
    let cases = [
        ("", "bad_parameter", "recording_id"),
        ("recording_id=", "bad_recording_id", "1 to 255"),
        (&long_id, "bad_recording_id", "1 to 255"),
        ("recording_id=a%00b", "bad_recording_id", "control"),
        ("recording_id=%ff", "bad_parameter", "UTF-8"),
        (&long_title, "text_too_long", "title"),
        ("recording_id=a&title=x%00", "zero_in_text", "title"),
        ("recording_id=a&isrc=X", "bad_parameter", "isrc: an ISRC has 12 characters"),
        ("recording_id=a&iswc=T-034.524.680-2", "bad_parameter", "check digit should be 1"),
        ("recording_id=a&rights=free", "bad_parameter", "rights must be one of"),
        ("recording_id=a&right=entrusted", "bad_parameter", "unknown field `right`"),
        ("recording_id=a&recording_id=b", "bad_parameter", "duplicate field"),
    ];
    for (parameters, code, says) in cases {
        let answer = server.enrol(parameters, &reference(&song(1))).unwrap();
        assert_eq!(problem(&answer), (400, code.to_owned()), "{parameters}");
        let detail = json(&answer)["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(says), "{parameters}: {detail}");
    }
    assert!(server.ids(&query(&song(1))).is_empty());
}

/// Reads one answer's head; the body may stay in the socket.
fn status_line(stream: &mut impl Read) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n") {
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    String::from_utf8(head).unwrap().trim().to_owned()
}

#[test]
fn a_body_that_says_it_is_too_long_is_refused_before_it_is_sent() {
    let (_dir, server) = server();
    let limit = onmon_core::wire::encoded_len_max(12 * 3_600 * 20);
    let routes = [("/v1/identify", 4_096), ("/v1/recordings?recording_id=a", limit)];
    for (path, limit) in routes {
        // Not one byte of the body is sent: the answer comes from the head alone.
        let mut stream = server.connect();
        write!(
            stream,
            "POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: {MEDIA_TYPE}\r\n\
             authorization: Bearer {TOKEN}\r\ncontent-length: {}\r\n\r\n",
            limit + 1
        )
        .unwrap();
        assert_eq!(status_line(&mut stream), "HTTP/1.1 413 Payload Too Large", "{path}");
    }
}

#[test]
fn a_body_of_no_stated_length_is_cut_off_at_the_limit() {
    let (_dir, server) = server();
    let mut stream = server.connect();
    write!(
        stream,
        "POST /v1/identify HTTP/1.1\r\nhost: x\r\ncontent-type: {MEDIA_TYPE}\r\n\
         transfer-encoding: chunked\r\n\r\n"
    )
    .unwrap();
    // 4,097 bytes, and no end in sight: an answer shows that it is not waited for.
    write!(stream, "1001\r\n{}\r\n", "x".repeat(0x1001)).unwrap();
    assert_eq!(status_line(&mut stream), "HTTP/1.1 413 Payload Too Large");
    // At the limit it is read to its end and then judged.
    let answer = server.identify(&[0; 4_096]);
    assert_eq!(problem(&answer), (400, "not_a_fingerprint".into()));
    assert_eq!(problem(&server.identify(&[0; 4_097])), (413, "too_large".into()));
}

#[test]
fn whoever_sends_without_asking_still_reads_why_it_was_refused() {
    let (_dir, server) = server();
    let song = vec![0; 10_000_000];
    let typed = [("content-type", MEDIA_TYPE)];
    assert_eq!(problem(&post(&server, "/v1/identify", &typed, &song)).0, 413);
    assert_eq!(problem(&post(&server, "/v1/identify", &[], &song)).0, 415);
    assert_eq!(problem(&post(&server, "/v1/recordings", &typed, &song)).0, 401);
    assert_eq!(problem(&server.enrol("recording_id=a", &song).unwrap()).0, 413);
}

#[test]
fn twelve_hours_are_taken() {
    let (_dir, server) = server();
    let codes: Vec<u8> = (0..360).flat_map(song).take(12 * 3_600 * 20).collect();
    assert_eq!(server.enrol("recording_id=long", &reference(&codes)).unwrap().status(), 201);
    assert_eq!(server.ids(&query(&codes)), ["long"]);
}

#[test]
fn more_at_once_than_allowed_are_sent_away_and_the_health_is_still_told() {
    let dir = tempdir().unwrap();
    let server = Server::start(dir.path(), &["--in-flight-max", "1"]);
    let bytes = query(&song(1));
    let head = format!(
        "POST /v1/identify HTTP/1.1\r\ncontent-type: {MEDIA_TYPE}\r\ncontent-length: {}",
        bytes.len()
    );
    let mut first = server.begin(&head, &bytes[..10]);
    let second = server.identify(&bytes);
    assert_eq!(problem(&second), (503, "busy".into()));
    assert_eq!(second.headers()["retry-after"], "1");
    assert_eq!(server.get("/readyz").status(), 200);
    first.write_all(&bytes[10..]).unwrap();
    assert_eq!(status_line(&mut first), "HTTP/1.1 200 OK");
    // The place is free again, at the latest when the next one asks.
    while server.identify(&bytes).status() == 503 {}
}

#[test]
fn a_body_that_does_not_come_is_given_up() {
    let dir = tempdir().unwrap();
    let server = Server::start(dir.path(), &["--request-timeout-s", "1"]);
    let mut stream = server.connect();
    write!(
        stream,
        "POST /v1/identify HTTP/1.1\r\nhost: x\r\ncontent-type: {MEDIA_TYPE}\r\n\
         content-length: 100\r\n\r\nONM"
    )
    .unwrap();
    assert_eq!(status_line(&mut stream), "HTTP/1.1 408 Request Timeout");
}

#[test]
fn no_such_route_or_method() {
    let (_dir, server) = server();
    assert_eq!(problem(&server.get("/v2/identify")), (404, "not_found".into()));
    let answer = server.get("/v1/identify");
    assert_eq!(problem(&answer), (405, "method_not_allowed".into()));
    assert_eq!(answer.headers()["allow"], "POST");
}

#[test]
fn metrics_count_what_happened() {
    let (_dir, server) = server();
    server.enrol("recording_id=a", &reference(&song(1))).unwrap();
    server.enrol("recording_id=b", &reference(&song(2))).unwrap();
    server.identify(&query(&song(1)));
    server.identify(&query(&song(3)));
    server.identify(b"x");
    let metrics = String::from_utf8(server.get("/metrics").into_body()).unwrap();
    for line in [
        "onmon_recordings 2",
        "onmon_index_codes 4800",
        "onmon_applied_seq 2",
        "onmon_identify_seconds_count 2",
        "onmon_identify_seconds_bucket{le=\"+Inf\"} 2",
        "onmon_identify_total{decision=\"permit\"} 1",
        "onmon_identify_total{decision=\"unregistered\"} 1",
        "onmon_identify_total{decision=\"refuse\"} 0",
        "onmon_identify_stage_seconds_count{stage=\"queue\"} 3",
        "onmon_identify_stage_seconds_count{stage=\"search\"} 3",
        "onmon_identify_stage_seconds_count{stage=\"catalogue\"} 2",
        "onmon_identify_stage_seconds_count{stage=\"rights\"} 2",
        "onmon_index_searches_total{tier=\"1\"} 1",
        "onmon_index_searches_total{tier=\"6\"} 1",
        "onmon_index_stop_keys_total 0",
        // Nothing is on disk yet.
        "onmon_index_blocks_read_total 0",
        // Nobody is asking now.
        "onmon_queue_wait_seconds 0.0",
        "onmon_http_errors_total{code=\"not_a_fingerprint\"} 1",
    ] {
        assert!(metrics.lines().any(|found| found == line), "{line} is not in\n{metrics}");
    }
}

#[test]
fn other_origins_are_let_in_only_when_named() {
    let origin = ("origin", "https://example.org");
    let (dir, closed) = server();
    let answer = post(&closed, "/v1/identify", &[origin], b"x");
    assert!(!answer.headers().contains_key("access-control-allow-origin"));
    drop(closed);
    let open = Server::start(dir.path(), &["--cors-origin", "https://example.org"]);
    let answer = post(&open, "/v1/identify", &[origin], b"x");
    assert_eq!(answer.headers()["access-control-allow-origin"], "https://example.org");
    let other = post(&open, "/v1/identify", &[("origin", "https://evil.example")], b"x");
    assert!(!other.headers().contains_key("access-control-allow-origin"));
    let request = Request::options(open.url("/v1/identify"))
        .header(origin.0, origin.1)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "content-type");
    let preflight = open.send(request.body(Vec::new()).unwrap()).unwrap();
    assert_eq!(preflight.status(), 200);
    let allowed = preflight.headers()["access-control-allow-headers"].to_str().unwrap();
    assert!(allowed.contains("content-type"), "{allowed}");
}
