//! Payments of invoices: one at a time for each invoice, and what their providers tell of them.
//!
//! ```text
//! created -> pending -> failed | cancelled -> paid -> refunded
//! ```
//! A payment goes along this line and never back, whatever order the provider's events come in:
//! what tells of an earlier place is noted and changes nothing. (A payment that failed may be paid
//! in the end: the money is there.) The money is booked with the step to `paid`, in the same
//! transaction.

pub(crate) mod http;
pub(crate) mod provider;
pub(crate) mod simulated;
pub mod webhook;

use std::sync::Arc;

use onmon_ledger::{AccountId, Entry, Posting, Sen, book, new_id, reverse};
use onmon_store::Store;
use serde::Serialize;
use sqlx::{AnyConnection, Row};

use crate::document::{Reader, foreign};
use crate::error::BillingError;
use crate::invoice::invoice;
use provider::{Event, NewPayment, PaymentProvider, ProviderError, ProviderPayment, ProviderState};

/// How far a payment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentState {
    /// The provider may not know of it.
    Created,
    /// The provider waits for the user.
    Pending,
    /// It will not be paid.
    Failed,
    /// The user gave it up.
    Cancelled,
    /// The money is at the provider.
    Paid,
    /// The money went back.
    Refunded,
}

impl PaymentState {
    fn as_str(self) -> &'static str {
        match self {
            PaymentState::Created => "created",
            PaymentState::Pending => "pending",
            PaymentState::Failed => "failed",
            PaymentState::Cancelled => "cancelled",
            PaymentState::Paid => "paid",
            PaymentState::Refunded => "refunded",
        }
    }

    fn read(word: &str) -> Result<PaymentState, BillingError> {
        match word {
            "created" => Ok(PaymentState::Created),
            "pending" => Ok(PaymentState::Pending),
            "failed" => Ok(PaymentState::Failed),
            "cancelled" => Ok(PaymentState::Cancelled),
            "paid" => Ok(PaymentState::Paid),
            "refunded" => Ok(PaymentState::Refunded),
            _ => Err(foreign("an unknown state of a payment")),
        }
    }

    /// The place on the line.
    fn place(self) -> u8 {
        match self {
            PaymentState::Created => 0,
            PaymentState::Pending => 1,
            PaymentState::Failed | PaymentState::Cancelled => 2,
            PaymentState::Paid => 3,
            PaymentState::Refunded => 4,
        }
    }
}

impl From<ProviderState> for PaymentState {
    fn from(state: ProviderState) -> PaymentState {
        match state {
            ProviderState::Pending => PaymentState::Pending,
            ProviderState::Failed => PaymentState::Failed,
            ProviderState::Cancelled => PaymentState::Cancelled,
            ProviderState::Paid => PaymentState::Paid,
            ProviderState::Refunded => PaymentState::Refunded,
        }
    }
}

/// A payment of an invoice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Payment {
    /// Its id, `pay_…`: the provider's idempotency key.
    pub id: String,
    /// What it pays.
    pub invoice_id: String,
    /// Counts an invoice's payments, from 1.
    pub attempt: i64,
    /// Who pays.
    pub account: String,
    /// Through whom.
    pub provider: String,
    /// The provider's id, once it is known.
    pub provider_id: Option<String>,
    /// How much; whole yen.
    pub amount: Sen,
    /// How far it is.
    pub state: PaymentState,
    /// When it was created (Unix milliseconds).
    pub created_ms: i64,
    /// When its state last changed (Unix milliseconds).
    pub changed_ms: i64,
}

/// What became of a provider's event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received {
    /// The payment went on.
    Applied,
    /// The payment was as far already, or further.
    Stale,
    /// The event had come before.
    Duplicate,
}

/// A payment that its provider knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Started {
    /// The payment.
    pub payment: Payment,
    /// Where the user pays, if the provider says so.
    pub checkout_url: Option<String>,
}

/// Opens a payment of an invoice, before its provider is asked; one that is open already is given
/// back, so an invoice has one at a time.
///
/// # Errors
/// [`BillingError::Unknown`] where the invoice is not there for who asks,
/// [`BillingError::NothingToPay`], [`BillingError::AlreadyPaid`], [`BillingError::Mismatch`] where
/// one is open through another provider, the database's.
pub async fn open_payment(
    connection: &mut AnyConnection,
    reader: Reader<'_>,
    invoice_id: &str,
    provider: &str,
    now_ms: i64,
) -> Result<Payment, BillingError> {
    let found = invoice(connection, reader, invoice_id).await?.ok_or(BillingError::Unknown)?;
    if found.paid_by.is_some() {
        return Err(BillingError::AlreadyPaid);
    }
    if found.credited_by.is_some() || found.total <= Sen::ZERO {
        return Err(BillingError::NothingToPay);
    }
    // A name that makes no account is found here, and not when the money is there.
    AccountId::provider_cash(provider)?;
    let sql = "SELECT id FROM billing_payment WHERE invoice_id = $1 ORDER BY attempt DESC LIMIT 1";
    let row = sqlx::query(sql).bind(invoice_id).fetch_optional(&mut *connection).await?;
    let mut attempt = 1;
    if let Some(row) = row {
        let latest = by_id(connection, &row.try_get::<String, _>(0)?).await?;
        let latest = latest.ok_or(BillingError::Unknown)?;
        if latest.state.place() < PaymentState::Failed.place() {
            return if latest.provider == provider {
                Ok(latest)
            } else {
                Err(BillingError::Mismatch)
            };
        }
        attempt = latest.attempt + 1;
    }
    let made = Payment {
        id: new_id("pay_")?,
        invoice_id: invoice_id.to_owned(),
        attempt,
        account: found.account,
        provider: provider.to_owned(),
        provider_id: None,
        amount: found.total,
        state: PaymentState::Created,
        created_ms: now_ms,
        changed_ms: now_ms,
    };
    let add = "INSERT INTO billing_payment (id, invoice_id, attempt, account, provider, amount, \
        state, created_ms, changed_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    sqlx::query(add)
        .bind(&made.id)
        .bind(invoice_id)
        .bind(attempt)
        .bind(&made.account)
        .bind(provider)
        .bind(made.amount.get())
        .bind(made.state.as_str())
        .bind(now_ms)
        .bind(now_ms)
        .execute(connection)
        .await?;
    Ok(made)
}

/// Opens a payment of an invoice and has its provider make it. While the provider is asked no
/// transaction is open; if it does not answer, the payment stays, and the next call asks again
/// under the same key.
///
/// # Errors
/// As [`open_payment`], and the provider's.
pub async fn start_payment(
    store: &Store,
    provider: &Arc<dyn PaymentProvider>,
    reader: Reader<'_>,
    invoice_id: &str,
    now_ms: i64,
) -> Result<Started, BillingError> {
    let mut write = store.begin().await?;
    let open = open_payment(&mut write, reader, invoice_id, provider.name(), now_ms).await?;
    write.commit().await?;
    let yen = open.amount.whole_yen().ok_or_else(|| foreign("an invoice of broken yen"))?;
    let new =
        NewPayment { reference: open.id.clone(), amount_yen: yen, currency: "JPY".to_owned() };
    let told = ask(provider, move |provider| provider.create(&new)).await?;
    let checkout_url = told.checkout_url.clone();
    let payment = note(store, &open.id, &told, now_ms).await?;
    Ok(Started { payment, checkout_url })
}

/// Asks the provider how far a payment is, where no webhook came.
///
/// # Errors
/// [`BillingError::Unknown`] where there is no such payment, or the provider has not been told of
/// it; [`BillingError::Mismatch`]; the provider's; the database's.
pub async fn refresh_payment(
    store: &Store,
    provider: &Arc<dyn PaymentProvider>,
    payment_id: &str,
    now_ms: i64,
) -> Result<Payment, BillingError> {
    let mut connection = store.readers().acquire().await?;
    let found = by_id(&mut connection, payment_id).await?.ok_or(BillingError::Unknown)?;
    // So that it can be used while the provider is asked.
    drop(connection);
    if found.provider != provider.name() {
        return Err(BillingError::Mismatch);
    }
    let provider_id = found.provider_id.ok_or(BillingError::Unknown)?;
    let told = ask(provider, move |provider| provider.fetch(&provider_id)).await?;
    note(store, payment_id, &told, now_ms).await
}

async fn ask(
    provider: &Arc<dyn PaymentProvider>,
    question: impl FnOnce(&dyn PaymentProvider) -> Result<ProviderPayment, ProviderError>
    + Send
    + 'static,
) -> Result<ProviderPayment, BillingError> {
    let provider = Arc::clone(provider);
    let asked = tokio::task::spawn_blocking(move || question(&*provider)).await;
    Ok(asked.map_err(|_| BillingError::Interrupted)??)
}

/// Takes in what a provider answered.
async fn note(
    store: &Store,
    payment_id: &str,
    told: &ProviderPayment,
    now_ms: i64,
) -> Result<Payment, BillingError> {
    let mut write = store.begin().await?;
    let found = by_id(&mut write, payment_id).await?.ok_or(BillingError::Unknown)?;
    check_same(&found, &found.provider, told)?;
    advance(&mut write, &found, told, now_ms).await?;
    let now = by_id(&mut write, payment_id).await?.ok_or(BillingError::Unknown)?;
    write.commit().await?;
    Ok(now)
}

/// Takes in an event that `provider` told by webhook, once.
///
/// # Errors
/// [`BillingError::Unknown`] where no payment has the event's reference,
/// [`BillingError::Mismatch`] where the payment has another amount, provider or provider's id, the
/// database's.
pub async fn receive(
    connection: &mut AnyConnection,
    provider: &str,
    event: &Event,
    now_ms: i64,
) -> Result<Received, BillingError> {
    let found = by_id(connection, &event.payment.reference).await?;
    let found = found.ok_or(BillingError::Unknown)?;
    check_same(&found, provider, &event.payment)?;
    let add = "INSERT INTO billing_event (provider, event_id, payment_id, state, received_ms) \
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT (provider, event_id) DO NOTHING";
    let added = sqlx::query(add)
        .bind(provider)
        .bind(&event.id)
        .bind(&found.id)
        .bind(PaymentState::from(event.payment.state).as_str())
        .bind(now_ms)
        .execute(&mut *connection)
        .await?;
    if added.rows_affected() == 0 {
        return Ok(Received::Duplicate);
    }
    match advance(connection, &found, &event.payment, now_ms).await? {
        true => Ok(Received::Applied),
        false => Ok(Received::Stale),
    }
}

/// Whether a provider speaks of this payment.
fn check_same(
    payment: &Payment,
    provider: &str,
    told: &ProviderPayment,
) -> Result<(), BillingError> {
    let is_same = payment.provider == provider
        && payment.id == told.reference
        && payment.amount.whole_yen() == Some(told.amount_yen)
        && payment.provider_id.as_ref().is_none_or(|id| *id == told.id);
    if is_same { Ok(()) } else { Err(BillingError::Mismatch) }
}

/// Lets a payment go on to where its provider sees it, and books what that means; whether it did.
async fn advance(
    connection: &mut AnyConnection,
    payment: &Payment,
    told: &ProviderPayment,
    now_ms: i64,
) -> Result<bool, BillingError> {
    let to = PaymentState::from(told.state);
    let goes_on = to.place() > payment.state.place();
    if goes_on && to.place() >= PaymentState::Paid.place() {
        let paid = book_payment(connection, payment, now_ms).await?;
        if to == PaymentState::Refunded {
            reverse(connection, &paid, &format!("refund:{}", payment.id), now_ms).await?;
        }
    }
    let (state, changed_ms) =
        if goes_on { (to, now_ms) } else { (payment.state, payment.changed_ms) };
    let set = "UPDATE billing_payment SET provider_id = $1, state = $2, changed_ms = $3 \
        WHERE id = $4";
    sqlx::query(set)
        .bind(&told.id)
        .bind(state.as_str())
        .bind(changed_ms)
        .bind(&payment.id)
        .execute(connection)
        .await?;
    Ok(goes_on)
}

async fn book_payment(
    connection: &mut AnyConnection,
    payment: &Payment,
    now_ms: i64,
) -> Result<String, BillingError> {
    let posting = Posting {
        debit: AccountId::provider_cash(&payment.provider)?,
        credit: AccountId::user_receivable(&payment.account)?,
        amount: payment.amount,
    };
    let entry = Entry {
        idempotency: &format!("payment:{}", payment.id),
        kind: "payment",
        reference: &payment.invoice_id,
        at_ms: now_ms,
        usage: None,
        postings: &[posting],
    };
    Ok(book(connection, &entry).await?.transfer_id)
}

/// A payment, if it is there for who asks.
///
/// # Errors
/// The database's.
pub async fn payment(
    connection: &mut AnyConnection,
    reader: Reader<'_>,
    id: &str,
) -> Result<Option<Payment>, BillingError> {
    let Some(account) = reader.account() else { return Ok(None) };
    let sql = "SELECT invoice_id, attempt, account, provider, provider_id, amount, state, \
        created_ms, changed_ms FROM billing_payment \
        WHERE id = $1 AND account = COALESCE($2, account)";
    let row = sqlx::query(sql).bind(id).bind(account).fetch_optional(connection).await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Payment {
        id: id.to_owned(),
        invoice_id: row.try_get(0)?,
        attempt: row.try_get(1)?,
        account: row.try_get(2)?,
        provider: row.try_get(3)?,
        provider_id: row.try_get(4)?,
        amount: Sen::new(row.try_get(5)?),
        state: PaymentState::read(&row.try_get::<String, _>(6)?)?,
        created_ms: row.try_get(7)?,
        changed_ms: row.try_get(8)?,
    }))
}

async fn by_id(connection: &mut AnyConnection, id: &str) -> Result<Option<Payment>, BillingError> {
    payment(connection, Reader::Operator, id).await
}
