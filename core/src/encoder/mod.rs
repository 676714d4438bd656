//! Log bands to codes. One encoder a file; each has its own [`EncoderId`](crate::EncoderId).

mod slow_difference;

pub(crate) use slow_difference::SlowDifference;
