//! Ctrl-C and kill -9 during an enrolment: what was printed is enrolled.
#![cfg(unix)]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

use serde_json::Value;
use support::*;

/// Files to enrol: enough that some are left when the signal comes.
const FILES: usize = 400;

#[test]
fn what_was_printed_before_the_signal_is_enrolled() {
    let room = Room::new();
    let song = room.noise("song.wav", 1, 0, 100);
    fs::create_dir(room.path("songs")).unwrap();
    for number in 0..FILES {
        fs::hard_link(&song, room.path(&format!("songs/{number:03}.wav"))).unwrap();
    }
    for (signal, expected_code) in [("-INT", Some(130)), ("-KILL", None)] {
        let library = room.text(&format!("library{signal}"));
        let songs = room.text("songs");
        let arguments = ["enrol", "--library", &library, "--jsonl", &songs];
        let mut child = command(arguments).stdout(Stdio::piped()).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut printed = String::new();
        output.read_line(&mut printed).unwrap();
        let sent = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
        assert!(sent.success());
        output.read_to_string(&mut printed).unwrap();
        assert_eq!(child.wait().unwrap().code(), expected_code, "{signal}");

        // A line that the kill cut in two was not acknowledged.
        let objects = printed.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let acknowledged: BTreeSet<String> = objects
            .filter(|object| object.get("error").is_none())
            .map(|object| object["recording_id"].as_str().unwrap().to_owned())
            .collect();
        assert!((1..FILES).contains(&acknowledged.len()), "{signal}: {}", acknowledged.len());

        let files = acknowledged.iter().map(|id| room.text(&format!("songs/{id}.wav")));
        let again = ["enrol", "--library", &library, "--jsonl"].map(str::to_owned);
        let again = onmon(again.into_iter().chain(files));
        assert_eq!(again.code, 0, "{signal}: {}", again.stderr);
        for object in again.objects() {
            assert_eq!(object["replaced"], true, "{signal}: {object}");
        }
    }
}
