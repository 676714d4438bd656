//! Monthly invoices, statements of organisations, payment providers.
//!
//! What is booked when (`+` debits, `-` credits; names of accounts: [`onmon_ledger::AccountId`]):
//!
//! | when | booked |
//! |---|---|
//! | a download (by the room of sharing, as usage) | `+user:U:due` `-org:O:payable` by each share, `-org:O:held` where claims conflict, `-revenue` for the operator's part; sen, without tax |
//! | held money is let go (as usage) | `+org:O:held` `-org:P:payable` |
//! | an invoice | `+user:U:receivable` its total, `-user:U:due` the usage, `-tax:R:collected`, `±rounding` |
//! | a credit note | the invoice's contrary; its usage waits for another invoice |
//! | a payment | `+provider:N:cash` `-user:U:receivable` |
//! | a payment given back | the payment's contrary |
//! | a statement | `+org:O:payable` the usage, `+minimum` what the month's minimum adds, `+tax:R:paid`, `-org:O:stated` its total, `±rounding` |
//! | a payout | `+org:O:stated` `-provider:N:cash` |
//!
//! **Rounding happens once for each document and tax rate** ([`TaxGroup::new`]): what all lines of
//! a rate come to with tax is rounded down to whole yen; the tax is the part of that total that is
//! tax, rounded down to whole yen. What the ledger has in sen and the document has not goes to the
//! account `rounding`; it is less than a yen for each rate.
//!
//! **What belongs to a month** is what was posted before its end in Japan and stands on no document
//! yet. So usage that is posted late, and what was taken back, comes on the next one, and nothing
//! falls between two. A document is never below nothing: what would be is left for the next month.
//!
//! **Documents never change.** An invoice is withdrawn by a credit note; a statement is mended by
//! the next. Numbers are counted in the transaction that issues, so there are no gaps.

mod document;
mod error;
mod invoice;
mod payment;
mod statement;
mod tax;

pub use document::{Line, Part, Reader};
pub use error::BillingError;
pub use invoice::{
    CreditNote, Invoice, credit_invoice, invoice, invoices, issue_invoice, issue_invoices,
};
pub use payment::http::{HttpProvider, Patience};
pub use payment::provider::{
    Event, NewPayment, PaymentProvider, ProviderError, ProviderPayment, ProviderState,
};
pub use payment::simulated::SimulatedProvider;
pub use payment::webhook::{self, WebhookError};
pub use payment::{
    Payment, PaymentState, Received, Started, open_payment, payment, receive, refresh_payment,
    start_payment,
};
pub use statement::{
    Payout, Statement, issue_statement, issue_statements, pay_out, statement, statements,
};
pub use tax::TaxGroup;

/// A document or booking, and whether this call made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issued<T> {
    /// It.
    pub made: T,
    /// Whether this call made it; otherwise it was there and nothing was changed.
    pub fresh: bool,
}

/// The tables of invoices, statements and payments; the ledger's come before them.
pub const SCHEMA: onmon_store::Schema = onmon_store::Schema {
    name: "billing",
    steps: &[include_str!("../migrations/0001_billing.sql")],
};
