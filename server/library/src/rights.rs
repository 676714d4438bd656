//! From the rights of what matched to a decision: a pure function, without clock or database.

use std::fmt;

use serde::{Deserialize, Serialize};

pub use onmon_rights::{Rights, UnknownRights};

/// What is answered to someone who wants to share a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Decision {
    /// May be shared; the upload is counted.
    Permit,
    /// May not be shared.
    Refuse,
    /// No entrusted right was found; onmon has nothing to permit or to refuse.
    Unregistered,
}

impl Decision {
    /// Every decision, in the order of the enumeration.
    pub const ALL: [Decision; 3] = [Decision::Permit, Decision::Refuse, Decision::Unregistered];

    /// The word for it on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Decision::Permit => "permit",
            Decision::Refuse => "refuse",
            Decision::Unregistered => "unregistered",
        }
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A decision and the rule that made it, in words that may be shown to the asker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ruling {
    /// What is answered.
    pub decision: Decision,
    /// Why.
    pub rule: &'static str,
}

/// Decides from the rights of every recording that matched; the strictest wins:
/// refuse, then permit, then unregistered.
///
/// ```
/// use onmon_library::rights::{decide, Decision, Rights};
/// assert_eq!(decide([]).decision, Decision::Unregistered);
/// assert_eq!(decide([Rights::Entrusted, Rights::NotEntrusted]).decision, Decision::Refuse);
/// ```
pub fn decide(matched: impl IntoIterator<Item = Rights>) -> Ruling {
    let mut ruling = NOTHING_MATCHED;
    for rights in matched {
        let other = match rights {
            Rights::NotEntrusted => return NOT_ENTRUSTED,
            Rights::Entrusted => ENTRUSTED,
            // Whatever is said beside these two permits nothing.
            _ => RIGHTS_UNKNOWN,
        };
        if ruling != ENTRUSTED {
            ruling = other;
        }
    }
    ruling
}

const NOT_ENTRUSTED: Ruling = Ruling {
    decision: Decision::Refuse,
    rule: "the recording is registered and its interactive distribution right is not entrusted",
};
const ENTRUSTED: Ruling = Ruling {
    decision: Decision::Permit,
    rule: "the recording's interactive distribution right is entrusted",
};
const RIGHTS_UNKNOWN: Ruling = Ruling {
    decision: Decision::Unregistered,
    rule: "no entrusted right found: the recording is registered with unknown rights",
};
const NOTHING_MATCHED: Ruling = Ruling {
    decision: Decision::Unregistered,
    rule: "no entrusted right found: no registered recording matched",
};

#[cfg(test)]
mod tests {
    use super::*;
    use Rights::{Entrusted as E, NotEntrusted as N, Unknown as U};

    #[test]
    fn the_whole_table_of_decisions() {
        let table: [(&[Rights], Ruling); 15] = [
            (&[], NOTHING_MATCHED),
            (&[E], ENTRUSTED),
            (&[N], NOT_ENTRUSTED),
            (&[U], RIGHTS_UNKNOWN),
            (&[E, E], ENTRUSTED),
            (&[E, U], ENTRUSTED),
            (&[U, E], ENTRUSTED),
            (&[U, U], RIGHTS_UNKNOWN),
            (&[N, N], NOT_ENTRUSTED),
            (&[N, E], NOT_ENTRUSTED),
            (&[E, N], NOT_ENTRUSTED),
            (&[N, U], NOT_ENTRUSTED),
            (&[U, N], NOT_ENTRUSTED),
            (&[E, U, N], NOT_ENTRUSTED),
            (&[U, E, U], ENTRUSTED),
        ];
        for (rights, want) in table {
            assert_eq!(decide(rights.iter().copied()), want, "{rights:?}");
        }
    }

    #[test]
    fn no_rule_says_free_and_every_unregistered_says_what_was_not_found() {
        for ruling in [NOT_ENTRUSTED, ENTRUSTED, RIGHTS_UNKNOWN, NOTHING_MATCHED] {
            assert!(!ruling.rule.contains("free"), "{}", ruling.rule);
            if ruling.decision == Decision::Unregistered {
                assert!(ruling.rule.starts_with("no entrusted right found"), "{}", ruling.rule);
            }
        }
    }

    #[test]
    fn words_are_the_same_in_text_and_json() {
        for rights in Rights::ALL {
            assert_eq!(serde_json::to_value(rights).unwrap(), rights.as_str());
            assert_eq!(rights.as_str().parse(), Ok(rights));
        }
        for decision in Decision::ALL {
            assert_eq!(serde_json::to_value(decision).unwrap(), decision.as_str());
        }
        assert_eq!("Not-Entrusted ".parse(), Ok(Rights::NotEntrusted));
        assert_eq!("free".parse::<Rights>(), Err(UnknownRights));
    }
}
