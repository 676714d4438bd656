//! Where queries wait: k servers, a load and a service time, checked once.

use crate::erlang;
use crate::error::{ModelError, countable, positive};
use crate::response::Response;

/// Servers at most in one model.
pub const SERVERS_MAX: u32 = 100_000;

/// k servers with one constant service time, first come, first served: M/D/k, or as each of k
/// servers in turn sees it E_k/D/1. The waiting time is the same (each query meets the server that
/// was given work longest ago, which is the one that is done first). k = 1 is M/D/1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Station {
    servers: u32,
    load: f64,
    service_s: f64,
}

impl Station {
    /// A station.
    ///
    /// * `servers` - k, 1 to [`SERVERS_MAX`]
    /// * `load` - share of the time that a server works, above 0 and below 1
    /// * `service_s` - what one query takes a server, in seconds, above 0
    ///
    /// Errors: [`ModelError::Overloaded`] for a load of 1 or more, the others for numbers out of
    /// range, NaN among them.
    pub fn new(servers: u32, load: f64, service_s: f64) -> Result<Station, ModelError> {
        let servers = countable(servers, "servers")?;
        let (load, service_s) = (positive(load, "load")?, positive(service_s, "service time")?);
        if load >= 1.0 {
            return Err(ModelError::Overloaded { load });
        }
        Ok(Station { servers, load, service_s })
    }

    /// k.
    pub fn servers(&self) -> u32 {
        self.servers
    }

    /// Share of the time that a server works.
    pub fn load(&self) -> f64 {
        self.load
    }

    /// What one query takes a server, in seconds.
    pub fn service_s(&self) -> f64 {
        self.service_s
    }

    /// Queries that come to all servers together, in 1/s.
    pub fn rate_per_s(&self) -> f64 {
        f64::from(self.servers) * self.load / self.service_s
    }

    /// Mean and variance of the response time by the paper's closed forms. Costs k/2 roots of
    /// about 30 complex exponentials each; no heap. Right to 1e-11/(1 - load) of itself or of the
    /// service time, whichever is more.
    pub fn response(&self) -> Response {
        let unit = erlang::response(self.servers, self.load);
        Response {
            mean_s: unit.mean_s * self.service_s,
            variance_s2: unit.variance_s2 * self.service_s * self.service_s,
        }
    }

    /// The exact distribution of the waiting time.
    #[cfg(feature = "alloc")]
    pub fn waiting(&self) -> crate::Waiting {
        crate::Waiting::new(self)
    }
}
