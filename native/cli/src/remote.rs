//! An onmon server, asked over HTTP. Only fingerprints are sent to it.

use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use onmon_core::wire::MEDIA_TYPE;
use onmon_library::Recording;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use ureq::http::{Response, StatusCode};
use ureq::{Agent, Body};

use crate::identify::{Answer, BestMatch};
use crate::outcome::Failure;

/// Times that a request is sent before its failure counts. Both requests may be repeated safely.
const TRIES: u32 = 4;

/// Wait after the first failed try; doubled after each.
const FIRST_WAIT: Duration = Duration::from_millis(400);

/// How long one request may take.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Bytes of an answer that are read at most.
const ANSWER_BYTES_MAX: u64 = 4 << 20;

/// A server's address, and the admin token where it is needed.
#[derive(Clone)]
pub struct Remote {
    pub agent: Agent,
    base: String,
    token: Option<String>,
}

impl Remote {
    /// Checks the address; nothing is sent yet.
    pub fn new(url: &str, token: Option<String>) -> anyhow::Result<Self> {
        let base = url.trim_end_matches('/').to_owned();
        if !base.starts_with("http://") && !base.starts_with("https://") {
            bail!("{url} is not a server's address; it looks like http://127.0.0.1:8787");
        }
        let config = Agent::config_builder()
            .timeout_global(Some(TIMEOUT))
            .http_status_as_error(false)
            .user_agent(concat!("onmon/", env!("CARGO_PKG_VERSION")))
            .build();
        Ok(Self { agent: config.into(), base, token })
    }

    /// Asks whether the server is there and ready, so that a wrong address fails once, not a file.
    pub fn check(&self) -> anyhow::Result<()> {
        let asked = self.send(|| self.agent.get(format!("{}/readyz", self.base)).call());
        let response = asked.map_err(anyhow::Error::msg)?;
        if response.status() != StatusCode::OK {
            bail!(
                "{} answers {} to /readyz: not an onmon server, or not ready",
                self.base,
                response.status()
            );
        }
        Ok(())
    }

    /// Identifies the wire bytes of a query.
    pub fn identify(&self, query: &[u8]) -> Result<Answer, Failure> {
        let url = format!("{}/v1/identify", self.base);
        let response =
            self.send(|| self.agent.post(&url).header("Content-Type", MEDIA_TYPE).send(query))?;
        let answer: Identified = read(response)?;
        let others = answer.matches.len().saturating_sub(1);
        let best = answer.matches.into_iter().next().map(|found| BestMatch {
            recording_id: found.recording_id,
            title: found.title,
            offset_ms: found.offset_ms,
            confidence: found.confidence,
        });
        Ok(Answer { decision: answer.decision, rule: answer.rule, best, others })
    }

    /// Enrols a recording; whether it replaced one of its id.
    pub fn enrol(&self, recording: &Recording, reference: &[u8]) -> Result<bool, Failure> {
        let url = self.at(&format!("/v1/recordings?{}", parameters(recording)));
        let bearer = self.bearer();
        let response = self.send(|| {
            let request = self.agent.post(&url).header("Content-Type", MEDIA_TYPE);
            request.header("Authorization", &bearer).send(reference)
        })?;
        let replaced = response.status() == StatusCode::OK;
        let _: serde::de::IgnoredAny = read(response)?;
        Ok(replaced)
    }

    /// A route's address.
    pub fn at(&self, route: &str) -> String {
        format!("{}{route}", self.base)
    }

    /// What the header Authorization says.
    pub fn bearer(&self) -> String {
        format!("Bearer {}", self.token.as_deref().unwrap_or_default())
    }

    /// Sends until an answer comes that another try would not change.
    pub fn send(
        &self,
        request: impl Fn() -> Result<Response<Body>, ureq::Error>,
    ) -> Result<Response<Body>, Failure> {
        let began = Instant::now();
        let mut wait = FIRST_WAIT;
        for attempt in 1.. {
            let may_try = attempt < TRIES && began.elapsed() < TIMEOUT;
            match request() {
                Ok(response) if response.status().is_success() => return Ok(response),
                Ok(response) if may_try && is_passing(response.status()) => {}
                Ok(response) => return Err(problem(response)),
                Err(_) if may_try => {}
                Err(error) => {
                    let message = format!("{} does not answer: {error}", self.base);
                    return Err(Failure::new("server_unreachable", message));
                }
            }
            std::thread::sleep(wait);
            wait *= 2;
        }
        Err(Failure::new("server_unreachable", "no try was made"))
    }
}

/// The token (an admin's or an account's) from a file or from the environment.
pub fn token(file: Option<&std::path::Path>) -> anyhow::Result<Option<String>> {
    if let Some(file) = file {
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("cannot read the token file {}", file.display()))?;
        return Ok(Some(text.trim().to_owned()));
    }
    Ok(std::env::var("ONMON_TOKEN").ok().map(|token| token.trim().to_owned()))
}

#[derive(Deserialize)]
struct Identified {
    decision: String,
    rule: String,
    matches: Vec<Found>,
}

#[derive(Deserialize)]
struct Found {
    recording_id: String,
    title: Option<String>,
    offset_ms: i64,
    confidence: f32,
}

#[derive(Deserialize)]
struct Problem {
    code: String,
    detail: String,
}

fn parameters(recording: &Recording) -> String {
    let fields = [
        ("recording_id", Some(recording.recording_id.as_str())),
        ("title", recording.title.as_deref()),
        ("artist", recording.artist.as_deref()),
        ("isrc", recording.isrc.as_ref().map(|isrc| isrc.as_str())),
        ("iswc", recording.iswc.as_ref().map(|iswc| iswc.as_str())),
        ("rights", Some(recording.rights.as_str())),
    ];
    let given = fields.iter().filter_map(|(name, value)| {
        value.map(|value| format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC)))
    });
    given.collect::<Vec<_>>().join("&")
}

/// Whether a status may be another one soon.
fn is_passing(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::REQUEST_TIMEOUT
            | StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT
    )
}

fn problem(response: Response<Body>) -> Failure {
    let status = response.status();
    let body = text(response).unwrap_or_default();
    match serde_json::from_str::<Problem>(&body) {
        Ok(problem) => Failure::new(problem.code, problem.detail),
        Err(_) => Failure::new("server_refused", format!("the server answers {status}")),
    }
}

pub fn read<T: for<'a> Deserialize<'a>>(response: Response<Body>) -> Result<T, Failure> {
    let unreadable = |error: &dyn std::fmt::Display| {
        Failure::new("server_answer", format!("the server's answer cannot be read: {error}"))
    };
    let body = text(response).map_err(|error| unreadable(&error))?;
    serde_json::from_str(&body).map_err(|error| unreadable(&error))
}

pub fn text(response: Response<Body>) -> Result<String, ureq::Error> {
    response.into_body().into_with_config().limit(ANSWER_BYTES_MAX).read_to_string()
}
