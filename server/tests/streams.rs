//! Streams and batches over real sockets: what is taken, what is told, what is refused.

#[path = "../library/tests/songs/mod.rs"]
mod songs;

mod running;

use std::fs;
use std::process::Command;
use std::time::Duration;

use onmon_core::wire::MEDIA_TYPE;
use onmon_core::{MARGIN_CODES, Margins, QueryBuilder};
use running::{Answer, Server, json, problem};
use serde_json::Value;
use songs::{encode, query, reference, song};
use tempfile::{TempDir, tempdir};
use ureq::http::Request;

fn server(arguments: &[&str]) -> (TempDir, Server) {
    let dir = tempdir().unwrap();
    let server = Server::start(dir.path(), arguments);
    server.enrol("recording_id=a&title=A", &reference(&song(1))).unwrap();
    server.enrol("recording_id=b&rights=not_entrusted", &reference(&song(2))).unwrap();
    (dir, server)
}

fn post(server: &Server, path: &str, media_type: &str, body: &[u8]) -> Answer {
    let request = Request::post(server.url(path)).header("content-type", media_type);
    server.send(request.body(body.to_vec()).unwrap()).unwrap()
}

fn begin(server: &Server) -> String {
    let answer = server.send(Request::post(server.url("/v1/streams")).body(vec![]).unwrap());
    let answer = answer.unwrap();
    assert_eq!(answer.status(), 201);
    format!("/v1/streams/{}", json(&answer)["stream_id"].as_str().unwrap())
}

/// The wire bytes of codes `first..` of a stream.
fn codes(stream: &[u8], first: usize, len: usize) -> Vec<u8> {
    let mut builder = QueryBuilder::new(0);
    let end = stream.len().min(first + len);
    for start in (first..end).step_by(300) {
        builder.push(start as u32, &stream[start..end.min(start + 300)]).unwrap();
    }
    encode(&builder.finish().unwrap())
}

fn clip(codes: &[u8]) -> Vec<u8> {
    let margins = Margins { before: [1; MARGIN_CODES], after: [2; MARGIN_CODES] };
    let query = QueryBuilder::of_sound(0, codes, Some(&margins), None).unwrap();
    encode(&query.finish().unwrap())
}

fn send(server: &Server, stream: &str, message: &[u8]) -> Answer {
    post(server, &format!("{stream}/codes"), MEDIA_TYPE, message)
}

fn end(server: &Server, stream: &str) -> Answer {
    server.send(Request::delete(server.url(stream)).body(vec![]).unwrap()).unwrap()
}

fn segments(server: &Server, stream: &str) -> Vec<Value> {
    json(&server.get(stream))["segments"].as_array().unwrap().clone()
}

#[test]
fn two_songs_with_something_unknown_between_are_three_segments() {
    let (_dir, server) = server(&[]);
    let programme = [&song(1)[60..1_200], &song(99)[..600], &song(2)[..960]].concat();
    let stream = begin(&server);
    for first in (0..programme.len()).step_by(100) {
        let answer = send(&server, &stream, &codes(&programme, first, 100));
        let taken = json(&answer);
        let len = programme.len().min(first + 100) - first;
        assert_eq!((&taken["taken_codes"], &taken["known_codes"]), (&len.into(), &0.into()));
    }
    let told = segments(&server, &stream);
    let want = [
        (Some("a"), 0, 57_000, "permit"),
        (None, 57_000, 87_000, "unregistered"),
        (Some("b"), 87_000, 135_000, "refuse"),
    ];
    assert_eq!(told.len(), want.len(), "{told:?}");
    for (segment, (id, from, to, decision)) in told.iter().zip(want) {
        assert_eq!(segment["recording"]["recording_id"].as_str(), id, "{segment}");
        assert_eq!(segment["decision"], decision, "{segment}");
        for (field, want) in [("from_ms", from), ("to_ms", to)] {
            let found = segment[field].as_u64().unwrap();
            assert!(found.abs_diff(want) <= 1_000, "{field}: {found} in place of {want}");
        }
    }
    let first = &told[0]["recording"];
    assert!(first["offset_ms"].as_u64().unwrap().abs_diff(3_000) <= 500, "{first}");
    assert_eq!((&told[0]["growing"], &told[2]["growing"]), (&false.into(), &true.into()));
    assert_eq!(end(&server, &stream).status(), 204);
    assert_eq!(problem(&server.get(&stream)), (404, "no_such_stream".into()));
}

#[test]
fn the_register_decides_where_it_knows_the_recording() {
    let (dir, server) = server(&[]);
    let stream = begin(&server);
    assert_eq!(send(&server, &stream, &codes(&song(1), 0, 1_200)).status(), 200);
    let decision = |server: &Server| segments(server, &stream)[0]["decision"].clone();
    assert_eq!(decision(&server), "permit");
    // The word that it was enrolled with says "entrusted"; the register comes to know better.
    let register = "recording_id,right,work_id,claimant,share_ppm,forms,territories,state\n\
                    a,interactive_distribution,own:1,SELF,1000000,all,world,not_entrusted\n";
    fs::write(dir.path().join("claims.csv"), register).unwrap();
    let import = Command::new(env!("CARGO_BIN_EXE_onmon-server"))
        .args(["rights", "import"])
        .arg(dir.path().join("claims.csv"))
        .arg("--data")
        .arg(dir.path())
        .output()
        .unwrap();
    assert!(import.status.success(), "{}", String::from_utf8_lossy(&import.stderr));
    assert_eq!(decision(&server), "refuse");
    let batch = batch(&[&query(&song(1)), &query(&song(99)), &query(&song(1))]);
    let answer = json(&post(&server, "/v1/identify/batch", BATCH, &batch));
    let decisions = [0, 1, 2].map(|at| answer["answers"][at]["decision"].clone());
    assert_eq!(decisions, ["refuse", "unregistered", "refuse"]);
}

#[test]
fn a_request_sent_again_or_out_of_order_counts_once_and_loses_nothing() {
    let (_dir, server) = server(&[]);
    let programme = [&song(1)[..700], &song(2)[..701]].concat();
    let (once, often) = (begin(&server), begin(&server));
    send(&server, &once, &codes(&programme, 0, 1_401));
    let ahead = send(&server, &often, &codes(&programme, 300, 300));
    assert_eq!(problem(&ahead), (409, "codes_missing".into()));
    assert_eq!(json(&ahead)["next_code"], 0);
    for first in [0, 0, 300, 100, 300, 600, 900, 1_200, 1_101] {
        assert_eq!(send(&server, &often, &codes(&programme, first, 300)).status(), 200);
    }
    let again = json(&send(&server, &often, &codes(&programme, 1_381, 20)));
    assert_eq!((&again["taken_codes"], &again["known_codes"]), (&0.into(), &20.into()));
    assert_eq!(again["next_code"], 1_401);
    assert_eq!(json(&server.get(&often)), json(&server.get(&once)));
}

#[test]
fn what_is_lost_for_good_is_said_and_told() {
    let (_dir, server) = server(&[]);
    let stream = begin(&server);
    send(&server, &stream, &codes(&song(1), 0, 600));
    let (path, rest) = (format!("{stream}/codes"), codes(&song(1), 700, 600));
    for (parameters, status) in [("", 409), ("?lost=false", 409), ("?lost=x", 400), ("?x=1", 400)] {
        let answer = post(&server, &format!("{path}{parameters}"), MEDIA_TYPE, &rest);
        assert_eq!(answer.status(), status, "{parameters}");
    }
    let answer = post(&server, &format!("{path}?lost=true"), MEDIA_TYPE, &rest);
    assert_eq!(json(&answer)["next_code"], 1_300);
    let report = json(&server.get(&stream));
    assert_eq!(report["lost"], serde_json::json!([{ "from_ms": 30_000, "to_ms": 35_000 }]));
    assert_eq!(report["segments"].as_array().unwrap().len(), 1, "5 s do not split: {report}");
}

#[test]
fn only_codes_of_this_encoder_are_taken() {
    let (_dir, server) = server(&[]);
    let stream = begin(&server);
    let message = codes(&song(1), 0, 300);
    let path = format!("{stream}/codes");
    let audio = post(&server, &path, "audio/mpeg", b"ID3");
    assert_eq!(problem(&audio), (415, "unsupported_media_type".into()));
    assert_eq!(problem(&send(&server, &stream, &[0; 4_097])), (413, "too_large".into()));
    let whole = send(&server, &stream, &reference(&song(1)[..300]));
    assert_eq!(problem(&whole), (422, "reference_for_identify".into()));
    let clip = send(&server, &stream, &clip(&song(1)[..300]));
    assert_eq!(problem(&clip), (422, "clip_for_stream".into()));
    // Bytes 5 and 6 are profile and encoder; the checksum is made right again.
    for (at, code) in [(5, "unknown_profile"), (6, "unknown_encoder")] {
        let mut other = message.clone();
        other[at] ^= 0x11;
        let end = other.len() - 4;
        let sum = crc32(&other[..end]).to_le_bytes();
        other[end..].copy_from_slice(&sum);
        assert_eq!(problem(&send(&server, &stream, &other)), (400, code.into()));
    }
    assert_eq!(json(&server.get(&stream))["next_code"], 0);
}

/// CRC-32/ISO-HDLC, as spec/wire.md has it.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |sum: u32, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| (sum >> 1) ^ (0xEDB8_8320 * (sum & 1)))
    })
}

#[test]
fn what_is_no_id_of_a_stream_is_not_found() {
    let (_dir, server) = server(&[]);
    let stream = begin(&server);
    let id = stream.rsplit('/').next().unwrap();
    let message = codes(&song(1), 0, 300);
    let long = "f".repeat(4_000);
    let upper = id.to_uppercase().replace(|c: char| c.is_ascii_digit(), "A");
    let hostile =
        ["0", &id[1..], &upper, &long, "%ff", "%00", "..%2f..%2fetc", "%27%20OR%201", "*"];
    for id in hostile {
        let stream = format!("/v1/streams/{id}");
        assert_eq!(problem(&server.get(&stream)), (404, "no_such_stream".into()), "{id}");
        assert_eq!(problem(&end(&server, &stream)), (404, "no_such_stream".into()), "{id}");
        let sent = send(&server, &stream, &message);
        assert_eq!(problem(&sent), (404, "no_such_stream".into()), "{id}");
    }
    assert_eq!(server.get(&stream).status(), 200);
}

#[test]
fn streams_are_bounded_and_end_when_they_are_not_used() {
    let (_dir, server) = server(&["--streams-max", "2", "--stream-idle-s", "3"]);
    let create =
        || server.send(Request::post(server.url("/v1/streams")).body(vec![]).unwrap()).unwrap();
    let (idle, _other) = (begin(&server), begin(&server));
    let full = create();
    assert_eq!(problem(&full), (503, "too_many_streams".into()));
    assert_eq!(full.headers()["retry-after"], "60");
    let metrics = |line: &str| {
        let text = String::from_utf8(server.get("/metrics").into_body()).unwrap();
        assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
    };
    metrics("onmon_streams 2");
    std::thread::sleep(Duration::from_millis(3_200));
    assert_eq!(problem(&server.get(&idle)), (404, "no_such_stream".into()));
    metrics("onmon_streams 0");
    assert_eq!(create().status(), 201);
}

#[test]
fn streams_do_not_outlive_the_process_and_two_do_not_mix() {
    let (dir, first) = server(&[]);
    let (one, two) = (begin(&first), begin(&first));
    send(&first, &one, &codes(&song(1), 0, 600));
    send(&first, &two, &codes(&song(2), 0, 600));
    for (stream, id) in [(&one, "a"), (&two, "b")] {
        let told = segments(&first, stream);
        assert_eq!(told.len(), 1);
        assert_eq!(told[0]["recording"]["recording_id"], id);
    }
    assert!(first.stop().success());
    let second = Server::start(dir.path(), &[]);
    assert_eq!(problem(&second.get(&one)), (404, "no_such_stream".into()));
}

const BATCH: &str = "application/vnd.onmon.fingerprints";

fn batch(messages: &[&[u8]]) -> Vec<u8> {
    let framed = |message: &&[u8]| [&(message.len() as u32).to_le_bytes(), *message].concat();
    messages.iter().flat_map(framed).collect()
}

#[test]
fn a_batch_is_answered_in_order_and_a_bad_one_spoils_no_other() {
    let (_dir, server) = server(&[]);
    let (a, b, none) = (query(&song(1)), query(&song(2)), query(&song(99)));
    let whole = reference(&song(1)[..300]);
    let messages: [&[u8]; 8] = [&b, b"x", &a, b"", &none, &[0; 4_097], &whole, &a];
    let answer = post(&server, "/v1/identify/batch", BATCH, &batch(&messages));
    assert_eq!(answer.status(), 200);
    let answer = json(&answer);
    let short = |answer: &Value| {
        let told = answer["decision"].as_str().or(answer["code"].as_str()).unwrap().to_owned();
        (told, answer["matches"][0]["recording_id"].as_str().map(str::to_owned))
    };
    let found: Vec<_> = answer["answers"].as_array().unwrap().iter().map(short).collect();
    let want = [
        ("refuse", Some("b")),
        ("not_a_fingerprint", None),
        ("permit", Some("a")),
        ("not_a_fingerprint", None),
        ("unregistered", None),
        ("too_large", None),
        ("reference_for_identify", None),
        ("permit", Some("a")),
    ];
    let want = want.map(|(told, id)| (told.to_owned(), id.map(str::to_owned)));
    assert_eq!(found, want);
    let alone = json(&server.identify(&a));
    for field in ["decision", "rule", "matches"] {
        assert_eq!(answer["answers"][2][field], alone[field], "{field}");
    }
    let metrics = String::from_utf8(server.get("/metrics").into_body()).unwrap();
    for line in [
        "onmon_identify_total{decision=\"permit\"} 3",
        "onmon_identify_batch_seconds_count 1",
        "onmon_batch_problems_total{code=\"not_a_fingerprint\"} 2",
    ] {
        assert!(metrics.lines().any(|found| found == line), "{line} is not in\n{metrics}");
    }
}

#[test]
fn batches_are_bounded_and_of_their_own_type() {
    let (_dir, server) = server(&[]);
    let a = query(&song(1));
    let post = |media_type, body: &[u8]| post(&server, "/v1/identify/batch", media_type, body);
    let full: Vec<&[u8]> = vec![&a; 256];
    let answers = json(&post(BATCH, &batch(&full)));
    assert_eq!(answers["answers"].as_array().unwrap().len(), 256);
    let over: Vec<&[u8]> = vec![b"x"; 257];
    assert_eq!(problem(&post(BATCH, &batch(&over))), (413, "too_many_fingerprints".into()));
    let long = vec![0; 256 * 4_100 + 1];
    assert_eq!(problem(&post(BATCH, &long)), (413, "too_large".into()));
    assert_eq!(problem(&post(BATCH, &a)), (400, "malformed_batch".into()));
    assert_eq!(problem(&post(BATCH, b"")), (400, "empty_body".into()));
    for media_type in [MEDIA_TYPE, "application/json", "audio/mpeg"] {
        let answer = post(media_type, &batch(&[&a]));
        assert_eq!(problem(&answer), (415, "unsupported_media_type".into()), "{media_type}");
    }
}
