//! Which group gets the next query.

/// How queries are shared out among k groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Dispatch {
    /// Drawn at random: each group is an M/D/1.
    Random,
    /// Each in its turn: each group is an E_k/D/1.
    #[default]
    RoundRobin,
    /// To the group with the fewest queries, and among those to the one that is done first: with
    /// one service time for all that is one queue before k servers, an M/D/k. Queries wait as they
    /// do in turn.
    LeastConnection,
}

impl Dispatch {
    /// How many servers a query waits for at once, as [`Station`](crate::Station) counts them.
    pub fn pooled(self, groups: u32) -> u32 {
        match self {
            Dispatch::Random => 1,
            Dispatch::RoundRobin | Dispatch::LeastConnection => groups,
        }
    }
}
