//! Start and stop: the token, the lock, the port, what is under way at SIGTERM.

#[path = "../library/tests/songs/mod.rs"]
mod songs;

mod running;

use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::Output;

use onmon_core::wire::MEDIA_TYPE;
use running::{Server, TOKEN, command};
use songs::{query, reference, song};
use tempfile::tempdir;

/// Runs to its end, which must be a failure; what it says.
fn failure(output: Output) -> String {
    assert!(!output.status.success());
    assert!(output.stdout.is_empty(), "it announced itself");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn stopped_by_sigterm_and_sigint_with_a_snapshot() {
    for signal in ["TERM", "INT"] {
        let dir = tempdir().unwrap();
        let server = Server::start(dir.path(), &[]);
        server.enrol("recording_id=a", &reference(&song(1))).unwrap();
        server.signal(signal);
        assert!(server.wait().success());
        // A clean stop leaves no log to replay, and an index.
        assert!(!dir.path().join("onmon.sqlite-wal").exists());
        assert!(fs::read_dir(dir.path().join("index")).unwrap().next().is_some());
        let server = Server::start(dir.path(), &[]);
        assert_eq!(server.ids(&query(&song(1))), ["a"]);
    }
}

#[test]
fn an_enrolment_under_way_is_finished_and_kept() {
    let dir = tempdir().unwrap();
    let server = Server::start(dir.path(), &[]);
    let body = reference(&song(1));
    let head = format!(
        "POST /v1/recordings?recording_id=a HTTP/1.1\r\ncontent-type: {MEDIA_TYPE}\r\n\
         authorization: Bearer {TOKEN}\r\ncontent-length: {}",
        body.len()
    );
    let mut stream = server.begin(&head, &body[..100]);
    server.signal("TERM");
    server.wait_for_log("stopping");
    stream.write_all(&body[100..]).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201 Created"), "{answer}");
    assert!(server.wait().success());
    let server = Server::start(dir.path(), &[]);
    assert_eq!(server.ids(&query(&song(1))), ["a"]);
}

#[test]
fn two_servers_do_not_share_a_directory() {
    let dir = tempdir().unwrap();
    let server = Server::start(dir.path(), &[]);
    let says = failure(command(dir.path()).output().unwrap());
    assert!(says.contains("another process writes to the library"), "{says}");
    assert!(server.stop().success());
}

#[test]
fn a_port_that_is_taken() {
    let dir = tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_onmon-server"));
    command.args(["--listen", &address, "--data"]).arg(dir.path());
    let says = failure(command.output().unwrap());
    assert!(says.contains(&format!("cannot listen on {address}")), "{says}");
}

#[test]
fn a_token_is_made_once_if_none_is_given() {
    let dir = tempdir().unwrap();
    let start = |dir: &Path| {
        let mut command = command(dir);
        command.env_remove("ONMON_ADMIN_TOKEN");
        Server::spawn(command)
    };
    let server = start(dir.path());
    let file = dir.path().join("admin-token");
    let token = fs::read_to_string(&file).unwrap();
    let enrol = |server: &Server, token: &str| {
        let request = ureq::http::Request::post(server.url("/v1/recordings?recording_id=a"))
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", MEDIA_TYPE)
            .body(reference(&song(1)));
        server.send(request.unwrap()).unwrap().status().as_u16()
    };
    assert_eq!(enrol(&server, token.trim()), 201);
    assert_eq!(enrol(&server, TOKEN), 401);
    assert!(server.stop().success());
    let server = start(dir.path());
    assert_eq!(enrol(&server, token.trim()), 200);
}

#[test]
fn a_token_from_a_file_wins_and_must_be_there() {
    let dir = tempdir().unwrap();
    let file = dir.path().join("token");
    let path = file.to_str().unwrap();
    let data = dir.path().join("data");
    let says = failure(command(&data).args(["--admin-token-file", path]).output().unwrap());
    assert!(says.contains(path), "{says}");
    fs::write(&file, "short").unwrap();
    let says = failure(command(&data).args(["--admin-token-file", path]).output().unwrap());
    assert!(says.contains("at least 16 characters"), "{says}");
    fs::write(&file, "another-token-of-mine\n").unwrap();
    let server = Server::start(&data, &["--admin-token-file", path]);
    assert_eq!(server.enrol("recording_id=a", b"x").unwrap().status(), 401);
    assert!(!data.join("admin-token").exists());
}

#[test]
fn a_damaged_catalogue_is_told() {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("onmon.sqlite"), "this is not a database, however long it is")
        .unwrap();
    let says = failure(command(dir.path()).output().unwrap());
    assert!(says.contains("damaged") && says.contains("backup"), "{says}");
}

#[test]
fn help_names_every_option_and_what_to_do_first() {
    let output = command(Path::new("x")).arg("--help").output().unwrap();
    assert!(output.status.success());
    let help = String::from_utf8(output.stdout).unwrap();
    for word in
        ["--data", "--listen", "--admin-token-file", "--web-root", "--cors-origin", "Try it"]
    {
        assert!(help.contains(word), "{word} is not in\n{help}");
    }
}
