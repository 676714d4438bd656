//! The whole answer.

use serde::Serialize;

use super::question::Question;
use super::row::Row;

/// The answer, in JSON: seconds, bytes, shares of 1. Names are a promise; new ones may come.
#[derive(Debug, Serialize)]
pub struct Answer {
    /// Searching the whole catalogue on one server: what N divides.
    pub service_time_s: f64,
    /// What it does not.
    pub fixed_time_s: f64,
    pub jitter_s: f64,
    /// `given`, `the paper's`, or which row was measured.
    pub service_time_from: String,
    pub dispatch: &'static str,
    pub songs: u64,
    pub target_s: f64,
    pub percentile: f64,
    /// The cheapest shape for each rate.
    pub plans: Vec<Row>,
    /// The shapes of so many servers, if those were asked for.
    pub shapes: Vec<Row>,
}

impl Answer {
    /// What was asked, and what was found.
    pub fn new(question: &Question, plans: Vec<Row>, shapes: Vec<Row>) -> Answer {
        let work = question.work;
        Answer {
            service_time_s: work.whole_s(),
            fixed_time_s: work.fixed_s(),
            jitter_s: work.jitter_s(),
            service_time_from: question.source.clone(),
            dispatch: question.way.name(),
            songs: question.songs,
            target_s: question.target_s,
            percentile: question.percentile,
            plans,
            shapes,
        }
    }
}
