//! Other people's programs: found where they are, else installed, each announced in one line.

pub mod apt;
pub mod chromium;
pub mod compiler;
pub mod node;
pub mod python;
pub mod wasm_bindgen;
pub mod wasm_opt;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

/// The first program of this name on PATH.
pub fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// Says which tool is taken, once however often it is asked for.
fn announce(line: &str) {
    static SAID: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    if SAID.lock().unwrap_or_else(PoisonError::into_inner).insert(line.to_owned()) {
        eprintln!("tool: {line}");
    }
}
