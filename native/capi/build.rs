//! Gives the shared library the name that programs ask for, so that an incompatible one is never
//! loaded in its place.

/// The first number of the ABI: `ONMON_ABI_VERSION`, held true by `tests/header.rs`.
const SONAME: &str = "libonmon.so.1";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux") {
        println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,{SONAME}");
    }
}
