//! `onmon-server index …` on the real program: each command, what it says, how it ends.

#[path = "../library/tests/songs/mod.rs"]
mod songs;

mod running;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use onmon_store::Engine;
use running::{Ended, Kept, Server, ended, json};
use serde_json::Value;
use songs::{id, query, reference, song};
use tempfile::tempdir;

/// Codes of one of the songs.
const CODES: u64 = 2_400;
const SEGMENT_HEAD_BYTES: u64 = 16;
const SEGMENT_FOOT_BYTES: u64 = 64;

fn command(data: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_onmon-server"));
    command.arg("index").args(arguments).arg("--data").arg(data);
    command.env_remove("ONMON_LOG").env_remove("ONMON_DATA").env_remove("ONMON_DATABASE");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn index(data: &Path, arguments: &[&str]) -> Ended {
    ended(command(data, arguments).spawn().unwrap())
}

/// The same, which must end well.
fn well(data: &Path, arguments: &[&str]) -> String {
    let ended = index(data, arguments);
    assert_eq!(ended.code, Some(0), "{}{}", ended.out, ended.says);
    ended.out
}

fn stats(data: &Path) -> Value {
    serde_json::from_str(&well(data, &["stats", "--json"])).unwrap()
}

fn enrol(server: &Server, seeds: std::ops::Range<u64>) {
    for seed in seeds {
        let parameters = format!("recording_id={}&title=Song%20{seed}", id(seed));
        server.enrol(&parameters, &reference(&song(seed))).unwrap();
    }
}

/// A library of two segments: six songs, of which song 1 is removed again.
fn two_segments(data: &Path) {
    let server = Server::start(data, &[]);
    enrol(&server, 0..3);
    assert!(server.stop().success());
    let server = Server::start(data, &[]);
    enrol(&server, 3..6);
    server.remove(&id(1)).unwrap();
    assert!(server.stop().success());
}

fn segment_files(data: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(data.join("index")).unwrap().map(|file| file.unwrap().path());
    let mut files: Vec<_> =
        files.filter(|file| file.extension().is_some_and(|end| end == "onmseg")).collect();
    files.sort();
    files
}

fn flip(file: &Path, at: u64) {
    let mut bytes = fs::read(file).unwrap();
    bytes[at as usize] ^= 0x10;
    fs::write(file, bytes).unwrap();
}

fn copy_index(from: &Path, to: &Path) {
    fs::remove_dir_all(to.join("index")).unwrap();
    fs::create_dir(to.join("index")).unwrap();
    for file in fs::read_dir(from.join("index")).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), to.join("index").join(file.file_name())).unwrap();
    }
}

/// What a server answers for songs 0 to 6, after it was asked for all of them.
fn answers(data: &Path) -> Vec<Value> {
    let server = Server::start(data, &[]);
    let answers = (0..7).map(|seed| json(&server.identify(&query(&song(seed))))["matches"].take());
    let answers = answers.collect();
    assert!(server.stop().success());
    answers
}

#[test]
fn stats_beside_a_running_server_and_after_it() {
    let dir = tempdir().unwrap();
    let server = Server::start(dir.path(), &[]);
    enrol(&server, 0..3);
    let running = stats(dir.path());
    assert_eq!(running["segments"].as_array().unwrap().len(), 0);
    assert_eq!(running["not_on_disk"]["changes"], 3);
    assert_eq!(running["not_on_disk"]["codes"], 3 * CODES);
    assert_eq!((&running["applied_seq"], &running["last_seq"]), (&0.into(), &3.into()));
    assert!(server.stop().success());

    let stopped = stats(dir.path());
    let file = &segment_files(dir.path())[0];
    let bytes = fs::metadata(file).unwrap().len();
    assert_eq!(stopped["segments"][0]["file"], file.file_name().unwrap().to_str().unwrap());
    assert_eq!(stopped["segments"][0]["bytes"], bytes);
    assert_eq!(stopped["segments"][0]["bytes_per_recording"], bytes / 3);
    assert_eq!((&stopped["bytes"], &stopped["recordings"]), (&bytes.into(), &3.into()));
    assert_eq!((&stopped["codes"], &stopped["hours"]), (&(3 * CODES).into(), &0.1.into()));
    assert_eq!(stopped["not_on_disk"]["changes"], 0);
    assert_eq!((&stopped["applied_seq"], &stopped["last_seq"]), (&3.into(), &3.into()));

    let table = well(dir.path(), &["stats"]);
    for words in ["segment-00000001.onmseg", "7,200", "3 recordings, 0.1 hours of music"] {
        assert!(table.contains(words), "{table}");
    }
}

#[test]
fn an_index_rebuilt_with_more_keys_keeps_to_that() {
    let dir = tempdir().unwrap();
    two_segments(dir.path());
    let (before, answered) = (stats(dir.path()), answers(dir.path()));
    assert_eq!(before["segments"][0]["sampling"], 4);
    let wrong = index(dir.path(), &["rebuild", "--one-key-of", "65"]);
    assert_eq!(wrong.code, Some(2), "{}", wrong.says);
    assert!(wrong.says.contains("a number from 1 to 64"), "{}", wrong.says);
    well(dir.path(), &["rebuild", "--one-key-of", "1"]);
    let after = stats(dir.path());
    assert_eq!(after["segments"][0]["sampling"], 1);
    assert_eq!(answers(dir.path()), answered);
    let server = Server::start(dir.path(), &[]);
    enrol(&server, 40..42);
    server.stop();
    let grown = stats(dir.path());
    for segment in grown["segments"].as_array().unwrap() {
        assert_eq!(segment["sampling"], 1, "{grown}");
    }
    assert_eq!(grown["recordings"].as_u64(), after["recordings"].as_u64().map(|n| n + 2));
}

#[test]
fn verify_names_every_flipped_byte_and_rebuild_mends_it() {
    let dir = tempdir().unwrap();
    two_segments(dir.path());
    let before = answers(dir.path());
    let sound = well(dir.path(), &["verify"]);
    assert!(sound.contains("5 recordings compared") && sound.ends_with("sound\n"), "{sound}");

    let files = segment_files(dir.path());
    let codes_at = SEGMENT_HEAD_BYTES;
    // Three songs of the first segment, one of which is dead and there all the same; behind their
    // codes one a second of each, and the sum of these.
    let sketches_at = SEGMENT_HEAD_BYTES + 3 * CODES;
    let blocks_at = sketches_at + 3 * CODES.div_ceil(20) + 4;
    let foot_at = fs::metadata(&files[1]).unwrap().len() - SEGMENT_FOOT_BYTES;
    flip(&files[0], codes_at + 2 * CODES + 7);
    flip(&files[0], sketches_at + 5);
    flip(&files[0], blocks_at + 100);
    flip(&files[1], foot_at + 3);
    let found = index(dir.path(), &["verify"]);
    assert_eq!(found.code, Some(1), "{}{}", found.out, found.says);
    let names: Vec<_> = files.iter().map(|file| file.to_str().unwrap()).collect();
    for words in [
        format!("damaged: {}: the codes of slot 2: wrong checksum", names[0]),
        format!("damaged: {}: the sketches from that of slot 0 on: wrong checksum", names[0]),
        format!("damaged: {}: block 0: ", names[0]),
        format!("damaged: {}: no foot of a segment", names[1]),
        "4 damages; nothing is lost".to_owned(),
        format!("onmon-server index rebuild --data {}", dir.path().display()),
    ] {
        assert!(found.out.contains(&words), "`{words}` is not in\n{}", found.out);
    }

    let rebuilt = well(dir.path(), &["rebuild"]);
    assert!(rebuilt.contains("rebuilt: 1 segment, 5 recordings, 0 dead"), "{rebuilt}");
    assert!(well(dir.path(), &["verify"]).ends_with("sound\n"));
    assert_eq!(answers(dir.path()), before);
}

#[test]
fn verify_tells_a_segment_that_is_gone_and_a_damaged_manifest() {
    let dir = tempdir().unwrap();
    two_segments(dir.path());
    let gone = segment_files(dir.path()).remove(1);
    fs::remove_file(&gone).unwrap();
    let found = index(dir.path(), &["verify"]);
    assert_eq!(found.code, Some(1));
    assert!(found.out.contains(gone.to_str().unwrap()), "{}", found.out);
    let manifest = dir.path().join("index/manifest.onmman");
    flip(&manifest, 20);
    let found = index(dir.path(), &["verify"]);
    assert_eq!(found.code, Some(1));
    assert!(found.out.contains("manifest.onmman: wrong checksum"), "{}", found.out);
}

#[test]
fn verify_compares_with_the_catalogue() {
    let make = |seeds: std::ops::Range<u64>, removed: &[u64]| {
        let dir = tempdir().unwrap();
        let server = Server::start(dir.path(), &[]);
        enrol(&server, seeds);
        removed.iter().for_each(|&seed| drop(server.remove(&id(seed)).unwrap()));
        assert!(server.stop().success());
        dir
    };
    let (three, others, fewer) = (make(0..3, &[]), make(9..12, &[]), make(0..2, &[1]));
    let found = |index_of: &Path, catalogue_of: &Path| {
        let dir = tempdir().unwrap();
        fs::copy(catalogue_of.join("onmon.sqlite"), dir.path().join("onmon.sqlite")).unwrap();
        fs::create_dir(dir.path().join("index")).unwrap();
        copy_index(index_of, dir.path());
        let found = index(dir.path(), &["verify"]);
        let other = ["the index is of another catalogue", "ahead of the catalogue"];
        assert!(found.code == Some(1) && other.iter().any(|words| found.out.contains(words)));
        let refused = index(dir.path(), &["stats"]);
        assert!(refused.says.contains("is of another catalogue"), "{}", refused.says);
        // As if it were its own.
        let mark = "index/catalogue.mark";
        fs::copy(catalogue_of.join(mark), dir.path().join(mark)).unwrap();
        let found = index(dir.path(), &["verify"]);
        assert_eq!(found.code, Some(1), "{}", found.out);
        found.out
    };
    let other_codes = found(others.path(), three.path());
    assert!(other_codes.contains("slot 2: the index has other codes of `song-2`"), "{other_codes}");
    let missing = found(fewer.path(), three.path());
    assert!(missing.contains("slot 1: `song-1` is in the catalogue and not in the index"));
    assert!(missing.contains("2 damages"), "{missing}");
    let surplus = found(three.path(), fewer.path());
    for slot in [1, 2] {
        let words = format!("slot {slot}: in the index and not in the catalogue");
        assert!(surplus.contains(&words), "{surplus}");
    }
    let ahead = found(three.path(), make(0..1, &[]).path());
    assert!(ahead.contains("change 3, ahead of the catalogue at 1"), "{ahead}");
}

#[test]
fn verify_beside_a_running_server_leaves_out_what_is_not_on_disk() {
    let dir = tempdir().unwrap();
    two_segments(dir.path());
    let server = Server::start(dir.path(), &[]);
    enrol(&server, 5..8);
    server.remove(&id(0)).unwrap();
    let sound = well(dir.path(), &["verify"]);
    assert!(sound.contains("3 recordings compared"), "{sound}");
    assert!(sound.contains("not compared: 4 changes not on disk"), "{sound}");
}

#[test]
fn compact_makes_one_segment_and_again_changes_nothing() {
    let dir = tempdir().unwrap();
    two_segments(dir.path());
    let before = answers(dir.path());
    let out = well(dir.path(), &["compact"]);
    assert!(out.contains("before: 2 segments, 5 recordings, 1 dead, "), "{out}");
    assert!(out.contains("after:  1 segment, 5 recordings, 0 dead, "), "{out}");
    let files = segment_files(dir.path());
    assert_eq!(files.len(), 1);
    let bytes = fs::read(&files[0]).unwrap();
    let again = well(dir.path(), &["compact"]);
    assert!(again.contains("before: 1 segment, 5 recordings, 0 dead, "), "{again}");
    assert_eq!(segment_files(dir.path()), files);
    assert_eq!(fs::read(&files[0]).unwrap(), bytes);
    assert!(well(dir.path(), &["verify"]).ends_with("sound\n"));
    assert_eq!(answers(dir.path()), before);
}

#[test]
fn whoever_writes_is_refused_while_the_server_runs() {
    let dir = tempdir().unwrap();
    let exported = tempdir().unwrap();
    let file = exported.path().join("all.onmexp");
    let file = file.to_str().unwrap();
    let server = Server::start(dir.path(), &[]);
    enrol(&server, 0..1);
    well(dir.path(), &["export", file]);
    for arguments in [&["compact"][..], &["rebuild"], &["import", file]] {
        let refused = index(dir.path(), arguments);
        assert_eq!(refused.code, Some(3), "{arguments:?}");
        assert!(refused.says.contains("another process writes to the library"), "{}", refused.says);
        assert!(refused.says.contains("stop it first"), "{}", refused.says);
    }
    assert_eq!(server.ids(&query(&song(0))), [id(0)]);
}

#[test]
fn export_from_a_running_server_and_import_elsewhere_answer_the_same() {
    let dir = tempdir().unwrap();
    two_segments(dir.path());
    let server = Server::start(dir.path(), &[]);
    let parameters = "recording_id=song-6&title=%E6%9B%B2&artist=A&isrc=JPB012345678\
        &iswc=T-034.524.680-1&rights=not_entrusted";
    let answer = server.enrol(parameters, &reference(&song(6))).unwrap();
    assert_eq!(answer.status(), 201);
    let elsewhere = tempdir().unwrap();
    let file = elsewhere.path().join("all.onmexp");
    let export = index(dir.path(), &["export", file.to_str().unwrap()]);
    assert_eq!((export.code, &*export.out), (Some(0), ""), "{}", export.says);
    assert!(export.says.contains("exported 6 recordings"), "{}", export.says);
    assert!(server.stop().success());

    let data = elsewhere.path().join("library");
    let imported = well(&data, &["import", file.to_str().unwrap()]);
    assert!(imported.contains("imported 6 recordings, 0 of them replaced; 0 bad"), "{imported}");
    assert_eq!(answers(&data), answers(dir.path()));
    // Once more does no harm, and through pipes it is the same: bytes and all.
    let again = well(&data, &["import", file.to_str().unwrap()]);
    assert!(again.contains("imported 6 recordings, 6 of them replaced; 0 bad"), "{again}");
    let piped = command(&data, &["export", "-"]).output().unwrap();
    assert!(piped.status.success());
    assert_eq!(piped.stdout, fs::read(&file).unwrap());
    let mut child = command(dir.path(), &["import", "-"]).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(&piped.stdout).unwrap();
    let ended = ended(child);
    assert!(ended.out.contains("6 of them replaced"), "{}{}", ended.out, ended.says);
    assert!(well(dir.path(), &["verify"]).ends_with("sound\n"));
}

#[test]
fn a_truncated_export_is_told_and_what_came_before_stays() {
    let dir = tempdir().unwrap();
    two_segments(dir.path());
    let all = command(dir.path(), &["export", "-"]).output().unwrap().stdout;
    let elsewhere = tempdir().unwrap();
    let (file, data) = (elsewhere.path().join("cut"), elsewhere.path().join("library"));
    // Three records of five are whole.
    fs::write(&file, &all[..all.len() * 7 / 10]).unwrap();
    let cut = index(&data, &["import", file.to_str().unwrap()]);
    assert_eq!(cut.code, Some(3));
    assert!(cut.out.contains("imported 3 recordings"), "{}", cut.out);
    assert!(cut.says.contains("the export is cut off after record 3"), "{}", cut.says);
    assert_eq!(stats(&data)["recordings"], 3);
    assert!(well(&data, &["verify"]).ends_with("sound\n"));
}

#[test]
fn a_bad_record_is_told_by_its_number_and_passed_over() {
    let dir = tempdir().unwrap();
    two_segments(dir.path());
    let mut all = command(dir.path(), &["export", "-"]).output().unwrap().stdout;
    let second = all.len() / 5 + 500;
    all[second] ^= 1;
    let elsewhere = tempdir().unwrap();
    let (file, data) = (elsewhere.path().join("bad"), elsewhere.path().join("library"));
    fs::write(&file, &all).unwrap();
    let ended = index(&data, &["import", file.to_str().unwrap()]);
    assert_eq!(ended.code, Some(1), "{}{}", ended.out, ended.says);
    assert!(ended.says.contains("passed over record 2: wrong checksum"), "{}", ended.says);
    assert!(ended.out.contains("imported 4 recordings"), "{}", ended.out);
    assert!(ended.out.contains("1 bad record"), "{}", ended.out);

    fs::write(&file, "this is something else altogether").unwrap();
    let ended = index(&data, &["import", file.to_str().unwrap()]);
    assert_eq!(ended.code, Some(3));
    assert!(ended.says.contains("this is no export of onmon"), "{}", ended.says);
}

#[test]
fn where_there_is_no_library_nothing_is_made() {
    let dir = tempdir().unwrap();
    let (data, file) = (dir.path().join("none"), dir.path().join("out"));
    let file = file.to_str().unwrap();
    for arguments in [&["stats"][..], &["verify"], &["compact"], &["rebuild"], &["export", file]] {
        let ended = index(&data, arguments);
        assert_eq!(ended.code, Some(3), "{arguments:?}");
        assert!(ended.says.contains("no library in"), "{}", ended.says);
    }
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn ctrl_c_ends_an_import_that_waits_for_its_input() {
    let dir = tempdir().unwrap();
    let mut child = command(dir.path(), &["import", "-"]).stdin(Stdio::piped()).spawn().unwrap();
    let input = child.stdin.take().unwrap();
    // Made when the signals are heard already.
    while !dir.path().join("index").exists() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let kill = format!("kill -INT {}", child.id());
    assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    let ended = ended(child);
    drop(input);
    assert_eq!(ended.code, Some(130), "{}{}", ended.out, ended.says);
    assert!(ended.says.contains("stopped"), "{}", ended.says);
    assert!(!dir.path().join("onmon.sqlite-wal").exists(), "it was not closed");
}

#[test]
fn the_command_line_of_serving_is_as_it_was() {
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_onmon-server"));
        command.args(arguments).env_remove("ONMON_DATA").env_remove("ONMON_LOG");
        let output = command.output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(text).unwrap())
    };
    let (code, says) = run(&[]);
    assert_eq!(code, Some(2));
    assert!(says.contains("--data <DIR>"), "{says}");
    let (code, says) = run(&["--data", "x", "index", "stats"]);
    assert_eq!(code, Some(2), "{says}");
    let (code, help) = run(&["index", "--help"]);
    assert_eq!(code, Some(0));
    for word in ["stats", "verify", "compact", "rebuild", "export", "import", "Exit codes"] {
        assert!(help.contains(word), "{word} is not in\n{help}");
    }
}

#[tokio::test]
async fn the_same_with_the_catalogue_in_postgresql() {
    let (kept, elsewhere) = (Kept::new(Engine::Postgres).await, Kept::new(Engine::Postgres).await);
    let well = |of: &Kept, arguments: &[&str]| {
        let mut command = command(of.path(), arguments);
        let ended = ended(command.args(of.options()).spawn().unwrap());
        assert_eq!(ended.code, Some(0), "{arguments:?}: {}{}", ended.out, ended.says);
        ended.out
    };
    let server = kept.serve();
    enrol(&server, 0..6);
    server.remove(&id(1)).unwrap();
    assert!(well(&kept, &["stats"]).contains("not on disk: 6 changes"));
    let mut refused = command(kept.path(), &["compact"]);
    let refused = ended(refused.args(kept.options()).spawn().unwrap());
    assert!(refused.says.contains("another process writes to the library"), "{}", refused.says);
    assert!(server.stop().success());
    assert!(!kept.path().join("onmon.sqlite").exists());

    assert!(well(&kept, &["verify"]).contains("5 recordings compared"));
    let file = kept.path().join("all.onmexp");
    let file = file.to_str().unwrap();
    well(&kept, &["export", file]);
    well(&kept, &["rebuild"]);
    well(&kept, &["compact"]);
    assert!(well(&kept, &["verify"]).ends_with("sound\n"));
    let imported = well(&elsewhere, &["import", file]);
    assert!(imported.contains("imported 5 recordings"), "{imported}");
    for kept in [&kept, &elsewhere] {
        let server = kept.serve();
        assert_eq!(server.ids(&query(&song(5))), [id(5)]);
        assert!(server.ids(&query(&song(1))).is_empty());
    }
}
