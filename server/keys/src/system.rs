//! The door to key systems: what a player's DRM asks for and what it is answered.

use std::fmt;

use zeroize::Zeroizing;

use crate::content::ContentKey;
use crate::error::KeysError;
use crate::kid::Kid;

/// A DRM system's registered UUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SystemId(pub [u8; 16]);

impl SystemId {
    /// W3C Clear Key, and the common `pssh` box of CENC: 1077efec-c0b2-4d02-ace3-3c1e52e2fb4b.
    pub const CLEAR_KEY: SystemId = SystemId::new(0x1077efec_c0b2_4d02_ace3_3c1e52e2fb4b);
    /// Google Widevine: edef8ba9-79d6-4ace-a3c8-27dcd51d21ed.
    pub const WIDEVINE: SystemId = SystemId::new(0xedef8ba9_79d6_4ace_a3c8_27dcd51d21ed);
    /// Microsoft PlayReady: 9a04f079-9840-4286-ab92-e65be0885f95.
    pub const PLAYREADY: SystemId = SystemId::new(0x9a04f079_9840_4286_ab92_e65be0885f95);
    /// Apple FairPlay Streaming: 94ce86fb-07ff-4f43-adb8-93d2fa968ca2.
    pub const FAIRPLAY: SystemId = SystemId::new(0x94ce86fb_07ff_4f43_adb8_93d2fa968ca2);

    const fn new(uuid: u128) -> SystemId {
        SystemId(uuid.to_be_bytes())
    }
}

impl fmt::Display for SystemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Kid(self.0).uuid())
    }
}

/// A request for a licence, read: which keys a player asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LicenceRequest {
    /// At least one, at most [`LicenceRequest::KIDS_MAX`], each once.
    pub kids: Vec<Kid>,
}

impl LicenceRequest {
    /// One request asks for no more keys.
    pub const KIDS_MAX: usize = 32;
    /// No request is longer, in bytes.
    pub const BYTES_MAX: usize = 4096;
}

/// A key system: how its players ask, and how they are answered.
///
/// Asking and answering are two calls, because between them stands who decides: which of the keys
/// the caller may have is not known here.
pub trait KeySystem {
    /// As `navigator.requestMediaKeySystemAccess` names it.
    fn name(&self) -> &'static str;

    /// As a `pssh` box names it.
    fn system_id(&self) -> SystemId;

    /// What content carries so that a player knows for which keys to ask; as `cenc` data.
    fn init_data(&self, kids: &[Kid]) -> Vec<u8>;

    /// Reads what a player sent.
    ///
    /// # Errors
    /// [`KeysError::LicenceRequest`].
    fn request(&self, body: &[u8]) -> Result<LicenceRequest, KeysError>;

    /// Answers with those keys of `granted` that were asked for. The answer holds keys: it is
    /// wiped when dropped, and is to be cached by nobody.
    ///
    /// # Errors
    /// [`KeysError::NotFound`] where none of them was granted: the same for a key that is not there
    /// and for one that the caller may not have.
    fn licence(
        &self,
        request: &LicenceRequest,
        granted: &[(Kid, ContentKey)],
    ) -> Result<Zeroizing<String>, KeysError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registered_ids() {
        assert_eq!(SystemId::CLEAR_KEY.to_string(), "1077efec-c0b2-4d02-ace3-3c1e52e2fb4b");
        assert_eq!(SystemId::WIDEVINE.to_string(), "edef8ba9-79d6-4ace-a3c8-27dcd51d21ed");
        assert_eq!(SystemId::PLAYREADY.to_string(), "9a04f079-9840-4286-ab92-e65be0885f95");
        assert_eq!(SystemId::FAIRPLAY.to_string(), "94ce86fb-07ff-4f43-adb8-93d2fa968ca2");
    }
}
