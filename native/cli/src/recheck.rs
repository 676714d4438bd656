//! The recheck after a purchase: the fingerprint of the audio that was received goes to the server,
//! so that an upload under another recording's name is found.

use std::path::Path;

use onmon_decode::Query;
use serde::Serialize;

use crate::outcome::Failure;
use crate::platform::{Platform, Rechecked};

/// What a recheck found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The audio is what the permit was given for.
    Same,
    /// It is another recording.
    Other,
    /// It is none that is registered.
    Unknown,
}

/// Tells the server the fingerprint of the audio. That this fails takes nothing from the purchase:
/// it is said, and nothing more.
pub fn recheck(
    platform: &Platform,
    permit_id: &str,
    audio: &Path,
    query: Result<Query, Failure>,
) -> Option<Verdict> {
    match query.and_then(|query| platform.recheck(permit_id, &query.wire)) {
        Ok(found) => {
            if let Some(warning) = found.warning() {
                eprintln!("{}: warning: {warning}", audio.display());
            }
            Some(found.verdict())
        }
        Err(failure) => {
            eprintln!("{}: not rechecked: {failure}", audio.display());
            None
        }
    }
}

impl Rechecked {
    fn verdict(&self) -> Verdict {
        match (self.same, &self.found) {
            (true, _) => Verdict::Same,
            (false, Some(_)) => Verdict::Other,
            (false, None) => Verdict::Unknown,
        }
    }

    /// For people; none where all is well.
    fn warning(&self) -> Option<String> {
        let what = match (self.verdict(), &self.found) {
            (Verdict::Same, _) => return None,
            (_, Some(found)) => format!("it is another recording, {found}"),
            (_, None) => "it is no recording that the server knows".to_owned(),
        };
        let told = if self.revoked { "its permit is now revoked" } else { "the server was told" };
        Some(format!("this is not the audio that it was shared as: {what}; {told}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_has_its_word_and_only_the_bad_ones_a_warning() {
        let answer = |same, found: Option<&str>, revoked| Rechecked {
            same,
            found: found.map(str::to_owned),
            revoked,
        };
        let same = answer(true, None, false);
        assert_eq!((same.verdict(), same.warning()), (Verdict::Same, None));
        let other = answer(false, Some("song-2"), true);
        assert_eq!(other.verdict(), Verdict::Other);
        let warning = other.warning().unwrap();
        assert!(warning.contains("song-2") && warning.contains("revoked"), "{warning}");
        let unknown = answer(false, None, false);
        assert_eq!(unknown.verdict(), Verdict::Unknown);
        assert!(unknown.warning().unwrap().contains("the server was told"));
    }
}
