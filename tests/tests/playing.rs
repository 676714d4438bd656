//! `onmon play` against a real server: what was shared is locked until it is bought, and what is
//! heard is the recording.

mod world;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;
use world::{World, noise, program, read, wav};

const LOCKED: i32 = 4;

/// `onmon play FILE … --json` without a server.
fn play(words: &[&str]) -> (i32, Value) {
    let mut onmon = Command::new(program("onmon"));
    onmon.arg("play").args(words).arg("--json").stdin(Stdio::null());
    read(&onmon.output().unwrap())
}

/// Shares a song by a method; the shared file.
fn shared(world: &World, song: &str, method: &str) -> String {
    world.enrol(song);
    let sharer = world.account("sharer");
    let out = world.path(&format!("shared.{method}"));
    let (code, answer) = world.onmon(&sharer, &["share", song, "--method", method, "-o", &out]);
    assert_eq!((code, answer["decision"].as_str()), (0, Some("permit")), "{answer}");
    out
}

#[test]
fn what_was_never_shared_plays_as_it_is_and_from_any_place() {
    let world = World::new(&[]);
    let song = world.song("song.wav", 21);
    let (heard, later) = (world.path("heard.wav"), world.path("later.wav"));
    let (code, played) = play(&[&song, "--sink", &format!("wav:{heard}")]);
    assert_eq!((code, &played["locked"]), (0, &Value::Bool(false)), "{played}");
    assert_eq!(played["played_ms"], 40_000);
    assert!(fs::read(&heard).unwrap() == fs::read(&song).unwrap());

    let (_, played) = play(&[&song, "--sink", &format!("wav:{later}"), "--start", "0:30.5"]);
    assert_eq!(played["played_ms"], 9_500);
    assert!(fs::read(&later).unwrap() == wav(&noise(21, 40)[8_000 * 61 / 2..]));

    let (code, played) = play(&[&song, "--sink", "null", "--start", "41"]);
    assert_eq!(code, 1);
    assert!(played["error"].as_str().unwrap().starts_with("start_beyond_end"), "{played}");
}

#[test]
fn a_tagged_file_is_locked_until_it_is_bought() {
    let world = World::new(&[]);
    let song = world.song("song.wav", 22);
    let file = shared(&world, &song, "tag");
    let (buyer, heard) = (world.account("buyer"), world.path("heard.wav"));
    let sink = format!("wav:{heard}");

    let (code, locked) = play(&[&file, "--sink", &sink]);
    assert_eq!((code, &locked["locked"]), (LOCKED, &Value::Bool(true)), "{locked}");
    let (code, offered) = world.onmon(&buyer, &["play", &file, "--sink", &sink]);
    assert_eq!((code, offered["method"].as_str()), (LOCKED, Some("tag")), "{offered}");
    assert!(offered["price"]["yen"].as_str().unwrap().parse::<f64>().unwrap() > 0.0, "{offered}");
    assert_eq!((&offered["bought"], &offered["played_ms"]), (&Value::Null, &Value::Null));
    assert!(!Path::new(&heard).exists());

    let (code, bought) = world.onmon(&buyer, &["play", &file, "--sink", &sink, "--buy"]);
    assert_eq!((code, &bought["locked"]), (0, &Value::Bool(false)), "{bought}");
    assert_eq!((&bought["played_ms"], &bought["recheck"]), (&40_000.into(), &"same".into()));
    assert!(fs::read(&heard).unwrap() == fs::read(&song).unwrap());
    let (_, again) = world.onmon(&buyer, &["play", &file, "--sink", "null", "--buy"]);
    assert_eq!(again["bought"]["repeated"], true, "{again}");
}

#[test]
fn an_encrypted_file_is_decrypted_as_it_plays_and_nowhere_else() {
    let world = World::new(&[]);
    let song = world.song("song.wav", 23);
    let file = shared(&world, &song, "drm");
    let buyer = world.account("buyer");

    let (code, locked) = world.onmon(&buyer, &["play", &file, "--sink", "null"]);
    assert_eq!((code, locked["method"].as_str()), (LOCKED, Some("drm")), "{locked}");

    let listed = || {
        let mut names: Vec<_> = fs::read_dir(world.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        names.sort();
        names
    };
    let scratch = tempfile::tempdir().unwrap();
    let before = listed();
    let mut onmon = Command::new(program("onmon"));
    onmon.args(["play", &file, "--sink", "null", "--buy", "--json", "--start", "12"]);
    onmon.args(["--server", &world.url, "--token-file", &buyer]).stdin(Stdio::null());
    onmon.env("TMPDIR", scratch.path()).current_dir(scratch.path());
    let (code, played) = read(&onmon.output().unwrap());
    assert_eq!((code, &played["played_ms"]), (0, &28_000.into()), "{played}");
    assert_eq!(played["recheck"], "same", "{played}");
    assert_eq!(listed(), before);
    assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 0);

    let heard = world.path("heard.wav");
    let words = ["play", &file, "--buy", "--no-recheck", "--sink", &format!("wav:{heard}")];
    let (code, played) = world.onmon(&buyer, &words);
    assert_eq!((code, &played["bought"]["repeated"]), (0, &Value::Bool(true)), "{played}");
    assert!(fs::read(&heard).unwrap() == fs::read(&song).unwrap());
}

#[test]
fn an_altered_file_is_not_played_to_its_end() {
    let world = World::new(&[]);
    let song = world.song("song.wav", 24);
    let file = shared(&world, &song, "drm");
    let buyer = world.account("buyer");
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&file, bytes).unwrap();
    let heard = world.path("heard.wav");
    let words = ["play", &file, "--buy", "--no-recheck", "--sink", &format!("wav:{heard}")];
    let (code, played) = world.onmon(&buyer, &words);
    assert_eq!(code, 1);
    assert!(played["error"].as_str().unwrap().starts_with("seal_altered"), "{played}");
    assert!(!Path::new(&heard).exists());
}

#[test]
fn a_file_whose_tag_is_gone_is_found_by_its_sound_and_bought() {
    let world = World::new(&[]);
    let (song, own) = (world.song("song.wav", 27), world.song("own.wav", 28));
    let (file, stripped) = (shared(&world, &song, "tag"), world.path("stripped.wav"));
    let strip = ["tag", "strip", &file, "-o", &stripped];
    assert!(Command::new(program("onmon")).args(strip).status().unwrap().success());
    let (buyer, heard) = (world.account("buyer"), world.path("heard.wav"));
    let sink = format!("wav:{heard}");

    // Its sound is registered: nothing is heard, and no permit is asked for unless that is said.
    let (code, locked) = world.onmon(&buyer, &["play", &stripped, "--sink", &sink, "--buy"]);
    assert_eq!((code, locked["decision"].as_str()), (LOCKED, Some("permit")), "{locked}");
    assert_eq!((&locked["locked"], &locked["permit_id"]), (&Value::Bool(true), &Value::Null));
    assert!(!Path::new(&heard).exists());
    let (code, offered) = world.onmon(&buyer, &["play", &stripped, "--sink", &sink, "--recover"]);
    assert_eq!((code, offered["method"].as_str()), (LOCKED, Some("tag")), "{offered}");
    assert!(offered["price"]["yen"].as_str().unwrap().parse::<f64>().unwrap() > 0.0, "{offered}");

    let words = ["play", &stripped, "--sink", &sink, "--recover", "--buy"];
    let (code, bought) = world.onmon(&buyer, &words);
    assert_eq!((code, &bought["played_ms"]), (0, &40_000.into()), "{bought}");
    assert_eq!(bought["permit_id"], offered["permit_id"], "asked for twice, counted once");
    assert_eq!((&bought["recheck"], &bought["locked"]), (&"same".into(), &false.into()));
    assert!(fs::read(&heard).unwrap() == fs::read(&song).unwrap());

    // What nobody has registered plays; so does what is not to be asked about.
    let (code, played) = world.onmon(&buyer, &["play", &own, "--sink", "null"]);
    assert_eq!((code, played["decision"].as_str()), (0, Some("unregistered")), "{played}");
    let words = ["play", &stripped, "--sink", "null", "--no-identify"];
    let (code, played) = world.onmon(&buyer, &words);
    assert_eq!((code, &played["decision"]), (0, &Value::Null), "{played}");
}

#[test]
fn a_tag_on_other_audio_or_of_nobody_s_signing_plays_nothing() {
    let world = World::new(&[]);
    let (song, other) = (world.song("song.wav", 25), world.song("other.wav", 26));
    let file = shared(&world, &song, "tag");
    let buyer = world.account("buyer");
    let tag = onmon_tag::files::read_path(Path::new(&file)).unwrap().unwrap();
    for (name, tag) in [("tag_other_file", tag.clone()), ("tag_", changed(tag))] {
        let tagged = onmon_tag::files::write(&fs::read(&other).unwrap(), &tag).unwrap();
        fs::write(&file, tagged).unwrap();
        let (code, refused) = world.onmon(&buyer, &["play", &file, "--buy", "--sink", "null"]);
        assert_eq!((code, &refused["played_ms"]), (1, &Value::Null), "{refused}");
        assert!(refused["error"].as_str().unwrap().starts_with(name), "{refused}");
    }
}

/// The tag with another signature.
fn changed(mut tag: Vec<u8>) -> Vec<u8> {
    *tag.last_mut().unwrap() ^= 1;
    tag
}
