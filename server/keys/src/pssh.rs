//! The `pssh` box of ISO/IEC 23001-7: it tells a player for which keys to ask whom.
//!
//! ```text
//! 0   4   the box's length
//! 4   4   "pssh"
//! 8   4   version 1, flags 0
//! 12 16   system id
//! 28  4   how many kids, then 16 bytes each
//!     4   length of the system's own data, here 0
//! ```
//! Numbers are big-endian.

use crate::error::KeysError;
use crate::kid::Kid;
use crate::system::{LicenceRequest, SystemId};

/// A box of version 1 without data of the system's own.
pub fn pssh(system: SystemId, kids: &[Kid]) -> Vec<u8> {
    let length = 36 + 16 * kids.len();
    let mut out = Vec::with_capacity(length);
    out.extend((length as u32).to_be_bytes());
    out.extend(b"pssh");
    out.extend([1, 0, 0, 0]);
    out.extend(system.0);
    out.extend((kids.len() as u32).to_be_bytes());
    kids.iter().for_each(|kid| out.extend(kid.0));
    out.extend(0_u32.to_be_bytes());
    out
}

/// The kids of a box that [`pssh`] made for this system.
///
/// # Errors
/// [`KeysError::Pssh`] for anything else, more than [`LicenceRequest::KIDS_MAX`] kids among it.
pub fn pssh_kids(system: SystemId, bytes: &[u8]) -> Result<Vec<Kid>, KeysError> {
    let count = bytes.len().checked_sub(36).ok_or(KeysError::Pssh)? / 16;
    if count > LicenceRequest::KIDS_MAX {
        return Err(KeysError::Pssh);
    }
    let (kids, _) = bytes[32..].as_chunks();
    let kids: Vec<Kid> = kids[..count].iter().map(|kid| Kid(*kid)).collect();
    // There is one way to write it: what it would be written as is all that needs comparing.
    if pssh(system, &kids) == bytes { Ok(kids) } else { Err(KeysError::Pssh) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The example of the W3C's registry entry for `cenc`, after ISO/IEC 23001-7.
    const EXAMPLE: &[u8] = b"\0\0\0\x44pssh\x01\0\0\0\
        \x10\x77\xef\xec\xc0\xb2\x4d\x02\xac\xe3\x3c\x1e\x52\xe2\xfb\x4b\
        \0\0\0\x020123456789012345ABCDEFGHIJKLMNOP\0\0\0\0";

    #[test]
    fn the_example_of_the_registry() {
        let kids = [Kid(*b"0123456789012345"), Kid(*b"ABCDEFGHIJKLMNOP")];
        assert_eq!(pssh(SystemId::CLEAR_KEY, &kids), EXAMPLE);
        assert_eq!(pssh_kids(SystemId::CLEAR_KEY, EXAMPLE).unwrap(), kids);
        assert!(pssh_kids(SystemId::WIDEVINE, EXAMPLE).is_err());
    }

    proptest! {
        #[test]
        fn what_is_not_ours_is_refused(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            prop_assert!(pssh_kids(SystemId::CLEAR_KEY, &bytes).is_err());
        }

        #[test]
        fn every_list_comes_back(kids in proptest::collection::vec(any::<[u8; 16]>(), 0..32)) {
            let kids: Vec<Kid> = kids.into_iter().map(Kid).collect();
            let bytes = pssh(SystemId::FAIRPLAY, &kids);
            prop_assert_eq!(pssh_kids(SystemId::FAIRPLAY, &bytes).unwrap(), kids);
            prop_assert!(pssh_kids(SystemId::FAIRPLAY, &bytes[..bytes.len() - 1]).is_err());
        }
    }
}
