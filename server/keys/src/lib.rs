//! Content keys wrapped by a master key, and the keys that sign tags.
//!
//! ```text
//! MasterKeys    two that live, from files or the environment; wrap and open everything below
//! content       a random 128-bit key and its kid for each permit
//! SigningKeys   Ed25519, for tags and for releases: one signs, one stands by, old ones verify
//! KeySystem     what a player's DRM asks for: W3C Clear Key
//! cpix          keys for other vendors' DRM, as a CPIX document
//! ```
//!
//! No key is ever in a log, in `Debug` or in the database as it is: what the database holds is
//! wrapped, and wrapped for one purpose and one id, so that it cannot be put into another place.
//! Nothing here decides who may have a key: the caller asks after it has decided.

mod clear_key;
mod content;
pub mod cpix;
mod error;
mod kid;
mod master;
mod master_file;
mod pssh;
mod public;
mod rewrap;
mod signing;
mod system;

pub use clear_key::{ClearKey, keyids};
pub use content::{
    ContentKey, content_key, content_key_new, content_key_of_permit, content_key_revoke,
};
pub use error::KeysError;
pub use kid::Kid;
pub use master::{MasterId, MasterKey, MasterKeys};
pub use master_file::{VARIABLE, VARIABLE_PREVIOUS, begin_rotation, end_rotation};
pub use pssh::{pssh, pssh_kids};
pub use public::{KeyId, PublicKey, cose_key_set, jwks};
pub use rewrap::{check_masters, rewrap};
pub use signing::{Signer, SigningKeys, SigningUse};
pub use system::{KeySystem, LicenceRequest, SystemId};

/// The tables of this room.
pub const SCHEMA: onmon_store::Schema =
    onmon_store::Schema { name: "keys", steps: &[include_str!("../migrations/0001_keys.sql")] };
