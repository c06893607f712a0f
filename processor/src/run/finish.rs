//! Records what happens to a job whose run has ended, by how far its request had come.

use entity::attempt::{self, End};
use entity::job::{self, JobFailure as Failed};
use entity::{AttemptId, DbErr, upstream_control};
use rand::RngExt;
use sora::{Failure, Outcome};
use tokio::time::Instant;

use super::state::RunState;
use super::{JobRun, RunError};
use crate::metrics::{self, DeferReason};
use crate::retry::{Decision, decide};
use crate::retry_transient::retry_transient;
use crate::upstream::breaker::is_upstream_failure;
use crate::upstream::failure_message;
use crate::upstream::redact::redact;
use crate::upstream::upstreams::Upstream;

/// The outcome of an attempt whose job was cancelled.
pub(crate) const ATTEMPT_CANCELLED: End<'static> =
    End { outcome: "cancelled", detail: None, evidence: None, may_have_been_charged: true };

impl JobRun<'_> {
    /// Records the run's end. Returns the job's row as committed, or `None` if this worker no longer holds the job.
    pub(super) async fn finish(&mut self, result: Result<job::Model, RunError>) -> Result<Option<job::Model>, DbErr> {
        let error = match result {
            Ok(job) => return Ok(Some(job)),
            Err(error) => error,
        };
        if self.state.is_probe() && !matches!(error, RunError::Failed(_)) {
            self.with_upstream(|upstream| upstream.breaker().release_probe());
        }
        let db = &self.context.db;
        match error {
            RunError::NotHeld => Ok(None),
            RunError::Database(error) => Err(error),
            RunError::Failed(failure) => self.fail(failure).await,
            RunError::Cancelled => self.cancel().await,
            RunError::Deferred(reason, delay) => {
                metrics::job_deferred(reason);
                retry_transient("deferring a job", || job::retry_later(db, self.claim, None, delay)).await
            }
            // Cutting a request that another worker cannot resume may have cost money.
            RunError::HandOver if self.state.is_unresumable() => {
                self.fail(Failure::new(Outcome::Interrupted, "the processor was stopped")).await
            }
            RunError::HandOver => {
                self.record_nothing_sent("transient").await?;
                retry_transient("handing over", || job::hand_over(db, self.claim)).await
            }
        }
    }

    /// Ends a cancelled generation at the upstream: cancels it where the dialect can, otherwise reads it to its end. Until
    /// then the job counts as in flight, since the upstream is still busy with it.
    pub(super) async fn release(&mut self) {
        match std::mem::replace(&mut self.state, RunState::Planning) {
            RunState::Sending { request, .. } => {
                if let Ok(Ok(generation)) = request.await {
                    generation.cancel().await;
                }
            }
            RunState::Answered { generation, .. } => generation.cancel().await,
            RunState::Open { attempt, generation } => {
                generation.cancel().await;
                match job::finish_attempt(&self.context.db, attempt, ATTEMPT_CANCELLED).await {
                    Ok(()) => metrics::attempt_finished(ATTEMPT_CANCELLED.outcome),
                    Err(error) => tracing::debug!(%error, "could not record a cancellation; it will be sent again"),
                }
            }
            RunState::Planning | RunState::Preparing { .. } | RunState::Orphaned { .. } | RunState::Downloading => {}
        }
    }

    async fn fail(&mut self, failure: Failure) -> Result<Option<job::Model>, DbErr> {
        let failure = self.end_failed_attempt(failure).await?;
        self.retry_or_give_up(&failure).await
    }

    /// Records how the current attempt or download failed, and what that says about the upstream. Returns the failure without
    /// secrets.
    pub(super) async fn end_failed_attempt(&mut self, failure: Failure) -> Result<Failure, DbErr> {
        let failure = redact(failure, &self.context.upstreams.tokens());
        let outcome = failure.outcome;
        if let Some((attempt, accepted)) = self.state.failing_attempt() {
            let (detail, charged) = (Some(failure.detail.as_str()), accepted || outcome.is_charged());
            let evidence = failure.evidence.as_deref();
            let end = End { outcome: outcome.name(), detail, evidence, may_have_been_charged: charged };
            self.end_attempt(attempt, end).await?;
            metrics::attempt_finished(outcome.name());
        }
        if matches!(self.state, RunState::Downloading) {
            let (db, job, detail) = (&self.context.db, self.claim.job, failure.detail.as_str());
            retry_transient("recording a failed download", || attempt::record_failed_download(db, job, detail)).await?;
        }
        self.report_to_breaker(outcome);
        if outcome == Outcome::Unauthorised && self.state.is_unresumable() {
            self.record_refused_key().await?;
        }
        if outcome == Outcome::Unreadable {
            self.record_unreadable(failure.evidence.as_deref().unwrap_or(&failure.detail)).await?;
        }
        Ok(failure)
    }

    /// Takes an upstream of a catalogue out of use until its key is changed or an administrator asks for it.
    async fn record_refused_key(&mut self) -> Result<(), DbErr> {
        let (context, Some(upstream)) = (self.context, &self.upstream) else { return Ok(()) };
        if !context.config.catalogue.from_file {
            return Ok(());
        }
        let (name, key) = (&upstream.settings.name, upstream.key_hash());
        let record = || upstream_control::record_refusal(&context.db, name, &key);
        retry_transient("recording a refused key", record).await?;
        retry_transient("reading what was decided about upstreams", || context.upstreams.refresh_controls(&context.db))
            .await
            .map(drop)
    }

    fn with_upstream(&self, act: impl FnOnce(&Upstream)) {
        if let Some(upstream) = &self.upstream {
            act(upstream);
        }
    }

    async fn retry_or_give_up(&mut self, failure: &Failure) -> Result<Option<job::Model>, DbErr> {
        let (db, outcome) = (&self.context.db, failure.outcome);
        let (policy, jitter) = (self.context.config.retry_policy, rand::rng().random());
        match decide(outcome, &self.job, policy, failure.retry_after, jitter) {
            Decision::Retry(budget, delay) => {
                // The upstream's message may repeat the prompt: it is kept with the attempt and not logged.
                tracing::warn!(outcome = outcome.name(), ?budget, ?delay, "will retry");
                let drawn = (!self.is_free(outcome)).then_some(budget);
                drawn.map_or_else(|| metrics::job_deferred(DeferReason::Breaker), metrics::job_retried);
                retry_transient("scheduling a retry", || job::retry_later(db, self.claim, drawn, delay)).await
            }
            Decision::GiveUp => {
                tracing::warn!(outcome = outcome.name(), "failed");
                let failed = Failed { code: outcome.name(), message: failure_message::for_owner(failure) };
                retry_transient("recording a failure", || job::fail(db, self.claim, &failed)).await
            }
        }
    }

    async fn cancel(&mut self) -> Result<Option<job::Model>, DbErr> {
        let db = &self.context.db;
        self.record_nothing_sent("cancelled").await?;
        match self.state {
            RunState::Sending { attempt, .. } | RunState::Answered { attempt, .. } => {
                self.end_attempt(attempt, ATTEMPT_CANCELLED).await?;
                metrics::attempt_finished(ATTEMPT_CANCELLED.outcome);
            }
            // The attempt of an open generation ends in `release`, once the generation is cancelled.
            _ => {}
        }
        let job = retry_transient("cancelling", || job::finish_cancelled(db, self.claim)).await?;
        if let Some(job) = &job {
            tracing::info!("cancelled");
            self.context.publish(job).await;
        }
        Ok(job)
    }

    /// Records that an attempt was prepared and not sent, so that it does not count as a submission.
    async fn record_nothing_sent(&mut self, outcome: &str) -> Result<(), DbErr> {
        let RunState::Preparing { attempt, recording, .. } = &mut self.state else { return Ok(()) };
        let attempt = *attempt;
        // The attempt may be recorded only now.
        if let Some(recording) = recording.take() {
            recording.await.ok();
        }
        let detail = Some("nothing was sent");
        self.end_attempt(attempt, End { outcome, detail, evidence: None, may_have_been_charged: false }).await
    }

    async fn end_attempt(&mut self, attempt: AttemptId, end: End<'_>) -> Result<(), DbErr> {
        let db = &self.context.db;
        retry_transient("recording an attempt's outcome", || job::finish_attempt(db, attempt, end)).await
    }

    /// Counts an answer that could not be read. One too many suspends submissions to the upstream: what they buy would be
    /// lost.
    async fn record_unreadable(&mut self, sample: &str) -> Result<(), DbErr> {
        let (db, job) = (&self.context.db, self.claim.job);
        let Some(upstream) = &self.upstream else { return Ok(()) };
        let record = || upstream.suspension.record_unreadable(db, job, sample);
        retry_transient("recording an unreadable answer", record).await
    }

    /// A failed probe draws no budget: it was sent on behalf of all jobs.
    fn is_free(&self, outcome: Outcome) -> bool {
        self.state.is_probe() && is_upstream_failure(outcome) && !outcome.is_charged()
    }

    /// Reports what a failure says about the upstream. Only for requests that this run sent: the death of a worker says
    /// nothing about the upstream.
    fn report_to_breaker(&self, outcome: Outcome) {
        if !self.state.is_unresumable() {
            return;
        }
        self.with_upstream(|upstream| {
            upstream.health.record_failure(outcome);
            if is_upstream_failure(outcome) {
                upstream.breaker().record_failure(self.claim.job, self.job.user_id, Instant::now());
            } else {
                upstream.breaker().record_success();
            }
        });
    }
}
