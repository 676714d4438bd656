//! The npm side: packages installed, the package `onmon` built and packed, the demo page built from
//! the pack.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::freshness::Digest;
use crate::tools::node;
use crate::{command, repo};

/// What npm and the builds write below a folder, and the tests: no input of theirs.
const NO_INPUT: [&str; 3] = ["node_modules", "dist", "test"];

/// Where the package `onmon` is made.
pub fn package_folder() -> PathBuf {
    repo::root().join("wasm/npm")
}

/// Where the demo page is made; the server serves its `dist`.
pub fn demo_folder() -> PathBuf {
    repo::root().join("web-demo")
}

/// Where the tests in a browser lie.
pub fn browser_folder() -> PathBuf {
    repo::root().join("tests/browser")
}

/// Installs what `package.json` in `folder` names, unless that is done.
pub fn install(folder: &Path) -> Result<()> {
    node::require()?;
    let lock = folder.join("package-lock.json");
    let modules = folder.join("node_modules");
    let step = format!("npm-install-{}", name(folder));
    let digest = install_digest(folder)?;
    if digest.is_fresh(&step, &[&modules]) {
        return Ok(());
    }
    let exact = if lock.exists() { "ci" } else { "install" };
    // No package of ours needs its install script, and what it would fetch or build is not wanted.
    npm(folder, &[exact, "--ignore-scripts", "--no-audit", "--no-fund"])?;
    // Without a lock file there is one now.
    install_digest(folder)?.keep(&step)
}

/// Builds the package's JavaScript around the module in `pkg`, and packs it as npm would publish
/// it.
pub fn pack() -> Result<PathBuf> {
    let folder = package_folder();
    let name = tarball_name(&folder)?;
    let tarball = folder.join(&name);
    let mut digest = Digest::new();
    digest.path(&folder, &[&NO_INPUT[..], &[&name]].concat())?;
    if !digest.is_fresh("npm-pack", &[&tarball, &folder.join("dist")]) {
        npm(&folder, &["run", "build"])?;
        npm(&folder, &["pack", "--silent"])?;
        if !tarball.exists() {
            bail!("npm pack did not write {}", tarball.display());
        }
        digest.keep("npm-pack")?;
    }
    Ok(tarball)
}

/// Builds the demo page with the packed package installed in it, as a user would install it.
pub fn build_demo(tarball: &Path) -> Result<()> {
    let folder = demo_folder();
    let mut digest = Digest::new();
    digest.path(&folder, &NO_INPUT)?.path(tarball, &[])?;
    if digest.is_fresh("web-demo", &[&folder.join("dist"), &folder.join("node_modules")]) {
        return Ok(());
    }
    node::require()?;
    // Not `npm ci`: the pack's checksum changes with every build, and named so npm takes it as it
    // is, and all others as the lock file has them.
    let tarball = tarball.display().to_string();
    npm(&folder, &["install", "--no-save", "--no-audit", "--no-fund", &tarball])?;
    npm(&folder, &["run", "build"])?;
    digest.keep("web-demo")
}

/// `npm test` of the package.
pub fn test() -> Result<()> {
    npm(&package_folder(), &["test"])
}

fn npm(folder: &Path, words: &[&str]) -> Result<()> {
    command::run(Command::new("npm").args(words).current_dir(folder))
}

fn install_digest(folder: &Path) -> Result<Digest> {
    let mut digest = Digest::new();
    for file in ["package.json", "package-lock.json"].map(|file| folder.join(file)) {
        if file.exists() {
            digest.path(&file, &[])?;
        }
    }
    Ok(digest)
}

/// As `npm pack` calls it: `NAME-VERSION.tgz`.
fn tarball_name(folder: &Path) -> Result<String> {
    let path = folder.join("package.json");
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let package: serde_json::Value = serde_json::from_str(&text)?;
    match (package["name"].as_str(), package["version"].as_str()) {
        (Some(name), Some(version)) => Ok(format!("{name}-{version}.tgz")),
        _ => bail!("{} has no name or version", path.display()),
    }
}

fn name(folder: &Path) -> String {
    repo::relative(folder).replace('/', "-")
}
