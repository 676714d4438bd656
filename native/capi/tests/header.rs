//! `include/onmon.h` is what `src/` says: made anew and compared. `ONMON_BLESS=1` writes it.

use std::fs;
use std::path::Path;

fn made() -> String {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = cbindgen::Config::from_file(here.join("cbindgen.toml")).expect("cbindgen.toml");
    let mut builder = cbindgen::Builder::new().with_config(config);
    for file in ["status.rs", "context.rs", "alike.rs", "entries.rs"] {
        builder = builder.with_src(here.join("src").join(file));
    }
    let mut bytes = Vec::new();
    builder.generate().expect("a header").write(&mut bytes);
    // Rust's words on what is unsafe are C's words on what a caller owes.
    String::from_utf8(bytes).unwrap().replace(" # Safety\n", " The caller sees to it that:\n")
}

#[test]
fn the_header_is_what_the_source_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("include/onmon.h");
    let made = made();
    if std::env::var_os("ONMON_BLESS").is_some() {
        fs::write(&path, &made).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == made, "onmon.h is old: ONMON_BLESS=1 cargo test -p onmon-capi --test header");
}

#[test]
fn soname_library_and_header_have_one_version() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest = fs::read_to_string(here.join("Cargo.toml")).unwrap();
    let section = manifest.split("[package.metadata.capi.library]").nth(1).unwrap();
    let version = section.lines().find_map(|line| line.strip_prefix("version = ")).unwrap();
    let major = version.trim_matches('"').split('.').next().unwrap();
    assert_eq!(major, onmon::ONMON_ABI_VERSION.to_string());
    let build = fs::read_to_string(here.join("build.rs")).unwrap();
    assert!(build.contains(&format!("\"libonmon.so.{major}\"")));
}
