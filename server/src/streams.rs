//! Streams that are listened to: in memory alone, bounded, and ended when nobody uses them.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use onmon_library::Stream;
use tokio::time::Instant;

/// Random bytes of an id: it is all that is asked for, so it must not be guessed.
const ID_BYTES: usize = 16;

/// A stream that one request at a time works on.
pub type SharedStream = Arc<tokio::sync::Mutex<Stream>>;

/// All streams of a server.
pub struct Streams {
    sessions: Mutex<HashMap<String, Session>>,
    streams_max: usize,
    idle: Duration,
}

struct Session {
    stream: SharedStream,
    used: Instant,
}

/// Why there is no new stream.
#[derive(Debug)]
pub enum Refused {
    /// As many as there may be.
    Full,
    /// The system has no random bytes.
    NoRandomness(getrandom::Error),
}

impl Streams {
    /// At most so many, each for as long as it is used at least every `idle`.
    pub fn new(streams_max: usize, idle: Duration) -> Streams {
        Streams { sessions: Mutex::default(), streams_max, idle }
    }

    /// Begins a stream and returns its id: 32 hexadecimal digits.
    pub fn create(&self) -> Result<String, Refused> {
        let mut random = [0; ID_BYTES];
        getrandom::fill(&mut random).map_err(Refused::NoRandomness)?;
        let id: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        let mut sessions = self.live();
        if sessions.len() >= self.streams_max {
            return Err(Refused::Full);
        }
        let stream = SharedStream::default();
        sessions.insert(id.clone(), Session { stream, used: Instant::now() });
        Ok(id)
    }

    /// The stream of this id, which counts as used.
    pub fn get(&self, id: &str) -> Option<SharedStream> {
        let mut sessions = self.live();
        let session = sessions.get_mut(id)?;
        session.used = Instant::now();
        Some(Arc::clone(&session.stream))
    }

    /// Ends a stream. Whether there was one.
    pub fn end(&self, id: &str) -> bool {
        self.live().remove(id).is_some()
    }

    /// How long one lives without being used.
    pub fn idle(&self) -> Duration {
        self.idle
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.live().len()
    }

    /// Those that are not idle for too long; the others are ended here, at the latest when any of
    /// them, a new one or the metrics are asked for. So what is idle takes room, but never for
    /// another one.
    fn live(&self) -> MutexGuard<'_, HashMap<String, Session>> {
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        sessions.retain(|_, session| now.duration_since(session.used) < self.idle);
        sessions
    }
}

impl fmt::Debug for Streams {
    /// Without the ids: they are secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Streams").field("count", &self.count()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::advance;

    const IDLE: Duration = Duration::from_secs(600);

    #[tokio::test(start_paused = true)]
    async fn idle_ones_are_ended_and_used_ones_are_not() {
        let streams = Streams::new(10, IDLE);
        let (idle, used) = (streams.create().unwrap(), streams.create().unwrap());
        for _ in 0..3 {
            advance(IDLE / 2).await;
            assert!(streams.get(&used).is_some());
        }
        assert!(streams.get(&idle).is_none());
        assert_eq!(streams.count(), 1);
        advance(IDLE - Duration::from_millis(1)).await;
        assert!(streams.get(&used).is_some());
        advance(IDLE).await;
        assert_eq!(streams.count(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_than_there_may_be_and_an_ended_one_makes_room() {
        let streams = Streams::new(2, IDLE);
        let first = streams.create().unwrap();
        advance(IDLE / 2).await;
        streams.create().unwrap();
        assert!(matches!(streams.create(), Err(Refused::Full)));
        assert!(streams.end(&first) && !streams.end(&first));
        streams.create().unwrap();
        assert!(matches!(streams.create(), Err(Refused::Full)));
        advance(IDLE).await;
        streams.create().unwrap();
        assert!(matches!(Streams::new(0, IDLE).create(), Err(Refused::Full)));
    }

    #[tokio::test]
    async fn ids_are_long_differ_and_are_not_printed() {
        let streams = Streams::new(100, IDLE);
        let ids: std::collections::HashSet<_> =
            (0..100).map(|_| streams.create().unwrap()).collect();
        assert_eq!(ids.len(), 100);
        let printed = format!("{streams:?}");
        for id in ids {
            assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
            assert!(!printed.contains(&id));
        }
    }
}
