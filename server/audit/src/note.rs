//! The checkpoint: how long the log is and what its root is, signed (C2SP tlog-checkpoint and
//! signed-note, Ed25519).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, VerifyingKey};
use sha2::{Digest, Sha256};

use crate::error::AuditError;
use crate::tree::Hash;

/// The mark of Ed25519 in a key's id and text.
const ED25519: u8 = 1;

/// How long the log is, and its root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Lines.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
}

/// Signs checkpoints: the private key stays with whoever gives the function.
pub struct Signer<'a> {
    /// The log's name, which its checkpoints carry.
    pub name: &'a str,
    /// The public key.
    pub public: [u8; 32],
    /// Ed25519 over a message.
    pub sign: &'a (dyn Fn(&[u8]) -> [u8; 64] + Sync),
}

/// What checkpoints are checked with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey {
    /// The log's name.
    pub name: String,
    /// The public key.
    pub public: [u8; 32],
}

impl VerifierKey {
    /// `NAME+8 hexadecimal digits+base64`, as C2SP's signed notes write a key.
    pub fn to_text(&self) -> String {
        let id: String = self.id().iter().map(|byte| format!("{byte:02x}")).collect();
        let mut key = vec![ED25519];
        key.extend(self.public);
        format!("{}+{id}+{}", self.name, STANDARD.encode(key))
    }

    /// From [`VerifierKey::to_text`].
    pub fn from_text(text: &str) -> Option<VerifierKey> {
        let mut parts = text.trim().splitn(3, '+');
        let (name, id, key) = (parts.next()?, parts.next()?, parts.next()?);
        let key = STANDARD.decode(key).ok()?;
        let (&ED25519, public) = key.split_first()? else { return None };
        let key = VerifierKey { name: name.to_owned(), public: public.try_into().ok()? };
        (key.to_text().split('+').nth(1) == Some(id)).then_some(key)
    }

    /// The first four bytes of SHA-256 over name, line break, mark and key.
    fn id(&self) -> [u8; 4] {
        let hash = Sha256::new()
            .chain_update(&self.name)
            .chain_update([b'\n', ED25519])
            .chain_update(self.public)
            .finalize();
        [hash[0], hash[1], hash[2], hash[3]]
    }
}

impl Signer<'_> {
    fn verifier(&self) -> VerifierKey {
        VerifierKey { name: self.name.to_owned(), public: self.public }
    }
}

impl Checkpoint {
    /// The signed note.
    ///
    /// # Errors
    /// [`AuditError::BadName`].
    pub(crate) fn signed(&self, signer: &Signer<'_>) -> Result<String, AuditError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"./-".contains(&byte);
        if !(1..=64).contains(&signer.name.len()) || !signer.name.bytes().all(allowed) {
            return Err(AuditError::BadName);
        }
        let text = format!("{}\n{}\n{}\n", signer.name, self.size, STANDARD.encode(self.root));
        let mut signature = signer.verifier().id().to_vec();
        signature.extend((signer.sign)(text.as_bytes()));
        Ok(format!("{text}\n\u{2014} {} {}\n", signer.name, STANDARD.encode(signature)))
    }

    /// From a signed note, after its signature.
    ///
    /// # Errors
    /// [`AuditError::BadSignature`] for whatever is no note that this key has signed.
    pub fn verified(note: &str, key: &VerifierKey) -> Result<Checkpoint, AuditError> {
        let (text, signatures) = note.split_once("\n\n").ok_or(AuditError::BadSignature)?;
        let text = format!("{text}\n");
        let verifying =
            VerifyingKey::from_bytes(&key.public).map_err(|_| AuditError::BadSignature)?;
        let is_good = |line: &str| {
            let (name, encoded) = line.strip_prefix("\u{2014} ")?.split_once(' ')?;
            let bytes = STANDARD.decode(encoded).ok()?;
            let (id, signature) = bytes.split_first_chunk::<4>()?;
            let signature = Signature::from_slice(signature).ok()?;
            let ours = name == key.name && *id == key.id();
            (ours && verifying.verify_strict(text.as_bytes(), &signature).is_ok()).then_some(())
        };
        let signed = signatures.ends_with('\n') && signatures.lines().any(|l| is_good(l).is_some());
        let checkpoint = Checkpoint::parse(&text, &key.name).filter(|_| signed);
        checkpoint.ok_or(AuditError::BadSignature)
    }

    fn parse(text: &str, name: &str) -> Option<Checkpoint> {
        let mut lines = text.lines();
        if lines.next()? != name {
            return None;
        }
        let size = lines.next()?;
        let root = STANDARD.decode(lines.next()?).ok()?.try_into().ok()?;
        let canonical = size.parse::<u64>().ok().filter(|number| number.to_string() == size)?;
        Some(Checkpoint { size: canonical, root })
    }
}
