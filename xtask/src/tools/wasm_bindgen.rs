//! The wasm-bindgen program, of exactly the version of the crate in Cargo.lock.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::{announce, on_path};
use crate::metadata::Metadata;
use crate::{command, repo};

const PROGRAM: &str = "wasm-bindgen";

/// Finds the program on PATH or under target/tools, else compiles it (a minute or two).
pub fn find(metadata: &Metadata) -> Result<PathBuf> {
    let wanted = metadata.version("wasm-bindgen")?;
    let ours = repo::target().join("tools");
    let own_program = ours.join("bin").join(PROGRAM);
    for candidate in on_path(PROGRAM).into_iter().chain([own_program.clone()]) {
        if version(&candidate).is_some_and(|found| found == wanted) {
            announce(&format!("wasm-bindgen {wanted}: {}", candidate.display()));
            return Ok(candidate);
        }
    }
    install(&wanted, &ours)?;
    match version(&own_program) {
        Some(found) if found == wanted => {
            announce(&format!("wasm-bindgen {wanted}: {} (compiled now)", own_program.display()));
            Ok(own_program)
        }
        found => bail!("cargo install brought wasm-bindgen {found:?}, not {wanted}"),
    }
}

/// What `PROGRAM --version` says, as in `wasm-bindgen 0.2.130`.
fn version(program: &Path) -> Option<String> {
    let line = command::capture(Command::new(program).arg("--version")).ok()?;
    line.split_whitespace().nth(1).map(str::to_owned)
}

fn install(version: &str, root: &Path) -> Result<()> {
    eprintln!("tool: wasm-bindgen {version} is missing, compiling it into {}", root.display());
    let locked = command::run(cargo_install(version, root).arg("--locked"));
    if locked.is_err() && !command::interrupted() {
        // A registry mirror may lag behind a version that the program's own lock file names.
        eprintln!("tool: not as locked; once more with the versions the registry has");
        command::run(&mut cargo_install(version, root))
            .with_context(|| format!("install wasm-bindgen-cli {version} by hand"))?;
    }
    Ok(())
}

fn cargo_install(version: &str, root: &Path) -> Command {
    let mut cargo = Command::new("cargo");
    cargo.args(["install", "wasm-bindgen-cli", "--force", "--version", version]);
    cargo.args(["--bin", PROGRAM, "--root"]).arg(root);
    cargo.env("CARGO_TARGET_DIR", repo::target().join("tools/build"));
    // Without optimisation it compiles in 85 s of CPU time instead of 222, and takes 0.8 s to run.
    cargo.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0").env("CARGO_PROFILE_RELEASE_LTO", "off");
    cargo.env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
    cargo
}
