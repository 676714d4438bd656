//! Mean and variance of a response time, and what is read from them.

/// Moments of the response time: waiting and service.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Response {
    /// Mean, in seconds.
    pub mean_s: f64,
    /// Variance, in seconds squared.
    pub variance_s2: f64,
}

impl Response {
    /// Standard deviation, in seconds.
    pub fn sigma_s(&self) -> f64 {
        libm::sqrt(self.variance_s2)
    }

    /// Coefficient of variation: standard deviation over mean. (The paper's equation 9 prints its
    /// square as Var/E: a slip, for it is Var/E^2.)
    pub fn cv(&self) -> f64 {
        self.sigma_s() / self.mean_s
    }

    /// What the paper takes for the 95th percentile: mean + 2 sigma, in seconds.
    pub fn mean_plus_2_sigma_s(&self) -> f64 {
        self.mean_s + 2.0 * self.sigma_s()
    }
}
