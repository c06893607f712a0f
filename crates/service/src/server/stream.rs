//! A connection that fails if its client takes nothing of what is sent for too long.
//!
//! Progress is the measure: a client may read slowly, as long as it reads.

use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use metrics::counter;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep};

use super::connections::Activity;

/// Limits how much a client may send on an upgraded connection. Each request has it in its extensions.
#[derive(Clone, Debug, Default)]
pub struct ReadLimit(Arc<OnceLock<(usize, Duration)>>);

impl ReadLimit {
    /// From now on, reading fails with [`ErrorKind::QuotaExceeded`] after `bytes` within `period`.
    pub fn set(&self, bytes: usize, period: Duration) {
        self.0.get_or_init(|| (bytes, period));
    }
}

/// See the module.
pub(super) struct Stream {
    stream: TcpStream,
    stall: Duration,
    activity: Activity,
    /// Completes when a write has waited too long. Kept for reuse, because a download waits many times.
    deadline: Option<Pin<Box<Sleep>>>,
    waiting: bool,
    stalled: bool,
    read_limit: ReadLimit,
    /// Bytes read since an instant, for the limit.
    read: (usize, Instant),
}

impl Stream {
    /// Wraps a connection. A write that makes no progress for `stall` fails.
    pub(super) fn new(stream: TcpStream, stall: Duration, activity: Activity, read_limit: ReadLimit) -> Self {
        let read = (0, Instant::now());
        Self { stream, stall, activity, deadline: None, waiting: false, stalled: false, read_limit, read }
    }

    /// Counts bytes that were read.
    fn count_read(&mut self, bytes: usize) -> io::Result<()> {
        self.activity.record_progress();
        let Some((max, period)) = self.read_limit.0.get() else { return Ok(()) };
        let (read, since) = &mut self.read;
        if since.elapsed() >= *period {
            (*read, *since) = (0, Instant::now());
        }
        *read += bytes;
        if *read > *max { Err(ErrorKind::QuotaExceeded.into()) } else { Ok(()) }
    }

    /// Completes a write, or starts waiting for the client.
    fn written(&mut self, context: &mut Context<'_>, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.waiting = false;
            self.activity.record_progress();
            return written;
        }
        let stall = self.stall;
        let deadline = self.deadline.get_or_insert_with(|| Box::pin(sleep(stall)));
        if !self.waiting {
            self.waiting = true;
            deadline.as_mut().reset(Instant::now() + stall);
        }
        ready!(deadline.as_mut().poll(context));
        self.stalled = true;
        counter!("sora_http_connections_stalled_total").increment(1);
        Poll::Ready(Err(io::Error::new(ErrorKind::TimedOut, "the client does not read")))
    }
}

impl Drop for Stream {
    /// Discards what waits in the kernel for a client that does not read; it would otherwise stay there for minutes.
    fn drop(&mut self) {
        if self.stalled || self.activity.is_evicted() {
            // If this fails, the kernel's own limits apply.
            self.stream.set_zero_linger().ok();
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        let read = buffer.filled().len() - before;
        Poll::Ready(self.count_read(read))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.written(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.written(context, written)
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
