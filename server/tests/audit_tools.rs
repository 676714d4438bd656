//! `onmon-server audit …` on the real program, and the log as others read it.

#[path = "../sharing/tests/music/codes.rs"]
mod codes;

mod desk;
mod running;

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use desk::{Desk, bare, path};
use onmon_store::Engine;
use onmon_store::testing::ENGINES;
use running::{TOKEN, json};
use serde_json::Value;
use ureq::http::Request;

/// Waits until the server has published so many lines.
fn wait_for_lines(site: &Desk, lines: &str) {
    let begun = Instant::now();
    loop {
        let note = fs::read_to_string(site.file("audit/checkpoint")).unwrap_or_default();
        if note.lines().nth(1) == Some(lines) {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "not published: {note}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn flip(file: &Path, at: usize) {
    let mut bytes = fs::read(file).unwrap();
    bytes[at] ^= 0x10;
    fs::write(file, bytes).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_publishes_and_damage_is_named() {
    for engine in ENGINES {
        let site = Desk::new(engine).await;
        let server = site.serve_song_1(&["--audit-publish-s=1"]);
        site.sold(2).await;
        wait_for_lines(&site, "6");
        let sound = site.well(&["audit", "verify"]);
        assert!(sound.contains("6 published lines compared\nsound\n"), "{sound}");
        // Whoever publishes as well changes nothing.
        let published = site.json(&["audit", "publish"]);
        assert_eq!((&published["lines"], &published["new_lines"]), (&6.into(), &0.into()));

        for file in ["audit/tile/entries/000.p/6", "audit/tile/0/000.p/6"] {
            let file = site.file(file);
            flip(&file, 40);
            let told = site.run(&["audit", "verify", "--json"]);
            assert_eq!(told.code, Some(1), "{}{}", told.out, told.says);
            let told: Value = serde_json::from_str(&told.out).unwrap();
            let named = told["file"] == path(&file) || told["line"] == 1;
            assert!(named && told["sound"] == false, "{}: {told}", file.display());
            flip(&file, 40);
        }
        let checkpoint = site.file("audit/checkpoint");
        flip(&checkpoint, 15);
        site.ends(&["audit", "verify"], 1, "the checkpoint's signature is not of this key");
        flip(&checkpoint, 15);
        site.ends(&["audit", "verify", "--audit-name=else"], 1, "--audit-name");
        site.execute("UPDATE audit_event SET body = '{}' WHERE line = 3").await;
        site.ends(
            &["audit", "verify"],
            1,
            "line 3 of the database is not the one that was published",
        );

        // It ends at once, whatever it is about.
        let begun = Instant::now();
        assert!(server.stop().success());
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_is_checked_without_the_server() {
    let site = Desk::new(Engine::Sqlite).await;
    let _server = site.serve_song_1(&[]);
    site.sold(2).await;
    site.ends(&["audit", "proof", "99"], 3, "there is no line 99");
    site.well(&["audit", "publish"]);
    let key = site.well(&["audit", "key"]);
    let key = key.trim();
    assert!(key.starts_with("onmon/audit+"), "{key}");
    assert_eq!(site.json(&["audit", "key"])["key"], key);
    let file = site.file("proof.json");
    for (line, arguments) in [("0", &[][..]), ("5", &["--with-event"])] {
        let proof = site.well(&[&["audit", "proof", line], arguments].concat());
        fs::write(&file, &proof).unwrap();
        let check = |key: &str| bare(&["audit", "check-proof", path(&file), "--key", key]);
        let held = check(key);
        assert_eq!(held.code, Some(0), "{}{}", held.out, held.says);
        let words = format!("line {line} is in the log onmon/audit of 6 lines");
        assert!(held.out.contains(&words), "{}", held.out);
        assert_eq!(held.out.contains("purchase buy_"), line == "5", "{}", held.out);

        let other = "onmon/audit+9e2b8d5d+AV0zXd9VpYEvgmZpdAVuw0kQ3DSsYbY0Vd4Y6sXw3VZ8";
        assert_ne!(check(other).code, Some(0));
        let proof: Value = serde_json::from_str(&proof).unwrap();
        let mut altered = vec![];
        for (field, value) in [("line", Value::from(3)), ("leaf", "00".repeat(32).into())] {
            altered.push(proof.clone());
            altered.last_mut().unwrap()[field] = value;
        }
        if line == "5" {
            altered.push(proof.clone());
            altered.last_mut().unwrap()["event"]["body"] = "{}".into();
        }
        for altered in altered {
            fs::write(&file, altered.to_string()).unwrap();
            let refused = check(key);
            assert_eq!(refused.code, Some(1), "{}{}", refused.out, refused.says);
            assert!(refused.out.contains("the proof does not hold"), "{}", refused.out);
        }
        fs::write(&file, "{}").unwrap();
        assert_eq!(check(key).code, Some(3));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_read_from_elsewhere_where_the_operator_says_so() {
    let site = Desk::new(Engine::Sqlite).await;
    let server = site.serve_song_1(&["--audit-public"]);
    site.sold(2).await;
    site.well(&["audit", "publish"]);
    for name in ["checkpoint", "tile/0/000.p/6", "tile/entries/000.p/6"] {
        let answer = server.get(&format!("/audit/{name}"));
        assert_eq!(answer.status(), 200, "{name}");
        assert_eq!(answer.body(), &fs::read(site.file("audit").join(name)).unwrap(), "{name}");
        let told = |header: &str| answer.headers()[header].to_str().unwrap().to_owned();
        assert_eq!(told("cache-control").contains("immutable"), name != "checkpoint");
        let text = told("content-type") == "text/plain; charset=utf-8";
        assert_eq!(text, name == "checkpoint", "{}", told("content-type"));
    }
    // Nothing else of the directory is there, whatever the path says.
    for path in ["", "tile/0/001", "../master-key", "%2e%2e/master-key", "..%2fmaster-key", "tile"]
    {
        assert_eq!(server.get(&format!("/audit/{path}")).status(), 404, "{path}");
    }
    drop(server);
    let closed = site.serve(&[]);
    assert_eq!(closed.get("/audit/checkpoint").status(), 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_goes_on_under_another_key() {
    for engine in ENGINES {
        let site = Desk::new(engine).await;
        let server = site.serve_song_1(&["--audit-publish-s=1"]);
        site.sold(1).await;
        wait_for_lines(&site, "3");
        let old = site.well(&["audit", "key"]);
        let request = Request::post(server.url("/v1/operator/keys/checkpoint/rotate"))
            .header("authorization", format!("Bearer {TOKEN}"));
        assert_eq!(server.send(request.body(Vec::new()).unwrap()).unwrap().status(), 200);
        let new = site.well(&["audit", "key"]);
        assert_ne!(old, new);
        let id = old.split('+').nth(1).unwrap();
        let aside = site.file(&format!("audit/checkpoint.{id}"));
        let begun = Instant::now();
        while !aside.exists() {
            assert!(begun.elapsed() < Duration::from_secs(60), "the old one is not put aside");
            std::thread::sleep(Duration::from_millis(20));
        }
        wait_for_lines(&site, "3");
        assert!(site.well(&["audit", "verify"]).contains("sound"), "{engine:?}");
        // Tags' and releases' keys alone are told to players.
        let keys = json(&server.get("/v1/keys"));
        assert_eq!(keys["keys"].as_array().unwrap().len(), 4, "{keys}");
    }
}
