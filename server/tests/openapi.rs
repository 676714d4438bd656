//! The OpenAPI document is true: every status it names is provoked, every answer fits its schema.

#[path = "../library/tests/songs/mod.rs"]
mod songs;

mod running;

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use onmon_core::wire::MEDIA_TYPE;
use running::{Answer, Server, TOKEN, json};
use serde_json::{Value, json};
use songs::{query, reference, song};
use tempfile::tempdir;
use ureq::http::{Request, Response};

/// Documented, true, and not to be provoked from outside. What stands behind each is tested nearby:
/// a fault of the program, a library that is still being read (`http/mod.rs`), a full disk
/// (`library/src/catalogue.rs`), a removal that takes longer than the time limit.
const NOT_PROVOKED: [(&str, &str, &str); 9] = [
    ("post", "/v1/identify", "500"),
    ("post", "/v1/recordings", "500"),
    ("post", "/v1/recordings", "507"),
    ("delete", "/v1/recordings/{recording_id}", "408"),
    ("delete", "/v1/recordings/{recording_id}", "500"),
    ("delete", "/v1/recordings/{recording_id}", "507"),
    ("get", "/metrics", "500"),
    ("get", "/metrics", "503"),
    ("get", "/readyz", "503"),
];

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
    for path in ["/v1/identify", "/v1/recordings"] {
        let body = &document["paths"][path]["post"]["requestBody"];
        assert_eq!(body["required"], true);
        assert!(body["content"][MEDIA_TYPE].is_object(), "{path}");
    }
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
    // Two that do not send their bodies fill both places.
    let _first = server.begin(&head(IDENTIFY), b"ONM");
    let _second = server.begin(&head(IDENTIFY), b"ONM");
    all.push(("post", IDENTIFY, server.identify(&song_query)));
    all.push(("post", ENROL, enrol(&song_reference)));
    all.push(("delete", REMOVE, server.remove("a").unwrap()));
    all
}

/// Answers to requests whose bodies never come, from a server of little patience.
fn late_answers() -> Vec<(&'static str, &'static str, Answer)> {
    let dir = tempdir().unwrap();
    let server = Server::start(dir.path(), &["--request-timeout-s", "1"]);
    let answer = |path: &str| {
        let mut stream = server.connect();
        write!(stream, "{}\r\nhost: x\r\n\r\nONM", head(path)).unwrap();
        answer_on(stream)
    };
    let enrol = answer("/v1/recordings?recording_id=b");
    vec![("post", "/v1/identify", answer("/v1/identify")), ("post", "/v1/recordings", enrol)]
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
            for status in operation["responses"].as_object().unwrap().keys() {
                all.insert((method.clone(), path.clone(), status.clone()));
            }
        }
    }
    all
}

fn assert_fits(document: &Value, documented: &Value, answer: &Answer, place: &str) {
    let Some(content) = documented.get("content") else {
        assert!(answer.body().is_empty(), "{place}: a body that is not documented");
        return;
    };
    let media_type = answer.headers()["content-type"].to_str().unwrap();
    let schema = &content[media_type]["schema"];
    assert!(schema.is_object(), "{place}: answered as {media_type}, documented {content}");
    let body = if media_type.ends_with("json") {
        json(answer)
    } else {
        Value::String(String::from_utf8(answer.body().clone()).unwrap())
    };
    // The document's components are where the schema's references point to.
    let mut root = schema.clone();
    root["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
    root["components"] = document["components"].clone();
    let validator = jsonschema::validator_for(&root).unwrap();
    let faults: Vec<_> = validator.iter_errors(&body).map(|fault| fault.to_string()).collect();
    assert!(faults.is_empty(), "{place}: {faults:?} in {body}");
    let undocumented = undocumented(document, schema, &body);
    assert!(undocumented.is_empty(), "{place}: {undocumented:?} are not in the schema");
}

/// Members of an object that its schema does not name: it would be true and yet say too little.
fn undocumented(document: &Value, schema: &Value, body: &Value) -> Vec<String> {
    let schema = match schema["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap(),
        None => schema,
    };
    let mut found = Vec::new();
    match body {
        Value::Object(members) if schema["properties"].is_object() => {
            for (name, value) in members {
                match schema["properties"].get(name) {
                    Some(member) => found.extend(undocumented(document, member, value)),
                    None => found.push(name.clone()),
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                found.extend(undocumented(document, &schema["items"], item));
            }
        }
        _ => {}
    }
    found
}
