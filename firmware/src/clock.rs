//! Instructions spent in the work alone, not in reading the vector or printing.

use crate::board::Counter;

/// A stopwatch that adds up.
pub struct Clock {
    counter: Counter,
    instructions: u64,
}

impl Clock {
    /// Starts the board's counter.
    pub fn start() -> Self {
        Self { counter: Counter::start(), instructions: 0 }
    }

    /// Does `work` and adds what it took: less than half a second of QEMU's time.
    pub fn lap<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let begun = self.counter.now();
        let result = work();
        self.instructions += self.counter.since(&begun);
        result
    }

    /// Instructions in all laps.
    pub fn instructions(&self) -> u64 {
        self.instructions
    }
}
