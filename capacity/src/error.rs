//! What is wrong with the numbers of a model.

use crate::station::SERVERS_MAX;

/// A model that cannot be.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// More comes than can be served: there is no stationary state, waits grow without end.
    #[error("a load of {load} is not below 1: add servers, or ask less")]
    Overloaded {
        /// What comes over what can be served.
        load: f64,
    },
    /// Not a number, infinite, or not above 0.
    #[error("{0} must be a finite number above 0")]
    NotPositive(&'static str),
    /// Not a number, infinite, or below 0.
    #[error("{0} must be a finite number, 0 or above")]
    Negative(&'static str),
    /// None, or more than [`SERVERS_MAX`](crate::SERVERS_MAX).
    #[error("{0} must be 1 to 100000")]
    Servers(&'static str),
    /// Not between 0 and 1.
    #[error("a percentile must be above 0 and below 1, as 0.95")]
    Percentile,
}

/// The value, if it is finite and above 0.
pub(crate) fn positive(value: f64, name: &'static str) -> Result<f64, ModelError> {
    // Not `value <= 0.0`: that lets NaN pass.
    if value.is_finite() && value > 0.0 { Ok(value) } else { Err(ModelError::NotPositive(name)) }
}

/// The value, if it is finite and not below 0.
pub(crate) fn not_negative(value: f64, name: &'static str) -> Result<f64, ModelError> {
    if value.is_finite() && value >= 0.0 { Ok(value) } else { Err(ModelError::Negative(name)) }
}

/// The count, if it is 1 to [`SERVERS_MAX`](crate::SERVERS_MAX).
pub(crate) fn countable(count: u32, name: &'static str) -> Result<u32, ModelError> {
    if (1..=SERVERS_MAX).contains(&count) { Ok(count) } else { Err(ModelError::Servers(name)) }
}

/// The percentile, if it is above 0 and below 1.
#[cfg(feature = "alloc")]
pub(crate) fn within(percentile: f64) -> Result<f64, ModelError> {
    if percentile > 0.0 && percentile < 1.0 { Ok(percentile) } else { Err(ModelError::Percentile) }
}
