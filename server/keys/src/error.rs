//! What can go wrong with keys, told apart by what one can do about it.

use onmon_store::StoreError;

/// A failure of this room.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeysError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The operating system gives no random bytes; nothing can be made until it does.
    #[error("the system gives no random bytes")]
    Random,
    /// The file of a master key.
    #[error("the file of the master key cannot be read or written")]
    MasterFile(#[source] std::io::Error),
    /// The file can be read by everyone, or written by others than its owner: make another key.
    #[error("the file of the master key is open to others; give it mode 0600 and change the key")]
    MasterExposed,
    /// Not 64 hexadecimal digits.
    #[error("a master key is 64 hexadecimal digits")]
    MasterMalformed,
    /// A change of master keys is under way; end it first.
    #[error("a change of master keys is under way: rewrap everything, then end it")]
    RotationUnderWay,
    /// Wrapped by a master key that is not here: restore it, what it wraps cannot be opened else.
    #[error("a key is wrapped by a master key that is not here")]
    UnknownMaster,
    /// Wrapped bytes that were altered, or moved here from another place.
    #[error("a wrapped key is damaged or is not where it belongs; restore it from a backup")]
    Damaged,
    /// No such key, or not the caller's.
    #[error("no such key")]
    NotFound,
    /// The key was revoked; it is given to nobody any more.
    #[error("the key was revoked")]
    Revoked,
    /// The permit has a content key already.
    #[error("the permit has a content key already")]
    PermitHasKey,
    /// No key signs for this purpose; `SigningKeys::prepare` makes one.
    #[error("no signing key was made yet")]
    NoSigningKey,
    /// A signature that its key did not make.
    #[error("the signature is not of this key")]
    BadSignature,
    /// A request for a licence that does not follow its specification.
    #[error("not a licence request: {0}")]
    LicenceRequest(&'static str),
    /// Bytes that are no `pssh` box for this system.
    #[error("not a pssh box of this system")]
    Pssh,
    /// A document that cannot be written.
    #[error("not a CPIX document: {0}")]
    Cpix(&'static str),
}

impl KeysError {
    /// A stable name, for programs.
    pub fn code(&self) -> &'static str {
        match self {
            KeysError::Store(error) => error.code(),
            KeysError::Random => "no_random_bytes",
            KeysError::MasterFile(_) => "master_key_file",
            KeysError::MasterExposed => "master_key_exposed",
            KeysError::MasterMalformed => "master_key_malformed",
            KeysError::RotationUnderWay => "master_key_rotation_under_way",
            KeysError::UnknownMaster => "master_key_unknown",
            KeysError::Damaged => "key_damaged",
            KeysError::NotFound => "key_not_found",
            KeysError::Revoked => "key_revoked",
            KeysError::PermitHasKey => "permit_has_key",
            KeysError::NoSigningKey => "no_signing_key",
            KeysError::BadSignature => "bad_signature",
            KeysError::LicenceRequest(_) => "licence_request",
            KeysError::Pssh => "pssh",
            KeysError::Cpix(_) => "cpix",
        }
    }
}

impl From<sqlx::Error> for KeysError {
    fn from(error: sqlx::Error) -> KeysError {
        KeysError::Store(error.into())
    }
}
