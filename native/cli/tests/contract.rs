//! What scripts rely on: objects, order, exit codes, and nothing else on standard output.

mod support;

use std::collections::BTreeSet;

use onmon_core::{Kind, wire};
use serde_json::Value;
use support::*;

/// A library with three recordings of a minute, and the folder of their files.
fn library() -> (Room, String) {
    let room = Room::new();
    let files = [1, 2, 3].map(|seed| room.noise(&format!("songs/song {seed}.wav"), seed, 0, 60));
    let library = room.text("library");
    let run = onmon(["enrol", "--library", &library].into_iter().chain(files.iter().map(|f| &**f)));
    assert_eq!(run.code, 0, "{}", run.stderr);
    (room, library)
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn identify_prints_one_object_a_file_in_order_and_a_broken_file_stops_nothing() {
    let (room, library) = library();
    let files = [
        room.noise("clip of 2.wav", 2, 20, 30),
        room.write("broken.mp3", b"not a sound at all, just some text in a file"),
        room.noise("stranger.wav", 99, 0, 30),
        room.write("empty.flac", b""),
        room.text("missing.ogg"),
        room.noise("clip of 1.wav", 1, 5, 12),
    ];
    for jobs in ["1", "3"] {
        let arguments = ["identify", "--library", &library, "--jsonl", "--jobs", jobs];
        let run = onmon(arguments.into_iter().chain(files.iter().map(|file| &**file)));
        assert_eq!(run.code, 1, "{}", run.stderr);
        assert_eq!(run.stderr, "");
        let objects = run.objects();
        let named: Vec<_> = objects.iter().map(|object| object["file"].as_str().unwrap()).collect();
        assert_eq!(named, files);
        for (object, error) in objects.iter().zip([
            None,
            Some("unsupported_container: "),
            None,
            Some("empty_file: "),
            Some("read_failed: "),
            None,
        ]) {
            let mut expected = BTreeSet::from(["file", "match", "decision", "bytes", "ms"]);
            expected.extend(error.map(|_| "error"));
            assert_eq!(keys(object), expected);
            assert_eq!(keys(&object["ms"]), BTreeSet::from(["decode", "extract", "match"]));
            match error {
                Some(error) => {
                    assert!(object["error"].as_str().unwrap().starts_with(error), "{object}");
                    assert!(object["match"].is_null() && object["decision"].is_null());
                    assert_eq!(object["bytes"], 0);
                }
                None => assert!((40..=1_900).contains(&object["bytes"].as_u64().unwrap())),
            }
        }
        let [first, stranger, last] = [0, 2, 5].map(|at| &objects[at]);
        assert_eq!(
            keys(&first["match"]),
            BTreeSet::from(["recording_id", "title", "offset_ms", "confidence"])
        );
        assert_eq!(first["match"]["recording_id"], "song 2");
        assert!(first["match"]["title"].is_null());
        assert!((first["match"]["offset_ms"].as_i64().unwrap() - 20_000).abs() <= 50, "{first}");
        assert!(first["match"]["confidence"].as_f64().unwrap() > 8.0);
        assert_eq!(first["decision"], "permit");
        assert!(stranger["match"].is_null());
        assert_eq!(stranger["decision"], "unregistered");
        assert_eq!(last["match"]["recording_id"], "song 1");
    }
}

#[test]
fn without_jsonl_people_read_a_line_a_file_and_failures_on_the_side() {
    let (room, library) = library();
    let clip = room.noise("clip.wav", 3, 10, 20);
    let run = onmon(["identify", "--library", &library, &clip, &room.text("gone.mp3")]);
    assert_eq!(run.code, 1);
    assert_eq!(run.stdout.lines().count(), 1);
    assert!(
        run.stdout.starts_with("permit ") && run.stdout.contains("song 3 from 0:10.0"),
        "{}",
        run.stdout
    );
    assert!(run.stderr.contains("gone.mp3: read_failed: "), "{}", run.stderr);
    assert!(run.stderr.contains("1 permit, 0 refuse, 0 unregistered, 1 failed"), "{}", run.stderr);
}

#[test]
fn enrolling_again_replaces_and_changes_no_answer() {
    let (room, library) = library();
    let again = onmon(["enrol", "--library", &library, "--jsonl", &room.text("songs")]);
    assert_eq!(again.code, 0, "{}", again.stderr);
    let objects = again.objects();
    let ids: Vec<_> =
        objects.iter().map(|object| object["recording_id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["song 1", "song 2", "song 3"]);
    assert!(objects.iter().all(|object| object["replaced"] == true));
    let clip = room.noise("clip.wav", 2, 30, 20);
    let found = onmon(["identify", "--library", &library, &clip]);
    assert_eq!(found.code, 0);
    assert!(found.stdout.contains("song 2") && !found.stdout.contains("more"), "{}", found.stdout);
}

#[test]
fn two_files_of_one_id_are_told_and_the_first_stays() {
    let room = Room::new();
    let files = [room.noise("a/x.wav", 1, 0, 20), room.noise("b/x.wav", 2, 0, 20)];
    let library = room.text("library");
    let run = onmon(["enrol", "--library", &library, "--jsonl", &files[0], &files[1]]);
    assert_eq!(run.code, 1);
    let objects = run.objects();
    assert_eq!(objects[0]["recording_id"], "x");
    let error = objects[1]["error"].as_str().unwrap();
    assert!(error.starts_with("duplicate_id: ") && error.contains(&files[0]), "{error}");
    let found = onmon(["identify", "--library", &library, "--jsonl", &files[0], &files[1]]);
    let objects = found.objects();
    assert_eq!(objects[0]["match"]["recording_id"], "x");
    assert!(objects[1]["match"].is_null());
}

#[test]
fn a_catalogue_gives_ids_titles_and_rights() {
    let room = Room::new();
    for seed in [1, 2, 3] {
        room.noise(&format!("songs/s{seed}.wav"), seed, 0, 30);
    }
    let csv = "file,recording_id,title,rights\n\
               s1.wav,first,The First,entrusted\n\
               s2,second,The Second,not_entrusted\n";
    let (catalogue, library) = (room.write("c.csv", csv.as_bytes()), room.text("library"));
    let songs = room.text("songs");
    let run = onmon(["enrol", "--library", &library, "--catalogue", &catalogue, &songs]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stderr.contains("1 file(s) not in the catalogue"), "{}", run.stderr);
    let objects = onmon(["identify", "--library", &library, "--jsonl", &songs]).objects();
    let told: Vec<_> = objects
        .iter()
        .map(|object| {
            let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
            let found = &object["match"];
            [text(&found["recording_id"]), text(&found["title"]), text(&object["decision"])]
                .join("|")
        })
        .collect();
    let expected = ["first|The First|permit", "second|The Second|refuse", "s3|-|unregistered"];
    assert_eq!(told, expected);

    let bad = room.write("bad.csv", b"file,isrc\ns1.wav,nonsense\n");
    let run = onmon(["enrol", "--library", &library, "--catalogue", &bad, &songs]);
    assert_eq!((run.code, run.stdout.as_str()), (3, ""));
    assert!(run.stderr.contains("bad.csv") && run.stderr.contains("line 2"), "{}", run.stderr);
}

#[test]
fn extract_writes_the_bytes_that_would_be_sent() {
    let room = Room::new();
    let files = [
        room.corpus("tune.mp3", "constant.mp3"),
        room.corpus("tune.opus", "opus.opus"),
        room.write("bad.mp3", b"nothing"),
    ];
    let out = room.text("out");
    let run = onmon(["extract", "-o", &out, "--jsonl", &files[0], &files[1], &files[2]]);
    assert_eq!(run.code, 1);
    let objects = run.objects();
    assert_eq!(objects.len(), 3);
    for (object, name) in objects.iter().zip(["tune.afp", "tune.opus.afp"]) {
        let path = room.path("out").join(name);
        assert_eq!(object["fingerprint"], path.to_str().unwrap());
        let bytes = std::fs::read(path).unwrap();
        assert_eq!(object["bytes"], bytes.len());
        assert_eq!(wire::decode(&bytes).unwrap().kind(), Kind::Clip);
    }
    assert!(objects[2]["fingerprint"].is_null());
    let written: Vec<_> = std::fs::read_dir(&out).unwrap().collect();
    assert_eq!(written.len(), 2, "nothing half written");

    let run = onmon(["extract", "--reference", "-o", &out, &files[0]]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let bytes = std::fs::read(room.path("out/tune.ref.afp")).unwrap();
    assert_eq!(wire::decode(&bytes).unwrap().kind(), Kind::Reference);
}

#[test]
fn fingerprints_serve_where_audio_does() {
    let room = Room::new();
    let song = room.noise("song.wav", 5, 0, 40);
    let (out, library) = (room.text("out"), room.text("library"));
    for kind in [vec!["extract"], vec!["extract", "--reference"]] {
        let run = onmon(kind.into_iter().chain(["-o", &out, &song]));
        assert_eq!(run.code, 0, "{}", run.stderr);
    }
    let (query, reference) = (room.text("out/song.afp"), room.text("out/song.ref.afp"));
    let refused = onmon(["enrol", "--library", &library, "--jsonl", &query]);
    assert_eq!(refused.code, 1);
    assert!(refused.stdout.contains("query_for_enrolment"), "{}", refused.stdout);
    let enrolled = onmon(["enrol", "--library", &library, "--jsonl", &reference]);
    assert_eq!((enrolled.code, &enrolled.objects()[0]["recording_id"]), (0, &Value::from("song")));
    let found = onmon(["identify", "--library", &library, "--jsonl", &query, &reference, &song]);
    assert_eq!(found.code, 0);
    let objects = found.objects();
    assert_eq!(objects.len(), 3);
    for object in objects {
        assert_eq!(object["match"]["recording_id"], "song", "{object}");
        assert_eq!(object["match"]["offset_ms"], 0);
    }
}

#[test]
fn compare_finds_the_offset_and_tells_strangers() {
    let room = Room::new();
    let whole = room.noise("whole.wav", 5, 0, 60);
    let cut = room.noise("cut.wav", 5, 20, 25);
    let stranger = room.noise("stranger.wav", 6, 0, 60);
    let compared = |a: &str, b: &str| onmon(["compare", "--json", a, b]).objects()[0].clone();
    let found = compared(&cut, &whole);
    assert_eq!(found["offset_ms"], 20_000);
    assert!(found["bit_error"].as_f64().unwrap() < 0.01, "{found}");
    assert!(found["confidence"].as_f64().unwrap() > 20.0, "{found}");
    assert_eq!(compared(&whole, &cut)["offset_ms"], -20_000);
    let none = compared(&stranger, &whole);
    assert!(none["confidence"].as_f64().unwrap() < 7.0, "{none}");
    let run = onmon(["compare", &cut, &room.text("gone.wav")]);
    assert_eq!(run.code, 3);
    assert!(run.stderr.contains("gone.wav: read_failed"), "{}", run.stderr);
}

#[test]
fn inspect_shows_header_samples_and_codes() {
    let room = Room::new();
    let song = room.corpus("tune.ogg", "vorbis.ogg");
    let out = room.text("out");
    assert_eq!(onmon(["extract", "-o", &out, &song]).code, 0);
    let fingerprint = room.text("out/tune.afp");
    let bytes = std::fs::read(&fingerprint).unwrap();
    let decoded = wire::decode(&bytes).unwrap();
    let run = onmon(["inspect", "--json", &fingerprint, &song]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let objects = run.objects();
    let hex: String = decoded.codes().iter().map(|code| format!("{code:02x}")).collect();
    for object in &objects {
        assert_eq!(object["kind"], "clip");
        assert_eq!(object["bytes"], bytes.len());
        assert_eq!(object["samples"][0]["codes"], hex);
        assert_eq!(object["samples"][0]["start_ms"], 0);
    }
    assert_eq!(objects[1]["audio"]["codec"], "Vorbis");
    let picture = onmon(["inspect", &fingerprint]);
    let dots: u32 = picture
        .stdout
        .chars()
        .filter(|c| ('\u{2800}'..='\u{28ff}').contains(c))
        .map(|c| (u32::from(c) - 0x2800).count_ones())
        .sum();
    assert_eq!(dots, decoded.codes().iter().map(|code| code.count_ones()).sum::<u32>());
    let broken = room.write("broken.afp", &bytes[..40]);
    let run = onmon(["inspect", &broken]);
    assert_eq!((run.code, run.stdout.as_str()), (1, ""));
    assert!(run.stderr.contains("broken.afp: "), "{}", run.stderr);
}

#[test]
fn exit_codes_are_as_help_says() {
    let room = Room::new();
    let song = room.noise("song.wav", 1, 0, 20);
    let library = room.text("library");
    let usage: [&[&str]; 5] = [
        &["identify", "--library", &library],
        &["identify", &song],
        &["identify", "--library", &library, "--server", "http://127.0.0.1:9", &song],
        &["extract", &song],
        &["frobnicate"],
    ];
    for arguments in usage {
        assert_eq!(onmon(arguments).code, 2, "{arguments:?}");
    }
    let run = onmon(["identify", "--library", &library, &song]);
    assert_eq!((run.code, run.stdout.as_str()), (3, ""));
    assert!(run.stderr.contains("no library in"), "{}", run.stderr);
    assert_eq!(onmon(["identify", "--server", "127.0.0.1:8787", &song]).code, 3);
    let run = onmon(["enrol", "--server", "http://127.0.0.1:9", &song]);
    assert_eq!(run.code, 3);
    assert!(run.stderr.contains("ONMON_TOKEN"), "{}", run.stderr);
    let help = onmon(["--help"]);
    assert_eq!(help.code, 0);
    for code in ["0 ", "1 ", "2 ", "3 ", "130 "] {
        assert!(help.stdout.contains(&format!("\n  {code}")), "{code}");
    }
}

#[test]
fn folders_are_searched_for_audio() {
    let room = Room::new();
    room.noise("music/b/two.wav", 2, 0, 20);
    room.noise("music/a/one.WAV", 1, 0, 20);
    room.write("music/a/cover.jpg", b"a picture");
    room.write("music/.hidden.wav", b"hidden");
    let library = room.text("library");
    let run = onmon(["enrol", "--library", &library, "--jsonl", &room.text("music")]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let ids: Vec<_> = run.objects().iter().map(|object| object["recording_id"].clone()).collect();
    assert_eq!(ids, ["one", "two"]);
    std::fs::create_dir(room.path("none")).unwrap();
    let run = onmon(["enrol", "--library", &library, &room.text("none")]);
    assert_eq!(run.code, 0);
    assert!(run.stderr.contains("no audio files in"), "{}", run.stderr);
}
