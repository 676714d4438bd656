//! The OpenAPI document is true: every status it names is provoked, every answer fits its schema.

#[path = "../library/tests/songs/mod.rs"]
mod songs;

mod fits;
mod running;

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use fits::assert_fits;
use onmon_core::wire::MEDIA_TYPE;
use running::{Answer, Server, TOKEN, json};
use serde_json::{Value, json};
use songs::{query, reference, song};
use tempfile::tempdir;
use ureq::http::{Request, Response};

/// Documented, true, and not to be provoked from outside. What stands behind each is tested nearby:
/// a fault of the program, a library that is still being read (`http/mod.rs`), a full disk
/// (`library/src/catalogue.rs`), a removal that takes longer than the time limit.
const NOT_PROVOKED: [(&str, &str, &str); 17] = [
    ("post", "/v1/identify", "500"),
    ("post", "/v1/identify/batch", "500"),
    ("post", "/v1/streams", "408"),
    ("post", "/v1/streams", "500"),
    ("post", "/v1/streams/{stream_id}/codes", "500"),
    ("get", "/v1/streams/{stream_id}", "408"),
    ("get", "/v1/streams/{stream_id}", "500"),
    ("delete", "/v1/streams/{stream_id}", "408"),
    ("delete", "/v1/streams/{stream_id}", "500"),
    ("post", "/v1/recordings", "500"),
    ("post", "/v1/recordings", "507"),
    ("delete", "/v1/recordings/{recording_id}", "408"),
    ("delete", "/v1/recordings/{recording_id}", "500"),
    ("delete", "/v1/recordings/{recording_id}", "507"),
    ("get", "/metrics", "500"),
    ("get", "/metrics", "503"),
    ("get", "/readyz", "503"),
];

/// Tags of the copyright platform's routes.
const PLATFORM: [&str; 3] = ["sharing", "money", "operator"];

#[test]
fn every_documented_answer_is_given_and_fits() {
    let dir = tempdir().unwrap();
    let server = Server::start(dir.path(), &["--in-flight-max", "2"]);
    let document = json(&server.get("/openapi.json"));
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1."));

    let mut provoked = BTreeSet::new();
    for (method, path, answer) in answers(&server).into_iter().chain(late_answers()) {
        let status = answer.status().as_u16().to_string();
        let operation = &document["paths"][path][method];
        let documented = &operation["responses"][&status];
        let place = format!("{method} {path} {status}");
        assert!(documented.is_object(), "{place} is not documented");
        assert_fits(&document, documented, &answer, &place);
        assert!(provoked.insert((method.to_owned(), path.to_owned(), status)), "{place} twice");
    }
    let not_provoked =
        NOT_PROVOKED.map(|(method, path, status)| (method.into(), path.into(), status.into()));
    let known: BTreeSet<_> = provoked.into_iter().chain(not_provoked).collect();
    assert_eq!(documented(&document), known);
}

#[test]
fn requests_are_documented_as_they_are_taken() {
    let dir = tempdir().unwrap();
    let server = Server::start(dir.path(), &[]);
    let document = json(&server.get("/openapi.json"));
    for path in ["/v1/identify", "/v1/recordings", "/v1/streams/{stream_id}/codes"] {
        let body = &document["paths"][path]["post"]["requestBody"];
        assert_eq!(body["required"], true);
        assert!(body["content"][MEDIA_TYPE].is_object(), "{path}");
    }
    let body = &document["paths"]["/v1/identify/batch"]["post"]["requestBody"];
    assert!(body["content"][BATCH].is_object());
    let parameters = document["paths"]["/v1/recordings"]["post"]["parameters"].as_array().unwrap();
    let named: Vec<_> = parameters
        .iter()
        .map(|parameter| (parameter["name"].as_str().unwrap(), parameter["required"] == true))
        .collect();
    let want = [
        ("recording_id", true),
        ("title", false),
        ("artist", false),
        ("isrc", false),
        ("iswc", false),
        ("rights", false),
    ];
    assert_eq!(named, want);
    for (method, path) in [("post", "/v1/recordings"), ("delete", "/v1/recordings/{recording_id}")]
    {
        assert_eq!(document["paths"][path][method]["security"], json!([{ "admin_token": [] }]));
    }
    assert_eq!(document["components"]["securitySchemes"]["admin_token"]["scheme"], "bearer");
    // Every parameter's example is taken, and every word that an enumeration allows.
    for rights in ["entrusted", "not_entrusted", "unknown"] {
        let examples = format!(
            "recording_id=aurora-2019&isrc=JP-B01-23-45678&iswc=T-034.524.680-1&rights={rights}"
        );
        assert!(server.enrol(&examples, &reference(&song(1))).unwrap().status().is_success());
    }
}

/// One answer of each documented status, in an order in which they can be had.
fn answers(server: &Server) -> Vec<(&'static str, &'static str, Answer)> {
    const IDENTIFY: &str = "/v1/identify";
    const ENROL: &str = "/v1/recordings";
    const REMOVE: &str = "/v1/recordings/{recording_id}";
    let (song_query, song_reference) = (query(&song(1)), reference(&song(1)));
    let enrol = |body: &[u8]| server.enrol("recording_id=a&title=A", body).unwrap();
    let mut all = vec![
        ("get", "/healthz", server.get("/healthz")),
        ("get", "/readyz", server.get("/readyz")),
        ("get", "/metrics", server.get("/metrics")),
        ("get", "/openapi.json", server.get("/openapi.json")),
        ("post", ENROL, enrol(&song_reference)),
        ("post", ENROL, enrol(&song_reference)),
        ("post", ENROL, enrol(b"x")),
        ("post", ENROL, enrol(&song_query)),
        ("post", ENROL, enrol(&vec![0; 900_000])),
        ("post", ENROL, server.send(bare("POST", server.url("/v1/recordings"))).unwrap()),
        ("post", ENROL, mistyped(server, "/v1/recordings?recording_id=a")),
        ("post", IDENTIFY, server.identify(&song_query)),
        ("post", IDENTIFY, server.identify(b"x")),
        ("post", IDENTIFY, server.identify(&song_reference)),
        ("post", IDENTIFY, server.identify(&[0; 5_000])),
        ("post", IDENTIFY, mistyped(server, "/v1/identify")),
        ("delete", REMOVE, server.remove("a").unwrap()),
        ("delete", REMOVE, server.remove("a").unwrap()),
        ("delete", REMOVE, server.remove("%ff").unwrap()),
        ("delete", REMOVE, server.send(bare("DELETE", server.url("/v1/recordings/a"))).unwrap()),
    ];
    all.extend(batch_and_stream_answers(server));
    let stream = begin(server);
    // Two that do not send their bodies fill both places.
    let _first = server.begin(&head(IDENTIFY), b"ONM");
    let _second = server.begin(&head(IDENTIFY), b"ONM");
    all.push(("post", IDENTIFY, server.identify(&song_query)));
    all.push(("post", ENROL, enrol(&song_reference)));
    all.push(("delete", REMOVE, server.remove("a").unwrap()));
    all.push(("post", BATCHES, post(server, BATCHES, BATCH, &framed(&song_query))));
    all.push(("post", STREAMS, post(server, STREAMS, MEDIA_TYPE, b"")));
    let codes = format!("{stream}/codes");
    all.push(("post", CODES, post(server, &codes, MEDIA_TYPE, &song_query)));
    all.push(("get", STREAM, server.get(&stream)));
    all.push(("delete", STREAM, server.send(bare("DELETE", server.url(&stream))).unwrap()));
    all
}

const BATCH: &str = "application/vnd.onmon.fingerprints";
const BATCHES: &str = "/v1/identify/batch";
const STREAMS: &str = "/v1/streams";
const STREAM: &str = "/v1/streams/{stream_id}";
const CODES: &str = "/v1/streams/{stream_id}/codes";

/// What can be had of batches and streams while there is room; song 1 is enrolled anew for it.
fn batch_and_stream_answers(server: &Server) -> Vec<(&'static str, &'static str, Answer)> {
    server.enrol("recording_id=a&title=A", &reference(&song(1))).unwrap();
    let batch = |media_type, body: &[u8]| post(server, BATCHES, media_type, body);
    let created = post(server, STREAMS, MEDIA_TYPE, b"");
    let stream = format!("{STREAMS}/{}", json(&created)["stream_id"].as_str().unwrap());
    let codes = |path: &str, body: &[u8]| post(server, &format!("{path}/codes"), MEDIA_TYPE, body);
    let first = stretch(0, &song(1)[..300]);
    let mut all = vec![
        ("post", BATCHES, batch(BATCH, &[framed(&query(&song(1))), framed(b"x")].concat())),
        ("post", BATCHES, batch(BATCH, b"x")),
        ("post", BATCHES, batch(BATCH, &vec![0; 4 * 257])),
        ("post", BATCHES, batch(MEDIA_TYPE, b"x")),
        ("post", STREAMS, created),
        ("post", CODES, codes(&stream, &first)),
        ("post", CODES, codes(&stream, b"x")),
        ("post", CODES, codes("/v1/streams/0", &first)),
        ("post", CODES, codes(&stream, &stretch(900, &song(1)[..300]))),
        ("post", CODES, codes(&stream, &[0; 5_000])),
        ("post", CODES, mistyped(server, &format!("{stream}/codes"))),
        ("post", CODES, codes(&stream, &reference(&song(1)))),
    ];
    post(server, &format!("{stream}/codes?lost=true"), MEDIA_TYPE, &stretch(900, &song(9)[..300]));
    let told = server.get(&stream);
    // So that every schema in it is looked at.
    let report = json(&told);
    assert!(report["segments"][0]["recording"].is_object(), "{report}");
    assert!(report["segments"][1]["recording"].is_null(), "{report}");
    assert!(report["lost"][0].is_object(), "{report}");
    all.push(("get", STREAM, told));
    all.push(("get", STREAM, server.get("/v1/streams/0")));
    all.push(("delete", STREAM, server.send(bare("DELETE", server.url(&stream))).unwrap()));
    all.push(("delete", STREAM, server.send(bare("DELETE", server.url(&stream))).unwrap()));
    all
}

/// Codes of a stream from number `start` on.
fn stretch(start: u32, codes: &[u8]) -> Vec<u8> {
    let mut builder = onmon_core::QueryBuilder::new(0);
    builder.push(start, codes).unwrap();
    songs::encode(&builder.finish().unwrap())
}

fn framed(message: &[u8]) -> Vec<u8> {
    [&(message.len() as u32).to_le_bytes(), message].concat()
}

fn begin(server: &Server) -> String {
    let created = json(&post(server, STREAMS, MEDIA_TYPE, b""));
    format!("{STREAMS}/{}", created["stream_id"].as_str().unwrap())
}

fn post(server: &Server, path: &str, media_type: &str, body: &[u8]) -> Answer {
    let request = Request::post(server.url(path)).header("content-type", media_type);
    server.send(request.body(body.to_vec()).unwrap()).unwrap()
}

/// Answers to requests whose bodies never come, from a server of little patience.
fn late_answers() -> Vec<(&'static str, &'static str, Answer)> {
    let dir = tempdir().unwrap();
    let server = Server::start(dir.path(), &["--request-timeout-s", "1"]);
    let answer_to = |path: &str, media_type: &str| {
        let mut stream = server.connect();
        let head = head(path).replace(MEDIA_TYPE, media_type);
        write!(stream, "{head}\r\nhost: x\r\n\r\nONM").unwrap();
        answer_on(stream)
    };
    let answer = |path: &str| answer_to(path, MEDIA_TYPE);
    let enrol = answer("/v1/recordings?recording_id=b");
    let codes = answer(&format!("{}/codes", begin(&server)));
    vec![
        ("post", "/v1/identify", answer("/v1/identify")),
        ("post", "/v1/recordings", enrol),
        ("post", BATCHES, answer_to(BATCHES, BATCH)),
        ("post", CODES, codes),
    ]
}

fn head(path: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\ncontent-type: {MEDIA_TYPE}\r\nauthorization: Bearer {TOKEN}\r\n\
         content-length: 100"
    )
}

fn bare(method: &str, url: String) -> Request<Vec<u8>> {
    Request::builder().method(method).uri(url).body(Vec::new()).unwrap()
}

fn mistyped(server: &Server, path: &str) -> Answer {
    let request = Request::post(server.url(path))
        .header("authorization", format!("Bearer {TOKEN}"))
        .header("content-type", "audio/mpeg");
    server.send(request.body(b"ID3".to_vec()).unwrap()).unwrap()
}

/// Reads one answer from a bare connection.
fn answer_on(stream: TcpStream) -> Answer {
    let mut stream = BufReader::new(stream);
    let mut line = || {
        let mut line = String::new();
        stream.read_line(&mut line).unwrap();
        line.trim().to_owned()
    };
    let status = line();
    let mut response = Response::builder().status(status.split(' ').nth(1).unwrap());
    while let Some((name, value)) = line().split_once(": ") {
        response = response.header(name, value);
    }
    let length = response.headers_ref().unwrap()["content-length"].to_str().unwrap();
    let mut body = vec![0; length.parse().unwrap()];
    stream.read_exact(&mut body).unwrap();
    response.body(body).unwrap()
}

/// Every method, path and status that the document names.
fn documented(document: &Value) -> BTreeSet<(String, String, String)> {
    let mut all = BTreeSet::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            // `platform.rs` walks through these, and holds every answer to its entry.
            if PLATFORM.contains(&operation["tags"][0].as_str().unwrap_or_default()) {
                continue;
            }
            for status in operation["responses"].as_object().unwrap().keys() {
                all.insert((method.clone(), path.clone(), status.clone()));
            }
        }
    }
    all
}
