//! `cargo xtask docs`: the site about the npm package, its reference and a page for each thing it
//! is plugged into.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::freshness::Digest;
use crate::{command, npm, repo, wasm};

/// Where the site is built.
fn site() -> PathBuf {
    repo::target().join("site")
}

/// `cargo xtask docs`.
pub fn docs() -> Result<()> {
    build()?;
    println!("site: {}", repo::relative(&site().join("index.html")));
    Ok(())
}

/// Builds the site unless it is up to date; a link that leads nowhere is an error.
pub fn build() -> Result<()> {
    let source = repo::root().join("docs/site");
    npm::install(&source)?;
    wasm::build_modules()?;
    let package = npm::package_folder();
    let mut digest = Digest::new();
    digest.path(&source, &["node_modules"])?;
    for read in ["src", "pkg", "README.md", "package.json", "tsconfig.json"] {
        digest.path(&package.join(read), &[])?;
    }
    if digest.is_fresh("site", &[&site().join("index.html")]) {
        return Ok(());
    }
    command::run(Command::new("node").arg(source.join("build.mjs")).arg(site()))?;
    digest.keep("site")
}
