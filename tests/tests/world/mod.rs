//! A real server process over an empty library, and the command line against it.

#![allow(dead_code, reason = "each test binary uses its own part")]

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
pub fn program(name: &str) -> PathBuf {
    let here = std::env::current_exe().unwrap();
    let path = here.parent().and_then(Path::parent).unwrap().join(name);
    assert!(path.exists(), "build it first: cargo build -p onmon -p onmon-server");
    path
}

/// A server over an empty library, its files, and what was made for the tests.
pub struct World {
    pub folder: TempDir,
    server: Child,
    pub url: String,
}

impl World {
    pub fn new(options: &[&str]) -> Self {
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

    pub fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    /// A song of its own, as a WAV file.
    pub fn song(&self, name: &str, seed: u32) -> String {
        fs::write(self.path(name), wav(&noise(seed, 40))).unwrap();
        self.path(name)
    }

    pub fn enrol(&self, song: &str) {
        let words = ["enrol", "--server", &self.url, "--token-file", &self.path("admin"), song];
        let run = Command::new(program("onmon")).args(words).output().unwrap();
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    }

    /// The file with a new account's API key.
    pub fn account(&self, name: &str) -> String {
        let request = ureq::post(format!("{}/v1/accounts", self.url));
        let request = request.header("Content-Type", "application/json");
        let mut answer = request.send(format!(r#"{{"name":"{name}"}}"#)).unwrap();
        let made: Value = serde_json::from_reader(answer.body_mut().as_reader()).unwrap();
        fs::write(self.path(name), made["api_key"].as_str().unwrap()).unwrap();
        self.path(name)
    }

    /// What a client that lies would do: asks with one song's fingerprint for another file, and
    /// writes that file with the tag.
    pub fn forged(&self, account: &str, song: &str, other: &str, out: &str) {
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
    pub fn onmon(&self, account: &str, words: &[&str]) -> (i32, Value) {
        read(&self.run(account, &[words, &["--json"]].concat()))
    }

    pub fn run(&self, account: &str, words: &[&str]) -> Output {
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

pub fn read(output: &Output) -> (i32, Value) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    let stdout = String::from_utf8_lossy(&output.stdout);
    let object = serde_json::from_str(stdout.trim());
    (output.status.code().unwrap_or(-1), object.unwrap_or_else(|_| panic!("{stdout}\n{stderr}")))
}

/// Notes that change every 150 ms, over noise: the same seed gives the same song.
pub fn noise(seed: u32, seconds: usize) -> Vec<i16> {
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

pub fn wav(samples: &[i16]) -> Vec<u8> {
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
