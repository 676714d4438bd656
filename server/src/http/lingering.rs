//! A body that is refused is still taken off the wire for a while.
//!
//! A client that sends without asking first reads the answer only when it has sent everything. If
//! the connection were closed on it, it would see a broken pipe in place of the 401, 413 or 415.

use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::header::EXPECT;
use http_body_util::BodyExt;
use hyper::body::{Frame, SizeHint};
use tokio::runtime::Handle;
use tokio::time::timeout;

/// Read and thrown away at most: a song sent by mistake gets its answer, a flood does not go on.
const BYTES_MAX: usize = 16 << 20;
const TIME_MAX: Duration = Duration::from_secs(5);

/// Lets what a handler leaves of the body be read and thrown away, unless the client waits for a
/// word before it sends.
pub fn wrap(request: Request) -> Request {
    if request.headers().contains_key(EXPECT) {
        return request;
    }
    request.map(|body| Body::new(Lingering { body, ended: false }))
}

struct Lingering {
    body: Body,
    ended: bool,
}

impl HttpBody for Lingering {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        // After an error there is nothing more to read.
        self.ended |= matches!(polled, Poll::Ready(None | Some(Err(_))));
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Lingering {
    fn drop(&mut self) {
        if self.ended || self.body.is_end_stream() {
            return;
        }
        let rest = mem::take(&mut self.body);
        if let Ok(runtime) = Handle::try_current() {
            // Ending by the time limit is as good as ending by itself.
            runtime.spawn(async { timeout(TIME_MAX, discard(rest)).await.is_ok() });
        }
    }
}

async fn discard(mut body: Body) {
    let mut read = 0;
    while read <= BYTES_MAX
        && let Some(Ok(frame)) = body.frame().await
    {
        read += frame.data_ref().map_or(0, Bytes::len);
    }
}
