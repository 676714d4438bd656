//! TCP connections: accepted up to a limit, given up when idle, drained at the end.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

/// Connections at once; more wait in the system's queue.
const CONNECTIONS_MAX: usize = 4_096;

/// A request's head must be there within this time, also the next one on a kept connection.
const HEAD_TIMEOUT: Duration = Duration::from_secs(15);

/// What is not answered this long after the stop is cut off, so that writing the index fits within
/// the 30 s that service managers wait before they kill.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(20);

/// Rest after a failed accept (too many open files), which would only fail again at once.
const ACCEPT_PAUSE: Duration = Duration::from_millis(500);

/// The task that serves connections.
pub struct Connections {
    task: JoinHandle<()>,
    stop: oneshot::Sender<Infallible>,
}

/// Serves connections from now on.
pub fn serve(listener: TcpListener, router: Router) -> Connections {
    let (stop, stopped) = oneshot::channel();
    Connections { task: tokio::spawn(accept_until(listener, router, stopped)), stop }
}

impl Connections {
    /// Accepts no more and waits for the answers under way, but not for ever.
    pub async fn drain(self) {
        drop(self.stop);
        // It fails only if the task panicked: then there is nothing left to wait for.
        let _ = self.task.await;
    }
}

async fn accept_until(
    listener: TcpListener,
    router: Router,
    mut stopped: oneshot::Receiver<Infallible>,
) {
    let graceful = GracefulShutdown::new();
    let permits = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let Ok(permit) = Arc::clone(&permits).acquire_owned().await else { break };
        let stream = tokio::select! {
            stream = accept(&listener) => stream,
            _ = &mut stopped => break,
        };
        let service = TowerToHyperService::new(router.clone());
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIMEOUT)
            .serve_connection(TokioIo::new(stream), service);
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "connection ended");
            }
            drop(permit);
        });
    }
    drop(listener);
    if timeout(DRAIN_TIMEOUT, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests were still unanswered and are cut off");
    }
}

async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // Answers are small and written at once; waiting to fill a packet only delays them.
                let _ = stream.set_nodelay(true);
                return stream;
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                tracing::error!(%error, "cannot accept connections");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
