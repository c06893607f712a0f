//! Asking about a generation until it has ended. An answered question is life, whatever it says: many servers stay at 0
//! until they are at 100.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use reqwest::StatusCode;
use tokio::time::{Instant, sleep_until, timeout};

use crate::client::{self, Call, send};
use crate::outcome::{self, Failure, Outcome};
use crate::prompt_echo::PromptEcho;
use crate::videos::Server;
use crate::videos::object::{State, VideoObject};
use crate::{Event, Generation};

/// Questions are this far apart at least, and at most.
pub(super) const SHORTEST: Duration = Duration::from_millis(20);
pub(super) const LONGEST: Duration = Duration::from_secs(120);

/// Questions in a row that bring no answer, until the attempt is given up.
const ERRORS: u32 = 10;

/// Answers in a row that the id is not known, until it is believed.
const NOT_FOUND: u32 = 3;

/// The longest pause after an error; pauses double from the usual one.
const BACK_OFF: Duration = Duration::from_secs(60);

/// How long one question may take, and telling the upstream to stop.
const PATIENCE: Duration = Duration::from_secs(30);

/// Which generation is asked about.
pub(super) struct Of {
    /// The upstream's name for it.
    pub(super) id: String,
    /// What it was made of.
    pub(super) echo: PromptEcho,
    /// The place in a trace that each question carries.
    pub(super) traceparent: Option<String>,
}

/// A generation that the upstream knows by an id.
pub(super) struct Poll {
    server: Arc<Server>,
    of: Of,
    /// When the whole request is over.
    deadline: Instant,
    next_at: Instant,
    /// Whether it was asked about at all: after a long outage it may well have finished.
    asked: bool,
    errors: u32,
    not_found: u32,
    events: VecDeque<Event>,
    failed: Option<Failure>,
}

impl Poll {
    pub(super) fn new(server: Arc<Server>, of: Of, deadline: Instant) -> Self {
        let (next_at, events) = (Instant::now(), VecDeque::new());
        Self { server, of, deadline, next_at, asked: false, errors: 0, not_found: 0, events, failed: None }
    }

    /// The upstream has just given the id.
    pub(super) fn accepted(&mut self) {
        self.events.push_back(Event::Accepted(Some(self.of.id.clone())));
    }

    /// Takes in an answer; the next question is asked in `pace`.
    pub(super) fn learn(&mut self, object: &VideoObject, pace: Duration) {
        (self.asked, self.errors, self.not_found) = (true, 0, 0);
        self.next_at = Instant::now() + pace;
        match object.state() {
            State::Queued => self.events.push_back(Event::Queued),
            State::InProgress => {
                self.events.push_back(object.progress().map_or(Event::Generating, Event::Progress));
            }
            State::Completed => {
                self.events.push_back(Event::Result(self.server.address(&self.of.id, Some("content"))));
            }
            State::Failed => self.failed = Some(outcome::of_failed_generation(object.error(), &self.of.echo)),
        }
    }

    async fn ask(&mut self) {
        let answer = timeout(PATIENCE, async {
            let response = send(Call::Poll, self.server.get(&self.of)).await?;
            let (status, pace) = (response.status(), self.server.pace(&response));
            Ok::<_, reqwest::Error>((status, pace, client::body(response).await))
        });
        match answer.await {
            Ok(Ok((status, pace, body))) if status.is_success() => {
                match VideoObject::parse(&body).filter(VideoObject::tells) {
                    Some(object) => self.learn(&object, pace),
                    None => self.unanswered(&format!("no video object: {body:.200}"), pace),
                }
            }
            // Asked too often, which is nobody's failure.
            Ok(Ok((StatusCode::TOO_MANY_REQUESTS, pace, _))) => self.next_at = Instant::now() + pace,
            Ok(Ok((status, pace, body))) => {
                if status == StatusCode::NOT_FOUND {
                    self.not_found += 1;
                }
                self.unanswered(&format!("HTTP {status}: {body:.200}"), pace);
            }
            Ok(Err(error)) => self.unanswered(&client::chain(&error), self.server.upstream.poll_interval),
            Err(_) => self.unanswered("no answer", self.server.upstream.poll_interval),
        }
    }

    fn unanswered(&mut self, detail: &str, pace: Duration) {
        self.asked = true;
        self.errors += 1;
        self.next_at = Instant::now() + pace.saturating_mul(1 << self.errors.min(16)).min(BACK_OFF.max(pace));
        if self.not_found >= NOT_FOUND {
            self.failed = Some(Failure::new(Outcome::Lost, detail));
        } else if self.errors >= ERRORS {
            self.failed = Some(Failure::new(Outcome::Unknown, format!("{ERRORS} questions in a row failed: {detail}")));
        }
    }
}

#[async_trait]
impl Generation for Poll {
    async fn next(&mut self) -> Result<Event, Failure> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Ok(event);
            }
            if let Some(failure) = self.failed.clone() {
                return Err(failure);
            }
            if self.asked && self.next_at >= self.deadline {
                sleep_until(self.deadline).await;
                return Err(Failure::new(Outcome::TimedOut, "over the total time"));
            }
            sleep_until(self.next_at).await;
            self.ask().await;
        }
    }

    async fn close(self: Box<Self>) {}

    /// What does not stop when told is waited for: until then it takes the upstream's place.
    async fn cancel(mut self: Box<Self>) {
        let told = timeout(PATIENCE, send(Call::Cancel, self.server.delete(&self.of))).await;
        let stopped =
            matches!(&told, Ok(Ok(answer)) if answer.status().is_success() || answer.status() == StatusCode::NOT_FOUND);
        while !stopped && !matches!(self.next().await, Ok(Event::Result(_)) | Err(_)) {}
    }
}
