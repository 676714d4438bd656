//! From claims and a use to a decision: pure, without clock or database.
//!
//! | rule | when | decision |
//! |---|---|---|
//! | R1 | some share that applies to the use is not entrusted | refuse |
//! | R2 | some shares are entrusted, and some nobody has spoken for | unknown share |
//! | R3 | every share of every work (and of the master, if asked for) is entrusted | permit |
//! | R4 | recordings matched, and no share of them is spoken for | unregistered |
//! | R5 | nothing matched | unregistered |
//!
//! Of several recordings the strictest wins, in the order of the table; all claimants are named.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::claim::{Claim, ClaimState, RecordingClaims, WHOLE_PPM};
use crate::identifiers::OrganisationId;
use crate::usage::{Right, Use};

/// Counted up when a rule changes what it decides; kept with every decision.
pub const RULES_VERSION: u32 = 1;

/// What is answered to someone who wants to use a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Decision {
    /// May be used; it is counted and charged.
    Permit,
    /// May not be used.
    Refuse,
    /// No entrusted right was found; onmon has nothing to permit or to refuse.
    Unregistered,
    /// For a part no entrusted right was found; the operator's policy says what follows.
    UnknownShare,
}

impl Decision {
    /// Every decision, in the order of the enumeration.
    pub const ALL: [Decision; 4] =
        [Decision::Permit, Decision::Refuse, Decision::Unregistered, Decision::UnknownShare];

    /// The word for it on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Decision::Permit => "permit",
            Decision::Refuse => "refuse",
            Decision::Unregistered => "unregistered",
            Decision::UnknownShare => "unknown_share",
        }
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The rule that decided, from the strictest on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Rule {
    /// R1.
    NotEntrusted,
    /// R2.
    ShareUnknown,
    /// R3.
    AllSharesEntrusted,
    /// R4.
    RightsUnknown,
    /// R5.
    NothingMatched,
}

impl Rule {
    /// Every rule, from the strictest on.
    pub const ALL: [Rule; 5] = [
        Rule::NotEntrusted,
        Rule::ShareUnknown,
        Rule::AllSharesEntrusted,
        Rule::RightsUnknown,
        Rule::NothingMatched,
    ];

    /// Its name, which stays.
    pub const fn id(self) -> &'static str {
        match self {
            Rule::NotEntrusted => "R1-not-entrusted",
            Rule::ShareUnknown => "R2-share-unknown",
            Rule::AllSharesEntrusted => "R3-all-shares-entrusted",
            Rule::RightsUnknown => "R4-rights-unknown",
            Rule::NothingMatched => "R5-nothing-matched",
        }
    }

    /// What it decides.
    pub const fn decision(self) -> Decision {
        match self {
            Rule::NotEntrusted => Decision::Refuse,
            Rule::ShareUnknown => Decision::UnknownShare,
            Rule::AllSharesEntrusted => Decision::Permit,
            Rule::RightsUnknown | Rule::NothingMatched => Decision::Unregistered,
        }
    }

    /// Why, in words that may be shown to the asker.
    pub const fn words(self) -> &'static str {
        match self {
            Rule::NotEntrusted => {
                "the recording is registered and a right that this use needs is not entrusted"
            }
            Rule::ShareUnknown => "no entrusted right found for a part of the recording",
            Rule::AllSharesEntrusted => "every right that this use needs is entrusted",
            Rule::RightsUnknown => {
                "no entrusted right found: the recording is registered with unknown rights"
            }
            Rule::NothingMatched => "no entrusted right found: no registered recording matched",
        }
    }
}

/// A share that takes part in a decision: all that one organisation claims of one work (or of the
/// master) for the use.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Share {
    /// Of the work or of the master.
    pub right: Right,
    /// Of which work; none for the master.
    pub work_id: Option<String>,
    /// Who claims it.
    pub organisation: OrganisationId,
    /// How much of the work or master, in ppm.
    pub share_ppm: u32,
    /// Of which matched recording; the first in order, if several say the same.
    pub recording_id: String,
    /// Whether its money is to be held, because of a conflict.
    pub held: bool,
}

/// A part that nobody has spoken for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UnknownPart {
    /// Of which matched recording.
    pub recording_id: String,
    /// Of the work or of the master.
    pub right: Right,
    /// Of which work; none for the master, or where no work is known.
    pub work_id: Option<String>,
    /// How much, in ppm.
    pub ppm: u32,
}

/// Claims that cannot all be true. What they earn is held until somebody settles it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Conflict {
    /// More than the whole is claimed of one work, or of one master.
    OverClaimed {
        /// Of which matched recording.
        recording_id: String,
        /// Of the work or of the master.
        right: Right,
        /// Of which work; none for the master.
        work_id: Option<String>,
        /// How much is claimed in all, in ppm.
        claimed_ppm: u64,
    },
    /// Several recordings matched, and their claims are not the same.
    SeveralRegistrations {
        /// Those whose claims differ, in order.
        recording_ids: Vec<String>,
    },
}

/// A decision, the rule that made it, and everyone whose share takes part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ruling {
    /// What is answered.
    pub decision: Decision,
    /// By which rule.
    pub rule: Rule,
    /// [`RULES_VERSION`] when it was decided.
    pub rules_version: u32,
    /// Entrusted shares, in order. After a permit: who is to be paid.
    pub payees: Vec<Share>,
    /// Shares that are not entrusted, in order.
    pub refusing: Vec<Share>,
    /// Parts that nobody has spoken for, in order.
    pub unknown: Vec<UnknownPart>,
    /// Claims that cannot all be true, in order.
    pub conflicts: Vec<Conflict>,
}

impl Ruling {
    /// The largest part of one work or master that nobody has spoken for, in ppm.
    pub fn unknown_ppm(&self) -> u32 {
        self.unknown.iter().map(|part| part.ppm).max().unwrap_or(0)
    }

    /// Why, in words that may be shown to the asker.
    pub fn words(&self) -> String {
        let mut words = match self.rule {
            Rule::ShareUnknown => {
                let (percent, rest) = (self.unknown_ppm() / 10_000, self.unknown_ppm() % 10_000);
                let digits = format!("{percent}.{rest:04}");
                let digits = digits.trim_end_matches('0').trim_end_matches('.');
                format!("no entrusted right found for {digits} % of the recording's rights")
            }
            rule => rule.words().to_owned(),
        };
        if !self.conflicts.is_empty() {
            words.push_str("; claims are in conflict, and what they earn is held");
        }
        words
    }
}

/// Decides whether a recording may be used, from what is claimed of everything that matched it.
///
/// The order of recordings, works and claims makes no difference. Cost: one pass over the claims,
/// and a sort of those that apply.
///
/// ```
/// use onmon_rights::*;
/// let jasrac: OrganisationId = "JASRAC".parse().unwrap();
/// let used = Use {
///     right: Right::InteractiveDistribution,
///     with_master: false,
///     form: UsageForm::Download,
///     territory: Territory::JP,
///     date: "2026-04-01".parse().unwrap(),
/// };
/// let matched = [RecordingClaims::from_shorthand("aurora", Rights::Entrusted, &jasrac)];
/// let ruling = decide(&matched, &used);
/// assert_eq!(ruling.decision, Decision::Permit);
/// assert_eq!(ruling.payees[0].organisation, jasrac);
/// assert_eq!(ruling.payees[0].share_ppm, WHOLE_PPM);
/// assert_eq!(decide(&[], &used).decision, Decision::Unregistered);
/// ```
pub fn decide(matched: &[RecordingClaims], used: &Use) -> Ruling {
    let found: Vec<Found> = matched.iter().map(|recording| Found::of(recording, used)).collect();
    let rule = found.iter().map(|found| found.rule).min().unwrap_or(Rule::NothingMatched);
    let mut conflicts: BTreeSet<Conflict> =
        found.iter().flat_map(|found| found.conflicts.iter().cloned()).collect();
    let differing = differing(&found);
    if let Some(differing) = &differing {
        let recording_ids = differing.iter().map(|id| (*id).to_owned()).collect();
        conflicts.insert(Conflict::SeveralRegistrations { recording_ids });
    }
    let held =
        |found: &Found| differing.as_ref().is_some_and(|ids| ids.contains(&*found.recording_id));
    let shares = |state: ClaimState| {
        merged(found.iter().flat_map(|found| {
            let all_held = held(found);
            found
                .shares
                .iter()
                .filter(move |(of, _)| *of == state)
                .map(move |(_, share)| Share { held: share.held || all_held, ..share.clone() })
        }))
    };
    Ruling {
        decision: rule.decision(),
        rule,
        rules_version: RULES_VERSION,
        payees: shares(ClaimState::Entrusted),
        refusing: shares(ClaimState::NotEntrusted),
        unknown: {
            let parts: BTreeSet<UnknownPart> =
                found.iter().flat_map(|found| found.unknown.iter().cloned()).collect();
            parts.into_iter().collect()
        },
        conflicts: conflicts.into_iter().collect(),
    }
}

/// What one recording's claims say of the use.
struct Found {
    recording_id: String,
    rule: Rule,
    shares: Vec<(ClaimState, Share)>,
    unknown: Vec<UnknownPart>,
    conflicts: Vec<Conflict>,
}

impl Found {
    fn of(recording: &RecordingClaims, used: &Use) -> Found {
        let mut found = Found {
            recording_id: recording.recording_id.clone(),
            rule: Rule::RightsUnknown,
            shares: Vec::new(),
            unknown: Vec::new(),
            conflicts: Vec::new(),
        };
        if used.asks_works() {
            // A work that is listed twice says one thing, not two.
            let mut works: BTreeMap<&str, BTreeSet<Vec<&Claim>>> = BTreeMap::new();
            for work in &recording.works {
                let mut claims: Vec<&Claim> = work.claims.iter().collect();
                claims.sort();
                works.entry(&work.work_id).or_default().insert(claims);
            }
            for (work_id, said) in &works {
                let claims = said.iter().flatten().copied();
                found.weigh(Right::InteractiveDistribution, Some(work_id), claims, used);
            }
            if works.is_empty() {
                found.weigh(Right::InteractiveDistribution, None, [], used);
            }
        }
        if used.asks_master() {
            found.weigh(Right::MasterMakingAvailable, None, &recording.master, used);
        }
        found.rule = found.decided();
        found
    }

    /// Adds up what is claimed of one work, or of the master.
    fn weigh<'a>(
        &mut self,
        right: Right,
        work_id: Option<&str>,
        claims: impl IntoIterator<Item = &'a Claim>,
        used: &Use,
    ) {
        let mut sums: BTreeMap<(ClaimState, &OrganisationId), u64> = BTreeMap::new();
        for claim in claims.into_iter().filter(|claim| claim.applies_to(used)) {
            *sums.entry((claim.state, &claim.claimant)).or_default() += u64::from(claim.share_ppm);
        }
        let claimed_ppm: u64 = sums.values().sum();
        let (recording_id, work_id) = (self.recording_id.clone(), work_id.map(str::to_owned));
        let held = claimed_ppm > u64::from(WHOLE_PPM);
        for ((state, organisation), ppm) in sums {
            let share = Share {
                right,
                work_id: work_id.clone(),
                organisation: organisation.clone(),
                share_ppm: u32::try_from(ppm).unwrap_or(u32::MAX),
                recording_id: recording_id.clone(),
                held,
            };
            self.shares.push((state, share));
        }
        if held {
            self.conflicts.push(Conflict::OverClaimed {
                recording_id,
                right,
                work_id,
                claimed_ppm,
            });
        } else if claimed_ppm < u64::from(WHOLE_PPM) {
            let ppm = WHOLE_PPM - claimed_ppm as u32;
            self.unknown.push(UnknownPart { recording_id, right, work_id, ppm });
        }
    }

    fn decided(&self) -> Rule {
        if self.shares.iter().any(|(state, _)| *state == ClaimState::NotEntrusted) {
            Rule::NotEntrusted
        } else if self.shares.is_empty() {
            Rule::RightsUnknown
        } else if self.unknown.is_empty() {
            Rule::AllSharesEntrusted
        } else {
            Rule::ShareUnknown
        }
    }

    /// What it says, without which recording it is about.
    fn said(&self) -> BTreeSet<(ClaimState, Right, Option<&str>, &OrganisationId, u32)> {
        let said = |(state, share): &'_ (ClaimState, Share)| (*state, share.right, share.share_ppm);
        self.shares
            .iter()
            .map(|of| {
                let (state, right, ppm) = said(of);
                (state, right, of.1.work_id.as_deref(), &of.1.organisation, ppm)
            })
            .collect()
    }
}

/// The recordings whose claims differ from another's; none if all that claim anything agree.
fn differing(found: &[Found]) -> Option<BTreeSet<&str>> {
    let speaking: Vec<&Found> = found.iter().filter(|found| !found.shares.is_empty()).collect();
    let versions: BTreeSet<_> = speaking.iter().map(|found| found.said()).collect();
    (versions.len() > 1).then(|| speaking.iter().map(|found| &*found.recording_id).collect())
}

/// Shares in order; what several recordings say alike is said once.
fn merged(shares: impl Iterator<Item = Share>) -> Vec<Share> {
    let sorted: BTreeSet<Share> = shares.collect();
    let mut merged: Vec<Share> = Vec::new();
    for share in sorted {
        match merged.last_mut() {
            // The order puts the same share of several recordings side by side.
            Some(last)
                if (last.right, &last.work_id, &last.organisation, last.share_ppm)
                    == (share.right, &share.work_id, &share.organisation, share.share_ppm) =>
            {
                last.held |= share.held;
            }
            _ => merged.push(share),
        }
    }
    merged
}
