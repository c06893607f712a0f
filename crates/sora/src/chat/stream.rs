//! An answer that has begun: frames in, events out, within the limits of time.

use std::io;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{Stream, StreamExt};
use service::error_chain;
use tokio::time::{Instant, timeout, timeout_at};

use crate::chat::framing::{LastByte, RawFrame, StreamError, frames};
use crate::chat::reader::{Expecting, Reader};
use crate::client::Timeouts;
use crate::failure::Failure;
use crate::outcome::Outcome;
use crate::{Event, Generation};

/// How long to keep reading after the result: closing early leaks a slot in sora2api.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(30);

/// How long to wait for the end of a stream that has brought its result, or reported a failure, and sends nothing more.
const RESULT_GRACE: Duration = Duration::from_secs(10);
const FAILURE_GRACE: Duration = Duration::from_secs(60);

/// An answer of a `chat` server that has begun.
pub(super) struct ChatStream {
    frames: BoxStream<'static, Result<RawFrame, StreamError>>,
    last_byte: LastByte,
    last_frame_at: Instant,
    reader: Reader,
    timeouts: Timeouts,
    /// When the whole request is over.
    deadline: Instant,
}

/// What comes next on the wire.
enum Next {
    Frame(RawFrame),
    End,
    Broken(Failure),
}

impl ChatStream {
    pub(super) fn new(
        bytes: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
        reader: Reader,
        timeouts: Timeouts,
        deadline: Instant,
    ) -> Self {
        let last_byte = LastByte::now();
        let frames = frames(bytes, last_byte.clone());
        Self { frames, last_byte, last_frame_at: Instant::now(), reader, timeouts, deadline }
    }

    async fn receive(&mut self) -> Next {
        loop {
            let idle_at = self.last_byte.at() + self.timeouts.idle;
            let stalled_at = self.reader.changed_at.map(|changed| changed + self.timeouts.stall);
            let over_at = match self.reader.expecting() {
                Expecting::More => None,
                Expecting::EndAfterResult => Some(self.last_frame_at + RESULT_GRACE),
                Expecting::EndAfterFailure => Some(self.last_frame_at + FAILURE_GRACE),
            };
            let limits = [Some(idle_at), stalled_at, over_at, Some(self.deadline)];
            let until = limits.into_iter().flatten().min().unwrap_or(self.deadline);
            match timeout_at(until, self.frames.next()).await {
                Ok(Some(Ok(frame))) => {
                    self.last_frame_at = Instant::now();
                    return Next::Frame(frame);
                }
                Ok(Some(Err(error))) => return Next::Broken(error.into()),
                Ok(None) => return Next::End,
                Err(_) if until == self.deadline => {
                    return Next::Broken(Failure::new(Outcome::TimedOut, "over the total time"));
                }
                Err(_) if Some(until) == over_at => return Next::End,
                Err(_) if Some(until) == stalled_at => {
                    return Next::Broken(Failure::new(Outcome::Stalled, "no progress"));
                }
                // Comments bring no frame, but show that the upstream is still there.
                Err(_) if self.last_byte.at() + self.timeouts.idle > until => {}
                Err(_) => return Next::Broken(Failure::new(Outcome::Stalled, "silence")),
            }
        }
    }
}

#[async_trait]
impl Generation for ChatStream {
    async fn next(&mut self) -> Result<Event, Failure> {
        loop {
            if let Some(event) = self.reader.events.pop_front() {
                return Ok(event);
            }
            match self.reader.ended() {
                Some(Ok(())) => return Ok(Event::Finished),
                Some(Err(failure)) => return Err(failure.clone().with_evidence(self.reader.evidence())),
                None => {}
            }
            match self.receive().await {
                Next::Frame(frame) => self.reader.take(&frame),
                Next::End => self.reader.end(None),
                Next::Broken(failure) => self.reader.end(Some(failure)),
            }
        }
    }

    fn evidence(&self) -> Option<String> {
        self.reader.evidence()
    }

    async fn close(mut self: Box<Self>) {
        timeout(DRAIN_TIMEOUT, async { while let Some(Ok(_)) = self.frames.next().await {} }).await.ok();
    }

    /// A stream cannot be cancelled, and closing it early would leak its slot.
    async fn cancel(mut self: Box<Self>) {
        while !matches!(self.next().await, Ok(Event::Finished) | Err(_)) {}
        self.close().await;
    }
}

impl From<StreamError> for Failure {
    fn from(error: StreamError) -> Self {
        // A proxy's page: the application behind it may have started.
        let outcome = if matches!(error, StreamError::Page(_)) { Outcome::Unknown } else { Outcome::Interrupted };
        Self::new(outcome, error_chain(&error))
    }
}
