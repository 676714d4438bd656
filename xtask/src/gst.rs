//! `cargo xtask gst`: the GStreamer plugin with the element `onmonfingerprint`, and that it gives
//! what the rest of onmon gives: the golden vectors, a FLAC file, real music.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::tools::apt;
use crate::{command, music, repo, vectors};

/// Bits in which codes of real music may differ: GStreamer's Vorbis decoder rounds otherwise.
const BIT_ERROR_MAX: f64 = 0.02;

/// `cargo xtask gst`.
pub fn gst() -> Result<()> {
    println!("{}", repo::relative(&build("release")?));
    println!("try it: GST_PLUGIN_PATH=target/gst gst-inspect-1.0 onmonfingerprint");
    Ok(())
}

/// The gate.
pub fn test() -> Result<()> {
    crate::test::programs()?;
    build("dev")?;
    golden_vectors()?;
    gaps()?;
    a_file_and_the_next()?;
    real_music()
}

/// What building, and running in the tests, needs of GStreamer.
pub fn require() -> Result<()> {
    apt::library("gstreamer-1.0", "libgstreamer1.0-dev")?;
    apt::library("gstreamer-audio-1.0", "libgstreamer-plugins-base1.0-dev")
}

/// Builds the plugin into a folder of its own, which GStreamer may search whole.
fn build(profile: &str) -> Result<PathBuf> {
    require()?;
    let mut cargo = Command::new("cargo");
    cargo.args(["build", "--locked", "--package", "onmon-gst", "--lib", "--profile", profile]);
    command::run(cargo.current_dir(repo::root()))?;
    let built = repo::target().join(if profile == "dev" { "debug" } else { profile });
    let plugin = folder().join("libgstonmon.so");
    fs::create_dir_all(folder())?;
    fs::copy(built.join("libgstonmon.so"), &plugin)
        .with_context(|| plugin.display().to_string())?;
    Ok(plugin)
}

fn folder() -> PathBuf {
    repo::target().join("gst")
}

/// What a pipeline with the element in it posts: fingerprints, and the same as tags.
struct Posted {
    prints: Vec<Vec<u8>>,
    /// Milliseconds that each of them is of.
    durations: Vec<u64>,
    tags: usize,
}

/// Runs `gst-launch-1.0` on a pipeline.
fn launch(pipeline: &str) -> Result<Posted> {
    let mut launch = Command::new(apt::program("gst-launch-1.0", "gstreamer1.0-tools")?);
    for (element, package) in
        [("rawaudioparse", "gstreamer1.0-plugins-base"), ("flacdec", "gstreamer1.0-plugins-good")]
    {
        let mut inspect = Command::new("gst-inspect-1.0");
        if !command::succeeds(inspect.args(["--exists", element])) {
            apt::install(&[package], element)?;
        }
    }
    launch.args(["--messages", "--tags"]).args(pipeline.split_whitespace());
    launch.env("GST_PLUGIN_PATH", folder()).env("GST_REGISTRY", folder().join("registry.bin"));
    let said = command::capture(launch.current_dir(repo::root()))?;
    let mut posted = Posted { prints: Vec::new(), durations: Vec::new(), tags: 0 };
    for line in said.lines() {
        if let Some((_, rest)) = line.split_once("fingerprint=(buffer)") {
            let digits: String = rest.chars().take_while(char::is_ascii_hexdigit).collect();
            posted.prints.push(bytes(&digits)?);
            let duration = line.split_once("duration-ms=(uint)").context("no duration")?.1;
            let digits: String = duration.chars().take_while(char::is_ascii_digit).collect();
            posted.durations.push(digits.parse()?);
        }
        posted.tags += usize::from(line.contains("onmon fingerprint: T05N"));
    }
    Ok(posted)
}

fn bytes(digits: &str) -> Result<Vec<u8>> {
    let pairs = digits.as_bytes().chunks(2).map(|pair| str::from_utf8(pair).unwrap_or_default());
    Ok(pairs.map(|pair| u8::from_str_radix(pair, 16)).collect::<Result<_, _>>()?)
}

/// Byte by byte, as 16-bit and as floating-point samples, and the audio as it was.
fn golden_vectors() -> Result<()> {
    let passed = folder().join("passed.pcm");
    for vector in vectors::all()? {
        let from = format!(
            "filesrc location={} ! rawaudioparse pcm-format=s16le sample-rate={} num-channels={}",
            vector.pcm.display(),
            vector.rate_hz,
            vector.channels
        );
        let to = format!("filesink location={}", passed.display());
        for kind in ["", "! audioconvert ! audio/x-raw,format=F32LE"] {
            let posted = launch(&format!("{from} {kind} ! onmonfingerprint ! {to}"))?;
            ensure!(posted.prints == [vector.fingerprint.clone()], "{}: other bytes", vector.name);
            ensure!(posted.tags == 1, "{}: {} tags", vector.name, posted.tags);
            if kind.is_empty() {
                let is_same = fs::read(&passed)? == fs::read(&vector.pcm)?;
                ensure!(is_same, "{}: the audio was changed", vector.name);
            }
        }
        println!("{}: byte by byte", vector.name);
    }
    Ok(())
}

/// Of a recording that loses every second buffer of 128 ms, by chance, what is heard keeps its
/// place: it lasts as long as before, but for what is lost at either end.
fn gaps() -> Result<()> {
    let whole_ms = 8_000;
    let song = repo::root().join("tests/vectors/chords_8k_mono.pcm");
    let posted = launch(&format!(
        "filesrc location={} blocksize=2048 ! queue ! rawaudioparse pcm-format=s16le sample-rate=8000 \
         num-channels=1 ! identity drop-probability=0.5 ! onmonfingerprint ! fakesink",
        song.display()
    ))?;
    // Twenty buffers lost at the ends in a row happen once in 50,000 times.
    let [duration] = posted.durations.as_slice() else { bail!("not one fingerprint of gaps") };
    ensure!((whole_ms - 20 * 128..=whole_ms).contains(duration), "with gaps {duration} ms");
    println!("every second buffer lost: {duration} ms of {whole_ms}");
    Ok(())
}

/// A file gives what `onmon extract` gives; two in a row give it twice.
fn a_file_and_the_next() -> Result<()> {
    let song = repo::root().join("decode/tests/corpus/native.flac");
    let prints = folder().join("prints");
    let mut extract = Command::new(repo::program("onmon"));
    command::run(extract.args(["extract", "-o"]).arg(&prints).arg(&song))?;
    let expected = fs::read(prints.join("native.afp"))?;
    let decoded = format!("filesrc location={} ! flacparse ! flacdec", song.display());
    let twice = format!(
        "concat name=both ! audioconvert ! onmonfingerprint ! fakesink {decoded} ! both. {decoded} ! both."
    );
    let posted = launch(&twice)?;
    ensure!(
        posted.prints == [expected.clone(), expected],
        "native.flac: {} fingerprints, or other ones",
        posted.prints.len()
    );
    println!("native.flac, twice in a row: as `onmon extract` says");
    Ok(())
}

/// Real music, decoded by GStreamer, is the recording that onmon decodes.
fn real_music() -> Result<()> {
    let song = an_ogg(&music::packaged()?)?;
    let posted = launch(&format!(
        "filesrc location={} ! oggdemux ! vorbisdec ! audioconvert ! onmonfingerprint ! fakesink",
        song.display()
    ))?;
    let [print] = posted.prints.as_slice() else {
        bail!("{}: {} fingerprints", song.display(), posted.prints.len());
    };
    let kept = folder().join("song.afp");
    fs::write(&kept, print)?;
    let mut compare = Command::new(repo::program("onmon"));
    let said = command::capture(compare.args(["compare", "--json"]).arg(&kept).arg(&song))?;
    let found: Value = serde_json::from_str(&said)?;
    let bit_error = found["bit_error"].as_f64().context("no bit error")?;
    ensure!(bit_error < BIT_ERROR_MAX, "{}: {found}", song.display());
    println!("{}: bit error {bit_error:.4}", song.display());
    Ok(())
}

/// The first song whose path a pipeline's description can hold.
fn an_ogg(folder: &Path) -> Result<PathBuf> {
    let plain = |path: &PathBuf| {
        let is_ogg = path.extension().is_some_and(|end| end == "ogg");
        is_ogg && !path.display().to_string().contains(char::is_whitespace)
    };
    let song = music::tracks_in(folder)?.into_iter().find(plain);
    song.with_context(|| format!("no song in {}", folder.display()))
}
