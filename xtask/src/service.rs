//! A server that runs beside us: started, waited for until it listens, and stopped whatever
//! happens.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::command;

/// How long a server may take to open its library and listen.
const READY_LIMIT: Duration = Duration::from_secs(60);
const READY_LINE: &str = "listening on ";

/// A running server; dropping it ends it.
pub struct Service {
    child: Child,
    url: String,
}

impl Service {
    /// Starts a server that prints `listening on URL`, and waits for that line.
    pub fn start(command: &mut Command) -> Result<Self> {
        eprintln!("$ {}", command::shown(command));
        let mut child = command::start(command.stdout(Stdio::piped()))?;
        let output = child.stdout.take().context("the server has no standard output")?;
        let mut service = Self { child, url: String::new() };
        service.url = service.ready(BufReader::new(output))?;
        Ok(service)
    }

    /// Where it listens.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Waits for Ctrl-C; an error if the server ends by itself.
    pub fn wait_for_interrupt(&mut self) -> Result<()> {
        let status = command::wait(&mut self.child, Duration::MAX)?;
        bail!("the server ended by itself ({status})")
    }

    fn ready(&mut self, output: impl BufRead + Send + 'static) -> Result<String> {
        let (sender, lines) = mpsc::channel();
        // Goes on reading after the line that we wait for, or the server would block on a full
        // pipe.
        thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        let begun = Instant::now();
        while begun.elapsed() < READY_LIMIT && !command::interrupted() {
            match lines.recv_timeout(Duration::from_millis(50)) {
                Ok(line) => {
                    if let Some((_, url)) = line.split_once(READY_LINE) {
                        return Ok(url.trim().to_owned());
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    let status = command::wait(&mut self.child, READY_LIMIT)?;
                    bail!("the server ended before it listened ({status})");
                }
            }
        }
        bail!("the server did not print `{READY_LINE}URL` within {} s", READY_LIMIT.as_secs())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        command::stop(&mut self.child);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_known_by_its_line_and_stopped_when_dropped() {
        let script = "echo starting; echo 'listening on http://127.0.0.1:9'; sleep 60";
        let service = Service::start(Command::new("sh").args(["-c", script])).expect("listens");
        assert_eq!(service.url(), "http://127.0.0.1:9");
        let id = service.child.id();
        drop(service);
        assert!(!command::succeeds(Command::new("sh").args(["-c", &format!("kill -0 {id}")])));
    }

    #[test]
    fn a_server_that_ends_early_is_an_error() {
        let error = Service::start(Command::new("sh").args(["-c", "exit 3"])).err().expect("fails");
        assert!(error.to_string().contains("before it listened"), "{error}");
    }
}
