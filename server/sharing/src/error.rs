//! What can go wrong between a fingerprint and a permit, or a permit and a release.

use onmon_audit::AuditError;
use onmon_keys::KeysError;
use onmon_ledger::LedgerError;
use onmon_library::LibraryError;
use onmon_rights::RightsError;
use onmon_store::StoreError;
use onmon_tag::TagError;

/// Why something was not shared, bought or released.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SharingError {
    /// The idempotency key is too short, too long or not of printable ASCII.
    #[error("an idempotency key is 8 to 128 printable ASCII characters, as a UUID is")]
    BadIdempotencyKey,
    /// The idempotency key was used for something else.
    #[error("this idempotency key was used for another request; choose a new one")]
    KeyReused,
    /// Codes that no sound has.
    #[error("the fingerprint's codes are not those of any sound")]
    Implausible,
    /// No permit of this id, or it was revoked.
    #[error("there is no such permit")]
    NoSuchPermit,
    /// No purchase of this id by this account.
    #[error("there is no such purchase")]
    NoSuchPurchase,
    /// The purchase was taken back.
    #[error("this was bought and refunded; it is not sold to this account again")]
    Refunded,
    /// A refund without a reason, or with one that is too long.
    #[error("a refund's reason is 1 to 500 characters")]
    BadReason,
    /// The file is not the one that the permit was given for.
    #[error(
        "the tag belongs to another file: its audio differs from what the permit was given for"
    )]
    OtherAudio,
    /// Rights have changed since the upload.
    #[error("sharing this recording is not permitted any more")]
    NoLongerPermitted,
    /// No tariff is set for an organisation's share.
    #[error("no tariff is set for {organisation} and this use; the operator has to set one")]
    NoTariff {
        /// Whose.
        organisation: String,
    },
    /// A challenge has to be answered first.
    #[error("ask for a challenge first, and take the samples where it says")]
    ChallengeNeeded,
    /// No challenge of this id: never, answered already, or ended.
    #[error("no such challenge: each is answered once, within two minutes; ask for another one")]
    NoSuchChallenge,
    /// The fingerprint's samples do not lie where the challenge says, or are of other audio.
    #[error("the fingerprint does not answer the challenge: its samples must lie where it says")]
    ChallengeFailed,
    /// A time that no calendar has.
    #[error("the clock is outside the years 1900 to 9999")]
    BadTime,
    /// The operating system gives no randomness.
    #[error("the operating system gives no randomness")]
    NoRandomness,
    /// From the library.
    #[error(transparent)]
    Library(#[from] LibraryError),
    /// From the rights.
    #[error(transparent)]
    Rights(#[from] RightsError),
    /// From the ledger.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// From the audit log.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// From the keys.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// From the tag's signer.
    #[error(transparent)]
    Tag(#[from] TagError),
    /// From the database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for SharingError {
    fn from(error: sqlx::Error) -> Self {
        SharingError::Store(error.into())
    }
}

impl SharingError {
    /// A stable name, for programs.
    pub fn code(&self) -> &'static str {
        match self {
            SharingError::BadIdempotencyKey => "bad_idempotency_key",
            SharingError::KeyReused => "idempotency_key_reused",
            SharingError::Implausible => "implausible_fingerprint",
            SharingError::NoSuchPermit => "no_such_permit",
            SharingError::NoSuchPurchase => "no_such_purchase",
            SharingError::Refunded => "refunded",
            SharingError::BadReason => "bad_reason",
            SharingError::OtherAudio => "other_audio",
            SharingError::NoLongerPermitted => "no_longer_permitted",
            SharingError::NoTariff { .. } => "no_tariff",
            SharingError::ChallengeNeeded => "challenge_needed",
            SharingError::NoSuchChallenge => "no_such_challenge",
            SharingError::ChallengeFailed => "challenge_failed",
            SharingError::BadTime => "bad_time",
            SharingError::Tag(error) => error.code(),
            SharingError::NoRandomness => "no_randomness",
            SharingError::Library(error) => error.code(),
            SharingError::Rights(error) => error.code(),
            SharingError::Ledger(error) => error.code(),
            SharingError::Audit(error) => error.code(),
            SharingError::Keys(error) => error.code(),
            SharingError::Store(error) => error.code(),
        }
    }
}
