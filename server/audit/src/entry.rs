//! An event, and the entry that is published of it.

use sha2::{Digest, Sha256};

use crate::log::Line;
use crate::tree::{Hash, leaf_hash};

/// Something that is written down for good.
#[derive(Debug, Clone, Copy)]
pub struct Event<'a> {
    /// What happened: `permit`, `purchase` …; one word.
    pub kind: &'a str,
    /// To what: an id. It is not published.
    pub subject: &'a str,
    /// When (Unix milliseconds).
    pub at_ms: i64,
    /// Everything else, as JSON. It is not published.
    pub body: &'a str,
}

/// What stands in the tree for an event: four lines of text.
///
/// ```text
/// onmon-audit-v1
/// 17 permit 1776222000000
/// 64 hexadecimal digits: SHA-256 of salt, subject, 0, body
/// ```
fn entry(line: u64, event: &Event<'_>, salt: &[u8]) -> Vec<u8> {
    let commitment = Sha256::new()
        .chain_update(salt)
        .chain_update(event.subject)
        .chain_update([0])
        .chain_update(event.body)
        .finalize();
    let hex: String = commitment.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("onmon-audit-v1\n{line} {} {}\n{hex}\n", event.kind, event.at_ms).into_bytes()
}

/// Its hash in the tree.
pub(crate) fn leaf(line: u64, event: &Event<'_>, salt: &[u8]) -> Hash {
    leaf_hash(&entry(line, event, salt))
}

/// The entries of a tile's lines, as they are published: each behind its length (u16, big-endian).
pub(crate) fn bundle(rows: &[Line]) -> Vec<u8> {
    let mut bundle = Vec::new();
    for row in rows {
        let entry = entry(row.line, &row.event(), &row.salt);
        // A kind is a word: an entry has some hundred bytes.
        bundle.extend((entry.len() as u16).to_be_bytes());
        bundle.extend(entry);
    }
    bundle
}
