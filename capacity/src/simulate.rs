//! The naive twin: queries one by one through a farm, as they come. Slow, short, and without any of
//! the formulas.

use alloc::vec::Vec;

use crate::dispatch::Dispatch;
use crate::error::{ModelError, within};
use crate::farm::Farm;
use crate::response::Response;

/// Queries that are let pass before one is counted, as a share of those counted: the farm begins
/// empty.
const PASSED_SHARE: u64 = 10;

/// The responses of a simulation.
#[derive(Debug, Clone)]
pub struct Simulated {
    /// Response times in seconds, sorted.
    responses_s: Vec<f64>,
}

impl Simulated {
    /// Mean and variance of the response time.
    pub fn response(&self) -> Response {
        let count = self.responses_s.len() as f64;
        let mean_s = self.responses_s.iter().sum::<f64>() / count;
        let squares = self.responses_s.iter().map(|s| (s - mean_s) * (s - mean_s));
        Response { mean_s, variance_s2: squares.sum::<f64>() / count }
    }

    /// The response time that this share of the queries does not exceed, in seconds.
    pub fn response_percentile_s(&self, percentile: f64) -> Result<f64, ModelError> {
        let rank = libm::ceil(within(percentile)? * self.responses_s.len() as f64) as usize;
        let at = rank.clamp(1, self.responses_s.len()) - 1;
        Ok(self.responses_s[at])
    }

    /// The share of queries with a longer response.
    pub fn exceeds(&self, response_s: f64) -> f64 {
        let within = self.responses_s.partition_point(|s| *s <= response_s);
        (self.responses_s.len() - within) as f64 / self.responses_s.len() as f64
    }
}

/// Sends queries through a farm and counts `queries` of them (at least 1), after a tenth as many.
/// The same seed gives the same result. An overloaded farm is simulated too: it has no stationary
/// state, and what is told is how far it got. Costs `queries` times the groups.
pub fn run(farm: &Farm, queries: u64, seed: u64) -> Simulated {
    let queries = queries.max(1);
    let mut random = Random(seed);
    let mut free_at_s = Vec::new();
    free_at_s.resize(farm.shape().groups as usize, 0.0_f64);
    let mut now_s = 0.0;
    let mut responses_s = Vec::new();
    let passed = queries / PASSED_SHARE;
    for query in 0..passed.saturating_add(queries) {
        now_s += random.exponential(1.0 / farm.rate_per_s());
        let group = choose(farm.dispatch(), &free_at_s, query, &mut random);
        let done_s = free_at_s[group].max(now_s) + service_s(farm, &mut random);
        free_at_s[group] = done_s;
        if query >= passed {
            responses_s.push(done_s - now_s);
        }
    }
    responses_s.sort_unstable_by(f64::total_cmp);
    Simulated { responses_s }
}

/// The group that gets the next query.
fn choose(dispatch: Dispatch, free_at_s: &[f64], query: u64, random: &mut Random) -> usize {
    let groups = free_at_s.len();
    match dispatch {
        Dispatch::Random => ((random.unit() * groups as f64) as usize).min(groups - 1),
        Dispatch::RoundRobin => (query % groups as u64) as usize,
        // Free first: of the groups with the fewest queries that is the one that is done first.
        Dispatch::LeastConnection => {
            let least = |a: usize, b: usize| if free_at_s[b] < free_at_s[a] { b } else { a };
            (0..groups).reduce(least).unwrap_or_default()
        }
    }
}

/// The slowest of the parts.
fn service_s(farm: &Farm, random: &mut Random) -> f64 {
    let (work, parts) = (farm.work(), farm.shape().parts);
    if work.jitter_s() == 0.0 {
        return work.even_s(parts);
    }
    let latest = (0..parts).map(|_| random.exponential(work.jitter_s())).fold(0.0, f64::max);
    work.even_s(parts) + latest
}

/// SplitMix64 (Steele, Lea and Flood 2014): a counter, well mixed.
struct Random(u64);

impl Random {
    /// Evenly above 0, up to 1.
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        // 53 bits, as a double has them.
        ((z >> 11) + 1) as f64 / (1_u64 << 53) as f64
    }

    fn exponential(&mut self, mean: f64) -> f64 {
        -mean * libm::log(self.unit())
    }
}
