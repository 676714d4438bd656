//! Sends queries at the times of a schedule whatever becomes of those before (open loop), or as
//! fast as they are answered (closed loop), and measures.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

/// What became of one query.
#[derive(Debug, Clone, Copy)]
pub struct Sent<A> {
    pub answer: A,
    /// From the time at which it was to be sent, which is what its asker waited.
    pub waited: Duration,
    /// How much later it was sent than it was to be: the generator's own fault.
    pub late: Duration,
    /// When it was answered, counted from the start of the run.
    pub ended: Duration,
}

/// Sends query n at `times[n]`, in order of their times.
///
/// Sleeping is left to a thread: the runtime's timer is a millisecond coarse.
pub async fn open_loop<A, F, S>(times: Vec<Duration>, send: S) -> Result<Vec<Sent<A>>>
where
    A: Send + 'static,
    F: Future<Output = A> + Send + 'static,
    S: Fn(usize) -> F + Send + 'static,
{
    let runtime = Handle::current();
    let on_its_way = spawn_blocking(move || {
        let start = Instant::now();
        let one = |(number, at): (usize, Duration)| {
            std::thread::sleep(at.saturating_sub(start.elapsed()));
            let answer = send(number);
            let late = start.elapsed().saturating_sub(at);
            runtime.spawn(async move {
                let answer = answer.await;
                let ended = start.elapsed();
                Sent { answer, waited: ended.saturating_sub(at), late, ended }
            })
        };
        times.into_iter().enumerate().map(one).collect::<Vec<_>>()
    });
    let mut sent = vec![];
    for query in on_its_way.await.context("the generator panicked")? {
        sent.push(query.await.context("a query panicked")?);
    }
    Ok(sent)
}

/// `askers` send again as soon as they are answered, for so long.
pub async fn closed_loop<A, F, S>(askers: usize, lasts: Duration, send: S) -> Result<Vec<Sent<A>>>
where
    A: Send + 'static,
    F: Future<Output = A> + Send + 'static,
    S: Fn(usize) -> F + Send + Sync + 'static,
{
    let (send, next, start) = (Arc::new(send), Arc::new(AtomicUsize::new(0)), Instant::now());
    let asker = |_| {
        let (send, next) = (Arc::clone(&send), Arc::clone(&next));
        tokio::spawn(async move {
            let mut sent = vec![];
            while start.elapsed() < lasts {
                let at = start.elapsed();
                let answer = send(next.fetch_add(1, Ordering::Relaxed)).await;
                let ended = start.elapsed();
                sent.push(Sent { answer, waited: ended - at, late: Duration::ZERO, ended });
            }
            sent
        })
    };
    let mut sent = vec![];
    for asker in (0..askers).map(asker).collect::<Vec<_>>() {
        sent.extend(asker.await.context("an asker panicked")?);
    }
    Ok(sent)
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUERIES: u64 = 100;
    const STALL: Duration = Duration::from_millis(400);

    fn times() -> Vec<Duration> {
        (0..QUERIES).map(|n| Duration::from_millis(2 * n)).collect()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_slow_answer_holds_up_no_request() {
        let under_way = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&under_way);
        let sent = open_loop(times(), move |_| {
            let before = counter.fetch_add(1, Ordering::SeqCst);
            let counter = Arc::clone(&counter);
            async move {
                tokio::time::sleep(STALL).await;
                counter.fetch_sub(1, Ordering::SeqCst);
                before
            }
        });
        let sent = sent.await.unwrap();
        // A generator that waits for answers never has a second one under way.
        let most = sent.iter().map(|query| query.answer).max().unwrap();
        assert!(most > QUERIES as usize / 2, "{most}");
        assert!(sent.iter().all(|query| query.waited >= STALL));
        assert_eq!(under_way.load(Ordering::SeqCst), 0);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn waits_count_from_the_intended_time() {
        // The machine stands still at query 10: those that were to be sent meanwhile waited too.
        let sent = open_loop(times(), |number| {
            if number == 10 {
                std::thread::sleep(STALL);
            }
            std::future::ready(())
        });
        let sent = sent.await.unwrap();
        for (query, at) in sent.iter().zip(times()).skip(11) {
            let meanwhile = (times()[10] + STALL).saturating_sub(at);
            assert!(query.waited >= meanwhile && query.late >= meanwhile, "{at:?}: {query:?}");
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_closed_loop_has_as_many_under_way_as_askers() {
        let under_way = Arc::new(AtomicUsize::new(0));
        let sent = closed_loop(3, Duration::from_millis(50), move |_| {
            let before = under_way.fetch_add(1, Ordering::SeqCst);
            let under_way = Arc::clone(&under_way);
            async move {
                tokio::time::sleep(Duration::from_millis(5)).await;
                under_way.fetch_sub(1, Ordering::SeqCst);
                before
            }
        });
        let sent = sent.await.unwrap();
        assert_eq!(sent.iter().map(|query| query.answer).max(), Some(2));
    }
}
