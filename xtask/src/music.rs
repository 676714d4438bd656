//! Real music for the demo: a folder of the user's, or Debian's package singularity-music.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::tools::{apt, on_path};
use crate::{command, repo};

/// 16 electronic pieces of the game Endgame: Singularity, 51 MB of Ogg Vorbis.
const PACKAGE: &str = "singularity-music";
/// Who made all of them.
pub const ARTIST: &str = "Max McCracken";
/// As its README and copyright file say.
const LICENCE: &str = "Creative Commons Attribution-ShareAlike 3.0";
const AUDIO: [&str; 10] = ["aac", "aif", "aiff", "flac", "m4a", "mp3", "oga", "ogg", "opus", "wav"];

/// Audio files below a folder, in the order of their paths.
pub fn tracks_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    collect(folder, &mut found)?;
    found.sort();
    Ok(found)
}

/// The folder of the package's tracks, downloaded and unpacked under target/music unless they are
/// there.
pub fn packaged() -> Result<PathBuf> {
    let folder = repo::target().join("music").join(PACKAGE);
    if !folder.join("complete").exists() {
        fetch(&folder)?;
    }
    print_licence(&folder)?;
    Ok(folder.join("usr/share/games"))
}

/// Re-encodes a track as an MP3, so that what is identified is not the file that was enrolled.
pub fn as_mp3(track: &Path, folder: &Path) -> Result<PathBuf> {
    let ffmpeg = apt::program("ffmpeg", "ffmpeg")?;
    fs::create_dir_all(folder)?;
    let stem = track.file_stem().unwrap_or_default().to_string_lossy();
    let output = folder.join(format!("{stem}.mp3"));
    if !output.exists() {
        let partial = folder.join("partial.mp3");
        let mut encode = Command::new(ffmpeg);
        encode.args(["-v", "error", "-y", "-i"]).arg(track);
        encode.args(["-map", "a:0", "-c:a", "libmp3lame", "-b:a", "128k"]).arg(&partial);
        command::run(&mut encode)?;
        fs::rename(&partial, &output)?;
    }
    Ok(output)
}

fn fetch(folder: &Path) -> Result<()> {
    let advice = "give a folder of music instead: --music DIR";
    for program in ["apt-get", "dpkg-deb"] {
        if on_path(program).is_none() {
            bail!("no {program} to fetch Debian's {PACKAGE} with; {advice}");
        }
    }
    fs::create_dir_all(folder)?;
    if !try_download(folder) {
        if apt::is_root() {
            apt::update()?;
        }
        if !try_download(folder) {
            bail!("apt-get cannot download {PACKAGE} (are Debian's sources set up?); {advice}");
        }
    }
    let package = downloaded(folder)?;
    command::run(Command::new("dpkg-deb").arg("-x").arg(&package).arg(folder))?;
    fs::remove_file(&package)?;
    fs::write(folder.join("complete"), "")?;
    Ok(())
}

fn try_download(folder: &Path) -> bool {
    let mut apt = Command::new("apt-get");
    command::run(apt.args(["-qq", "download", PACKAGE]).current_dir(folder)).is_ok()
}

fn downloaded(folder: &Path) -> Result<PathBuf> {
    fs::read_dir(folder)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.extension().is_some_and(|extension| extension == "deb"))
        .with_context(|| format!("apt-get left no package in {}", folder.display()))
}

/// Whose the music is: the holders that Debian's copyright file names, and where the whole of it
/// lies.
fn print_licence(folder: &Path) -> Result<()> {
    let path = folder.join("usr/share/doc").join(PACKAGE).join("copyright");
    let text = fs::read_to_string(&path).with_context(|| format!("{PACKAGE} has no licence"))?;
    let holders: Vec<&str> = text.lines().filter(|line| line.starts_with("Copyright")).collect();
    println!("music: {PACKAGE}: {}, {LICENCE}", holders.join("; "));
    println!("       {}", repo::relative(&path));
    Ok(())
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, found)?;
            continue;
        }
        let extension = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        if AUDIO.contains(&extension.as_str()) {
            found.push(path);
        }
    }
    Ok(())
}
