//! Why billing refused.

use onmon_ledger::LedgerError;
use onmon_store::StoreError;

use crate::payment::provider::ProviderError;

/// A refusal of billing. The caller's transaction may hold part of what was asked for: drop it. A
/// provider that was asked may know of the payment, and is asked again under the same key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BillingError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The ledger.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The provider of payments.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// The month goes on in Japan; usage may still come.
    #[error("the month is not over yet")]
    MonthNotOver,
    /// No invoice, statement or payment of this id is there for who asks.
    #[error("there is no such document")]
    Unknown,
    /// The invoice was withdrawn, or comes to nothing.
    #[error("there is nothing to pay")]
    NothingToPay,
    /// It is paid.
    #[error("it is paid already")]
    AlreadyPaid,
    /// Another payout was booked for this statement.
    #[error("the statement was paid out under another reference")]
    PaidOtherwise,
    /// The provider tells of another amount, provider or provider's id than the payment has: look
    /// at it by hand.
    #[error("the provider's payment is not the one that was asked for")]
    Mismatch,
    /// The task that asked the provider was stopped.
    #[error("asking the provider was interrupted; try again")]
    Interrupted,
}

impl BillingError {
    /// A stable name, for programs.
    pub fn code(&self) -> &'static str {
        match self {
            BillingError::Store(error) => error.code(),
            BillingError::Ledger(error) => error.code(),
            BillingError::Provider(error) => error.code(),
            BillingError::MonthNotOver => "month_not_over",
            BillingError::Unknown => "unknown_document",
            BillingError::NothingToPay => "nothing_to_pay",
            BillingError::AlreadyPaid => "already_paid",
            BillingError::PaidOtherwise => "paid_otherwise",
            BillingError::Mismatch => "payment_mismatch",
            BillingError::Interrupted => "interrupted",
        }
    }
}

impl From<sqlx::Error> for BillingError {
    fn from(error: sqlx::Error) -> BillingError {
        BillingError::Store(error.into())
    }
}
