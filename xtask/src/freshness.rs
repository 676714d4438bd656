//! Skipping what is up to date: a digest of everything a step read, kept once it has succeeded.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::repo;

/// A digest (64-bit FNV-1a) of the contents and names of a step's inputs.
#[derive(Clone)]
pub struct Digest(u64);

impl Digest {
    /// Of nothing yet.
    pub fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    /// Adds bytes and a mark of their end.
    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        for byte in bytes.iter().copied().chain((bytes.len() as u64).to_le_bytes()) {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        self
    }

    /// Adds a file, or every file below a folder but those in folders of the names in `skipped`.
    pub fn path(&mut self, path: &Path, skipped: &[&str]) -> Result<&mut Self> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if skipped.contains(&name.as_str()) {
            return Ok(self);
        }
        if !path.is_dir() {
            let content =
                fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
            return Ok(self.bytes(name.as_bytes()).bytes(&content));
        }
        let mut entries: Vec<PathBuf> =
            fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
        entries.sort();
        self.bytes(name.as_bytes());
        for entry in entries {
            self.path(&entry, skipped)?;
        }
        Ok(self)
    }

    /// Whether `step` last succeeded on exactly these inputs and its `outputs` are still there.
    pub fn is_fresh(&self, step: &str, outputs: &[&Path]) -> bool {
        let kept = fs::read_to_string(stamp(step)).is_ok_and(|kept| kept == self.text());
        kept && outputs.iter().all(|output| output.exists())
    }

    /// Notes that `step` has succeeded on these inputs.
    pub fn keep(&self, step: &str) -> Result<()> {
        let stamp = stamp(step);
        fs::create_dir_all(stamp.parent().unwrap_or(&stamp))?;
        fs::write(&stamp, self.text()).with_context(|| format!("cannot write {}", stamp.display()))
    }

    fn text(&self) -> String {
        format!("{:016x}", self.0)
    }
}

fn stamp(step: &str) -> PathBuf {
    repo::target().join("xtask").join(format!("{step}.stamp"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_tells_where_one_input_ends_and_the_next_begins() {
        let digest = |parts: &[&[u8]]| {
            let mut digest = Digest::new();
            for part in parts {
                digest.bytes(part);
            }
            digest.text()
        };
        assert_ne!(digest(&[b"ab", b"c"]), digest(&[b"a", b"bc"]));
        assert_eq!(digest(&[b"ab", b"c"]), digest(&[b"ab", b"c"]));
    }
}
