//! Instructions spent in the work alone, not in reading the vector or printing.

use crate::board::{Counter, Moment};

/// A stopwatch that adds up.
pub struct Clock {
    counter: Counter,
    instructions: u64,
    longest: u64,
}

impl Clock {
    /// Starts the board's counter.
    pub fn start() -> Self {
        Self { counter: Counter::start(), instructions: 0, longest: 0 }
    }

    /// Does `work` and adds what it took: less than half a second of QEMU's time.
    pub fn lap<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let begun = self.counter.now();
        let result = work();
        let took = self.counter.since(&begun);
        self.instructions += took;
        self.longest = self.longest.max(took);
        result
    }

    /// Now.
    pub fn now(&self) -> Moment {
        self.counter.now()
    }

    /// Instructions since a moment.
    pub fn since(&self, begun: &Moment) -> u64 {
        self.counter.since(begun)
    }

    /// Instructions in all laps.
    pub fn instructions(&self) -> u64 {
        self.instructions
    }

    /// Instructions in the longest lap.
    pub fn longest(&self) -> u64 {
        self.longest
    }
}
