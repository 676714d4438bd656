//! The exact distribution of the waiting time, and its percentiles.

use crate::error::{ModelError, within};
use crate::light;
use crate::poisson::Poisson;
use crate::queue::QueueLength;
use crate::response::Response;
use crate::station::Station;

/// Halvings of one service time that leave nothing of it.
const HALVINGS: u32 = 60;

/// The distribution of the waiting time at a station, without its service.
///
/// Franx 2001 (Operations Research Letters 29, 221-229): for (j - 1) h <= x < j h,
/// P(W <= x) = e^-y sum_i Q_(jk-1-i) y^i/i! with y = rate (j h - x) and Q_n the probability that at
/// most n wait; that is P(W > x) = P(U + Poisson(y) >= jk). All terms are positive. Holds for
/// every [`Station`]: probabilities are those of the naive recursion to 1e-11 (loads to 0.95, where
/// that ends), and for one server those of Pollaczek and Khinchine to 1e-14 up to a load of
/// 1 - 1e-9. Times near 1 are as ill-conditioned as 1/(1 - load) itself.
#[derive(Debug, Clone)]
pub struct Waiting {
    station: Station,
    queue: QueueLength,
}

impl Waiting {
    /// Costs about 600 k multiplications: 2 ms at k = 1,000, 18 ms at 5,000.
    pub(crate) fn new(station: &Station) -> Waiting {
        Waiting { station: *station, queue: QueueLength::new(station.servers(), station.load()) }
    }

    /// Probability that a query waits longer than `wait_s` seconds. 1 below 0, NaN for NaN.
    pub fn exceeds(&self, wait_s: f64) -> f64 {
        if wait_s.is_nan() || wait_s < 0.0 {
            return if wait_s.is_nan() { f64::NAN } else { 1.0 };
        }
        let services = wait_s / self.station.service_s();
        let begun = libm::floor(services);
        // Behind 2^53 services halves of one are not told apart; nothing waits so long.
        if begun >= 9e15 {
            return 0.0;
        }
        self.exceeds_in(begun as u64 + 1, begun + 1.0 - services)
    }

    /// The waiting time that a share of `percentile` (0.95) of the queries does not exceed, in
    /// seconds; 0 where so many do not wait.
    ///
    /// Errors: [`ModelError::Percentile`] unless it is above 0 and below 1.
    pub fn percentile_s(&self, percentile: f64) -> Result<f64, ModelError> {
        let beyond = 1.0 - within(percentile)?;
        if self.exceeds_in(1, 1.0) <= beyond {
            return Ok(0.0);
        }
        let interval = self.interval(beyond);
        let (mut most_left, mut least_left) = (1.0, 0.0);
        for _ in 0..HALVINGS {
            let middle = 0.5 * (most_left + least_left);
            if self.exceeds_in(interval, middle) > beyond {
                most_left = middle;
            } else {
                least_left = middle;
            }
        }
        Ok((interval as f64 - least_left) * self.station.service_s())
    }

    /// The same of the response time: waiting and service.
    pub fn response_percentile_s(&self, percentile: f64) -> Result<f64, ModelError> {
        Ok(self.percentile_s(percentile)? + self.station.service_s())
    }

    /// Mean and variance of the response time, from the queue by Little's law (and Haji and
    /// Newell's for the second moment): the closed forms' second opinion, without their
    /// differences. Below a load of 0.05 it is [`Station::response`], for there the queue is nearly
    /// always empty and its rounding is all there is.
    pub fn response(&self) -> Response {
        if self.station.load() < light::LOAD_MAX {
            return self.station.response();
        }
        let arrivals = f64::from(self.station.servers()) * self.station.load();
        let service_s = self.station.service_s();
        let variance = self.queue.factorial_cumulant() / (arrivals * arrivals);
        Response {
            mean_s: (1.0 + self.queue.mean() / arrivals) * service_s,
            variance_s2: variance * service_s * service_s,
        }
    }

    /// P(W > (interval - left) h) for `left` from 0 to 1 and an interval from 1 on.
    fn exceeds_in(&self, interval: u64, left: f64) -> f64 {
        let served = interval.saturating_mul(u64::from(self.station.servers()));
        let mean = f64::from(self.station.servers()) * self.station.load() * left;
        let sum: f64 = Poisson::new(mean)
            .iter()
            .map(|(come, chance)| chance * self.queue.at_least(served.saturating_sub(come)))
            .sum();
        sum.clamp(0.0, 1.0)
    }

    /// The first interval at whose end no more than `beyond` still wait.
    fn interval(&self, beyond: f64) -> u64 {
        let servers = u64::from(self.station.servers());
        let is_behind = |n: u64| self.queue.at_least(n.saturating_mul(servers)) <= beyond;
        let mut high = 1_u64;
        while !is_behind(high) && high < u64::MAX / 2 {
            high *= 2;
        }
        let mut low = high / 2;
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if is_behind(middle) { high = middle } else { low = middle }
        }
        high
    }
}
