//! A begun answer: frames in, events out, under the limits of time.

use std::collections::VecDeque;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{Stream, StreamExt};
use tokio::time::{Instant, timeout, timeout_at};

use crate::chat::chunk::{self, Said, Structured};
use crate::chat::framing::{Broken, LastByte, frames};
use crate::chat::status::{ESTIMATE, Line};
use crate::chat::transcript::{Kind, Transcript};
use crate::client::{self, Timeouts};
use crate::outcome::{self, Failure, Outcome};
use crate::prompt_echo::PromptEcho;
use crate::{Event, Generation};

/// How long a stream that has brought its result is read on: closing it early leaks a slot in sora2api.
const READ_ON: Duration = Duration::from_secs(30);

/// A begun answer of a `chat` server.
pub(super) struct ChatStream {
    frames: BoxStream<'static, Result<String, Broken>>,
    last_byte: LastByte,
    reader: Reader,
    timeouts: Timeouts,
    /// When the whole request is over.
    deadline: Instant,
}

impl ChatStream {
    pub(super) fn new<E>(
        bytes: impl Stream<Item = Result<Bytes, E>> + Send + 'static,
        echo: PromptEcho,
        timeouts: Timeouts,
        deadline: Instant,
    ) -> Self
    where
        E: std::error::Error + Send + Sync + 'static,
    {
        let last_byte = LastByte::now();
        let frames = frames(bytes, last_byte.clone());
        Self { frames, last_byte, reader: Reader::new(echo), timeouts, deadline }
    }

    /// The next frame; `None` at the end.
    async fn frame(&mut self) -> Result<Option<String>, Failure> {
        loop {
            let idle_at = self.last_byte.at() + self.timeouts.idle;
            let stalled_at = self.reader.changed_at.map(|changed| changed + self.timeouts.stall);
            let until = stalled_at.unwrap_or(idle_at).min(idle_at).min(self.deadline);
            match timeout_at(until, self.frames.next()).await {
                Ok(Some(Ok(frame))) => return Ok(Some(frame)),
                Ok(Some(Err(broken))) => return Err(broken.into()),
                Ok(None) => return Ok(None),
                Err(_) if until == self.deadline => return Err(Failure::new(Outcome::TimedOut, "over the total time")),
                Err(_) if Some(until) == stalled_at => return Err(Failure::new(Outcome::Stalled, "no progress")),
                // Comments bring no frame, and are life all the same.
                Err(_) if self.last_byte.at() + self.timeouts.idle > until => {}
                Err(_) => return Err(Failure::new(Outcome::Stalled, "silence")),
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
            if let Some(failure) = self.reader.failed.clone() {
                return Err(failure);
            }
            match self.frame().await {
                Ok(Some(frame)) => self.reader.take(&frame),
                Ok(None) => self.reader.end(),
                // What came before the stream broke off still counts.
                Err(failure) => {
                    self.reader.flush();
                    self.reader.failed.get_or_insert(failure);
                }
            }
        }
    }

    async fn close(mut self: Box<Self>) {
        timeout(READ_ON, async { while let Some(Ok(_)) = self.frames.next().await {} }).await.ok();
    }

    /// There is nobody to tell; closing the stream early would leak its slot.
    async fn cancel(mut self: Box<Self>) {
        while self.next().await.is_ok() {}
        self.close().await;
    }
}

impl From<Broken> for Failure {
    fn from(broken: Broken) -> Self {
        // Behind a proxy's page the application may be at work.
        let outcome = if matches!(broken, Broken::Page(_)) { Outcome::Unknown } else { Outcome::Interrupted };
        Self::new(outcome, client::chain(&broken))
    }
}

/// What all frames so far have shown. Pure but for the time of the last change.
struct Reader {
    echo: PromptEcho,
    reasoning: Transcript,
    content: Transcript,
    events: VecDeque<Event>,
    failed: Option<Failure>,
    /// Whether anything at all was said: from then on an error is no sure refusal.
    begun: bool,
    accepted: bool,
    progress: f32,
    /// When progress last was news; none before the first.
    changed_at: Option<Instant>,
}

impl Reader {
    fn new(echo: PromptEcho) -> Self {
        Self {
            echo,
            reasoning: Transcript::new(Kind::Reasoning),
            content: Transcript::new(Kind::Content),
            events: VecDeque::new(),
            failed: None,
            begun: false,
            accepted: false,
            progress: -1.0,
            changed_at: None,
        }
    }

    fn take(&mut self, data: &str) {
        let Some(frame) = chunk::parse(data) else {
            return;
        };
        match chunk::said(&frame) {
            Said::Error(error) => {
                self.failed = Some(outcome::of_error_frame(error, self.begun, &self.echo));
            }
            Said::Result(url) => self.note(Line::Result(url)),
            Said::Progress(progress) => self.structured(&progress),
            Said::Text(reasoning, content) => {
                self.begun |= reasoning.is_some() || content.is_some();
                let mut lines = reasoning.map_or_else(Vec::new, |text| self.thought(text));
                lines.extend(content.map_or_else(Vec::new, |text| self.content.push(text, &self.echo)));
                lines.into_iter().for_each(|line| self.note(line));
            }
            Said::Done => self.end(),
        }
    }

    /// Reasoning. Some servers write `[stage] (status) 50% …` a chunk, without a line's end.
    fn thought(&mut self, text: &str) -> Vec<Line> {
        let whole = text.starts_with('[') && text.contains("] (");
        let mut lines: Vec<_> = whole.then(|| self.reasoning.finish(&self.echo)).flatten().into_iter().collect();
        lines.extend(self.reasoning.push(text, &self.echo));
        lines.extend(whole.then(|| self.reasoning.finish(&self.echo)).flatten());
        lines
    }

    /// What stands in last lines without their ends still counts.
    fn flush(&mut self) {
        let last = [self.reasoning.finish(&self.echo), self.content.finish(&self.echo)];
        last.into_iter().flatten().for_each(|line| self.note(line));
    }

    /// The stream is over; without a result it broke off.
    fn end(&mut self) {
        self.flush();
        let failure = if self.reasoning.unfinished_refusal() {
            Failure::refused("")
        } else {
            Failure::new(Outcome::Interrupted, "the stream ended without a result")
        };
        self.failed.get_or_insert(failure);
    }

    fn structured(&mut self, progress: &Structured) {
        self.begun = true;
        match progress.percent {
            Some(percent) if progress.estimated => self.note(Line::Progress(percent.min(ESTIMATE))),
            Some(percent) => self.note(Line::Progress(percent)),
            None => self.note(if progress.queued { Line::Queued } else { Line::Generating }),
        }
    }

    fn note(&mut self, line: Line) {
        if self.failed.is_some() {
            return;
        }
        if let Line::Refused(reason) = line {
            self.failed = Some(Failure::refused(reason));
            return;
        }
        self.begun = true;
        if !self.accepted {
            self.accepted = true;
            self.events.push_back(Event::Accepted(None));
        }
        match line {
            Line::Queued => self.events.push_back(Event::Queued),
            Line::Generating => self.events.push_back(Event::Generating),
            Line::Progress(percent) => {
                if percent > self.progress {
                    self.progress = percent;
                    self.changed_at = Some(Instant::now());
                }
                self.events.push_back(Event::Progress(percent));
            }
            Line::Restarted => {
                self.progress = -1.0;
                self.changed_at = self.changed_at.map(|_| Instant::now());
                self.events.push_back(Event::Generating);
            }
            Line::Result(url) => self.events.push_back(Event::Result(url)),
            Line::Named | Line::Refused(_) => {}
        }
    }
}
