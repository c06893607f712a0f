//! Polls a generation until it has ended. An answered poll shows that the upstream is alive, whatever it says: many
//! servers stay at 0 until they are at 100.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use reqwest::StatusCode;
use service::error_chain;
use tokio::time::{Instant, sleep_until, timeout};

use crate::candidate::{Candidate, CandidateSource, Candidates, Found};
use crate::client::{self, Call, send};
use crate::evidence::Evidence;
use crate::failure::{self, Failure};
use crate::outcome::Outcome;
use crate::prompt_echo::PromptEcho;
use crate::videos::Server;
use crate::videos::object::{State, VideoObject};
use crate::{Event, Generation};

/// The shortest and the longest pause between polls.
pub(super) const MIN_INTERVAL: Duration = Duration::from_millis(20);
pub(super) const MAX_INTERVAL: Duration = Duration::from_secs(120);

/// Polls in a row without a usable answer after which the attempt is given up.
const MAX_ERRORS: u32 = 10;

/// The longest pause after an error; pauses double from the usual one.
const MAX_BACKOFF: Duration = Duration::from_secs(60);

/// Timeout of one poll, and of a request to cancel.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// Which generation is polled.
pub(super) struct Target {
    /// The upstream's id; `None` when it finished without one.
    pub(super) id: Option<String>,
    /// Its prompt, in the forms in which answers repeat it.
    pub(super) echo: PromptEcho,
    /// The position in a trace that each poll carries.
    pub(super) traceparent: Option<String>,
}

/// A generation that the upstream knows by an id.
pub(super) struct Poll {
    server: Arc<Server>,
    target: Target,
    /// When the whole request is over.
    deadline: Instant,
    next_at: Instant,
    /// Whether it was polled at all: after a long outage it may well have finished.
    polled: bool,
    errors: u32,
    /// How many of these answers could not be read, and whether any answer ever could.
    unreadable: u32,
    readable: bool,
    /// When the first of the latest 404s in a row came.
    not_found_since: Option<Instant>,
    candidates: Candidates,
    evidence: Evidence,
    events: VecDeque<Event>,
    ended: Option<Result<(), Failure>>,
}

impl Poll {
    pub(super) fn new(server: Arc<Server>, target: Target, deadline: Instant) -> Self {
        Self {
            server,
            target,
            deadline,
            next_at: Instant::now(),
            polled: false,
            errors: 0,
            unreadable: 0,
            readable: false,
            not_found_since: None,
            candidates: Candidates::default(),
            evidence: Evidence::default(),
            events: VecDeque::new(),
            ended: None,
        }
    }

    /// Takes in the answer to the submission.
    pub(super) fn accepted(&mut self, object: &VideoObject, body: &str, interval: Duration) {
        self.evidence.push_answer(body);
        self.events.push_back(Event::Accepted(self.target.id.clone()));
        // An answer that says nothing but the id is polled, whatever addresses it holds.
        if self.target.id.is_none() || object.state(false).is_some() {
            self.apply(object, interval);
        } else {
            self.next_at = Instant::now() + interval;
        }
    }

    /// Takes in an answer; the next poll is due after `interval`. Returns whether it said anything of a generation.
    fn apply(&mut self, object: &VideoObject, interval: Duration) -> bool {
        let own = self.target.id.as_deref().map(|id| self.server.address(id, None));
        let found = object.found(own.as_ref(), &self.server.upstream.url);
        let has_field = names_result(&found);
        let Some(state) = object.state(has_field) else { return false };
        (self.polled, self.readable, self.not_found_since) = (true, true, None);
        (self.errors, self.unreadable) = (0, 0);
        self.next_at = Instant::now() + interval;
        self.found(found);
        match state {
            State::Queued => self.events.push_back(Event::Queued),
            State::InProgress => {
                self.events.push_back(object.progress().map_or(Event::Generating, Event::Progress));
            }
            State::Finished => self.finish(object, has_field),
            State::Failed | State::Refused => {
                let refused = state == State::Refused;
                self.fail(failure::of_failed_generation(object.failure(), refused, &self.target.echo));
            }
        }
        true
    }

    /// The upstream says that it has finished: its result is at one of the addresses that it named, or at `/content`.
    fn finish(&mut self, object: &VideoObject, has_field: bool) {
        let failure = object.error().map(|error| failure::of_failed_generation(Some(error), false, &self.target.echo));
        if let Some(failure) = failure.filter(|failure| failure.outcome == Outcome::Refused && !has_field) {
            return self.fail(failure);
        }
        if let Some(id) = &self.target.id {
            let candidate =
                Candidate { url: self.server.address(id, Some("content")), source: CandidateSource::Content };
            self.found(vec![Found { raw: String::new(), candidate }]);
        }
        self.events.push_back(Event::Finished);
        self.ended = Some(Ok(()));
    }

    fn found(&mut self, found: Vec<Found>) {
        let new = self.candidates.add(found, &self.target.echo);
        self.events.extend(new.into_iter().map(Event::Candidate));
    }

    fn fail(&mut self, failure: Failure) {
        self.ended = Some(Err(failure.with_evidence(self.evidence.text())));
    }

    async fn poll(&mut self) {
        let answer = timeout(REQUEST_TIMEOUT, async {
            let response = send(Call::Poll, self.server.get(&self.target)).await?;
            let (status, interval) = (response.status(), self.server.interval(&response));
            Ok::<_, reqwest::Error>((status, interval, client::body(response).await.text))
        });
        match answer.await {
            Ok(Ok((status, interval, body))) => {
                self.evidence.push_answer(&body);
                self.answered(status, interval, &body);
            }
            Ok(Err(error)) => self.error(&error_chain(&error), self.server.upstream.poll_interval),
            Err(_) => self.error("no answer", self.server.upstream.poll_interval),
        }
    }

    fn answered(&mut self, status: StatusCode, interval: Duration, body: &str) {
        match status {
            // Polled too often: no sign of a failure.
            StatusCode::TOO_MANY_REQUESTS => self.next_at = Instant::now() + interval,
            StatusCode::NOT_FOUND | StatusCode::GONE => self.not_found(status, body, interval),
            _ if status.is_success() => {
                let object = VideoObject::parse(body);
                if object.as_ref().is_some_and(|object| self.apply(object, interval)) {
                    return;
                }
                if failure::policy_verdict(body, &self.target.echo)
                    && object.as_ref().is_some_and(VideoObject::is_error)
                {
                    return self.fail(failure::of_answer(400, body, None, &self.target.echo));
                }
                // An error is an answer that was understood.
                self.unreadable += u32::from(!object.is_some_and(|object| object.is_error()));
                self.error(&format!("an answer without a status: {body:.200}"), interval);
            }
            _ if failure::policy_verdict(body, &self.target.echo) => {
                self.fail(failure::of_answer(status.as_u16(), body, None, &self.target.echo));
            }
            _ => self.error(&format!("HTTP {status}: {body:.200}"), interval),
        }
    }

    /// The upstream does not know the id. Behind one address there can be replicas that each know their own generations
    /// only, so it is believed when it lasts.
    fn not_found(&mut self, status: StatusCode, body: &str, interval: Duration) {
        let (now, lost) = (Instant::now(), self.server.upstream.timeouts.lost);
        self.polled = true;
        let since = *self.not_found_since.get_or_insert(now);
        self.next_at = now + interval;
        if now.duration_since(since) >= lost {
            self.fail(Failure::new(Outcome::Lost, format!("HTTP {status} for {} s: {body:.200}", lost.as_secs())));
        }
    }

    fn error(&mut self, detail: &str, interval: Duration) {
        self.polled = true;
        self.errors += 1;
        let pause = interval.saturating_mul(1 << self.errors.min(16)).min(MAX_BACKOFF.max(interval));
        self.next_at = Instant::now() + pause;
        if self.errors >= MAX_ERRORS {
            let unreadable = !self.readable && self.unreadable == self.errors;
            let outcome = if unreadable { Outcome::Unreadable } else { Outcome::Unknown };
            self.fail(Failure::new(outcome, format!("{MAX_ERRORS} polls in a row failed: {detail}")));
        }
    }
}

/// Whether an answer names its result, rather than holding some link.
pub(super) fn names_result(found: &[Found]) -> bool {
    found.iter().any(|found| found.candidate.source.is_credible())
}

#[async_trait]
impl Generation for Poll {
    async fn next(&mut self) -> Result<Event, Failure> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Ok(event);
            }
            match &self.ended {
                Some(Ok(())) => return Ok(Event::Finished),
                Some(Err(failure)) => return Err(failure.clone()),
                None => {}
            }
            if self.polled && self.next_at >= self.deadline {
                sleep_until(self.deadline).await;
                return Err(Failure::new(Outcome::TimedOut, "over the total time").with_evidence(self.evidence.text()));
            }
            sleep_until(self.next_at).await;
            self.poll().await;
        }
    }

    fn evidence(&self) -> Option<String> {
        self.evidence.text()
    }

    async fn close(self: Box<Self>) {}

    /// A generation that does not stop when cancelled is waited for: until then it occupies the upstream.
    async fn cancel(mut self: Box<Self>) {
        if self.target.id.is_none() {
            return;
        }
        let answer = timeout(REQUEST_TIMEOUT, send(Call::Cancel, self.server.delete(&self.target))).await;
        let stopped = matches!(&answer, Ok(Ok(answer)) if answer.status().is_success() || answer.status() == StatusCode::NOT_FOUND);
        while !stopped && !matches!(self.next().await, Ok(Event::Finished) | Err(_)) {}
    }
}
