//! Gives the linker the runtime's script and the board's memory map, whatever RUSTFLAGS says, and
//! the image `now_playing` its library.

use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let variable = |name: &str| env::var(name).map_err(io::Error::other);
    // cortex-m-rt and riscv-rt have a `link.x` each, which takes in what is called `memory.x`.
    let board = match variable("CARGO_CFG_TARGET_ARCH")?.as_str() {
        "arm" => "mps2",
        "riscv32" => "virt",
        other => return Err(io::Error::other(format!("no board for {other} in firmware/boards"))),
    };
    let out = variable("OUT_DIR")?;
    fs::copy(format!("boards/{board}.x"), Path::new(&out).join("memory.x"))?;
    library(Path::new(&out))?;
    println!("cargo:rustc-link-search={out}");
    println!("cargo:rustc-link-arg-bins=-Tlink.x");
    println!("cargo:rerun-if-changed=boards");
    Ok(())
}

/// The file that `ONMON_LIBRARY` names, else an empty one.
fn library(out: &Path) -> io::Result<()> {
    println!("cargo:rerun-if-env-changed=ONMON_LIBRARY");
    let path = match env::var_os("ONMON_LIBRARY") {
        Some(named) => named.into(),
        None => {
            let none = out.join("no_library.codes");
            fs::write(&none, [])?;
            none
        }
    };
    println!("cargo:rerun-if-changed={}", path.display());
    println!("cargo:rustc-env=ONMON_LIBRARY_FILE={}", path.display());
    Ok(())
}
