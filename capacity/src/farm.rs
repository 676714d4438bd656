//! All servers together: k groups of N, how queries come and who gets them.

use crate::dispatch::Dispatch;
use crate::error::{ModelError, countable, positive};
use crate::station::Station;
use crate::work::Work;

/// k groups of N servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// N: parts of the catalogue, a server each, that search at once.
    pub parts: u32,
    /// k: such groups, between which queries are shared out.
    pub groups: u32,
}

impl Shape {
    /// N times k.
    pub fn servers(&self) -> u32 {
        self.parts.saturating_mul(self.groups)
    }

    /// Every shape of so many servers, the most groups first.
    pub fn all_of(servers: u32) -> impl Iterator<Item = Shape> {
        let parts = (1..=servers).filter(move |parts| servers.is_multiple_of(*parts));
        parts.map(move |parts| Shape { parts, groups: servers / parts })
    }
}

/// Servers in a shape, and what comes to them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Farm {
    shape: Shape,
    work: Work,
    dispatch: Dispatch,
    rate_per_s: f64,
}

/// What is left when one server is down.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum OneDown {
    /// Its group is taken out, and the others bear the load.
    GroupOut(Station),
    /// The same, but the others cannot: queries must be turned away. The load they would have.
    Overloaded(f64),
    /// There is one group: it answers as fast without the server's part. That share of the
    /// catalogue is not found; 1 where the server was the only one.
    PartMissing(f64),
}

impl Farm {
    /// Servers to which `rate_per_s` queries a second come, above 0. It may be more than they can
    /// bear: [`Farm::station`] tells.
    pub fn new(
        shape: Shape,
        work: Work,
        dispatch: Dispatch,
        rate_per_s: f64,
    ) -> Result<Farm, ModelError> {
        countable(shape.parts, "parts")?;
        countable(shape.groups, "groups")?;
        let rate_per_s = positive(rate_per_s, "rate")?;
        Ok(Farm { shape, work, dispatch, rate_per_s })
    }

    /// N and k.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// What a query takes.
    pub fn work(&self) -> Work {
        self.work
    }

    /// Who gets the next query.
    pub fn dispatch(&self) -> Dispatch {
        self.dispatch
    }

    /// Queries a second to all groups together.
    pub fn rate_per_s(&self) -> f64 {
        self.rate_per_s
    }

    /// Mean service time of a group, in seconds.
    pub fn service_s(&self) -> f64 {
        self.work.service_s(self.shape.parts)
    }

    /// What comes over what can be served; 1 and more is too much.
    pub fn load(&self) -> f64 {
        self.load_on(self.shape.groups)
    }

    /// Where a query waits. Errors: [`ModelError::Overloaded`].
    pub fn station(&self) -> Result<Station, ModelError> {
        self.station_of(self.shape.groups)
    }

    /// What is left when one server is down.
    pub fn one_down(&self) -> OneDown {
        let groups = self.shape.groups - 1;
        if groups == 0 {
            return OneDown::PartMissing(1.0 / f64::from(self.shape.parts));
        }
        match self.station_of(groups) {
            Ok(station) => OneDown::GroupOut(station),
            Err(_) => OneDown::Overloaded(self.load_on(groups)),
        }
    }

    fn load_on(&self, groups: u32) -> f64 {
        self.rate_per_s * self.service_s() / f64::from(groups)
    }

    fn station_of(&self, groups: u32) -> Result<Station, ModelError> {
        Station::new(self.dispatch.pooled(groups), self.load_on(groups), self.service_s())
    }
}
