//! Both methods from end to end: the real command line against a real server process.

mod world;

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use world::{World, program, read};

#[test]
fn a_tagged_file_is_shared_offered_bought_and_bought_again_for_nothing() {
    let world = World::new(&[]);
    let song = world.song("song.wav", 1);
    world.enrol(&song);
    let (sharer, buyer) = (world.account("sharer"), world.account("buyer"));
    let out = world.path("shared.wav");

    let (code, shared) = world.onmon(&sharer, &["share", &song, "--method", "tag", "-o", &out]);
    assert_eq!((code, shared["decision"].as_str()), (0, Some("permit")), "{shared}");

    let words = ["tag", "read", &out, "--server", &world.url, "--json"];
    let (code, tag) = read(&Command::new(program("onmon")).args(words).output().unwrap());
    assert_eq!((code, tag["verified"].as_bool()), (0, Some(true)), "{tag}");
    assert_eq!(tag["permit_id"], shared["permit_id"]);

    let (code, offered) = world.onmon(&buyer, &["open", &out]);
    assert_eq!((code, &offered["bought"]), (0, &Value::Null), "{offered}");
    assert_eq!(offered["recheck"], Value::Null);
    assert_eq!(offered["method"], "tag");
    assert!(offered["price"]["yen"].as_str().unwrap().parse::<f64>().unwrap() > 0.0, "{offered}");

    let (code, bought) = world.onmon(&buyer, &["open", &out, "--pay"]);
    assert_eq!((code, bought["bought"]["repeated"].as_bool()), (0, Some(false)), "{bought}");
    assert!(bought["bought"]["unlocked_until_ms"].as_i64().unwrap() > 1_700_000_000_000);
    assert_eq!(bought["recheck"], "same", "{bought}");
    let (_, again) = world.onmon(&buyer, &["open", &out, "--pay", "--no-recheck"]);
    assert_eq!(
        (&again["bought"]["repeated"], &again["recheck"]),
        (&Value::Bool(true), &Value::Null)
    );
    assert_eq!(again["bought"]["purchase_id"], bought["bought"]["purchase_id"]);

    let stripped = world.path("stripped.wav");
    let words = ["tag", "strip", &out, "-o", &stripped];
    assert!(Command::new(program("onmon")).args(words).status().unwrap().success());
    assert!(fs::read(stripped).unwrap() == fs::read(song).unwrap());
}

#[test]
fn a_sealed_file_opens_for_who_has_paid_alone() {
    let world = World::new(&[]);
    let song = world.song("song.wav", 2);
    world.enrol(&song);
    let (sharer, buyer) = (world.account("sharer"), world.account("buyer"));
    let (sealed, opened) = (world.path("song.sealed"), world.path("opened.wav"));

    let (code, shared) = world.onmon(&sharer, &["share", &song, "--method", "drm", "-o", &sealed]);
    assert_eq!((code, shared["decision"].as_str()), (0, Some("permit")), "{shared}");
    let (content, plain) = (fs::read(&sealed).unwrap(), fs::read(&song).unwrap());
    assert!(!content.windows(64).any(|piece| piece == &plain[10_000..10_064]));

    let (code, offered) = world.onmon(&buyer, &["open", &sealed]);
    assert_eq!((code, offered["method"].as_str()), (0, Some("drm")), "{offered}");
    assert!(!Path::new(&opened).exists());
    let (code, bought) = world.onmon(&buyer, &["open", &sealed, "--pay", "-o", &opened]);
    assert_eq!((code, bought["bought"]["repeated"].as_bool()), (0, Some(false)), "{bought}");
    assert!(fs::read(&opened).unwrap() == plain);
    assert_eq!(bought["recheck"], "same", "{bought}");

    // Cut off: nothing is left of what was written.
    fs::write(world.path("cut.sealed"), &content[..content.len() - 1]).unwrap();
    let words = ["open", &world.path("cut.sealed"), "--pay", "-o", &world.path("cut.wav")];
    let (code, cut) = world.onmon(&buyer, &words);
    assert_eq!(code, 1);
    assert!(cut["error"].as_str().unwrap().starts_with("seal_"), "{cut}");
    assert!(!Path::new(&world.path("cut.wav")).exists());
}

#[test]
fn a_server_that_draws_the_places_is_answered() {
    let world = World::new(&["--challenge-required"]);
    let song = world.song("song.wav", 3);
    world.enrol(&song);
    let sharer = world.account("sharer");
    let out = world.path("shared.wav");
    let (code, shared) = world.onmon(&sharer, &["share", &song, "--method", "tag", "-o", &out]);
    assert_eq!((code, shared["decision"].as_str()), (0, Some("permit")), "{shared}");
}

#[test]
fn what_is_not_known_or_not_this_file_s_goes_nowhere() {
    let world = World::new(&[]);
    let (song, other) = (world.song("song.wav", 4), world.song("other.wav", 5));
    world.enrol(&song);
    let sharer = world.account("sharer");
    let out = world.path("out.wav");

    let (code, refused) = world.onmon(&sharer, &["share", &other, "--method", "tag", "-o", &out]);
    assert_eq!((code, refused["decision"].as_str()), (1, Some("unregistered")), "{refused}");
    assert!(!Path::new(&out).exists());

    let (code, _) = world.onmon(&sharer, &["share", &song, "--method", "tag", "-o", &out]);
    assert_eq!(code, 0);
    let tag = onmon_tag::files::read_path(Path::new(&out)).unwrap().unwrap();
    let foreign = world.path("foreign.wav");
    let tagged = onmon_tag::files::write(&fs::read(&other).unwrap(), &tag).unwrap();
    fs::write(&foreign, tagged).unwrap();
    let (code, copied) = world.onmon(&sharer, &["open", &foreign, "--pay"]);
    assert_eq!(code, 1);
    assert!(copied["error"].as_str().unwrap().starts_with("tag_other_file"), "{copied}");
    let (code, untagged) = world.onmon(&sharer, &["open", &other]);
    assert_eq!(code, 1);
    assert!(untagged["error"].as_str().unwrap().starts_with("not_shared"), "{untagged}");
}

#[test]
fn buyers_find_a_forged_upload_and_three_of_them_end_it() {
    let world = World::new(&[]);
    let songs = [6, 7, 8].map(|seed| world.song(&format!("song-{seed}.wav"), seed));
    let [song, known, unknown] = &songs;
    [song, known].iter().for_each(|song| world.enrol(song));
    let sharer = world.account("sharer");
    let (forged, noise) = (world.path("forged.wav"), world.path("noise.wav"));
    world.forged(&sharer, song, known, &forged);
    world.forged(&sharer, song, unknown, &noise);

    for (name, is_last) in [("one", false), ("two", false), ("three", true)] {
        let buyer = world.account(name);
        let output = world.run(&buyer, &["open", &forged, "--pay"]);
        assert!(output.status.success());
        let warning = String::from_utf8(output.stderr).unwrap();
        assert!(warning.contains("another recording, song-7"), "{warning}");
        assert_eq!(warning.contains("revoked"), is_last, "{warning}");
        let (_, again) = world.onmon(&buyer, &["open", &noise, "--pay"]);
        assert_eq!(again["recheck"], "unknown", "{again}");
    }
    let late = world.account("late");
    let (code, refused) = world.onmon(&late, &["open", &forged, "--pay"]);
    assert_eq!((code, refused["bought"].is_object()), (1, false), "{refused}");
}
