//! One job as a straight line: plan → submit → wait → fetch → record.
//!
//! Facts about money are committed before anything follows from them. An order to drop or hand over ends the line
//! between two steps; what then becomes of the job depends on how far its request had come.

mod download;
mod finish;
pub(crate) mod plan;
mod reference_image;

pub(crate) use finish::ATTEMPT_CANCELLED;

use std::time::Duration;

use entity::attempt::{self, End, NewAttempt};
use entity::id::new_id;
use entity::job::{self, AttemptStart, JobClaim, Phase, Status};
use entity::submission::until_tomorrow;
use entity::{AttemptId, DbErr, clock, database};
use sora::{Event, Failure, Generation, Image, OpenGeneration, Outcome, Request};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until};
use tracing::Instrument;
use url::Url;

use crate::context::Context;
use crate::liveness::in_flight::{InFlightJob, Signal};
use crate::liveness::worker_session::WorkerSession;
use crate::metrics::{DeferReason, PhaseTimer};
use crate::progress::Progress;
use crate::retry_transient::retry_transient;
use crate::upstream::breaker::Admission;
use crate::{failpoint, metrics, trace};
use plan::{OpenAttempt, Plan, plan};
use reference_image::reference_image;

/// Works on a claimed job until it leaves this worker's hands; `None` when it had left them before.
pub(crate) async fn run(
    context: &Context,
    session: &WorkerSession,
    in_flight_job: &InFlightJob,
    job: job::Model,
) -> Option<job::Model> {
    let hold = JobClaim { job: job.id, epoch: job.epoch };
    let mut run = JobRun {
        context,
        session,
        in_flight_job,
        job,
        hold,
        stage: Stage::Planning,
        accepted: false,
        probing: false,
        phases: PhaseTimer::default(),
        request: None,
        generation: None,
    };
    let ended = tokio::select! {
        ended = run.run() => ended,
        order = in_flight_job.signalled(Signal::Cancel) => Err(order.into()),
    };
    let cancelled = matches!(ended, Err(RunError::Cancelled));
    // Winding up writes to the database; should that be away for long, the job may still be lost.
    let wound_up = tokio::select! {
        wound_up = run.finish(ended) => wound_up,
        _ = in_flight_job.signalled(Signal::Abandon) => Ok(None),
    };
    if let Ok(Some(job)) = &wound_up {
        metrics::job_finished(job);
    }
    if cancelled {
        in_flight_job.clear_claim();
        tokio::select! { () = run.release() => {}, _ = in_flight_job.signalled(Signal::HandOver) => {} }
        // Told already; by now it may be deleted, or begun anew.
        return None;
    }
    wound_up.unwrap_or_else(|error| {
        tracing::error!(%error, "the database refuses what becomes of a job; the beat gives it back");
        None
    })
}

/// How far the job's request has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// No request is under way.
    Planning,
    /// An attempt is on record or about to be, and nothing has been sent.
    Preparing(AttemptId),
    /// A request has been sent and its result is not known.
    Sent(AttemptId),
    /// A request was sent by a worker that died over it.
    Orphaned(AttemptId),
    /// The upstream works on it under an id that is on record: anybody can ask on.
    Open(AttemptId),
    /// The result is on record.
    Downloading,
}

/// Why the line ended before its end.
#[derive(Debug)]
enum RunError {
    /// The job is someone else's.
    NotHeld,
    /// Someone else is to go on.
    HandOver,
    /// Its owner no longer wants it.
    Cancelled,
    /// The job waits for this long, for no fault of its own: the upstream is unwell, a cap is reached, the storage is full.
    Deferred(DeferReason, Duration),
    /// It failed.
    Failed(Failure),
    /// The database refuses a statement.
    Database(DbErr),
}

impl From<Signal> for RunError {
    fn from(order: Signal) -> Self {
        match order {
            Signal::Cancel => Self::Cancelled,
            Signal::HandOver => Self::HandOver,
            Signal::Abandon | Signal::Continue => Self::NotHeld,
        }
    }
}

impl From<DbErr> for RunError {
    fn from(error: DbErr) -> Self {
        Self::Database(error)
    }
}

impl From<Failure> for RunError {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

struct JobRun<'a> {
    context: &'a Context,
    session: &'a WorkerSession,
    in_flight_job: &'a InFlightJob,
    job: job::Model,
    hold: JobClaim,
    stage: Stage,
    /// Whether the upstream has taken the request: from then on it may cost, however it ends.
    accepted: bool,
    /// Whether its request is the circuit breaker's probe.
    probing: bool,
    phases: PhaseTimer,
    /// A request that has not been answered yet. A task of its own, since what it costs to drop it is not known.
    request: Option<JoinHandle<Result<Box<dyn Generation>, Failure>>>,
    /// An answer that has begun.
    generation: Option<Box<dyn Generation>>,
}

impl JobRun<'_> {
    async fn run(&mut self) -> Result<job::Model, RunError> {
        let (db, job) = (&self.context.db, &self.job);
        let attempts = retry_transient("reading attempts", || attempt::of_job(db, job.id, job.attempts_from)).await?;
        let plan = plan(&self.job, &attempts, self.context.upstream_address());
        let number = attempts.last().map_or(job.attempts_from, |last| last.number + i32::from(plan == Plan::Submit));
        trace::record_attempt(number);
        let url = match plan {
            Plan::Submit => self.submit().await?,
            Plan::Resume(open) => self.resume(open).await?,
            Plan::Download(url) => {
                Url::parse(&url).map_err(|_| Failure::new(Outcome::Unfetchable, "not an address"))?
            }
            Plan::Fail(attempt, outcome) => {
                self.stage = Stage::Orphaned(attempt);
                self.accepted = attempts.last().is_some_and(|last| last.accepted_at.is_some());
                return Err(Failure::new(outcome, "the worker that sent this request left it without an end").into());
            }
        };
        self.stage = Stage::Downloading;
        self.in_flight_job.set_resumable(false);
        self.phases.enter(Phase::Downloading);
        tracing::info!("fetching the video");
        advance(self.context, self.hold, Phase::Downloading, 0).await?;
        let video = self.download(&url).await?;
        self.record(video).await
    }

    /// Sends one request and waits for its result. Its attempt is on record before its first byte leaves.
    async fn submit(&mut self) -> Result<Url, RunError> {
        self.in_flight_job.set_resumable(true);
        let image = reference_image(self.context, self.job.reference_image_id).await?;
        let (db, id) = (&self.context.db, new_id());
        let request = self.request(image, id);
        self.await_admission().await?;
        self.in_flight_job.set_resumable(false);
        self.stage = Stage::Preparing(id);
        failpoint::hit("before-sent");
        let new = NewAttempt { id, upstream: self.context.upstream_address(), sent_at: clock::system_ms() };
        match job::start_attempt(db, self.hold, new, self.context.config.caps).await {
            Ok(AttemptStart::Started(job)) => self.context.publish(&job).await,
            Ok(AttemptStart::NotHeld) => return Err(self.why_not_held().await?),
            Ok(AttemptStart::CapReached) => return Err(self.cap_reached()),
            Err(error) if database::is_transient(&error) => return Err(RunError::HandOver),
            Err(error) => return Err(error.into()),
        }
        failpoint::hit("after-sent");
        self.generation = Some(self.send(id, request).await?);
        failpoint::hit("after-answer");
        self.follow(id).await
    }

    /// Asks about a generation that was begun before, until it brings its result. Nothing is sent.
    async fn resume(&mut self, open: OpenAttempt) -> Result<Url, RunError> {
        self.stage = Stage::Open(open.attempt);
        self.accepted = true;
        self.in_flight_job.set_resumable(true);
        let age = u64::try_from(clock::system_ms() - open.sent_at).map_or(Duration::ZERO, Duration::from_millis);
        let traceparent = trace::traceparent(&self.job, open.attempt);
        let (id, prompt, traceparent) = (open.upstream_id.as_str(), self.job.prompt.as_str(), traceparent.as_deref());
        self.generation = self.context.driver.resume(OpenGeneration { id, prompt, age, traceparent });
        tracing::info!("asking on about a generation that was begun before");
        self.follow(open.attempt).await
    }

    /// Reads the generation to its result, and tells its progress. Each fact about money is on record before the next
    /// thing happens.
    async fn follow(&mut self, id: AttemptId) -> Result<Url, RunError> {
        let db = &self.context.db;
        let url = self.next_result(id).await?;
        retry_transient("recording a result", || attempt::record_result_url(db, id, url.as_str())).await?;
        failpoint::hit("after-result");
        if let Some(generation) = self.generation.take() {
            tokio::spawn(generation.close().in_current_span());
        }
        let end = End { outcome: "completed", detail: None, may_have_been_charged: true };
        retry_transient("recording an attempt's end", || attempt::finish(db, id, end)).await?;
        metrics::attempt_finished(end.outcome);
        Ok(url)
    }

    async fn next_result(&mut self, id: AttemptId) -> Result<Url, RunError> {
        let lost = || Failure::new(Outcome::Interrupted, "this dialect cannot go on with what was begun before");
        let (context, hold) = (self.context, self.hold);
        let generation = self.generation.as_mut().ok_or_else(lost)?;
        let mut progress = Progress::new();
        loop {
            let due = progress.due();
            tokio::select! {
                event = generation.next() => {
                    let event = event?;
                    progress.observe(&event);
                    match event {
                        Event::Accepted(name) => {
                            self.accepted = true;
                            retry_transient("recording acceptance", || attempt::record_accepted(&context.db, id, name.as_deref())).await?;
                            failpoint::hit("after-accepted");
                            if name.is_some() {
                                self.stage = Stage::Open(id);
                                self.in_flight_job.set_resumable(true);
                            }
                        }
                        Event::Result(url) => return Ok(url),
                        Event::Queued | Event::Generating | Event::Progress(_) => {}
                    }
                }
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                    let (phase, percent) = progress.take(Instant::now());
                    self.phases.enter(phase);
                    if progress.should_log() {
                        tracing::info!(progress = percent, phase = phase.as_str(), "progress");
                    }
                    advance(context, hold, phase, percent).await?;
                }
            }
        }
    }

    /// Waits until the lease surely holds, and asks the circuit breaker.
    async fn await_admission(&mut self) -> Result<(), RunError> {
        while !self.session.is_leased() {
            sleep(Duration::from_millis(200)).await;
        }
        match self.context.breaker().admission(self.job.user_id, Instant::now()) {
            Admission::Granted => {}
            Admission::Probe => self.probing = true,
            Admission::Wait(pause) => return Err(RunError::Deferred(DeferReason::Breaker, pause)),
        }
        Ok(())
    }

    async fn send(&mut self, id: AttemptId, request: Request) -> Result<Box<dyn Generation>, RunError> {
        let driver = self.context.driver.clone();
        self.stage = Stage::Sent(id);
        self.phases.enter(Phase::Submitting);
        let sending = async move { driver.submit(&request).await };
        let request = self.request.insert(tokio::spawn(sending.in_current_span()));
        let answered = request.await;
        self.request = None;
        match answered {
            Ok(Ok(generation)) => {
                self.context.record_upstream_success();
                Ok(generation)
            }
            Ok(Err(failure)) => Err(failure.into()),
            Err(_) => Err(Failure::new(Outcome::Unknown, "the request's task ended early").into()),
        }
    }

    /// What is asked of the upstream, in its own names.
    fn request(&self, image: Option<Image>, attempt: AttemptId) -> Request {
        let (job, names) = (&self.job, &self.context.config.names);
        let (seconds, size) = (names.seconds.of(&job.seconds.to_string()), names.sizes.of(&job.size));
        let model = names.model.render(&job.model, job.orientation.as_str(), &seconds, &size);
        Request {
            prompt: job.prompt.clone(),
            model,
            seconds,
            size,
            image,
            traceparent: trace::traceparent(job, attempt),
        }
    }

    /// Over a daily cap nothing is sent, and nothing is lost: the job waits for the next day.
    fn cap_reached(&mut self) -> RunError {
        self.stage = Stage::Planning;
        tracing::warn!("a daily cap on submissions is reached; the job waits for tomorrow");
        RunError::Deferred(DeferReason::Cap, Duration::from_millis(u64::try_from(until_tomorrow()).unwrap_or(0)))
    }

    /// Why a transition found no row: the job is someone else's, or its owner no longer wants it.
    async fn why_not_held(&mut self) -> Result<RunError, DbErr> {
        let row = retry_transient("reading a job", || job::by_id(&self.context.db, self.hold.job)).await?;
        let ours = |job: &job::Model| job.status == Status::Processing && job.epoch == self.hold.epoch;
        Ok(if row.is_some_and(|job| ours(&job)) { RunError::Cancelled } else { RunError::NotHeld })
    }
}

/// Commits a change of phase or progress and publishes it. A database that is away costs the change, not the job.
async fn advance(context: &Context, hold: JobClaim, phase: Phase, percent: i32) -> Result<(), RunError> {
    match job::advance(&context.db, hold, phase, percent).await {
        Ok(Some(job)) => {
            tracing::debug!(progress = job.progress, phase = phase.as_str(), "told");
            context.publish(&job).await;
            Ok(())
        }
        Ok(None) => Err(RunError::NotHeld),
        Err(error) if database::is_transient(&error) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
