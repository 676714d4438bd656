//! `tagged IN OUT`: IN with a tag signed by a key of nobody's, to try other programs on it.

use std::{env, error::Error, fs};

use ed25519_dalek::{Signer, SigningKey};
use onmon_tag::{KeyId, TAG_VERSION, Tag, files};

fn main() -> Result<(), Box<dyn Error>> {
    let mut paths = env::args_os().skip(1);
    let (Some(from), Some(to)) = (paths.next(), paths.next()) else {
        return Err("tagged IN OUT".into());
    };
    let tag = Tag {
        version: TAG_VERSION,
        recording_id: "rec_example".into(),
        permit_id: "prm_01J9ZQ5W8N3V7K2M4T6Y8X0ABC".into(),
        essence: [0; 32],
        fingerprint: [0; 32],
        issued_ms: 1_795_000_000_000,
        encoder: 2,
    };
    let key = SigningKey::from_bytes(&[1; 32]);
    let tag = tag.sign(KeyId([1; 16]), |bytes| key.sign(bytes).to_bytes())?;
    fs::write(to, files::write(&fs::read(from)?, &tag)?)?;
    Ok(())
}
