//! How long a search may go on for: the one setting that trades what is found in noise for queries
//! answered a second.

use std::fmt;
use std::str::FromStr;

/// How much time a search may take for what noise has left of a query, times a tenth of a second on
/// one core: 1 unless told otherwise. Of that and of nothing else depends how many queries that
/// nobody knows are answered a second, and how much is found in noise.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Effort(f64);

impl Effort {
    /// The most: ten seconds.
    pub const MAX: f64 = 100.0;

    /// Whole keys and their beginnings are looked up, and nothing else.
    pub const NONE: Self = Self(0.0);

    /// `None` where it is not 0 to [`Effort::MAX`].
    pub fn new(times: f64) -> Option<Self> {
        (0.0..=Self::MAX).contains(&times).then_some(Self(times))
    }

    /// So many, at the usual effort, of whatever takes time.
    pub(super) fn times(self, usual: f64) -> u64 {
        (usual * self.0) as u64
    }
}

impl Default for Effort {
    fn default() -> Self {
        Self(1.0)
    }
}

/// Why a text is no [`Effort`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAnEffort;

impl fmt::Display for NotAnEffort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "it is a number from 0 to {}", Effort::MAX)
    }
}

impl std::error::Error for NotAnEffort {}

impl FromStr for Effort {
    type Err = NotAnEffort;

    fn from_str(text: &str) -> Result<Self, NotAnEffort> {
        text.trim().parse().ok().and_then(Self::new).ok_or(NotAnEffort)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_number_within_bounds() {
        for (text, times) in [("0", 0.0), ("0.25", 0.25), (" 1 ", 1.0), ("100", 100.0)] {
            assert_eq!(text.parse(), Ok(Effort(times)));
        }
        for wrong in ["", "-0.1", "100.1", "NaN", "inf", "1e9", "much"] {
            assert_eq!(wrong.parse::<Effort>(), Err(NotAnEffort), "{wrong}");
        }
        assert_eq!(Effort::default().times(7.0), 7);
        assert_eq!(Effort::NONE.times(7.0), 0);
    }
}
