//! One job from its claim to its end: plan → submit → follow → download → finish.
//!
//! Facts about money are committed before anything follows from them. A signal can end a run between any two steps; the
//! run's state then decides what happens to the job.

mod choose;
mod download;
mod error;
mod finish;
mod follow;
mod plan;
mod reference_image;
mod state;
mod submit;

pub(crate) use finish::ATTEMPT_CANCELLED;

use std::sync::Arc;

use entity::job::{self, JobClaim, Phase};
use entity::{attempt, attempt_result, database};
use sora::Failure;

use self::error::RunError;
use self::plan::{Plan, plan};
use self::state::RunState;
use crate::context::Context;
use crate::liveness::in_flight::{InFlightJob, Signal};
use crate::liveness::worker_session::WorkerSession;
use crate::metrics::{self, PhaseTimer};
use crate::retry_transient::retry_transient;
use crate::trace;
use crate::upstream::upstreams::Upstream;

/// Runs a claimed job until this worker no longer holds it. Returns its row as committed, or `None` if another process
/// may have changed it since.
pub(crate) async fn run(
    context: &Context,
    session: &WorkerSession,
    in_flight_job: &InFlightJob,
    job: job::Model,
) -> Option<job::Model> {
    let claim = JobClaim { job: job.id, epoch: job.epoch };
    let (state, phases) = (RunState::Planning, PhaseTimer::default());
    let mut run = JobRun { context, session, in_flight_job, job, claim, state, phases, upstream: None };
    let result = tokio::select! {
        result = run.execute() => result,
        signal = in_flight_job.signalled(Signal::Cancel) => Err(signal.into()),
    };
    let cancelled = matches!(result, Err(RunError::Cancelled));
    // Finishing writes to the database. While that is away, the job may still be lost.
    let finished = tokio::select! {
        finished = run.finish(result) => finished,
        _ = in_flight_job.signalled(Signal::Abandon) => Ok(None),
    };
    if let Ok(Some(job)) = &finished {
        metrics::job_finished(job);
    }
    if cancelled {
        in_flight_job.clear_claim();
        tokio::select! { () = run.release() => {}, _ = in_flight_job.signalled(Signal::HandOver) => {} }
        // Published already. By now the job may be deleted or restarted.
        return None;
    }
    finished.unwrap_or_else(|error| {
        tracing::error!(%error, "could not record the job's outcome; the heartbeat will requeue it");
        None
    })
}

/// A claimed job and how far its run has come. Its async methods take `&mut self`, since a generation is not `Sync`.
struct JobRun<'a> {
    context: &'a Context,
    session: &'a WorkerSession,
    in_flight_job: &'a InFlightJob,
    job: job::Model,
    claim: JobClaim,
    state: RunState,
    phases: PhaseTimer,
    /// The upstream of the current attempt.
    upstream: Option<Arc<Upstream>>,
}

impl JobRun<'_> {
    /// Takes the job from wherever earlier runs left it to its stored video.
    async fn execute(&mut self) -> Result<job::Model, RunError> {
        let (db, job) = (&self.context.db, &self.job);
        // The first worker of a job finds no attempts.
        let attempts = if job.epoch == 1 {
            Vec::new()
        } else {
            retry_transient("reading attempts", || attempt::of_job(db, job.id, job.attempts_from)).await?
        };
        let ids = attempts.iter().map(|attempt| attempt.id).collect::<Vec<_>>();
        let results = if ids.is_empty() {
            Vec::new()
        } else {
            retry_transient("reading addresses", || attempt_result::of_attempts(db, ids.clone())).await?
        };
        let has_failover =
            self.pool().is_ok_and(|pool| pool.members.len() > 1) || self.context.config.catalogue.from_file;
        let upstreams = &self.context.upstreams;
        let plan = plan(&self.job, &attempts, &results, has_failover, |record| upstreams.recorded(record).is_some());
        let last = attempts.last();
        let number = last.map_or(job.attempts_from, |last| last.number + i32::from(plan == Plan::Submit));
        trace::record_attempt(number);
        let candidates = match plan {
            Plan::Submit => self.submit().await?,
            Plan::Resume(open) => self.resume(open).await?,
            Plan::Download(record, candidates) => {
                self.upstream = upstreams.recorded(&record).cloned();
                candidates
            }
            Plan::Fail(attempt, outcome) => {
                let accepted = last.is_some_and(|last| last.accepted_at.is_some());
                self.state = RunState::Orphaned { attempt, accepted };
                return Err(Failure::new(outcome, "the worker that sent this request stopped before its end").into());
            }
        };
        self.state = RunState::Downloading;
        self.in_flight_job.set_resumable(false);
        self.phases.enter(Phase::Downloading);
        tracing::info!("downloading the video");
        self.advance(Phase::Downloading, 0).await?;
        let video = self.download(&candidates).await?;
        self.record(video).await
    }

    /// Commits a change of phase or progress and publishes it. While the database is away the change is skipped.
    async fn advance(&mut self, phase: Phase, percent: i32) -> Result<(), RunError> {
        match self.context.transitions.advance(self.claim, phase, percent).await {
            Ok(Some(job)) => {
                tracing::debug!(progress = job.progress, phase = phase.as_str(), "published progress");
                self.context.publish(&job).await;
                Ok(())
            }
            Ok(None) => Err(RunError::NotHeld),
            Err(error) if database::is_transient(&error) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}
