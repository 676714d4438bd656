//! M/D/1: one server, or one of many between which queries are drawn at random.

use crate::response::Response;

/// Moments of the response time in units of the service time, for a load of 0 to 1:
/// E = load/(2(1 - load)) + 1, Var = (4 - load) load / (12 (1 - load)^2). Pollaczek and Khinchine,
/// as the paper's section 6 has them.
pub fn response(load: f64) -> Response {
    let free = 1.0 - load;
    Response {
        mean_s: load / (2.0 * free) + 1.0,
        variance_s2: (4.0 - load) * load / (12.0 * free * free),
    }
}
