//! A provider in memory, for tests and for trying the platform out: it does as it is told, and
//! signs its webhooks as a real one would.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use super::provider::{
    Event, NewPayment, PaymentProvider, ProviderError, ProviderPayment, ProviderState,
};
use super::webhook::{self, WebhookError};

/// A provider in memory. No money moves.
pub struct SimulatedProvider {
    name: String,
    secret: Vec<u8>,
    desk: Mutex<Desk>,
}

#[derive(Debug, Default)]
struct Desk {
    payments: BTreeMap<String, ProviderPayment>,
    events: u64,
}

impl SimulatedProvider {
    /// A provider of this name, whose webhooks are signed under `secret`.
    pub fn new(name: &str, secret: &[u8]) -> SimulatedProvider {
        let desk = Mutex::new(Desk::default());
        SimulatedProvider { name: name.to_owned(), secret: secret.to_vec(), desk }
    }

    /// Lets a payment become something; the signature's header and body of the webhook that tells
    /// so, sent at `at_ms` (Unix milliseconds). Each call is an event of its own.
    ///
    /// # Errors
    /// [`ProviderError::Unknown`].
    pub fn settle(
        &self,
        provider_id: &str,
        state: ProviderState,
        at_ms: i64,
    ) -> Result<(String, Vec<u8>), ProviderError> {
        let mut desk = self.desk();
        desk.events += 1;
        let id = format!("evt_{}", desk.events);
        let payment = desk.payments.get_mut(provider_id).ok_or(ProviderError::Unknown)?;
        payment.state = state;
        let event = Event { id, created_ms: at_ms, payment: payment.clone() };
        let body = serde_json::to_vec(&event).map_err(|_| ProviderError::Malformed)?;
        let signature = webhook::sign(&self.secret, at_ms.div_euclid(1_000), &body);
        Ok((signature.map_err(|_| ProviderError::Malformed)?, body))
    }

    fn desk(&self) -> std::sync::MutexGuard<'_, Desk> {
        // Every change to the desk is one step: whoever panicked left it whole.
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PaymentProvider for SimulatedProvider {
    fn name(&self) -> &str {
        &self.name
    }

    fn create(&self, payment: &NewPayment) -> Result<ProviderPayment, ProviderError> {
        let mut desk = self.desk();
        let known = desk.payments.values().find(|known| known.reference == payment.reference);
        if let Some(known) = known {
            return match known.amount_yen == payment.amount_yen {
                true => Ok(known.clone()),
                false => Err(ProviderError::Refused { status: 409 }),
            };
        }
        let id = format!("sim_{}", desk.payments.len() + 1);
        let made = ProviderPayment {
            id: id.clone(),
            reference: payment.reference.clone(),
            state: ProviderState::Pending,
            amount_yen: payment.amount_yen,
            currency: payment.currency.clone(),
            checkout_url: Some(format!("https://simulated.invalid/{id}")),
        };
        desk.payments.insert(id, made.clone());
        Ok(made)
    }

    fn fetch(&self, provider_id: &str) -> Result<ProviderPayment, ProviderError> {
        self.desk().payments.get(provider_id).cloned().ok_or(ProviderError::Unknown)
    }

    fn event(&self, signature: &str, body: &[u8], now_ms: i64) -> Result<Event, WebhookError> {
        webhook::read(std::slice::from_ref(&self.secret), signature, body, now_ms)
    }
}

impl fmt::Debug for SimulatedProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimulatedProvider").field("name", &self.name).finish_non_exhaustive()
    }
}
