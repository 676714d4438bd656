//! Both methods from end to end: the real command line against a real server process.

use std::fs;
use std::io::{BufRead, BufReader};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use onmon_decode::{Hooks, essence};
use serde_json::Value;
use tempfile::TempDir;

const RATE_HZ: usize = 8_000;

/// A program of the workspace, beside this test.
fn program(name: &str) -> PathBuf {
    let here = std::env::current_exe().unwrap();
    let path = here.parent().and_then(Path::parent).unwrap().join(name);
    assert!(path.exists(), "build it first: cargo build -p onmon -p onmon-server");
    path
}

/// A server over an empty library, its files, and what was made for the tests.
struct World {
    folder: TempDir,
    server: Child,
    url: String,
}

impl World {
    fn new(options: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("admin"), "an-admin-token-of-the-tests").unwrap();
        let mut server = Command::new(program("onmon-server"))
            .arg("--data")
            .arg(folder.path().join("data"))
            .args(["--listen", "127.0.0.1:0", "--open-registration", "--log", "warn"])
            .arg("--admin-token-file")
            .arg(folder.path().join("admin"))
            .args(options)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(server.stdout.take().unwrap()).lines();
        let mut urls = lines.map_while(Result::ok).filter_map(|line| {
            line.split_once("listening on ").map(|(_, url)| url.trim().to_owned())
        });
        let url = urls.next().expect("the server listens");
        Self { folder, server, url }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    /// A song of its own, as a WAV file.
    fn song(&self, name: &str, seed: u32) -> String {
        fs::write(self.path(name), wav(&noise(seed, 40))).unwrap();
        self.path(name)
    }

    fn enrol(&self, song: &str) {
        let words = ["enrol", "--server", &self.url, "--token-file", &self.path("admin"), song];
        let run = Command::new(program("onmon")).args(words).output().unwrap();
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    }

    /// The file with a new account's API key.
    fn account(&self, name: &str) -> String {
        let request = ureq::post(format!("{}/v1/accounts", self.url));
        let request = request.header("Content-Type", "application/json");
        let mut answer = request.send(format!(r#"{{"name":"{name}"}}"#)).unwrap();
        let made: Value = serde_json::from_reader(answer.body_mut().as_reader()).unwrap();
        fs::write(self.path(name), made["api_key"].as_str().unwrap()).unwrap();
        self.path(name)
    }

    /// What a client that lies would do: asks with one song's fingerprint for another file, and
    /// writes that file with the tag.
    fn forged(&self, account: &str, song: &str, other: &str, out: &str) {
        let words = ["extract", "-o", &self.path("prints"), song];
        assert!(Command::new(program("onmon")).args(words).status().unwrap().success());
        let print = Path::new(song).with_extension("afp");
        let wire = fs::read(self.folder.path().join("prints").join(print.file_name().unwrap()));
        let digest: String = digest(other).iter().map(|byte| format!("{byte:02x}")).collect();
        let url = format!("{}/v1/shares?method=tag&essence={digest}", self.url);
        let request = ureq::post(url).header("Content-Type", onmon_core::wire::MEDIA_TYPE);
        let request = request.header("Idempotency-Key", &digest);
        let request = request.header("Authorization", self.bearer(account));
        let mut answer = request.send(&wire.unwrap()[..]).unwrap();
        let shared: Value = serde_json::from_reader(answer.body_mut().as_reader()).unwrap();
        let tag = URL_SAFE_NO_PAD.decode(shared["permit"]["tag"].as_str().unwrap()).unwrap();
        let tagged = onmon_tag::files::write(&fs::read(other).unwrap(), &tag).unwrap();
        fs::write(out, tagged).unwrap();
    }

    fn bearer(&self, account: &str) -> String {
        let key = fs::read_to_string(account).unwrap();
        let request = ureq::post(format!("{}/v1/tokens", self.url));
        let mut answer = request.header("Authorization", format!("Bearer {key}")).send("").unwrap();
        let made: Value = serde_json::from_reader(answer.body_mut().as_reader()).unwrap();
        format!("Bearer {}", made["access_token"].as_str().unwrap())
    }

    /// Runs `onmon WORDS --server URL --token-file ACCOUNT --json`.
    fn onmon(&self, account: &str, words: &[&str]) -> (i32, Value) {
        read(&self.run(account, &[words, &["--json"]].concat()))
    }

    fn run(&self, account: &str, words: &[&str]) -> Output {
        let mut onmon = Command::new(program("onmon"));
        onmon.args(words).args(["--server", &self.url, "--token-file", account]);
        onmon.stdin(Stdio::null()).output().unwrap()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn read(output: &Output) -> (i32, Value) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    let stdout = String::from_utf8_lossy(&output.stdout);
    let object = serde_json::from_str(stdout.trim());
    (output.status.code().unwrap_or(-1), object.unwrap_or_else(|_| panic!("{stdout}\n{stderr}")))
}

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

/// Notes that change every 150 ms, over noise: the same seed gives the same song.
fn noise(seed: u32, seconds: usize) -> Vec<i16> {
    let mut state = seed.wrapping_mul(2_654_435_761) | 1;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state
    };
    let mut notes_hz = [0.0_f64; 3];
    let sample = |i: usize| {
        if i.is_multiple_of(RATE_HZ * 3 / 20) {
            notes_hz = notes_hz.map(|_| 250.0 + f64::from(next() % 3_000));
        }
        let t = i as f64 / RATE_HZ as f64;
        let sum: f64 = notes_hz.iter().map(|hz| (std::f64::consts::TAU * hz * t).sin()).sum();
        (sum * 6_000.0) as i16 + (next() % 400) as i16
    };
    (0..seconds * RATE_HZ).map(sample).collect()
}

/// The digest of a file's audio.
fn digest(path: &str) -> [u8; 32] {
    let mut go_on = |_share| ControlFlow::Continue(());
    let mut hooks = Hooks { clock: || 0.0, on_progress: &mut go_on };
    let file = Box::new(fs::File::open(path).unwrap());
    essence::digest(file, Some("wav"), &mut hooks).unwrap().digest
}

fn wav(samples: &[i16]) -> Vec<u8> {
    let (data, rate) = (samples.len() as u32 * 2, RATE_HZ as u32);
    let mut bytes = b"RIFF".to_vec();
    bytes.extend((36 + data).to_le_bytes());
    bytes.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    bytes.extend(rate.to_le_bytes());
    bytes.extend((rate * 2).to_le_bytes());
    bytes.extend(b"\x02\0\x10\0data");
    bytes.extend(data.to_le_bytes());
    bytes.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    bytes
}
