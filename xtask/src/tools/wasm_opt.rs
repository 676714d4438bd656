//! The WebAssembly optimiser: npm's `binaryen`, a devDependency of the npm package.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use super::announce;
use crate::{command, repo};

/// What rustc's baseline for wasm32 uses and SIMD, which we add: Node 20 and the browsers of 2023
/// have all of it. Named, because `--all-features` made modules that Node 20 refuses (`stringref`).
const FEATURES: [&str; 7] = [
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
    "--enable-simd",
];

/// rustc has optimised for speed already: `-O3` takes five times as long (38 s), made 2 % more
/// bytes under brotli and no difference in the extraction's speed.
const LEVEL: &str = "-O1";

/// Names of functions, the compiler's version and the list of features: nothing that runs.
const STRIP: [&str; 3] = ["--strip-debug", "--strip-producers", "--strip-target-features"];

/// Where npm puts the program; its packages must have been installed.
pub fn find() -> Result<PathBuf> {
    let program = repo::root().join("wasm/npm/node_modules/.bin/wasm-opt");
    if !program.exists() {
        bail!(
            "{} is missing: wasm/npm/package.json must name `binaryen` under devDependencies",
            repo::relative(&program)
        );
    }
    let version = command::capture(Command::new(&program).arg("--version"))?;
    announce(&format!("wasm-opt: {} ({})", repo::relative(&program), version.trim()));
    Ok(program)
}

/// The command that optimises `input` into `output`.
pub fn optimise(program: &Path, input: &Path, output: &Path) -> Command {
    let mut command = Command::new(program);
    command.args(arguments()).arg(input).arg("-o").arg(output);
    command
}

/// How it is called, the files aside: other arguments are another module.
pub fn arguments() -> impl Iterator<Item = &'static str> {
    [LEVEL].into_iter().chain(FEATURES).chain(STRIP)
}
