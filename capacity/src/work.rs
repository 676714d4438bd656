//! What a query takes a server that holds one of N parts of the catalogue.

use crate::error::{ModelError, not_negative, positive};

/// What one query takes.
///
/// ```text
/// service(N) = fixed + whole/N + jitter (1 + 1/2 + ... + 1/N)
/// ```
/// The first is what does not divide: sending, merging, the look-up of titles. The second is the
/// search of the whole catalogue, shared by N. The third is the mean of the slowest of N that are
/// late by an exponential time of mean `jitter` each: an answer is there when the last part is.
/// A group that takes the next query when the last is answered by all has that service time on
/// average; it varies then, and the constant service that the formulas know waits a little less
/// than it. [`simulate`](crate::simulate) draws it as it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Work {
    whole_s: f64,
    fixed_s: f64,
    jitter_s: f64,
}

impl Work {
    /// Work in seconds.
    ///
    /// * `whole_s` - searching the whole catalogue on one server, above 0
    /// * `fixed_s` - what each query takes on each server besides, 0 or above
    /// * `jitter_s` - mean of the exponential lateness of one server, 0 or above
    pub fn new(whole_s: f64, fixed_s: f64, jitter_s: f64) -> Result<Work, ModelError> {
        Ok(Work {
            whole_s: positive(whole_s, "service time")?,
            fixed_s: not_negative(fixed_s, "fixed time")?,
            jitter_s: not_negative(jitter_s, "jitter")?,
        })
    }

    /// The mean service time of a group of `parts` servers, in seconds.
    pub fn service_s(&self, parts: u32) -> f64 {
        match self.jitter_s {
            0.0 => self.even_s(parts),
            jitter_s => self.even_s(parts) + jitter_s * harmonic(parts),
        }
    }

    /// The same without lateness.
    pub fn even_s(&self, parts: u32) -> f64 {
        self.fixed_s + self.whole_s / f64::from(parts.max(1))
    }

    /// What does not divide, in seconds.
    pub fn fixed_s(&self) -> f64 {
        self.fixed_s
    }

    /// Mean lateness of one server, in seconds.
    pub fn jitter_s(&self) -> f64 {
        self.jitter_s
    }

    /// The search of the whole catalogue on one server, in seconds.
    pub fn whole_s(&self) -> f64 {
        self.whole_s
    }
}

/// 1 + 1/2 + ... + 1/n.
fn harmonic(n: u32) -> f64 {
    (1..=n).map(|i| 1.0 / f64::from(i)).sum()
}
