//! Many files over the cores, and their results in the order of the files.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, mpsc};
use std::thread;

use crate::stop::Stop;

/// Files that may be done before the first that is not: what bounds the memory.
const AHEAD_PER_JOB: usize = 8;

/// Where the workers are.
#[derive(Default)]
struct Place {
    taken: usize,
    handed_on: usize,
    closed: bool,
}

/// Runs `work` on every item in `jobs` threads and hands the results to `emit`, in the order of the
/// items, on this thread. Ends early when `stop` is asked for (items begun are still handed on) or
/// when `emit` fails. Gives the number of items handed on.
pub fn in_order<T: Sync, R: Send, E>(
    items: &[T],
    jobs: usize,
    stop: &Stop,
    work: impl Fn(usize, &T) -> R + Sync,
    mut emit: impl FnMut(usize, R) -> Result<(), E>,
) -> Result<usize, E> {
    let place = Mutex::new(Place::default());
    let moved = Condvar::new();
    let ahead_max = jobs.max(1) * AHEAD_PER_JOB;
    let next = || {
        let mut at = place.lock().unwrap_or_else(|poison| poison.into_inner());
        loop {
            if at.closed || stop.is_asked() || at.taken == items.len() {
                return None;
            }
            if at.taken < at.handed_on + ahead_max {
                at.taken += 1;
                return Some(at.taken - 1);
            }
            at = moved.wait(at).unwrap_or_else(|poison| poison.into_inner());
        }
    };
    thread::scope(|scope| {
        let (results, done) = mpsc::channel();
        for _ in 0..jobs.clamp(1, items.len().max(1)) {
            let (results, next, work) = (results.clone(), &next, &work);
            scope.spawn(move || {
                while let Some(index) = next() {
                    let Some(item) = items.get(index) else { return };
                    if results.send((index, work(index, item))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(results);
        let mut waiting = BTreeMap::new();
        let mut handed_on = 0;
        let mut outcome = Ok(());
        for (index, result) in done {
            waiting.insert(index, result);
            while let Some(result) = waiting.remove(&handed_on).filter(|_| outcome.is_ok()) {
                outcome = emit(handed_on, result);
                handed_on += 1;
            }
            let mut at = place.lock().unwrap_or_else(|poison| poison.into_inner());
            (at.handed_on, at.closed) = (handed_on, outcome.is_err());
            moved.notify_all();
        }
        outcome.map(|()| handed_on)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn results_come_in_order_whatever_the_speed() {
        let items: Vec<u64> = (0..500).map(|i| (i * 7) % 3).collect();
        let mut seen = Vec::new();
        let count = in_order(
            &items,
            8,
            &Stop::default(),
            |index, ms| {
                thread::sleep(Duration::from_millis(*ms));
                index
            },
            |index, result| {
                assert_eq!(index, result);
                seen.push(result);
                Ok::<(), ()>(())
            },
        );
        assert_eq!(count, Ok(500));
        assert_eq!(seen, (0..500).collect::<Vec<_>>());
    }

    #[test]
    fn a_failing_end_stops_the_workers() {
        let items = vec![(); 100_000];
        let outcome = in_order(
            &items,
            4,
            &Stop::default(),
            |index, ()| index,
            |index, _| if index < 10 { Ok(()) } else { Err(index) },
        );
        assert_eq!(outcome, Err(10));
        assert_eq!(
            in_order(&[(); 0], 4, &Stop::default(), |_, ()| (), |_, ()| Ok::<(), ()>(())),
            Ok(0)
        );
    }
}
