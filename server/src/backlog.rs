//! How long a query that comes now would wait for a core: as many as wait already take as long as
//! searches take of late, shared among the cores.
//!
//! Whoever is turned away is told it, and who would wait too long is turned away. Only atomics: it
//! is asked by every query. Two that are counted at once may lose one of the two times, which
//! changes a mean of many by little.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::available_parallelism;
use std::time::Duration;

/// A search counts for this share of the mean, and those before it for the rest.
const WEIGHT: u64 = 8;

/// What is told of a wait, at least and at most: nobody should come back at once, or give up.
const RETRY_S: (u64, u64) = (1, 60);

/// Queries that wait for a core, and how long each of them takes one.
#[derive(Debug)]
pub struct Backlog {
    cores: u64,
    waiting: AtomicU64,
    /// Of the mean search; 0 before the first.
    search_ns: AtomicU64,
    turned_away: AtomicU64,
}

impl Default for Backlog {
    /// Nobody waits for the cores of this machine.
    fn default() -> Backlog {
        Backlog::of_cores(available_parallelism().map_or(1, |cores| cores.get() as u64))
    }
}

impl Backlog {
    fn of_cores(cores: u64) -> Backlog {
        Backlog {
            cores,
            waiting: AtomicU64::new(0),
            search_ns: AtomicU64::new(0),
            turned_away: AtomicU64::new(0),
        }
    }

    /// One more waits.
    pub fn begin_waiting(&self) {
        self.waiting.fetch_add(1, Ordering::Relaxed);
    }

    /// One has a core, or has gone away.
    pub fn end_waiting(&self) {
        self.waiting.fetch_sub(1, Ordering::Relaxed);
    }

    /// One has had a core for so long.
    pub fn count_search(&self, took: Duration) {
        let took = nanoseconds(took);
        let mean = self.search_ns.load(Ordering::Relaxed);
        let mean = if mean == 0 { took } else { mean - mean / WEIGHT + took / WEIGHT };
        self.search_ns.store(mean, Ordering::Relaxed);
    }

    /// How long one that comes now would wait.
    pub fn wait(&self) -> Duration {
        let waiting = self.waiting.load(Ordering::Relaxed);
        let work_ns = waiting.saturating_mul(self.search_ns.load(Ordering::Relaxed));
        Duration::from_nanos(work_ns / self.cores)
    }

    /// When the next that is turned away is to come again if there is so much to be waited for:
    /// whole seconds, the wait and up to as long again, one after the other. Who was turned away
    /// together would otherwise come back together.
    pub fn retry_after_s(&self, wait: Duration) -> u64 {
        let begun = u64::from(wait.subsec_nanos() > 0);
        let least = wait.as_secs().saturating_add(begun).clamp(RETRY_S.0, RETRY_S.1);
        let turn = self.turned_away.fetch_add(1, Ordering::Relaxed);
        (least + turn % (least + 1)).min(RETRY_S.1)
    }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn the_wait_is_that_of_those_before_on_all_cores() {
        let backlog = Backlog::of_cores(4);
        for _ in 0..6 {
            backlog.begin_waiting();
        }
        assert_eq!(backlog.wait(), ms(0), "no search is known yet");
        backlog.count_search(ms(200));
        assert_eq!(backlog.wait(), ms(300));
        backlog.end_waiting();
        backlog.end_waiting();
        assert_eq!(backlog.wait(), ms(200));
        for _ in 0..4 {
            backlog.end_waiting();
        }
        assert_eq!(backlog.wait(), ms(0));
    }

    #[test]
    fn the_mean_follows_what_searches_take_now() {
        let backlog = Backlog::of_cores(1);
        backlog.begin_waiting();
        backlog.count_search(ms(80));
        backlog.count_search(ms(160));
        assert_eq!(backlog.wait(), ms(90), "an eighth of the way");
        for _ in 0..100 {
            backlog.count_search(ms(160));
        }
        assert!(backlog.wait().abs_diff(ms(160)) < ms(1), "{:?}", backlog.wait());
        backlog.count_search(Duration::MAX);
        backlog.begin_waiting();
        assert!(backlog.wait() > ms(160), "what is beyond counting is very long, not very short");
    }

    #[test]
    fn who_is_turned_away_together_comes_back_one_after_the_other() {
        let backlog = Backlog::of_cores(1);
        let told: Vec<u64> = (0..5).map(|_| backlog.retry_after_s(ms(2_500))).collect();
        assert_eq!(told, [3, 4, 5, 6, 3]);
    }

    #[test]
    fn a_wait_is_told_in_begun_seconds_from_one_to_sixty() {
        for (wait, told) in [
            (ms(0), 1),
            (ms(1), 1),
            (ms(1_000), 1),
            (ms(1_001), 2),
            (ms(12_800), 13),
            (ms(60_000), 60),
            (ms(60_001), 60),
            (Duration::MAX, 60),
        ] {
            assert_eq!(Backlog::of_cores(1).retry_after_s(wait), told, "{wait:?}");
        }
    }
}
