//! Why the ledger refused.

use onmon_store::StoreError;

use crate::calendar::Date;
use crate::sen::Sen;

/// A refusal of the ledger. Whatever was asked for, nothing of it happened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A sum leaves the range of 64 bits.
    #[error("an amount of money is too large")]
    Overflow,
    /// A posting or price that is not above nothing, or a charge below it.
    #[error("{0} yen is no amount that can be booked here")]
    Amount(Sen),
    /// A transfer without postings.
    #[error("a transfer needs a posting")]
    NoPostings,
    /// A posting from an account to itself.
    #[error("a posting needs two accounts")]
    SameAccount,
    /// A text that names no account.
    #[error("`{0}` names no account")]
    AccountName(String),
    /// An empty or overlong key, kind, reference, form or name.
    #[error("`{0}` must have 1 to 200 characters")]
    Text(&'static str),
    /// The idempotency key belongs to another transfer; use a new key.
    #[error("the idempotency key was used for another transfer, {transfer_id}")]
    KeyReused {
        /// The transfer that has the key.
        transfer_id: String,
    },
    /// No transfer has this id.
    #[error("there is no such transfer")]
    UnknownTransfer,
    /// Posted already: it can only be reversed.
    #[error("the transfer is posted; reverse it")]
    AlreadyPosted,
    /// Voided already: book anew.
    #[error("the transfer is voided")]
    AlreadyVoided,
    /// Its time is over: reserve anew.
    #[error("the transfer was not posted in time")]
    Expired,
    /// Pending or voided: only what is posted is reversed.
    #[error("the transfer is not posted; void it")]
    NotPosted,
    /// Each is reversed once.
    #[error("the transfer is reversed already, by {by}")]
    AlreadyReversed {
        /// The transfer that reverses it.
        by: String,
    },
    /// A reversal stands; book anew what it took back.
    #[error("a reversal is not reversed; book anew")]
    IsReversal,
    /// The owner's debts would go beyond their limit; let them pay first.
    #[error("debts of {would_be} yen would exceed the limit of {limit} yen")]
    LimitExceeded {
        /// Whose.
        owner: String,
        /// How far they may go,
        limit: Sen,
        /// and how far they would.
        would_be: Sen,
    },
    /// Shares that add up to nothing.
    #[error("there are no shares to split over")]
    Shares,
    /// A tariff is closed: no use is charged by it.
    #[error("the tariff is closed")]
    TariffClosed,
    /// A version must begin after the newest one, whose uses may be charged already.
    #[error("a version that begins on {newest} is there already; begin later")]
    TariffOrder {
        /// When the newest version begins.
        newest: Date,
    },
    /// No `YYYY-MM-DD` or `YYYY-MM` of the years 1970 to 9999.
    #[error("no date or month of the calendar")]
    Calendar,
    /// The system gives no random numbers.
    #[error("the system gives no random numbers")]
    NoRandomness(#[source] getrandom::Error),
}

impl LedgerError {
    /// A stable name, for programs.
    pub fn code(&self) -> &'static str {
        match self {
            LedgerError::Store(error) => error.code(),
            LedgerError::Overflow => "amount_overflow",
            LedgerError::Amount(_) => "amount_invalid",
            LedgerError::NoPostings => "no_postings",
            LedgerError::SameAccount => "same_account",
            LedgerError::AccountName(_) => "account_name",
            LedgerError::Text(_) => "text_invalid",
            LedgerError::KeyReused { .. } => "idempotency_key_reused",
            LedgerError::UnknownTransfer => "unknown_transfer",
            LedgerError::AlreadyPosted => "already_posted",
            LedgerError::AlreadyVoided => "already_voided",
            LedgerError::Expired => "transfer_expired",
            LedgerError::NotPosted => "not_posted",
            LedgerError::AlreadyReversed { .. } => "already_reversed",
            LedgerError::IsReversal => "is_reversal",
            LedgerError::LimitExceeded { .. } => "limit_exceeded",
            LedgerError::Shares => "shares_invalid",
            LedgerError::TariffClosed => "tariff_closed",
            LedgerError::TariffOrder { .. } => "tariff_order",
            LedgerError::Calendar => "date_invalid",
            LedgerError::NoRandomness(_) => "no_randomness",
        }
    }
}

impl From<sqlx::Error> for LedgerError {
    fn from(error: sqlx::Error) -> LedgerError {
        LedgerError::Store(error.into())
    }
}
