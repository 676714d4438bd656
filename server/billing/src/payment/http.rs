//! A provider behind HTTP.
//!
//! ```text
//! POST BASE/payments        Authorization: Bearer KEY; Idempotency-Key: pay_…
//!   {"reference":"pay_…","amount_yen":1200,"currency":"JPY"}
//! GET  BASE/payments/ID     Authorization: Bearer KEY
//!   both answer 2xx and {"id":"pp_1","reference":"pay_…","state":"pending","amount_yen":1200,
//!   "currency":"JPY","checkout_url":"https://…"}
//! ```
//! The same idempotency key gives back the same payment. No answer in time, a connection that
//! breaks, 429 and 5xx are tried again, after a wait that doubles; everything else is an answer.
//! Redirects are not followed: the key would go along. Webhooks: [`super::webhook`].

use std::fmt;
use std::time::Duration;

use ureq::http::{Request, StatusCode, Uri};

use super::provider::{Event, NewPayment, PaymentProvider, ProviderError, ProviderPayment, is_id};
use super::webhook::{self, WebhookError};

/// A longer answer is none of the protocol.
const ANSWER_BYTES_MAX: u64 = 64 * 1024;

/// How long and how often a provider is asked.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// How often at most; at least once.
    pub attempts: u32,
    /// The wait before the second attempt; it doubles before each further one.
    pub first_wait: Duration,
    /// How long an attempt may take.
    pub timeout: Duration,
}

impl Default for Patience {
    /// Four attempts of at most 10 s, 0.25 s, 0.5 s and 1 s apart.
    fn default() -> Patience {
        let (first_wait, timeout) = (Duration::from_millis(250), Duration::from_secs(10));
        Patience { attempts: 4, first_wait, timeout }
    }
}

/// A provider behind HTTP; its calls block.
pub struct HttpProvider {
    name: String,
    base: String,
    authorization: String,
    secrets: Vec<Vec<u8>>,
    patience: Patience,
    agent: ureq::Agent,
}

impl HttpProvider {
    /// A provider of this name at `base` (`https://…`; `http` only on this machine, because the key
    /// goes along), asked with the key `api_key`; its webhooks are signed under one of `secrets`:
    /// during a change, two.
    ///
    /// # Errors
    /// [`ProviderError::Address`]; [`ProviderError::Secret`] for a secret below
    /// [`webhook::SECRET_BYTES_MIN`].
    pub fn new(
        name: &str,
        base: &str,
        api_key: &str,
        secrets: Vec<Vec<u8>>,
        patience: Patience,
    ) -> Result<HttpProvider, ProviderError> {
        let address: Uri = base.parse().map_err(|_| ProviderError::Address)?;
        let is_here = matches!(address.host(), Some("127.0.0.1" | "localhost" | "[::1]"));
        match address.scheme_str() {
            Some("https") => {}
            Some("http") if is_here => {}
            _ => return Err(ProviderError::Address),
        }
        if secrets.iter().any(|secret| secret.len() < webhook::SECRET_BYTES_MIN) {
            return Err(ProviderError::Secret);
        }
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(patience.timeout))
            .max_redirects(0)
            .http_status_as_error(false)
            .user_agent("onmon")
            .build();
        Ok(HttpProvider {
            name: name.to_owned(),
            base: base.trim_end_matches('/').to_owned(),
            authorization: format!("Bearer {api_key}"),
            secrets,
            patience,
            agent: config.into(),
        })
    }

    /// Asks until there is an answer.
    fn ask(
        &self,
        attempt: impl Fn() -> Result<Answer, Attempt>,
    ) -> Result<ProviderPayment, ProviderError> {
        let attempts = self.patience.attempts.max(1);
        let mut wait = self.patience.first_wait;
        for number in 1..=attempts {
            match attempt() {
                Ok(answer) => return answer.read(),
                Err(Attempt::Answered(error)) => return Err(error),
                Err(Attempt::Failed(why)) => {
                    tracing::warn!(provider = self.name, number, why, "the provider failed");
                }
            }
            if number < attempts {
                std::thread::sleep(wait);
                wait = wait.saturating_mul(2);
            }
        }
        Err(ProviderError::Unavailable { attempts })
    }

    fn send(&self, request: Request<Vec<u8>>) -> Result<Answer, Attempt> {
        let mut response = self.agent.run(request).map_err(|error| failed(&error))?;
        let status = response.status();
        if status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() {
            return Err(Attempt::Failed(format!("status {status}")));
        }
        let body = response.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_vec();
        let body = body.map_err(|error| failed(&error))?;
        Ok(Answer { status, body })
    }
}

/// An attempt without an answer.
enum Attempt {
    /// Another may do better.
    Failed(String),
    /// No other would do better.
    Answered(ProviderError),
}

fn failed(error: &ureq::Error) -> Attempt {
    match error {
        ureq::Error::BodyExceedsLimit(_) => Attempt::Answered(ProviderError::Malformed),
        // The text names no header: the key stays out of the log.
        error => Attempt::Failed(error.to_string()),
    }
}

struct Answer {
    status: StatusCode,
    body: Vec<u8>,
}

impl Answer {
    fn read(&self) -> Result<ProviderPayment, ProviderError> {
        match self.status {
            StatusCode::NOT_FOUND => return Err(ProviderError::Unknown),
            status if !status.is_success() => {
                return Err(ProviderError::Refused { status: status.as_u16() });
            }
            _ => {}
        }
        let payment: ProviderPayment =
            serde_json::from_slice(&self.body).map_err(|_| ProviderError::Malformed)?;
        if payment.is_sound() { Ok(payment) } else { Err(ProviderError::Malformed) }
    }
}

impl PaymentProvider for HttpProvider {
    fn name(&self) -> &str {
        &self.name
    }

    fn create(&self, payment: &NewPayment) -> Result<ProviderPayment, ProviderError> {
        let body = serde_json::to_vec(payment).map_err(|_| ProviderError::Malformed)?;
        self.ask(|| {
            let request = Request::post(format!("{}/payments", self.base))
                .header("Authorization", &self.authorization)
                .header("Content-Type", "application/json")
                .header("Idempotency-Key", &payment.reference)
                .body(body.clone());
            self.send(request.map_err(|_| Attempt::Answered(ProviderError::Malformed))?)
        })
    }

    fn fetch(&self, provider_id: &str) -> Result<ProviderPayment, ProviderError> {
        if !is_id(provider_id) {
            return Err(ProviderError::Unknown);
        }
        self.ask(|| {
            let request = Request::get(format!("{}/payments/{provider_id}", self.base))
                .header("Authorization", &self.authorization)
                .body(Vec::new());
            self.send(request.map_err(|_| Attempt::Answered(ProviderError::Malformed))?)
        })
    }

    fn event(&self, signature: &str, body: &[u8], now_ms: i64) -> Result<Event, WebhookError> {
        webhook::read(&self.secrets, signature, body, now_ms)
    }
}

impl fmt::Debug for HttpProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Neither the key nor the secrets.
        f.debug_struct("HttpProvider")
            .field("name", &self.name)
            .field("base", &self.base)
            .finish_non_exhaustive()
    }
}
