//! `cargo xtask tidy`: the layout rules that a compiler does not check.

mod files;
mod functions;
mod map;
mod mask;
mod rooms;

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::metadata::Metadata;
use crate::{command, repo};

/// A broken rule: where, what, and what to do.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    path: String,
    line: usize,
    message: String,
}

impl Problem {
    fn new(path: &str, line: usize, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, message: message.into() }
    }
}

/// `cargo xtask tidy`.
pub fn tidy() -> Result<()> {
    let files = tracked_files()?;
    let mut problems = Vec::new();
    for path in &files {
        if let Some(language) = mask::Language::of(path) {
            let text = fs::read_to_string(repo::root().join(path))
                .with_context(|| format!("{path} is not readable text"))?;
            files::check(path, language, &text, &mut problems);
        }
        files::check_name(path, &mut problems);
    }
    let metadata = Metadata::read()?;
    rooms::check(&metadata, &mut problems)?;
    map::check(&files, &metadata.members(), &mut problems);

    problems.sort();
    for Problem { path, line, message } in &problems {
        println!("{path}:{line}: {message}");
    }
    if !problems.is_empty() {
        bail!("tidy: {} problems", problems.len());
    }
    println!("tidy: {} files in order", files.len());
    Ok(())
}

/// Files that git knows or would add, relative to the root; a deleted one may still be listed.
fn tracked_files() -> Result<Vec<String>> {
    let mut git = Command::new("git");
    git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let listed = command::capture(git.current_dir(repo::root()))?;
    let mut files: Vec<String> = listed
        .split('\0')
        .filter(|path| !path.is_empty() && repo::root().join(PathBuf::from(path)).is_file())
        .map(str::to_owned)
        .collect();
    files.sort();
    files.dedup();
    Ok(files)
}
