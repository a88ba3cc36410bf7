//! Connections on which nothing happens. hyper's own time limit arms a timer anew for every call, which costs as
//! much as the limiter; here each connection has one, which looks again when it is due.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// Since when a connection waits for its other side: to ask, to end what it asks, or to take an answer.
#[derive(Clone)]
pub(super) struct Waiting {
    opened: Instant,
    /// Milliseconds since then, or [`BUSY`] while a call is being answered.
    since: Arc<AtomicU64>,
}

const BUSY: u64 = u64::MAX;

impl Waiting {
    /// From now on.
    pub(super) fn new() -> Self {
        Waiting { opened: Instant::now(), since: Arc::default() }
    }

    /// The other side asked, and waits itself.
    pub(super) fn pause(&self) {
        self.since.store(BUSY, Ordering::Relaxed);
    }

    /// It has its answer, or some more of it: it is its turn.
    pub(super) fn begin(&self) {
        self.since.store(self.millis(), Ordering::Relaxed);
    }

    fn millis(&self) -> u64 {
        self.opened.elapsed().as_millis() as u64
    }

    /// Ready when the other side has let its turn pass for that long.
    pub(super) async fn longer_than(&self, patience: Duration) {
        let patience = patience.as_millis() as u64;
        loop {
            let since = self.since.load(Ordering::Relaxed);
            let waited = if since == BUSY { 0 } else { self.millis().saturating_sub(since) };
            if waited >= patience {
                return;
            }
            tokio::time::sleep(Duration::from_millis(patience - waited)).await;
        }
    }
}

/// A stream that notes when some of an answer was taken.
pub(super) struct Watched {
    pub(super) stream: TcpStream,
    pub(super) waiting: Waiting,
}

impl Watched {
    fn note(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        // In a call it is no answer, but the leave to send on.
        if written.is_ready() && self.waiting.since.load(Ordering::Relaxed) != BUSY {
            self.waiting.begin();
        }
        written
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.note(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.note(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// A body that comes as it is made: while the next of it is made, nobody lets a turn pass.
pub(super) struct Paced {
    pub(super) body: Body,
    pub(super) waiting: Waiting,
}

impl HttpBody for Paced {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        match &frame {
            Poll::Pending => self.waiting.pause(),
            Poll::Ready(_) => self.waiting.begin(),
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
