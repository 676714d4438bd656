//! `cargo xtask capi`: libonmon laid out as cargo-c would lay it out. In the gate, programs in C
//! and C++ are compiled against it, run on the golden vectors and watched by valgrind.
//!
//! ```text
//! PREFIX/include/onmon.h
//! PREFIX/lib/libonmon.so -> libonmon.so.1 -> libonmon.so.1.0.0, libonmon.a
//! PREFIX/lib/pkgconfig/onmon.pc
//! ```

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::metadata::Metadata;
use crate::tools::apt;
use crate::{command, repo, vectors};

const PACKAGE: &str = "onmon-capi";

/// What each of the programs may take, valgrind's twentyfold included.
const PROGRAM_LIMIT: Duration = Duration::from_secs(300);

#[derive(Args)]
pub struct Options {
    /// Where the library is to be used.
    #[arg(long, value_name = "DIR", default_value = "/usr/local")]
    prefix: PathBuf,
    /// Put in front of it while installing, for packages.
    #[arg(long, value_name = "DIR")]
    destdir: Option<PathBuf>,
    /// Build without the release profile's optimisation over all crates.
    #[arg(long)]
    debug: bool,
}

/// `cargo xtask capi`.
pub fn capi(options: &Options) -> Result<()> {
    let at = match &options.destdir {
        Some(destdir) => destdir.join(options.prefix.strip_prefix("/").unwrap_or(&options.prefix)),
        None => options.prefix.clone(),
    };
    install(&options.prefix, &at, options.debug)?;
    println!("libonmon {}: under {}", version()?.package, at.display());
    Ok(())
}

/// The gate: the installed library as a user of C finds it, shared and static.
pub fn test() -> Result<()> {
    let prefix = repo::target().join("capi");
    if prefix.exists() {
        fs::remove_dir_all(&prefix)?;
    }
    install(&prefix, &prefix, true)?;
    exports_alone(&prefix.join("lib/libonmon.so"))?;
    let arguments = vectors_as_arguments()?;
    let valgrind = apt::program("valgrind", "valgrind")?;
    for (source, takes_vectors) in [("vectors.c", true), ("misuse.c", false), ("owner.cpp", true)] {
        let arguments = if takes_vectors { &arguments[..] } else { &[] };
        for linking in [Linking::Shared, Linking::Static] {
            let program = compile(&prefix, source, linking)?;
            run(&prefix, &mut Command::new(&program), arguments)?;
        }
        // Feeding sample by sample under valgrind takes its time: the shared one speaks for both.
        let mut watched = Command::new(&valgrind);
        watched.args(["--quiet", "--leak-check=full", "--errors-for-leak-kinds=definite,indirect"]);
        watched.arg("--error-exitcode=9").arg(prefix.join("bin").join(Linking::Shared.of(source)));
        run(&prefix, &mut watched, arguments)?;
    }
    Ok(())
}

struct Version {
    package: String,
    library: String,
    /// Its first number: what a program asks for when it is loaded.
    major: String,
}

/// The package's version, and the library's, which says what it is compatible with.
fn version() -> Result<Version> {
    let metadata = Metadata::read()?;
    let library = metadata.extra(PACKAGE)["capi"]["library"]["version"].as_str().map(str::to_owned);
    let library = library.context("native/capi/Cargo.toml states no version of the library")?;
    let major = library.split('.').next().unwrap_or_default().to_owned();
    Ok(Version { package: metadata.version(PACKAGE)?, library, major })
}

/// Builds and lays out. What lies there must know where it will be used: `prefix`.
fn install(prefix: &Path, at: &Path, debug: bool) -> Result<()> {
    let version = version()?;
    let mut cargo = Command::new("cargo");
    cargo.args(["rustc", "--package", PACKAGE, "--lib", "--locked"]).current_dir(repo::root());
    if !debug {
        cargo.arg("--release");
    }
    cargo.args(["--", "--print", "native-static-libs"]);
    let system = native_libraries(&command::capture_complaints(&mut cargo)?)?;
    let built = repo::target().join(if debug { "debug" } else { "release" });

    let (include, lib) = (at.join("include"), at.join("lib"));
    fs::create_dir_all(&include)?;
    fs::create_dir_all(lib.join("pkgconfig"))?;
    copy(&repo::root().join("native/capi/include/onmon.h"), &include.join("onmon.h"))?;
    copy(&built.join("libonmon.a"), &lib.join("libonmon.a"))?;
    let (full, soname) =
        (format!("libonmon.so.{}", version.library), format!("libonmon.so.{}", version.major));
    copy(&built.join("libonmon.so"), &lib.join(&full))?;
    link(&full, &lib.join(&soname))?;
    link(&soname, &lib.join("libonmon.so"))?;
    fs::write(lib.join("pkgconfig/onmon.pc"), pc(prefix, &version, &system))?;
    Ok(())
}

fn pc(prefix: &Path, version: &Version, system: &str) -> String {
    format!(
        "prefix={}\nexec_prefix=${{prefix}}\nlibdir=${{exec_prefix}}/lib\n\
         includedir=${{prefix}}/include\n\n\
         Name: onmon\nDescription: An audio fingerprint of 1.8 KB\nVersion: {}\n\
         Libs: -L${{libdir}} -lonmon\nCflags: -I${{includedir}}\nLibs.private: {system}\n",
        prefix.display(),
        version.package,
    )
}

/// What rustc says that a static library needs of the system.
fn native_libraries(said: &str) -> Result<String> {
    let line = said.lines().find_map(|line| line.split_once("native-static-libs: "));
    let (_, libraries) = line.context("rustc does not say what a static library needs")?;
    Ok(libraries.trim().to_owned())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    // A library that is in use must not be written into.
    if to.exists() {
        fs::remove_file(to)?;
    }
    fs::copy(from, to).with_context(|| format!("{} to {}", from.display(), to.display()))?;
    Ok(())
}

fn link(name: &str, at: &Path) -> Result<()> {
    if at.symlink_metadata().is_ok() {
        fs::remove_file(at)?;
    }
    symlink(name, at).with_context(|| at.display().to_string())
}

/// What the header declares and nothing else: other names would meet those of a program's other
/// libraries.
fn exports_alone(library: &Path) -> Result<()> {
    let listed = command::capture(Command::new("nm").args(["-D", "--defined-only"]).arg(library))?;
    let exported: BTreeSet<&str> =
        listed.lines().filter_map(|line| line.split_whitespace().next_back()).collect();
    let header = fs::read_to_string(repo::root().join("native/capi/include/onmon.h"))?;
    let declarations = header.lines().filter(|line| !line.trim_start().starts_with('*'));
    let declared: BTreeSet<&str> = declarations
        .filter_map(|line| line.split_once('(')?.0.split([' ', '*']).next_back())
        .filter(|name| name.starts_with("onmon_"))
        .collect();
    if exported != declared {
        bail!("{} exports {exported:?}, but declared is {declared:?}", library.display());
    }
    Ok(())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Linking {
    Shared,
    Static,
}

impl Linking {
    /// The program's name.
    fn of(self, source: &str) -> String {
        let how = if self == Self::Shared { "shared" } else { "static" };
        format!("{}-{how}", source.replace('.', "-"))
    }
}

/// Compiles as a program's own build would: by what pkg-config says.
fn compile(prefix: &Path, source: &str, linking: Linking) -> Result<PathBuf> {
    let (compiler, standard) = match source.rsplit_once('.') {
        Some((_, "cpp")) => (apt::program("g++", "g++")?, "-std=c++17"),
        _ => (apt::program("cc", "gcc")?, "-std=c11"),
    };
    let mut pkg_config = Command::new(apt::program("pkg-config", "pkg-config")?);
    pkg_config.args(["--cflags", "--libs"]).env("PKG_CONFIG_PATH", prefix.join("lib/pkgconfig"));
    if linking == Linking::Static {
        pkg_config.arg("--static");
    }
    let flags = command::capture(pkg_config.arg("onmon"))?;
    let flags = match linking {
        Linking::Shared => flags,
        Linking::Static => flags.replace("-lonmon", "-l:libonmon.a"),
    };
    let program = prefix.join("bin").join(linking.of(source));
    fs::create_dir_all(prefix.join("bin"))?;
    let mut compile = Command::new(compiler);
    compile.args([standard, "-Wall", "-Wextra", "-Werror", "-pedantic", "-g", "-O1", "-pthread"]);
    compile.arg(repo::root().join("native/capi/tests/c").join(source)).arg("-o").arg(&program);
    command::run(compile.args(flags.split_whitespace()))?;
    Ok(program)
}

fn vectors_as_arguments() -> Result<Vec<String>> {
    let mut arguments = Vec::new();
    for vector in vectors::all()? {
        arguments.extend([vector.rate_hz.to_string(), vector.channels.to_string()]);
        for extension in ["pcm", "codes", "afp"] {
            arguments.push(repo::relative(&vector.pcm.with_extension(extension)));
        }
    }
    Ok(arguments)
}

fn run(prefix: &Path, program: &mut Command, arguments: &[String]) -> Result<()> {
    program.args(arguments).current_dir(repo::root());
    program.env("LD_LIBRARY_PATH", prefix.join("lib"));
    command::run_within(program, PROGRAM_LIMIT)
}
