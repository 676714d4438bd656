//! Double entry in hundredths of a yen: accounts, transfers, tariffs.
//!
//! ```text
//! Sen         money: whole hundredths of a yen, checked
//! AccountId   who owes whom, by name: `user:acc_…:due`, `org:JASRAC:payable`, `rounding` …
//! transfer    postings from a debit to a credit account; reserved, then posted or voided; or booked
//!             at once; mended only by a reversal
//! settlement  which usage of an account an invoice or statement has taken
//! tariff      what an organisation asks for a use, by date
//! split       a charge over shares, without losing a sen
//! check       whether everything still adds up
//! ```
//!
//! **Transfers never change.** Rows of transfers, postings and tariffs are inserted and never
//! updated. What became of a transfer (posted, voided, expired) is a row of its own, whose key sees
//! to it that this happens once.
//!
//! **An idempotency key books once.** The same key with the same content gives back the first
//! transfer; with other content it is an error. Times are not content: who tries again does so
//! later.
//!
//! **Transactions are the caller's.** What changes the ledger takes `&mut AnyConnection` inside
//! somebody's [`onmon_store::Write`], under which nobody else writes. A call that is refused has
//! changed nothing, so its caller may go on and commit.
//!
//! **One currency, and only money.** Everything is yen. Uses are counted where they happen; one
//! that costs nothing has no transfer. What is usage and costs something says so in its entry
//! ([`Usage`]), so that invoices and statements can count and group it.
//!
//! **Rounding.** Amounts are whole sen. A share of a price is rounded to the nearest sen, halves up
//! ([`Sen::part`]): 7.7 % of 150.00 yen is 11.55 yen, of 150.01 yen 11.55 (exactly 11.55077), of
//! 150.06 yen 11.55 (exactly 11.55462), of 150.07 yen 11.56 (exactly 11.55539). What is split over
//! several is split whole ([`split`]). Rounding to whole yen happens on invoices and statements
//! alone, and its difference goes to the account `rounding`.

mod account;
mod calendar;
mod check;
mod error;
mod id;
pub mod jasrac;
mod record;
mod sen;
mod settlement;
mod split;
mod tariff;
mod totals;
mod transfer;

pub use account::{Account, AccountId, AccountKind, account, accounts_of, exposure, set_limit};
pub use calendar::{Date, Month};
pub use check::{Balance, Discrepancy, Side, check};
pub use error::LedgerError;
pub use id::new_id;
pub use record::{Outcome, Transfer, by_idempotency, transfer};
pub use sen::Sen;
pub use settlement::{UsageLine, settle, unsettle, unsettled};
pub use split::split;
pub use tariff::{Rate, Tariff, charge, tariff_add, tariff_at, tariff_close, tariffs};
pub use transfer::{Booked, Entry, Posting, Usage, book, expire, post, reserve, reverse, void};

/// The ledger's tables.
pub const SCHEMA: onmon_store::Schema =
    onmon_store::Schema { name: "ledger", steps: &[include_str!("../migrations/0001_ledger.sql")] };
