//! Which songs are enrolled with which rights, and so what the page must answer for each.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// What the server must decide on a song.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    Permit,
    Refuse,
    Unregistered,
}

impl Expected {
    /// As the server's answer spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Permit => "permit",
            Self::Refuse => "refuse",
            Self::Unregistered => "unregistered",
        }
    }
}

/// The demo's catalogue.
pub struct Plan {
    /// Files to enrol.
    pub enrolled: Vec<PathBuf>,
    /// The catalogue that goes with them.
    pub csv: String,
    suggestions: Vec<(PathBuf, Expected)>,
}

impl Plan {
    /// All tracks entrusted but two: the last but one is enrolled and not entrusted, the last not
    /// enrolled.
    pub fn of_tracks(tracks: &[PathBuf], artist: &str) -> Result<Self> {
        let [entrusted @ .., refused, unknown] = tracks else {
            bail!("{} songs: three or more are needed to show all three decisions", tracks.len());
        };
        let Some(permitted) = entrusted.first() else {
            bail!("two songs: a third is needed, to be permitted");
        };
        let mut csv = String::from("file,recording_id,isrc,iswc,title,artist,rights\n");
        for track in entrusted {
            csv.push_str(&row(track, artist, "entrusted"));
        }
        csv.push_str(&row(refused, artist, "not_entrusted"));
        let enrolled = entrusted.iter().chain([refused]).cloned().collect();
        let suggestions = vec![
            (permitted.clone(), Expected::Permit),
            (refused.clone(), Expected::Refuse),
            (unknown.clone(), Expected::Unregistered),
        ];
        Ok(Self { enrolled, csv, suggestions })
    }

    /// What the user's own catalogue names; the first column holds file stems.
    pub fn of_catalogue(tracks: &[PathBuf], path: &Path) -> Result<Self> {
        let csv =
            fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let named = |track: &&PathBuf| {
            let stem = stem(track);
            csv.lines()
                .any(|line| line.split(',').next().is_some_and(|f| f.trim_matches('"') == stem))
        };
        let enrolled: Vec<PathBuf> = tracks.iter().filter(named).cloned().collect();
        if enrolled.is_empty() {
            bail!("{} names none of the {} songs by file stem", path.display(), tracks.len());
        }
        Ok(Self { enrolled, csv, suggestions: Vec::new() })
    }

    /// One song for each decision, as far as they are known.
    pub fn suggestions(&self) -> impl Iterator<Item = (&Path, Expected)> {
        self.suggestions.iter().map(|(track, expected)| (track.as_path(), *expected))
    }
}

/// The id under which a track is enrolled.
pub fn recording_id(track: &Path) -> String {
    stem(track)
}

fn row(track: &Path, artist: &str, rights: &str) -> String {
    let stem = stem(track);
    let title = stem.replace(['_', '-'], " ");
    let (file, id) = (quoted(&stem), quoted(&recording_id(track)));
    format!("{file},{id},,,{},{},{rights}\n", quoted(&title), quoted(artist))
}

fn stem(track: &Path) -> String {
    track.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

fn quoted(field: &str) -> String {
    format!("\"{}\"", field.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tracks(names: &[&str]) -> Vec<PathBuf> {
        names.iter().map(PathBuf::from).collect()
    }

    #[test]
    fn one_song_is_refused_and_one_is_not_enrolled() {
        let names = tracks(&["m/a b.ogg", "m/b.ogg", "m/c.ogg", "m/d.ogg"]);
        let plan = Plan::of_tracks(&names, "Me, \"I\"").expect("four");
        assert_eq!(plan.enrolled, tracks(&["m/a b.ogg", "m/b.ogg", "m/c.ogg"]));
        let lines: Vec<&str> = plan.csv.lines().collect();
        assert_eq!(lines[1], r#""a b","a b",,,"a b","Me, ""I""",entrusted"#);
        assert_eq!(lines[3], r#""c","c",,,"c","Me, ""I""",not_entrusted"#);
        assert_eq!(lines.len(), 4);
        let last = plan.suggestions().last();
        assert_eq!(last, Some((Path::new("m/d.ogg"), Expected::Unregistered)));
        assert!(Plan::of_tracks(&tracks(&["a", "b"]), "").is_err());
    }
}
