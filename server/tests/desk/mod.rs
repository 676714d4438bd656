//! What an operator sits at: a data directory and its database on one engine, the real program
//! beside a real server, and a platform that acts in the past.

// Each test binary uses some of these.
#![allow(dead_code)]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use onmon_keys::MasterKeys;
use onmon_ledger::Date;
use onmon_library::{Library, Place};
use onmon_sharing::{Method, Platform, SCHEMAS, Settings, ShareRequest, Wanted};
use onmon_store::testing::Scratch;
use onmon_store::{Engine, Location, Store};
use serde_json::Value;
use tempfile::{TempDir, tempdir};

use crate::codes::{query, reference, song};
use crate::running::{Ended, Server, ended};

/// 2024-04-15, noon in Japan.
pub const APRIL: i64 = 1_713_150_000_000;

pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_onmon-server"));
    for name in ["DATA", "DATABASE", "LOG", "MASTER_KEY", "AUDIT_NAME"] {
        command.env_remove(format!("ONMON_{name}"));
    }
    command.args(arguments);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

pub fn bare(arguments: &[&str]) -> Ended {
    ended(command(arguments).spawn().unwrap())
}

/// A data directory, and the database that goes with it.
pub struct Desk {
    dir: TempDir,
    database: Option<Scratch>,
}

impl Desk {
    pub async fn new(engine: Engine) -> Desk {
        let database = match engine {
            Engine::Sqlite => None,
            Engine::Postgres => Some(Scratch::new(engine).await),
        };
        Desk { dir: tempdir().unwrap(), database }
    }

    pub fn data(&self) -> &Path {
        self.dir.path()
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn location(&self) -> Location {
        match &self.database {
            Some(scratch) => scratch.location.clone(),
            None => Location::file(&self.file("platform.sqlite")),
        }
    }

    /// Which engine keeps the tables.
    pub fn engine(&self) -> Engine {
        self.location().engine()
    }

    /// Where everything is, as options.
    pub fn place(&self) -> Vec<String> {
        let mut place = vec!["--data".to_owned(), self.data().display().to_string()];
        if let Location::Postgres(url) = self.location() {
            place.extend(["--database".to_owned(), url]);
        }
        place
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = command(arguments);
        command.args(self.place());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Ended {
        ended(self.command(arguments).spawn().unwrap())
    }

    /// The same, which must end well.
    pub fn well(&self, arguments: &[&str]) -> String {
        let ended = self.run(arguments);
        assert_eq!(ended.code, Some(0), "{arguments:?}: {}{}", ended.out, ended.says);
        ended.out
    }

    pub fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.well(&[arguments, &["--json"]].concat())).unwrap()
    }

    /// The same, which must end with this code and say these words.
    pub fn ends(&self, arguments: &[&str], code: i32, words: &str) {
        let ended = self.run(arguments);
        assert_eq!(ended.code, Some(code), "{arguments:?}: {}{}", ended.out, ended.says);
        let said = format!("{}{}", ended.out, ended.says);
        assert!(said.contains(words), "{arguments:?}: `{words}` is not in\n{said}");
    }

    pub fn serve(&self, arguments: &[&str]) -> Server {
        let place = self.place();
        let more = place[2..].iter().map(String::as_str);
        let arguments: Vec<&str> = arguments.iter().copied().chain(more).collect();
        Server::start(self.data(), &arguments)
    }

    /// JASRAC's tariff since 2024, for what happens in the past.
    pub fn add_tariff(&self) {
        self.well(&[
            "tariff",
            "add",
            "--organisation=JASRAC",
            "--form=download_paid",
            "--valid-from=2024-01-01",
            "--percent=7.7",
            "--floor-yen=7.70",
            "--month-minimum-yen=5000",
            "--source=a test",
        ]);
    }

    /// A server with that tariff that knows song 1.
    pub fn serve_song_1(&self, arguments: &[&str]) -> Server {
        self.add_tariff();
        let server = self.serve(arguments);
        enrol(&server, 1);
        server
    }

    pub async fn store(&self) -> Store {
        Store::open(&self.location(), &SCHEMAS).await.unwrap()
    }

    /// A platform beside the server, for what it does not do over HTTP: acting in the past.
    pub async fn platform(&self) -> Platform {
        let place = Place::beside(self.data(), &self.location());
        let library = Library::open_to_read_at(&place).await.unwrap();
        let masters = MasterKeys::load(&self.file("master-key")).unwrap();
        let settings = Settings::japan("JASRAC".parse().unwrap());
        let store = Arc::new(self.store().await);
        Platform::open(library, store, masters, settings, APRIL).await.unwrap()
    }

    /// Uploads of song 1 in April 2024, each bought by two.
    pub async fn sold(&self, uploads: u32) {
        self.sold_at(APRIL, uploads, &["acc_bob", "acc_carol"]).await;
    }

    pub async fn sold_at(&self, begin_ms: i64, uploads: u32, buyers: &[&str]) {
        let platform = self.platform().await;
        let wire = query(&song(1));
        for upload in 0..uploads {
            let key = format!("upload-{upload:04}");
            let asked = ShareRequest {
                wire: &wire,
                method: Method::Drm,
                essence: [9; 32],
                idempotency_key: &key,
                challenge: None,
            };
            let shared = platform.share("acc_alice", &asked, begin_ms).await.unwrap();
            let permit = shared.permit.unwrap();
            let wanted = Wanted::Permit(permit.permit_id);
            for buyer in buyers {
                let at_ms = begin_ms + i64::from(upload);
                assert!(platform.buy(buyer, &wanted, None, at_ms).await.unwrap().fresh);
            }
        }
        platform.store().close().await;
    }

    /// A purchase of April.
    pub async fn purchase(&self) -> String {
        let platform = self.platform().await;
        let downloads = platform.downloads(APRIL, APRIL + 1).await.unwrap();
        platform.store().close().await;
        downloads[0].purchase_id.clone()
    }

    pub async fn execute(&self, sql: &'static str) {
        let store = self.store().await;
        let mut write = store.begin().await.unwrap();
        let changed = sqlx::query(sql).execute(&mut *write).await.unwrap();
        assert!(changed.rows_affected() > 0, "{sql}");
        write.commit().await.unwrap();
        store.close().await;
    }
}

pub fn words(owned: &[String]) -> Vec<&str> {
    owned.iter().map(String::as_str).collect()
}

/// This month in Japan.
pub fn this_month() -> String {
    Date::in_japan(now_ms()).unwrap().to_string()[..7].to_owned()
}

pub fn now_ms() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(now.as_millis()).unwrap()
}

pub fn enrol(server: &Server, seed: u64) {
    assert_eq!(enrolled(server, seed), 201);
}

/// Over what is there under its name.
pub fn enrol_again(server: &Server, seed: u64) {
    assert_eq!(enrolled(server, seed), 200);
}

fn enrolled(server: &Server, seed: u64) -> u16 {
    let about = format!("recording_id=song-{seed}&title=Song%20{seed}&artist=A&rights=entrusted");
    server.enrol(&about, &reference(&song(seed))).unwrap().status().as_u16()
}

pub fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}
