//! Who is asking: accounts, roles and short-lived signed tokens.
//!
//! ```text
//! ApiKey       long-lived secret, shown once, kept as a hash; any number of accounts, several each
//!   | exchange                     refused where the key is revoked or the account suspended
//! token        signed, at most five minutes: who, in which role, for which organisation
//!   | TokenKeys::check             no database
//! Caller       what every other function of the server is told
//! ```
//! Beside it: [`Admin`] and its record of what operators did, [`Watch`] against scraping, and
//! [`client_address`] behind proxies. Both of these are pure: the clock is an argument.

mod account;
mod address;
mod admin;
mod api_key;
mod caller;
mod error;
mod id;
mod token;
mod token_keys;
mod watch;

pub use account::{
    Account, Registration, account, accounts, create, register, restore, set_role, suspend,
};
pub use address::{Network, NetworkError, client_address, neighbourhood};
pub use admin::{Action, Admin, actions, record};
pub use api_key::{
    ApiKey, Authenticated, KEYS_MAX, KeyInfo, add_key, add_key_for, authenticate, exchange, keys,
    mark_used, revoke_key, revoke_key_of,
};
pub use caller::{Caller, Role, confirm};
pub use error::{AccountsError, TokenError};
pub use id::{AccountId, ApiKeyId, OrganisationId};
pub use token::{Issued, LIFETIME_S_MAX};
pub use token_keys::{OldKey, Terms, TokenKeys, Wrap, WrapError};
pub use watch::{ClassRule, Verdict, Watch};

/// The tables of this room.
pub const SCHEMA: onmon_store::Schema = onmon_store::Schema {
    name: "accounts",
    steps: &[include_str!("../migrations/0001_accounts.sql")],
};
