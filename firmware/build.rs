//! Gives the linker the runtime's script and the board's memory map, whatever RUSTFLAGS says.

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
    println!("cargo:rustc-link-search={out}");
    println!("cargo:rustc-link-arg-bins=-Tlink.x");
    println!("cargo:rerun-if-changed=boards");
    Ok(())
}
