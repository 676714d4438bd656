//! `cargo xtask wasm`: the WebAssembly module, the npm package around it, the demo page that
//! installs it.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;

use crate::freshness::Digest;
use crate::metadata::Metadata;
use crate::tools::compiler::{Compiler, Target};
use crate::tools::{wasm_bindgen, wasm_opt};
use crate::{command, npm, repo};

/// The module's name in the package.
const MODULE: &str = "onmon_wasm_bg.wasm";

#[derive(Args)]
pub struct Options {
    /// Leave out the demo page.
    #[arg(long)]
    no_demo: bool,
}

/// `cargo xtask wasm`.
pub fn wasm(options: &Options) -> Result<()> {
    build_module()?;
    let tarball = npm::pack()?;
    println!("package: {}", repo::relative(&tarball));
    if !options.no_demo {
        npm::build_demo(&tarball)?;
        println!("demo:    {}", repo::relative(&npm::demo_folder().join("dist")));
    }
    Ok(())
}

/// Everything that the page needs, up to date.
pub fn build_all() -> Result<()> {
    build_module()?;
    npm::build_demo(&npm::pack()?)
}

/// The module as it ships.
pub fn module() -> PathBuf {
    npm::package_folder().join("pkg").join(MODULE)
}

/// Compiles the crate, makes its JavaScript glue and optimises it, each unless up to date.
pub fn build_module() -> Result<()> {
    npm::install(&npm::package_folder())?;
    let compiled = compile()?;
    let metadata = Metadata::read()?;
    let mut digest = Digest::new();
    digest.path(&compiled, &[])?.bytes(metadata.version("wasm-bindgen")?.as_bytes());
    digest.path(&npm::package_folder().join("package.json"), &[])?;
    wasm_opt::arguments().for_each(|argument| {
        digest.bytes(argument.as_bytes());
    });
    let pkg = npm::package_folder().join("pkg");
    if digest.is_fresh("wasm-module", &[&module(), &pkg.join("onmon_wasm.js")]) {
        return Ok(());
    }
    let bindgen = wasm_bindgen::find(&metadata)?;
    let mut bind = std::process::Command::new(bindgen);
    bind.args(["--target", "web", "--out-dir"]).arg(&pkg).arg(&compiled);
    command::run(&mut bind)?;

    let optimised = pkg.join("optimised.wasm");
    let optimiser = wasm_opt::find()?;
    command::run(&mut wasm_opt::optimise(&optimiser, &module(), &optimised))?;
    fs::rename(&optimised, module()).context("cannot put the optimised module in place")?;
    digest.keep("wasm-module")
}

/// The module as rustc leaves it.
fn compile() -> Result<PathBuf> {
    let compiler = Compiler::find(Target::Wasm32)?;
    let target = repo::target().join("wasm");
    let mut cargo = compiler.cargo("build");
    cargo.args(["--package", "onmon-wasm", "--profile", "wasm", "--target-dir"]).arg(&target);
    // Every browser since 2021 and Node since 16 have it; `core/src/dot.rs` asks for it. Its scalar
    // form builds without, so a module for older ones is this line left out.
    cargo.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", "-Ctarget-feature=+simd128");
    cargo.env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS");
    // wasm-bindgen reads in a custom section what the compiler may use; wasm-opt strips it
    // afterwards.
    cargo.env("CARGO_PROFILE_WASM_STRIP", "none");
    command::run(cargo.current_dir(repo::root()))
        .context("the WebAssembly module does not build")?;
    Ok(target.join(Target::Wasm32.name()).join("wasm/onmon_wasm.wasm"))
}
