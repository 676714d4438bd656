//! Work that is shared out to threads.

use std::ops::Range;
use std::thread;

/// What one of several workers does of the whole.
#[derive(Clone, Copy, Debug)]
pub(super) struct Share {
    worker: usize,
    workers: usize,
}

impl Share {
    /// Of these recordings a stretch: neighbours lie beside each other on the disk.
    pub(super) fn of(self, all: Range<usize>) -> Range<usize> {
        let at = |worker: usize| all.start + worker * all.len() / self.workers;
        at(self.worker)..at(self.worker + 1)
    }
}

/// As many as run at once.
pub(super) fn available() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// What each of so many threads makes of its share; the first is this one.
pub(super) fn share<T: Send>(workers: usize, work: impl Fn(Share) -> T + Sync) -> Vec<T> {
    let share = |worker| work(Share { worker, workers });
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_all_of_it_and_nothing_twice() {
        for workers in 1..9 {
            for all in [0..0, 3..4, 7..107] {
                let shares = share(workers, |share| share.of(all.clone()));
                assert_eq!(shares.len(), workers);
                assert_eq!(
                    shares.into_iter().flatten().collect::<Vec<_>>(),
                    all.collect::<Vec<_>>()
                );
            }
        }
    }
}
