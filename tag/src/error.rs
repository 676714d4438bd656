//! Why signed bytes are not taken, or not made.

use crate::keys::KeyId;

/// Signed bytes that are not what they should be. [`TagError::code`] is stable, the text is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TagError {
    /// Not a signed message of onmon's, or one that was cut, extended or re-encoded.
    #[error("not a signed onmon message: {part}")]
    Malformed {
        /// What does not parse.
        part: &'static str,
    },
    /// A release where a tag was asked for, or the reverse.
    #[error("signed, but a message of another kind")]
    WrongKind,
    /// Signed with a key that is not among those given: fetch the server's keys again.
    #[error("signed with key {0}, which is not known here; fetch the server's keys again")]
    UnknownKey(KeyId),
    /// The content is not what was signed.
    #[error("the signature does not fit: the content was changed")]
    BadSignature,
    /// Signed well, in a layout from after this build.
    #[error("a message of version {version}: update onmon")]
    TooNew {
        /// The version that it says.
        version: u64,
    },
    /// A field that is empty, too long or out of range; nothing was signed.
    #[error("{field} is empty, too long or out of range")]
    InvalidField {
        /// Which one.
        field: &'static str,
    },
}

impl TagError {
    /// A stable name for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed { .. } => "tag_malformed",
            Self::WrongKind => "tag_wrong_kind",
            Self::UnknownKey(_) => "tag_unknown_key",
            Self::BadSignature => "tag_bad_signature",
            Self::TooNew { .. } => "tag_too_new",
            Self::InvalidField { .. } => "tag_invalid_field",
        }
    }
}
