//! `--server`: what is sent to a server, and what its answers become. The server is a stand-in that
//! speaks just enough HTTP; the real one is tested with this binary in `tests/`.

mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use onmon_core::{Kind, wire};
use support::*;

/// A request as it came.
struct Request {
    line: String,
    headers: Vec<String>,
    body: Vec<u8>,
}

impl Request {
    fn has(&self, header: &str) -> bool {
        self.headers.iter().any(|found| found.eq_ignore_ascii_case(header))
    }
}

/// Answers each request with the next of `answers`; `/readyz` always with 200.
fn stand_in(answers: Vec<(&'static str, &'static str)>) -> (String, Receiver<Request>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (sender, requests) = channel();
    thread::spawn(move || {
        let mut answers = answers.into_iter();
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let Some(request) = read(&mut stream) else { continue };
            let (status, body) = match request.line.contains("/readyz") {
                true => ("200 OK", "{}"),
                false => answers.next().unwrap(),
            };
            let answer = format!(
                "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
            stream.write_all(answer.as_bytes()).unwrap();
            if !request.line.contains("/readyz") {
                sender.send(request).unwrap();
            }
        }
    });
    (address, requests)
}

fn read(stream: &mut TcpStream) -> Option<Request> {
    let mut reader = BufReader::new(stream);
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line.trim().is_empty() {
            break;
        }
        head.push(line.trim().to_owned());
    }
    let length = head.iter().find_map(|header| {
        let (name, value) = header.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().unwrap())
    });
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    Some(Request { line: head.remove(0), headers: head, body })
}

const PERMIT: &str = r#"{"decision":"permit","rule":"entrusted","matches":[
    {"recording_id":"a","title":"A","offset_ms":1250,"confidence":31.5}],"ms":{"match":1.0}}"#;
const BUSY: &str = r#"{"type":"t","title":"t","status":503,"detail":"too many","code":"busy"}"#;
const REFUSED: &str =
    r#"{"type":"t","title":"t","status":401,"detail":"no token","code":"unauthorised"}"#;

#[test]
fn identify_sends_the_fingerprint_alone_and_tries_again_when_told_to() {
    let room = Room::new();
    let song = room.noise("song.wav", 1, 0, 30);
    let (address, requests) = stand_in(vec![("503 Service Unavailable", BUSY), ("200 OK", PERMIT)]);
    let run = onmon(["identify", "--server", &address, "--jsonl", &song]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let object = &run.objects()[0];
    assert_eq!(object["decision"], "permit");
    assert_eq!(object["match"]["recording_id"], "a");
    assert_eq!(object["match"]["offset_ms"], 1_250);
    let [first, second] = [requests.recv().unwrap(), requests.recv().unwrap()];
    assert_eq!(first.body, second.body);
    assert_eq!(second.line, "POST /v1/identify HTTP/1.1");
    assert!(second.has("content-type: application/vnd.onmon.fingerprint"), "{:?}", second.headers);
    assert_eq!(wire::decode(&second.body).unwrap().kind(), Kind::Clip);
    assert_eq!(object["bytes"], second.body.len());
}

#[test]
fn enrol_sends_reference_metadata_and_token() {
    let room = Room::new();
    let song = room.noise("Ä song & more.wav", 1, 0, 30);
    let token = room.write("token", b"secret\n");
    let (address, requests) = stand_in(vec![
        ("201 Created", r#"{"recording_id":"x","seq":1}"#),
        ("401 Unauthorized", REFUSED),
    ]);
    let arguments = ["enrol", "--server", &address, "--token-file", &token, "--jsonl", &song];
    let run = onmon(arguments);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert_eq!(run.objects()[0]["replaced"], false);
    let request = requests.recv().unwrap();
    let expected =
        "POST /v1/recordings?recording_id=%C3%84%20song%20%26%20more&rights=entrusted HTTP/1.1";
    assert_eq!(request.line, expected);
    assert!(request.has("authorization: Bearer secret"));
    assert_eq!(wire::decode(&request.body).unwrap().kind(), Kind::Reference);
    let run = onmon(arguments);
    assert_eq!(run.code, 1);
    assert_eq!(run.objects()[0]["error"], "unauthorised: no token");
}

#[test]
fn a_server_that_is_not_there_fails_once_and_by_name() {
    let room = Room::new();
    let song = room.noise("song.wav", 1, 0, 30);
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let run = onmon(["identify", "--server", &format!("http://{closed}"), "--jsonl", &song]);
    assert_eq!((run.code, run.stdout.as_str()), (3, ""));
    assert!(run.stderr.contains("does not answer"), "{}", run.stderr);
}
