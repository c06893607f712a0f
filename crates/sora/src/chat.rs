//! The `chat` dialect: `POST …/v1/chat/completions`, answered by a stream in which progress and result are text.
//!
//! The text is collected into a transcript and read line by line, never chunk by chunk: a line can span many chunks,
//! and the user's own prompt comes back in it and must not be taken for the upstream's word.

mod framing;
mod transcript;

use std::collections::VecDeque;
use std::time::Duration;

use eventsource_stream::{EventStreamError, Eventsource};
use futures::stream::BoxStream;
use futures::{Stream, StreamExt};
use reqwest::{Client, header};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout, timeout_at};

use crate::client::{self, Upstream};
use crate::outcome::{self, Failure, Outcome};
use crate::{Event, Request};
use framing::{Broken, bounded_lines};
use transcript::{Line, Transcript};

/// A driver of one `chat` server.
#[derive(Clone)]
pub struct Chat {
    client: Client,
    upstream: Upstream,
}

/// How long a stream that has brought its result is read on: closing it early leaks a slot in sora2api.
const READ_ON: Duration = Duration::from_secs(30);

impl Chat {
    /// A driver of `upstream`.
    ///
    /// # Errors
    /// The HTTP client cannot be built.
    pub fn new(upstream: Upstream) -> Result<Self, reqwest::Error> {
        Ok(Self { client: client::submitting()?, upstream })
    }

    /// Sends `request`, once. What it costs to lose this future is not known: it must be awaited to its end.
    ///
    /// # Errors
    /// The answer is no success, or none came.
    pub async fn submit(&self, request: &Request) -> Result<Generation, Failure> {
        let deadline = Instant::now() + self.upstream.timeouts.total;
        let body = json!({
            "model": request.model,
            "messages": [{"role": "user", "content": request.prompt}],
            "stream": true,
        });
        let mut post =
            self.client.post(self.upstream.url.clone()).header(header::ACCEPT, "text/event-stream").json(&body);
        if let Some(token) = &self.upstream.token {
            post = post.bearer_auth(token);
        }
        let answer = timeout(self.upstream.timeouts.idle, post.send()).await;
        let answer = answer.map_err(|_| Failure::new(Outcome::Unknown, "no answer to the request"))?;
        let response = answer.map_err(|error| client::unsent(&error))?;
        if !response.status().is_success() {
            return Err(client::refusal(response).await);
        }
        Ok(Generation::new(response.bytes_stream(), &request.prompt, &self.upstream, deadline))
    }
}

/// A begun answer, to be read until it brings a result or a failure.
pub struct Generation {
    frames: BoxStream<'static, Result<String, Broken>>,
    transcript: Transcript,
    read: VecDeque<Event>,
    accepted: bool,
    idle: Duration,
    stall: Duration,
    /// When the whole request is over.
    deadline: Instant,
    /// When the last progress stops being news; none before the first.
    stalled_at: Option<Instant>,
    progress: f32,
}

impl Generation {
    fn new<E>(
        bytes: impl Stream<Item = Result<bytes::Bytes, E>> + Send + 'static,
        prompt: &str,
        upstream: &Upstream,
        deadline: Instant,
    ) -> Self
    where
        E: std::error::Error + Send + Sync + 'static,
    {
        let lines = bounded_lines(bytes).eventsource();
        let frames = lines.map(|frame| match frame {
            Ok(frame) => Ok(frame.data),
            Err(EventStreamError::Transport(broken)) => Err(broken),
            Err(other) => Err(Broken::Framing(other.to_string())),
        });
        Self {
            frames: frames.boxed(),
            transcript: Transcript::new(prompt),
            read: VecDeque::new(),
            accepted: false,
            idle: upstream.timeouts.idle,
            stall: upstream.timeouts.stall,
            deadline,
            stalled_at: None,
            progress: -1.0,
        }
    }

    /// The next event. Safe to drop while it waits: nothing that was read is lost.
    ///
    /// # Errors
    /// The generation failed, or broke off before its result.
    pub async fn next(&mut self) -> Result<Event, Failure> {
        loop {
            if let Some(event) = self.read.pop_front() {
                return Ok(event);
            }
            let idle_at = Instant::now() + self.idle;
            let until = self.stalled_at.unwrap_or(idle_at).min(idle_at).min(self.deadline);
            match timeout_at(until, self.frames.next()).await {
                Ok(Some(Ok(frame))) => self.take(&frame)?,
                Ok(Some(Err(broken))) => {
                    return Err(Failure::new(Outcome::Interrupted, client::chain(&broken)));
                }
                Ok(None) => self.end()?,
                Err(_) if until == self.deadline => {
                    return Err(Failure::new(Outcome::TimedOut, "over the total time"));
                }
                Err(_) if until == idle_at => {
                    return Err(Failure::new(Outcome::Stalled, "silence"));
                }
                Err(_) => return Err(Failure::new(Outcome::Stalled, "no progress")),
            }
        }
    }

    /// Reads on to the end, for at most 30 seconds: to be called once the result is there.
    pub async fn read_on(mut self) {
        timeout(READ_ON, async { while let Some(Ok(_)) = self.frames.next().await {} }).await.ok();
    }

    /// One frame's data.
    fn take(&mut self, data: &str) -> Result<(), Failure> {
        let Ok(chunk) = serde_json::from_str::<Value>(data) else {
            return Ok(());
        };
        if let Some(error) = chunk.get("error").filter(|error| !error.is_null()) {
            let text = error.get("message").unwrap_or(error);
            let text = text.as_str().map_or_else(|| text.to_string(), str::to_owned);
            return Err(outcome::of_error_frame(&text, self.accepted));
        }
        let Some(content) = chunk.pointer("/choices/0/delta/content").and_then(Value::as_str) else {
            return Ok(());
        };
        for line in self.transcript.push(content) {
            self.interpret(line)?;
        }
        Ok(())
    }

    /// The stream is over: what stands in a last line without its end still counts.
    fn end(&mut self) -> Result<(), Failure> {
        if let Some(line) = self.transcript.finish() {
            self.interpret(line)?;
        }
        if self.read.is_empty() {
            return Err(Failure::new(Outcome::Interrupted, "the stream ended without a result"));
        }
        Ok(())
    }

    fn interpret(&mut self, line: Line) -> Result<(), Failure> {
        if let Line::Refused(reason) = line {
            return Err(Failure::refused(reason));
        }
        if !self.accepted {
            self.accepted = true;
            self.read.push_back(Event::Accepted);
        }
        match line {
            Line::Queued => self.read.push_back(Event::Queued),
            Line::Generating => self.read.push_back(Event::Generating),
            Line::Progress(percent) => {
                if percent > self.progress {
                    self.progress = percent;
                    self.stalled_at = Some(Instant::now() + self.stall);
                }
                self.read.push_back(Event::Progress(percent));
            }
            Line::Result(url) => self.read.push_back(Event::Result(url)),
            Line::Refused(_) => {}
        }
        Ok(())
    }
}
