//! What asks a collector to take traces: a blocking client, on the thread that makes the batches.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};

/// An answer says nothing that is needed; what is longer is none.
const ANSWER_BYTES_MAX: u64 = 64 << 10;

/// The way to a collector.
#[derive(Debug)]
pub struct Collector {
    agent: ureq::Agent,
    is_failing: AtomicBool,
}

impl Collector {
    /// One that is given up when it does not answer in this time.
    pub fn new(patience: Duration) -> Collector {
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(patience))
            .max_redirects(0)
            .http_status_as_error(false)
            .user_agent("onmon-server")
            .build();
        Collector { agent: config.into(), is_failing: AtomicBool::new(false) }
    }

    fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, ureq::Error> {
        let (head, body) = request.into_parts();
        let (head, mut body) = self.agent.run(Request::from_parts(head, &body[..]))?.into_parts();
        let body = body.with_config().limit(ANSWER_BYTES_MAX).read_to_vec()?;
        Ok(Response::from_parts(head, body.into()))
    }

    /// Says when it begins to fail and when that is over, not at every batch.
    fn tell(&self, answer: &Result<Response<Bytes>, ureq::Error>) {
        let why = match answer {
            Ok(answer) if answer.status().is_success() => None,
            Ok(answer) => Some(format!("status {}", answer.status())),
            Err(error) => Some(error.to_string()),
        };
        let was_failing = self.is_failing.swap(why.is_some(), Ordering::Relaxed);
        match why {
            Some(why) if !was_failing => {
                tracing::warn!(why, "the collector takes no traces; they are dropped meanwhile");
            }
            None if was_failing => tracing::info!("the collector takes traces again"),
            _ => {}
        }
    }
}

#[async_trait]
impl HttpClient for Collector {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let answer = self.send(request);
        self.tell(&answer);
        Ok(answer?)
    }
}
