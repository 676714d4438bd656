//! Which files are meant: those named, and the audio files in folders that are named.

use std::path::{Path, PathBuf};

use walkdir::WalkDir;

/// Extensions that are taken from a folder. A file that is named itself is always tried.
const AUDIO: [&str; 17] = [
    "aac", "aif", "aifc", "aiff", "flac", "m4a", "m4b", "mka", "mkv", "mov", "mp3", "mp4", "oga",
    "ogg", "opus", "wav", "webm",
];

/// The extension of fingerprints.
pub const FINGERPRINT: &str = "afp";

/// The end of a reference fingerprint's name.
pub const REFERENCE_ENDING: &str = ".ref.afp";

/// What is taken from folders beside audio files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Also {
    /// Nothing.
    Nothing,
    /// Query fingerprints.
    Queries,
    /// Reference fingerprints.
    References,
}

/// The files meant, in the order named; those of a folder by name. A folder that cannot be read
/// stands for itself, so that reading it fails where every other failure is told.
pub fn files(named: &[PathBuf], also: Also) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for path in named {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let before = files.len();
        for entry in WalkDir::new(path).follow_links(true).sort_by_file_name() {
            match entry {
                Ok(entry) if entry.file_type().is_file() && is_taken(entry.path(), also) => {
                    files.push(entry.into_path());
                }
                Ok(_) => {}
                Err(error) => {
                    eprintln!("warning: {error}");
                    files.extend(error.path().filter(|at| !at.is_dir()).map(Path::to_owned));
                }
            }
        }
        if files.len() == before {
            eprintln!("warning: no audio files in {}", path.display());
        }
    }
    files
}

/// A file's name without its extension, and without `.ref` where that is part of it.
pub fn stem(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if let Some(stem) = name.strip_suffix(REFERENCE_ENDING) {
        return stem.to_owned();
    }
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// Whether a file is a fingerprint, by its name.
pub fn is_fingerprint(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case(FINGERPRINT))
}

fn is_taken(path: &Path, also: Also) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    if name.starts_with('.') {
        return false;
    }
    if is_fingerprint(path) {
        return match also {
            Also::Nothing => false,
            Also::Queries => !name.ends_with(REFERENCE_ENDING),
            Also::References => name.ends_with(REFERENCE_ENDING),
        };
    }
    AUDIO.iter().any(|extension| name.ends_with(&format!(".{extension}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stems_are_names_without_what_says_the_format() {
        for (path, expected) in [
            ("a/song.mp3", "song"),
            ("song.ref.afp", "song"),
            ("song.afp", "song"),
            ("no extension", "no extension"),
            ("01. Aurora.live.flac", "01. Aurora.live"),
        ] {
            assert_eq!(stem(Path::new(path)), expected);
        }
    }

    #[test]
    fn folders_give_audio_and_the_fingerprints_asked_for() {
        let taken = |name, also| is_taken(Path::new(name), also);
        assert!(taken("a.MP3", Also::Nothing) && taken("b.Flac", Also::Queries));
        assert!(!taken(".hidden.mp3", Also::Nothing) && !taken("cover.jpg", Also::Nothing));
        assert!(!taken("a.afp", Also::Nothing) && taken("a.afp", Also::Queries));
        assert!(taken("a.ref.afp", Also::References) && !taken("a.ref.afp", Also::Queries));
    }
}
