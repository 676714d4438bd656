//! A provider's server on this machine that answers by a script, a request a connection.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What comes of a request.
#[derive(Debug, Clone)]
pub enum Reply {
    /// Status, body.
    Answer(u16, String),
    /// Nothing for so long, then the connection ends.
    Silence(Duration),
    /// The connection ends at once.
    HangUp,
    /// Bytes that are no HTTP.
    Noise,
    /// An answer that ends before it is whole.
    Half,
}

/// A request as it came.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    pub line: String,
    pub headers: Vec<String>,
    pub body: String,
}

impl Asked {
    pub fn header(&self, name: &str) -> Option<&str> {
        let is_named = |line: &&String| {
            line.split_once(':').is_some_and(|(known, _)| known.eq_ignore_ascii_case(name))
        };
        let line = self.headers.iter().find(is_named)?;
        Some(line.split_once(':')?.1.trim())
    }
}

pub struct Stub {
    pub base: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Stub {
    /// Answers by the script, and then 500 to whatever comes.
    pub fn start(script: Vec<Reply>) -> Stub {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}/v1", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let script = Mutex::new(VecDeque::from(script));
        let log = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let reply = script.lock().unwrap().pop_front();
                let reply = reply.unwrap_or(Reply::Answer(500, String::new()));
                let log = Arc::clone(&log);
                std::thread::spawn(move || answer(stream, reply, &log));
            }
        });
        Stub { base, asked }
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

fn answer(mut stream: TcpStream, reply: Reply, log: &Mutex<Vec<Asked>>) {
    let asked = read(&mut stream);
    log.lock().unwrap().push(asked);
    // Whoever has given up reads no answer.
    let _ = match reply {
        Reply::Answer(status, body) => stream.write_all(head(status, body.len(), &body).as_bytes()),
        Reply::Silence(time) => {
            std::thread::sleep(time);
            Ok(())
        }
        Reply::HangUp => Ok(()),
        Reply::Noise => stream.write_all(b"\x16\x03\x01 no HTTP\r\n\r\n"),
        Reply::Half => stream.write_all(head(200, 900, "{\"id\":").as_bytes()),
    };
}

fn head(status: u16, length: usize, body: &str) -> String {
    format!(
        "HTTP/1.1 {status} Stub\r\nContent-Length: {length}\r\nLocation: http://127.0.0.1:1/\r\n\
         Connection: close\r\n\r\n{body}"
    )
}

fn read(stream: &mut TcpStream) -> Asked {
    let mut bytes = Vec::new();
    let mut one = [0];
    while !bytes.ends_with(b"\r\n\r\n") && stream.read(&mut one).unwrap_or(0) == 1 {
        bytes.push(one[0]);
    }
    let text = String::from_utf8(bytes).unwrap();
    let mut lines = text.lines().map(str::to_owned);
    let line = lines.next().unwrap_or_default();
    let mut asked = Asked { line, headers: lines.collect(), body: String::new() };
    let length = asked.header("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    asked.body = String::from_utf8(body).unwrap();
    asked
}
