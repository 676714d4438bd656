//! Databases for tests: the same test runs on SQLite and on a real PostgreSQL server.
//!
//! The server is Debian's `postgresql`, started once a test process on a socket in a folder of its
//! own, and stopped when the process ends, however it ends.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use sqlx::{AnyConnection, Connection, raw_sql};
use tempfile::TempDir;

use crate::location::{Engine, Location};

/// An empty database of a test's own.
#[derive(Debug)]
pub struct Scratch {
    /// Where it is.
    pub location: Location,
    _dir: Option<TempDir>,
}

impl Scratch {
    /// An empty database.
    ///
    /// # Panics
    /// Where there is no PostgreSQL to start: the gate installs it.
    pub async fn new(engine: Engine) -> Scratch {
        match engine {
            Engine::Sqlite => {
                let dir = tempfile::tempdir().expect("a temporary folder");
                let location = Location::file(&dir.path().join("scratch.sqlite"));
                Scratch { location, _dir: Some(dir) }
            }
            Engine::Postgres => {
                let name = new_database().await;
                Scratch { location: Location::Postgres(server().url(&name)), _dir: None }
            }
        }
    }
}

impl Scratch {
    /// Lets PostgreSQL sync what is committed, which it does not for tests: to measure.
    ///
    /// # Panics
    /// Where the server does not answer.
    pub async fn sync_as_shipped(&self) {
        if let Location::Sqlite(_) = self.location {
            return;
        }
        let mut connection =
            AnyConnection::connect(&server().url("postgres")).await.expect("PostgreSQL answers");
        for sql in ["ALTER SYSTEM SET fsync = on", "SELECT pg_reload_conf()"] {
            raw_sql(sql).execute(&mut connection).await.expect("a setting");
        }
        // The setting reaches the other processes in a moment.
        tokio::time::sleep(Duration::from_millis(500)).await;
    }

    /// Ends every connection to it, as a server does that is started again; on SQLite there is
    /// nothing that could be ended. While `closed` no new one is let in either.
    ///
    /// # Panics
    /// Where the server does not answer.
    pub async fn cut_off(&self, closed: bool) {
        let Location::Postgres(url) = &self.location else { return };
        let name = url.trim_start_matches("postgres:///").split('?').next().unwrap_or_default();
        let mut connection =
            AnyConnection::connect(&server().url("postgres")).await.expect("PostgreSQL answers");
        let sql = format!(
            "ALTER DATABASE {name} ALLOW_CONNECTIONS {}; SELECT COUNT(pg_terminate_backend(pid)) \
             FROM pg_stat_activity WHERE datname = '{name}'",
            !closed
        );
        let cut = raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut connection).await;
        cut.expect("connections ended");
    }
}

/// Both engines, for `for engine in ENGINES`.
pub const ENGINES: [Engine; 2] = [Engine::Sqlite, Engine::Postgres];

async fn new_database() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let name = format!("scratch_{}", NEXT.fetch_add(1, Ordering::Relaxed));
    crate::store::drivers();
    let mut connection =
        AnyConnection::connect(&server().url("postgres")).await.expect("PostgreSQL answers");
    let create = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"));
    raw_sql(create).execute(&mut connection).await.expect("a new database");
    name
}

struct Server {
    folder: PathBuf,
    // Its standard input is the server's life line: when this process ends, `sh` reads the end of
    // it and stops the server.
    _life: Child,
}

impl Server {
    fn url(&self, database: &str) -> String {
        format!("postgres:///{database}?host={}&user=onmon", self.folder.display())
    }
}

fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(start)
}

fn start() -> Server {
    let programs = programs();
    let folder = tempfile::Builder::new().prefix("onmon-pg").tempdir().expect("a folder").keep();
    let data = folder.join("data");
    let user = PgUser::find();
    user.own(&folder);
    let log = folder.join("log");
    let mut initdb = user.command(&programs.join("initdb"));
    initdb.args(["--username=onmon", "--auth=trust", "--no-sync", "--encoding=UTF8", "-D"]);
    let made = initdb.arg(&data).stdout(Stdio::null()).output().expect("initdb runs");
    assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
    // Not on the command line, where nothing could change it.
    let fsync = OpenOptions::new().append(true).open(data.join("postgresql.conf"));
    fsync.and_then(|mut file| file.write_all(b"fsync = off\n")).expect("its settings");
    let postgres = user.line(&programs.join("postgres"));
    let script = format!(
        "{postgres} -D '{data}' -k '{folder}' -c listen_addresses= \
         -c max_connections=200 >'{log}' 2>&1 & read line; \
         kill -INT $(head -1 '{data}/postmaster.pid'); wait; rm -rf '{folder}'",
        data = data.display(),
        folder = folder.display(),
        log = log.display(),
    );
    let life = Command::new("sh")
        .args(["-c", &script])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("sh runs");
    let deadline = Instant::now() + Duration::from_secs(60);
    while !is_ready(&programs, &folder) {
        assert!(
            Instant::now() < deadline,
            "PostgreSQL did not start: {}",
            std::fs::read_to_string(&log).unwrap_or_default()
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    Server { folder, _life: life }
}

fn is_ready(programs: &Path, folder: &Path) -> bool {
    let mut ready = Command::new(programs.join("pg_isready"));
    ready.arg("-q").arg("-h").arg(folder);
    ready.status().is_ok_and(|status| status.success())
}

/// Where Debian keeps the server's programs (its `PATH` has the client's only).
fn programs() -> PathBuf {
    let root = Path::new("/usr/lib/postgresql");
    let mut versions: Vec<PathBuf> = std::fs::read_dir(root)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("bin"))
        .filter(|bin| bin.join("initdb").exists())
        .collect();
    versions.sort();
    versions.pop().expect("PostgreSQL: apt-get install postgresql")
}

/// Who runs the server: PostgreSQL refuses to run as root.
enum PgUser {
    Me,
    Postgres,
}

impl PgUser {
    fn find() -> PgUser {
        let id = Command::new("id").arg("-u").output().expect("id runs");
        if id.stdout.trim_ascii() == b"0" { PgUser::Postgres } else { PgUser::Me }
    }

    fn own(&self, folder: &Path) {
        if let PgUser::Postgres = self {
            let status = Command::new("chown").arg("postgres:").arg(folder).status();
            assert!(status.is_ok_and(|status| status.success()), "chown postgres {folder:?}");
        }
    }

    fn command(&self, program: &Path) -> Command {
        match self {
            PgUser::Me => Command::new(program),
            PgUser::Postgres => {
                let mut command = Command::new("runuser");
                command.args(["-u", "postgres", "--"]).arg(program);
                command
            }
        }
    }

    fn line(&self, program: &Path) -> String {
        match self {
            PgUser::Me => format!("'{}'", program.display()),
            PgUser::Postgres => format!("runuser -u postgres -- '{}'", program.display()),
        }
    }
}
