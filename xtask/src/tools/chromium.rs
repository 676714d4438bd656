//! The browser of the end-to-end tests: `CHROME`, else one on PATH, else Debian's chromium.

use std::path::PathBuf;

use anyhow::{Result, bail};

use super::{announce, apt, on_path};

const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// The browser's program; hand it on in the environment as `CHROME`.
pub fn find() -> Result<PathBuf> {
    if let Some(given) = std::env::var_os("CHROME").map(PathBuf::from) {
        if !given.is_file() {
            bail!("CHROME={} is no file: name a Chromium or Chrome program", given.display());
        }
        announce(&format!("chromium: {} (CHROME)", given.display()));
        return Ok(given);
    }
    if let Some(found) = NAMES.iter().find_map(|name| on_path(name)) {
        announce(&format!("chromium: {}", found.display()));
        return Ok(found);
    }
    apt::program(NAMES[0], NAMES[0])
}
