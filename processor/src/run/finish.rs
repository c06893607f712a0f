//! What becomes of a job whose line has ended: by how far its request had come.

use entity::DbErr;
use entity::attempt::{self, End};
use entity::job::{self, JobFailure as Failed};
use rand::RngExt;
use sora::{Failure, Outcome};
use tokio::time::Instant;

use super::{JobRun, RunError, Stage};
use crate::metrics;
use crate::metrics::DeferReason;
use crate::retry::{Decision, decide};
use crate::retry_transient::retry_transient;
use crate::upstream::breaker::is_upstream_failure;
use crate::upstream::failure_message;
use crate::upstream::redact::redact;

/// The end of an attempt whose job was cancelled.
pub(crate) const ATTEMPT_CANCELLED: End<'static> =
    End { outcome: "cancelled", detail: None, may_have_been_charged: true };

impl JobRun<'_> {
    /// The row as committed, or `None` when the job was lost.
    pub(super) async fn finish(&mut self, ended: Result<job::Model, RunError>) -> Result<Option<job::Model>, DbErr> {
        let stop = match ended {
            Ok(job) => return Ok(Some(job)),
            Err(stop) => stop,
        };
        if self.probing && !matches!(stop, RunError::Failed(_)) {
            self.context.breaker().release_probe();
        }
        let db = &self.context.db;
        match (stop, self.stage) {
            (RunError::NotHeld, _) => Ok(None),
            (RunError::Database(error), _) => Err(error),
            (RunError::Failed(failure), _) => self.fail(failure).await,
            (RunError::Cancelled, _) => self.cancel().await,
            (RunError::Deferred(why, pause), _) => {
                metrics::job_deferred(why);
                retry_transient("putting a job off", || job::retry_later(db, self.hold, None, pause)).await
            }
            // Cutting an open stream may have cost money.
            (RunError::HandOver, Stage::Sent(_)) => {
                self.fail(Failure::new(Outcome::Interrupted, "the processor was stopped")).await
            }
            (RunError::HandOver, _) => {
                self.nothing_was_sent("transient").await?;
                retry_transient("handing over", || job::hand_over(db, self.hold)).await
            }
        }
    }

    /// Has the upstream let go of a cancelled generation: it is told where it can be, and otherwise read to its end. The
    /// job's place in the queue is kept until then, since the upstream's is.
    pub(super) async fn release(&mut self) {
        if let Some(request) = self.request.take() {
            self.generation = request.await.ok().and_then(Result::ok);
        }
        if let Some(generation) = self.generation.take() {
            generation.cancel().await;
        }
        if let Stage::Open(id) = self.stage {
            let recorded = attempt::finish(&self.context.db, id, ATTEMPT_CANCELLED).await;
            match recorded {
                Ok(()) => metrics::attempt_finished(ATTEMPT_CANCELLED.outcome),
                Err(error) => tracing::debug!(%error, "the sweep will tell the upstream again"),
            }
        }
    }

    async fn fail(&mut self, failure: Failure) -> Result<Option<job::Model>, DbErr> {
        let failure = redact(failure, self.context.config.upstream.token.as_deref());
        let (db, outcome) = (&self.context.db, failure.outcome);
        if let Stage::Sent(id) | Stage::Orphaned(id) | Stage::Open(id) = self.stage {
            let (detail, charged) = (Some(failure.detail.as_str()), self.accepted || outcome.is_charged());
            let end = End { outcome: outcome.name(), detail, may_have_been_charged: charged };
            retry_transient("recording an attempt's end", || attempt::finish(db, id, end)).await?;
            metrics::attempt_finished(outcome.name());
        }
        self.report_to_breaker(outcome);
        let jitter = rand::rng().random();
        let decision = decide(outcome, &self.job, self.context.config.retry_policy, failure.retry_after, jitter);
        match decision {
            Decision::Retry(budget, delay) => {
                // The upstream's words stand with the attempt, for administrators: they may repeat the prompt.
                tracing::warn!(outcome = outcome.name(), ?budget, ?delay, "trying again later");
                let drawn = (!self.is_free(outcome)).then_some(budget);
                drawn.map_or_else(|| metrics::job_deferred(DeferReason::Breaker), metrics::job_retried);
                retry_transient("putting a job off", || job::retry_later(db, self.hold, drawn, delay)).await
            }
            Decision::GiveUp => {
                tracing::warn!(outcome = outcome.name(), "failed");
                let failed = Failed { code: outcome.name(), message: failure_message::for_owner(&failure) };
                retry_transient("recording a failure", || job::fail(db, self.hold, &failed)).await
            }
        }
    }

    async fn cancel(&mut self) -> Result<Option<job::Model>, DbErr> {
        let db = &self.context.db;
        self.nothing_was_sent("cancelled").await?;
        // One that is open gets its end once the upstream has been told, by whoever tells it.
        if let Stage::Sent(id) = self.stage {
            retry_transient("recording an attempt's end", || attempt::finish(db, id, ATTEMPT_CANCELLED)).await?;
            metrics::attempt_finished(ATTEMPT_CANCELLED.outcome);
        }
        let job = retry_transient("cancelling", || job::finish_cancelled(db, self.hold)).await?;
        if let Some(job) = &job {
            tracing::info!("cancelled");
            self.context.publish(job).await;
        }
        Ok(job)
    }

    /// Takes an attempt off the bill that was prepared and not sent.
    async fn nothing_was_sent(&mut self, outcome: &str) -> Result<(), DbErr> {
        let Stage::Preparing(id) = self.stage else { return Ok(()) };
        let end = End { outcome, detail: Some("nothing was sent"), may_have_been_charged: false };
        retry_transient("recording an attempt's end", || attempt::finish(&self.context.db, id, end)).await
    }

    /// A probe that fails costs its job nothing: it was sent for the others' sake.
    fn is_free(&self, outcome: Outcome) -> bool {
        self.probing && is_upstream_failure(outcome) && !outcome.is_charged()
    }

    /// Tells the circuit breaker what a failure says of the upstream; the death of a worker says nothing of it.
    fn report_to_breaker(&self, outcome: Outcome) {
        let Stage::Sent(_) = self.stage else { return };
        self.context.upstream_health.record_failure(outcome);
        if is_upstream_failure(outcome) {
            self.context.breaker().record_failure(self.hold.job, self.job.user_id, Instant::now());
        } else {
            self.context.breaker().record_success();
        }
    }
}
