//! What can go wrong with accounts and tokens, told apart by what one can do about it.

use onmon_store::StoreError;

use crate::token_keys::WrapError;

/// A failure of this room.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AccountsError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The operating system gives no random bytes; nothing can be made until it does.
    #[error("the system gives no random bytes")]
    Random,
    /// A token's signing key that cannot be wrapped or opened.
    #[error(transparent)]
    Wrap(#[from] WrapError),
    /// A token's signing key that is not what this program wrote.
    #[error("a token key in the database is damaged; revoke all by a new one")]
    KeyDamaged,
    /// No key signs tokens yet; `TokenKeys::prepare` makes one.
    #[error("no key signs tokens yet")]
    NoTokenKey,
    /// The key before the present one still verifies: wait, or revoke it.
    #[error("the last change of token keys is not over; wait until {until_ms} or revoke the old")]
    RotationTooSoon {
        /// When it is, in Unix milliseconds.
        until_ms: i64,
    },
    /// Not a lifetime of 1 to [`crate::LIFETIME_S_MAX`] seconds.
    #[error("a token lives 1 to 300 seconds")]
    Lifetime,
    /// No such API key, or one that was revoked.
    #[error("not an API key of ours, or one that was revoked")]
    UnknownKey,
    /// The account was suspended; ask its operator.
    #[error("the account is suspended")]
    Suspended,
    /// The caller's role does not allow this.
    #[error("not allowed in this role")]
    Forbidden,
    /// No such object, or one that is not the caller's.
    #[error("no such object")]
    NotFound,
    /// Nobody but an operator makes accounts here.
    #[error("registration is closed; ask an operator")]
    RegistrationClosed,
    /// Revoke one first.
    #[error("the account has {} API keys; revoke one first", crate::KEYS_MAX)]
    TooManyKeys,
    /// A name, label or id that is empty, too long or holds control characters.
    #[error("`{0}` is empty, too long or not of plain characters")]
    Malformed(&'static str),
}

impl AccountsError {
    /// A stable name, for programs.
    pub fn code(&self) -> &'static str {
        match self {
            AccountsError::Store(error) => error.code(),
            AccountsError::Random => "no_random_bytes",
            AccountsError::Wrap(_) => "token_key_wrap",
            AccountsError::KeyDamaged => "token_key_damaged",
            AccountsError::NoTokenKey => "no_token_key",
            AccountsError::RotationTooSoon { .. } => "rotation_too_soon",
            AccountsError::Lifetime => "token_lifetime",
            AccountsError::UnknownKey => "unknown_api_key",
            AccountsError::Suspended => "account_suspended",
            AccountsError::Forbidden => "forbidden",
            AccountsError::NotFound => "not_found",
            AccountsError::RegistrationClosed => "registration_closed",
            AccountsError::TooManyKeys => "too_many_api_keys",
            AccountsError::Malformed(_) => "malformed",
        }
    }
}

impl From<sqlx::Error> for AccountsError {
    fn from(error: sqlx::Error) -> AccountsError {
        AccountsError::Store(error.into())
    }
}

/// Why a token is not believed. To whoever sent it all of them are one answer, 401; the rest is for
/// the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// Not a token of ours in form.
    #[error("not a token")]
    Malformed,
    /// Signed in another way than ours, or not at all: `none`, an HMAC, RSA.
    #[error("the token is not signed by EdDSA")]
    Algorithm,
    /// A key that is not known, or not any more. A server that shares its database with others
    /// loads the keys again: one of them may have made a new one.
    #[error("the token's key is not known")]
    UnknownKey,
    /// Altered, or signed by somebody else.
    #[error("the token's signature is wrong")]
    Signature,
    /// For another service, or from another.
    #[error("the token is not for this service")]
    Audience,
    /// Its time is over: exchange the API key for another.
    #[error("the token has expired")]
    Expired,
    /// Issued in the future: a clock is wrong.
    #[error("the token is not valid yet; a clock is wrong")]
    NotYetValid,
}

impl TokenError {
    /// A stable name, for programs.
    pub fn code(self) -> &'static str {
        match self {
            TokenError::Malformed => "token_malformed",
            TokenError::Algorithm => "token_algorithm",
            TokenError::UnknownKey => "token_key_unknown",
            TokenError::Signature => "token_signature",
            TokenError::Audience => "token_audience",
            TokenError::Expired => "token_expired",
            TokenError::NotYetValid => "token_not_yet_valid",
        }
    }
}
