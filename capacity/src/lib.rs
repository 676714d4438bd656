//! How long queries wait for servers that all take the same time for each of them, and how many
//! servers in which shape keep that short.
//!
//! ```text
//! rate, work, shape (N, k), dispatch        farm.rs, work.rs       what is there
//!   | Farm::station                         one load, one service time
//! Station                                   station.rs             k servers, or a group in turn
//!   | response                              erlang.rs, single.rs   mean, variance: closed forms
//!   | waiting                               queue.rs, waiting.rs   the exact distribution
//! plan::cheapest                            plan.rs                target in, fewest servers out
//! simulate::run                             simulate.rs            the naive twin of all of it
//! ```
//! N servers share the catalogue and search in parallel, so that a query takes h = fixed + whole/N;
//! k such groups share the queries. Queries come at random (Poisson), are served first come, first
//! served, and each takes h. Times are in seconds, rates in 1/s, loads are shares of 1.
//!
//! Every input is checked once, where a value is made ([`Station::new`], [`Work::new`],
//! [`Farm::new`]); no function panics. Without the feature `alloc` there are moments and no
//! distributions.
//!
//! ```
//! use onmon_capacity::Station;
//!
//! // Six servers with the whole catalogue each, 5 s a query, 85 % busy.
//! let six = Station::new(6, 0.85, 5.0)?;
//! assert!((six.response().mean_plus_2_sigma_s() - 11.87).abs() < 0.01);
//! # #[cfg(feature = "alloc")]
//! assert!((six.waiting().response_percentile_s(0.95)? - 11.94).abs() < 0.01);
//! # Ok::<(), onmon_capacity::ModelError>(())
//! ```

#![no_std]
#![forbid(unsafe_code)]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(test)]
extern crate std;

mod complex;
mod dispatch;
mod erlang;
mod error;
#[cfg(feature = "alloc")]
mod excess;
mod farm;
mod light;
#[cfg(feature = "alloc")]
pub mod plan;
#[cfg(feature = "alloc")]
mod poisson;
#[cfg(feature = "alloc")]
mod queue;
mod response;
mod roots;
#[cfg(feature = "alloc")]
pub mod simulate;
mod single;
mod station;
#[cfg(feature = "alloc")]
mod waiting;
mod work;

pub use dispatch::Dispatch;
pub use error::ModelError;
pub use farm::{Farm, OneDown, Shape};
pub use response::Response;
pub use station::{SERVERS_MAX, Station};
#[cfg(feature = "alloc")]
pub use waiting::Waiting;
pub use work::Work;
