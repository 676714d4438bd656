//! What a payment provider must be able to do, in the few words that all of them share.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::webhook::WebhookError;

/// Longest id that a provider may give.
const ID_BYTES_MAX: usize = 100;

/// A provider of payments. Its calls block; the callers here put them on a thread that may.
pub trait PaymentProvider: fmt::Debug + Send + Sync {
    /// Its name, in `provider:NAME:cash`.
    fn name(&self) -> &str;

    /// Makes a payment. The same reference gives back the same payment.
    ///
    /// # Errors
    /// See [`ProviderError`].
    fn create(&self, payment: &NewPayment) -> Result<ProviderPayment, ProviderError>;

    /// A payment as it stands now.
    ///
    /// # Errors
    /// See [`ProviderError`].
    fn fetch(&self, provider_id: &str) -> Result<ProviderPayment, ProviderError>;

    /// What a webhook tells: `signature` is the header of that name, `body` the request's body as
    /// it came, `now_ms` the time (Unix milliseconds).
    ///
    /// # Errors
    /// See [`WebhookError`]; of such a request nothing may be believed.
    fn event(&self, signature: &str, body: &[u8], now_ms: i64) -> Result<Event, WebhookError>;
}

/// A payment to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewPayment {
    /// Our payment's id, `pay_…`; the idempotency key.
    pub reference: String,
    /// How much, in yen.
    pub amount_yen: i64,
    /// Always `JPY`.
    pub currency: String,
}

/// A payment as its provider sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderPayment {
    /// The provider's id: 1 to 100 of `A-Z a-z 0-9 _ -`.
    pub id: String,
    /// Our payment's id.
    pub reference: String,
    /// What became of it.
    pub state: ProviderState,
    /// How much, in yen.
    pub amount_yen: i64,
    /// Always `JPY`.
    pub currency: String,
    /// Where the user pays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkout_url: Option<String>,
}

impl ProviderPayment {
    /// Whether it is one that can be worked with: the id goes into paths, the money is yen.
    pub(crate) fn is_sound(&self) -> bool {
        is_id(&self.id) && self.currency == "JPY"
    }
}

/// Whether a provider's id can be put into a path as it is.
pub(crate) fn is_id(id: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    (1..=ID_BYTES_MAX).contains(&id.len()) && id.bytes().all(allowed)
}

/// What became of a payment at its provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProviderState {
    /// Waits for the user.
    Pending,
    /// Will not be paid.
    Failed,
    /// Given up by the user.
    Cancelled,
    /// The money is there.
    Paid,
    /// The money went back.
    Refunded,
}

/// What a webhook tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The event's id, of which each counts once; 1 to 100 of `A-Z a-z 0-9 _ -`.
    pub id: String,
    /// When it happened (Unix milliseconds).
    pub created_ms: i64,
    /// The payment as it was then.
    pub payment: ProviderPayment,
}

/// Why a provider gave no answer that can be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProviderError {
    /// No answer, or one of a failing server, however often it was asked; ask again later.
    #[error("the payment provider does not answer ({attempts} attempts)")]
    Unavailable {
        /// How often it was asked.
        attempts: u32,
    },
    /// It refused, and would again.
    #[error("the payment provider refused with status {status}")]
    Refused {
        /// The HTTP status.
        status: u16,
    },
    /// No payment of this id.
    #[error("the payment provider knows no such payment")]
    Unknown,
    /// The address is neither `https` nor `http` on this machine.
    #[error("the payment provider's address must begin with https")]
    Address,
    /// A secret that could be guessed.
    #[error("a webhook's secret needs 16 bytes")]
    Secret,
    /// An answer that is none of the protocol.
    #[error("the payment provider's answer makes no sense")]
    Malformed,
}

impl ProviderError {
    /// A stable name, for programs.
    pub fn code(&self) -> &'static str {
        match self {
            ProviderError::Unavailable { .. } => "provider_unavailable",
            ProviderError::Refused { .. } => "provider_refused",
            ProviderError::Unknown => "provider_unknown_payment",
            ProviderError::Address => "provider_address",
            ProviderError::Secret => "provider_secret",
            ProviderError::Malformed => "provider_malformed",
        }
    }
}
