//! Who claims which share of a recording's rights, and what was entrusted.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::date::Period;
use crate::identifiers::{Ipi, OrganisationId};
use crate::territory::TerritorySet;
use crate::usage::{FormSet, Use};

/// A whole work or recording, in parts per million.
pub const WHOLE_PPM: u32 = 1_000_000;

/// Whether a claimed share may be licensed by its claimant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClaimState {
    /// Entrusted to the claimant, who licenses it at a tariff.
    Entrusted,
    /// Known, and not entrusted: nobody here can permit the use.
    NotEntrusted,
}

impl ClaimState {
    /// Every state, in the order of the enumeration.
    pub const ALL: [ClaimState; 2] = [ClaimState::Entrusted, ClaimState::NotEntrusted];

    /// The word for it in catalogues and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            ClaimState::Entrusted => "entrusted",
            ClaimState::NotEntrusted => "not_entrusted",
        }
    }
}

impl fmt::Display for ClaimState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ClaimState {
    type Err = UnknownState;

    fn from_str(text: &str) -> Result<Self, UnknownState> {
        let word = text.trim().to_ascii_lowercase();
        ClaimState::ALL.into_iter().find(|known| known.as_str() == word).ok_or(UnknownState)
    }
}

/// A word that is no state of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a claim's state is `entrusted` or `not_entrusted`; what is unknown has no claim")]
pub struct UnknownState;

/// One claim to a share. What it does not cover (another form, place or day), it says nothing of.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Claim {
    /// Who claims it, and is paid for it.
    pub claimant: OrganisationId,
    /// Whose share it is, if that is known.
    pub party: Option<Ipi>,
    /// How much of the work or recording, 1 to 1,000,000 ppm. A work's claims for one use should
    /// sum to 1,000,000.
    pub share_ppm: u32,
    /// For which forms of use.
    pub form: FormSet,
    /// Where.
    pub territory: TerritorySet,
    /// When.
    pub period: Period,
    /// Entrusted or not.
    pub state: ClaimState,
}

impl Claim {
    /// Whether it says something of this use.
    pub fn applies_to(&self, used: &Use) -> bool {
        self.form.contains(used.form)
            && self.territory.covers(used.territory)
            && self.period.contains(used.date)
    }
}

/// What is claimed of one work.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WorkClaims {
    /// The register's id of the work.
    pub work_id: String,
    /// Claims to its interactive distribution right; none: nobody has said anything.
    pub claims: Vec<Claim>,
}

/// What is claimed of one recording and of the works in it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecordingClaims {
    /// The catalogue's id of the recording.
    pub recording_id: String,
    /// The works in it; none: nobody has said which.
    pub works: Vec<WorkClaims>,
    /// Claims to the right of the recording itself.
    pub master: Vec<Claim>,
}

impl RecordingClaims {
    /// A recording of which nothing is known.
    pub fn unknown(recording_id: impl Into<String>) -> RecordingClaims {
        RecordingClaims { recording_id: recording_id.into(), works: Vec::new(), master: Vec::new() }
    }

    /// A recording of which a catalogue says no more than the shorthand: the whole of one work, for
    /// every form, everywhere, always, claimed by `claimant` (whom the operator names). It says
    /// nothing of the right of the recording.
    pub fn from_shorthand(
        recording_id: impl Into<String>,
        rights: Rights,
        claimant: &OrganisationId,
    ) -> RecordingClaims {
        let mut recording = RecordingClaims::unknown(recording_id);
        let state = match rights {
            Rights::Entrusted => ClaimState::Entrusted,
            Rights::NotEntrusted => ClaimState::NotEntrusted,
            Rights::Unknown => return recording,
        };
        let claim = Claim {
            claimant: claimant.clone(),
            party: None,
            share_ppm: WHOLE_PPM,
            form: FormSet::ALL,
            territory: TerritorySet::WORLD,
            period: Period::ALWAYS,
            state,
        };
        let work_id = format!("recording:{}", recording.recording_id);
        recording.works.push(WorkClaims { work_id, claims: vec![claim] });
        recording
    }

    /// These claims; where they name no work, what the shorthand says of the works.
    pub fn or_shorthand(self, rights: Rights, claimant: &OrganisationId) -> RecordingClaims {
        if !self.works.is_empty() {
            return self;
        }
        let works = RecordingClaims::from_shorthand(&*self.recording_id, rights, claimant).works;
        RecordingClaims { works, ..self }
    }
}

/// The shorthand for a recording about which nothing finer is known: whether its interactive
/// distribution right is entrusted to a rights organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Rights {
    /// Entrusted: sharing can be permitted and is charged. What is enrolled without a word on its
    /// rights is taken to be entrusted.
    #[default]
    Entrusted,
    /// Known, and not entrusted: sharing is refused.
    NotEntrusted,
    /// Nobody has said. Never read as a permission.
    Unknown,
}

impl Rights {
    /// Every state, in the order of the enumeration.
    pub const ALL: [Rights; 3] = [Rights::Entrusted, Rights::NotEntrusted, Rights::Unknown];

    /// The word for it in catalogues, in the database and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Rights::Entrusted => "entrusted",
            Rights::NotEntrusted => "not_entrusted",
            Rights::Unknown => "unknown",
        }
    }
}

impl fmt::Display for Rights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Rights {
    type Err = UnknownRights;

    /// Upper and lower case alike; `-` and space for `_`.
    fn from_str(text: &str) -> Result<Self, UnknownRights> {
        let word = text.trim().to_ascii_lowercase().replace(['-', ' '], "_");
        Rights::ALL.into_iter().find(|rights| rights.as_str() == word).ok_or(UnknownRights)
    }
}

/// A word that names no state of rights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("rights must be one of `entrusted`, `not_entrusted`, `unknown`")]
pub struct UnknownRights;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_as_they_are_written() {
        for rights in Rights::ALL {
            assert_eq!(rights.as_str().parse(), Ok(rights));
            assert_eq!(serde_json::to_value(rights).unwrap(), rights.as_str());
        }
        assert_eq!("Not-Entrusted ".parse(), Ok(Rights::NotEntrusted));
        assert_eq!("free".parse::<Rights>(), Err(UnknownRights));
        for state in ClaimState::ALL {
            assert_eq!(state.as_str().parse(), Ok(state));
        }
        assert_eq!("unknown".parse::<ClaimState>(), Err(UnknownState));
    }

    #[test]
    fn the_shorthand_says_nothing_where_the_register_knows_the_works() {
        let jasrac: OrganisationId = "JASRAC".parse().unwrap();
        let short = RecordingClaims::from_shorthand("r", Rights::NotEntrusted, &jasrac);
        assert_eq!(short.works[0].work_id, "recording:r");
        assert!(short.master.is_empty());
        let known = RecordingClaims::from_shorthand("r", Rights::Entrusted, &jasrac);
        assert_eq!(known.clone().or_shorthand(Rights::NotEntrusted, &jasrac), known);
        let bare = RecordingClaims::unknown("r");
        assert_eq!(bare.clone().or_shorthand(Rights::Unknown, &jasrac), bare);
        assert_eq!(bare.or_shorthand(Rights::Entrusted, &jasrac), known);
    }
}
