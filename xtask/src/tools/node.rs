//! Node and npm: found, not installed, for Debian's are too old.

use std::process::Command;

use anyhow::{Result, bail};

use super::announce;
use crate::command;

const MAJOR_MIN: u32 = 20;

/// Makes sure of Node 20 or newer and its npm on PATH.
pub fn require() -> Result<()> {
    let advice = format!("install Node {MAJOR_MIN} or newer with its npm (https://nodejs.org)");
    let Ok(node) = command::capture(Command::new("node").arg("--version")) else {
        bail!("node is missing: {advice}");
    };
    let Ok(npm) = command::capture(Command::new("npm").arg("--version")) else {
        bail!("npm is missing: {advice}");
    };
    if major(&node).is_none_or(|found| found < MAJOR_MIN) {
        bail!("node is {}: {advice}", node.trim());
    }
    announce(&format!("node {}, npm {}", node.trim(), npm.trim()));
    Ok(())
}

fn major(version: &str) -> Option<u32> {
    version.trim().trim_start_matches('v').split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::major;

    #[test]
    fn the_major_version_is_read() {
        assert_eq!(major("v20.20.2\n"), Some(20));
        assert_eq!(major("v9.0.0"), Some(9));
        assert_eq!(major("what"), None);
    }
}
