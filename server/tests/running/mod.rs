//! A real onmon-server on a free port, ended with the test.

// Each test binary uses some of these.
#![allow(dead_code)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use onmon_core::wire::MEDIA_TYPE;
use onmon_store::testing::Scratch;
use onmon_store::{Engine, Location};
use serde_json::Value;
use tempfile::{TempDir, tempdir};
use ureq::http::{Request, Response};

pub const TOKEN: &str = "a-token-for-tests-only";

/// Far beyond what anything takes: a test that hangs should end some day.
const PATIENCE: Duration = Duration::from_secs(120);

pub struct Server {
    pub url: String,
    child: Child,
    agent: ureq::Agent,
    log_lines: Mutex<Receiver<String>>,
}

/// What a server keeps: a directory, and on PostgreSQL a database of its own.
pub struct Kept {
    pub dir: TempDir,
    pub database: Option<Scratch>,
}

impl Kept {
    pub async fn new(engine: Engine) -> Kept {
        let database = match engine {
            Engine::Sqlite => None,
            Engine::Postgres => Some(Scratch::new(engine).await),
        };
        Kept { dir: tempdir().unwrap(), database }
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// What says where the database is.
    pub fn options(&self) -> Vec<String> {
        match self.database.as_ref().map(|scratch| &scratch.location) {
            Some(Location::Postgres(url)) => vec!["--database".to_owned(), url.clone()],
            _ => Vec::new(),
        }
    }

    pub fn serve(&self) -> Server {
        let options = self.options();
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        Server::start(self.path(), &options)
    }
}

/// Status, headers and body of an answer.
pub type Answer = Response<Vec<u8>>;

impl Server {
    /// Starts on `data` and waits until it is ready.
    pub fn start(data: &Path, arguments: &[&str]) -> Server {
        let mut command = command(data);
        command.args(arguments);
        Server::spawn(command)
    }

    /// Starts what [`command`] made and waits until it is ready.
    pub fn spawn(mut command: Command) -> Server {
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("listening on ").unwrap_or_else(|| {
            let mut log = String::new();
            let _ = child.stderr.take().unwrap().read_to_string(&mut log);
            panic!("it did not start: {log}")
        });
        // Read to its end, also where no test looks at it: a full pipe would stop the server.
        let log = BufReader::new(child.stderr.take().unwrap());
        let (lines, log_lines) = channel();
        std::thread::spawn(move || {
            for line in log.lines().map_while(Result::ok) {
                let _ = lines.send(line);
            }
        });
        let log_lines = Mutex::new(log_lines);
        Server { url: url.to_owned(), child, agent: agent(), log_lines }
    }

    pub fn get(&self, path: &str) -> Answer {
        self.send(Request::get(self.url(path)).body(Vec::new()).unwrap()).unwrap()
    }

    /// Sends wire bytes to be identified.
    pub fn identify(&self, query: &[u8]) -> Answer {
        let request = Request::post(self.url("/v1/identify")).header("content-type", MEDIA_TYPE);
        self.send(request.body(query.to_vec()).unwrap()).unwrap()
    }

    /// The ids of what wire bytes are identified as.
    pub fn ids(&self, query: &[u8]) -> Vec<String> {
        let answer = json(&self.identify(query));
        let matches = answer["matches"].as_array().unwrap_or_else(|| panic!("{answer}"));
        matches.iter().map(|found| found["recording_id"].as_str().unwrap().to_owned()).collect()
    }

    /// Enrols with the right token; an error if the server is gone.
    pub fn enrol(&self, parameters: &str, reference: &[u8]) -> Result<Answer, ureq::Error> {
        let request = Request::post(self.url(&format!("/v1/recordings?{parameters}")))
            .header("authorization", format!("Bearer {TOKEN}"))
            .header("content-type", MEDIA_TYPE);
        self.send(request.body(reference.to_vec()).unwrap())
    }

    /// Removes with the right token; an error if the server is gone.
    pub fn remove(&self, id: &str) -> Result<Answer, ureq::Error> {
        let request = Request::delete(self.url(&format!("/v1/recordings/{id}")))
            .header("authorization", format!("Bearer {TOKEN}"));
        self.send(request.body(Vec::new()).unwrap())
    }

    pub fn send(&self, request: Request<Vec<u8>>) -> Result<Answer, ureq::Error> {
        let response = self.agent.run(request)?;
        let (parts, mut body) = response.into_parts();
        Ok(Response::from_parts(parts, body.read_to_vec()?))
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// A bare connection, for what no decent client sends.
    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.url.strip_prefix("http://").unwrap()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// Sends the head of a request and part of its body; returns when the server waits for the
    /// rest.
    pub fn begin(&self, head: &str, first: &[u8]) -> TcpStream {
        let mut stream = self.connect();
        write!(stream, "{head}\r\nhost: x\r\nexpect: 100-continue\r\n\r\n").unwrap();
        // The server sends this when it starts to read the body: then the request is under way.
        let mut go_on = [0; 25];
        stream.read_exact(&mut go_on).unwrap();
        assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
        stream.write_all(first).unwrap();
        stream
    }

    /// Waits until it logs a line with these words.
    pub fn wait_for_log(&self, words: &str) {
        let lines = self.log_lines.lock().unwrap();
        while !lines.recv_timeout(PATIENCE).unwrap().contains(words) {}
    }

    /// SIGTERM, and waits for the end.
    pub fn stop(mut self) -> ExitStatus {
        self.signal("TERM");
        self.child.wait().unwrap()
    }

    /// The same; and what it logged that nobody has waited for.
    pub fn stop_and_tell(mut self) -> (ExitStatus, Vec<String>) {
        self.signal("TERM");
        let ended = self.child.wait().unwrap();
        (ended, self.log_lines.lock().unwrap().iter().collect())
    }

    pub fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    pub fn wait(mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    /// SIGKILL, and waits for the end.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The binary with a free port, the token of the tests and no log of its own.
pub fn command(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_onmon-server"));
    command
        .args(["--listen", "127.0.0.1:0", "--data"])
        .arg(data)
        .env("ONMON_ADMIN_TOKEN", TOKEN)
        .env_remove("ONMON_LOG")
        .env_remove("ONMON_DATABASE")
        .env_remove("ONMON_OTLP_ENDPOINT")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

pub fn json(answer: &Answer) -> Value {
    serde_json::from_slice(answer.body())
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(answer.body())))
}

/// Status and code of a problem.
pub fn problem(answer: &Answer) -> (u16, String) {
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    let problem = json(answer);
    assert_eq!(problem["status"], answer.status().as_u16());
    (answer.status().as_u16(), problem["code"].as_str().unwrap().to_owned())
}

fn agent() -> ureq::Agent {
    let config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .allow_non_standard_methods(true)
        .timeout_global(Some(PATIENCE));
    config.build().into()
}

/// What a command that ended came to.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub out: String,
    pub says: String,
}

pub fn ended(child: Child) -> Ended {
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ended { code: output.status.code(), out: text(output.stdout), says: text(output.stderr) }
}
