//! Work that is shared out to threads.

use std::ops::Range;
use std::thread;

/// As many as run at once.
pub(super) fn available() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// What each of so many threads makes of its share of the whole, from 0 to 1; the first is this
/// one.
pub(super) fn share<T: Send>(workers: usize, work: impl Fn(Range<f64>) -> T + Sync) -> Vec<T> {
    let share = |worker: usize| {
        let at = |worker: usize| worker as f64 / workers.max(1) as f64;
        work(at(worker)..at(worker + 1))
    };
    let share = &share;
    thread::scope(|scope| {
        let others: Vec<_> =
            (1..workers).map(|worker| scope.spawn(move || share(worker))).collect();
        let own = share(0);
        let others = others.into_iter().map(|other| match other.join() {
            Ok(done) => done,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        std::iter::once(own).chain(others).collect()
    })
}
