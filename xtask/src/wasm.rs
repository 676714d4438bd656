//! `cargo xtask wasm`: the WebAssembly module, the npm package around it, the demo page that
//! installs it.

use std::fs;
use std::panic::resume_unwind;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::thread;

use anyhow::{Context, Result};
use clap::Args;

use crate::freshness::Digest;
use crate::metadata::Metadata;
use crate::tools::compiler::{Compiler, Target};
use crate::tools::{wasm_bindgen, wasm_opt};
use crate::{command, npm, repo};

/// A WebAssembly module of the package: the crate, built with one feature.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Module {
    /// PCM to codes, codes to messages: all that a microphone needs, and no decoder.
    Extract,
    /// The same, and reads MP3 files: fingerprints and essences.
    Mp3,
    /// Of other files that are common: AAC, in MP4 or raw, FLAC and WAV.
    Common,
    /// Of files of every kind.
    Decode,
    /// Checks, finds and places tags. Apart, so that who identifies alone does not load it.
    Tag,
    /// How long queries wait for how many servers. For who runs them.
    Capacity,
}

impl Module {
    /// Those that take longest to build come first.
    pub const ALL: [Self; 6] =
        [Self::Decode, Self::Common, Self::Mp3, Self::Tag, Self::Extract, Self::Capacity];

    const fn feature(self) -> &'static str {
        match self {
            Self::Extract => "extract",
            Self::Mp3 => "mp3",
            Self::Common => "common",
            Self::Decode => "decode",
            Self::Tag => "tag",
            Self::Capacity => "capacity",
        }
    }

    /// The name in the package of the JavaScript around it.
    const fn name(self) -> &'static str {
        match self {
            Self::Extract => "onmon_extract",
            Self::Mp3 => "onmon_mp3",
            Self::Common => "onmon_common",
            Self::Decode => "onmon_wasm",
            Self::Tag => "onmon_tag",
            Self::Capacity => "onmon_capacity",
        }
    }

    /// The module as it ships.
    pub fn path(self) -> PathBuf {
        npm::package_folder().join("pkg").join(format!("{}_bg.wasm", self.name()))
    }
}

#[derive(Args)]
pub struct Options {
    /// Leave out the demo page.
    #[arg(long)]
    no_demo: bool,
}

/// `cargo xtask wasm`.
pub fn wasm(options: &Options) -> Result<()> {
    build_modules()?;
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
    build_modules()?;
    npm::build_demo(&npm::pack()?)
}

/// Compiles the crate for each module, makes their JavaScript glue and optimises them, each unless
/// up to date. Two at a time: what takes longest, making one program of all crates, one core does.
pub fn build_modules() -> Result<()> {
    npm::install(&npm::package_folder())?;
    let waiting = Mutex::new(Module::ALL.into_iter());
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
    let build = || std::iter::from_fn(next).try_for_each(build_module);
    thread::scope(|scope| {
        let other = scope.spawn(build);
        build().and(other.join().unwrap_or_else(|panic| resume_unwind(panic)))
    })
}

fn build_module(module: Module) -> Result<()> {
    let compiled = compile(module)?;
    let metadata = Metadata::read()?;
    let mut digest = Digest::new();
    digest.path(&compiled, &[])?.bytes(metadata.version("wasm-bindgen")?.as_bytes());
    digest.path(&npm::package_folder().join("package.json"), &[])?;
    wasm_opt::arguments().for_each(|argument| {
        digest.bytes(argument.as_bytes());
    });
    let pkg = npm::package_folder().join("pkg");
    let step = format!("wasm-module-{}", module.feature());
    let glue = pkg.join(format!("{}.js", module.name()));
    if digest.is_fresh(&step, &[&module.path(), &glue]) {
        return Ok(());
    }
    let (bindgen, optimiser) = tools(&metadata)?;
    let mut bind = std::process::Command::new(bindgen);
    bind.args(["--target", "web", "--out-name", module.name(), "--out-dir"]);
    command::run(bind.arg(&pkg).arg(&compiled))?;

    let optimised = module.path().with_extension("optimised");
    command::run(&mut wasm_opt::optimise(&optimiser, &module.path(), &optimised))?;
    fs::rename(&optimised, module.path()).context("cannot put the optimised module in place")?;
    digest.keep(&step)
}

/// What makes the glue, and what optimises. One looks at a time: what is missing is built, once.
fn tools(metadata: &Metadata) -> Result<(PathBuf, PathBuf)> {
    static LOOKING: Mutex<()> = Mutex::new(());
    let _alone = LOOKING.lock().unwrap_or_else(PoisonError::into_inner);
    Ok((wasm_bindgen::find(metadata)?, wasm_opt::find()?))
}

/// The module as rustc leaves it.
fn compile(module: Module) -> Result<PathBuf> {
    let compiler = Compiler::find(Target::Wasm32)?;
    // Apart, or each would be compiled anew for the sake of the other.
    let target = repo::target().join("wasm").join(module.feature());
    let mut cargo = compiler.cargo("build");
    cargo.args(["--package", "onmon-wasm", "--profile", "wasm", "--no-default-features"]);
    cargo.args(["--features", module.feature(), "--target-dir"]).arg(&target);
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
