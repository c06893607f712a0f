//! What becomes of a job whose line has ended: by how far its request had come.

use entity::DbErr;
use entity::attempt::{self, End};
use entity::job::{self, Failure as Failed};
use rand::RngExt;
use sora::{Failure, Outcome};
use tokio::time::Instant;

use super::{Line, Stage, Stop};
use crate::metrics;
use crate::metrics::Why;
use crate::retry::{Decision, decide};
use crate::retry_transient::persist;
use crate::upstream::breaker::is_unwell;
use crate::upstream::failure_message;
use crate::upstream::redact::discreet;

/// The end of an attempt whose job was cancelled.
pub(crate) const CANCELLED: End<'static> = End { outcome: "cancelled", detail: None, may_have_been_charged: true };

impl Line<'_> {
    /// The row as committed, or `None` when the job was lost.
    pub(super) async fn wind_up(&mut self, ended: Result<job::Model, Stop>) -> Result<Option<job::Model>, DbErr> {
        let stop = match ended {
            Ok(job) => return Ok(Some(job)),
            Err(stop) => stop,
        };
        if self.probing && !matches!(stop, Stop::Failed(_)) {
            self.context.breaker().undecided();
        }
        let db = &self.context.db;
        match (stop, self.stage) {
            (Stop::Lost, _) => Ok(None),
            (Stop::Database(error), _) => Err(error),
            (Stop::Failed(failure), _) => self.fail(failure).await,
            (Stop::Cancelled, _) => self.cancel().await,
            (Stop::PutOff(why, pause), _) => {
                metrics::put_off(why);
                persist("putting a job off", || job::retry_later(db, self.hold, None, pause)).await
            }
            // Cutting an open stream may have cost money.
            (Stop::HandOver, Stage::Sent(_)) => {
                self.fail(Failure::new(Outcome::Interrupted, "the processor was stopped")).await
            }
            (Stop::HandOver, _) => {
                self.nothing_was_sent("transient").await?;
                persist("handing over", || job::hand_over(db, self.hold)).await
            }
        }
    }

    /// Has the upstream let go of a cancelled generation: it is told where it can be, and otherwise read to its end. The
    /// job's place in the queue is kept until then, since the upstream's is.
    pub(super) async fn let_go(&mut self) {
        if let Some(request) = self.request.take() {
            self.generation = request.await.ok().and_then(Result::ok);
        }
        if let Some(generation) = self.generation.take() {
            generation.cancel().await;
        }
        if let Stage::Open(id) = self.stage {
            let recorded = attempt::finish(&self.context.db, id, CANCELLED).await;
            match recorded {
                Ok(()) => metrics::attempt_ended(CANCELLED.outcome),
                Err(error) => tracing::debug!(%error, "the sweep will tell the upstream again"),
            }
        }
    }

    async fn fail(&mut self, failure: Failure) -> Result<Option<job::Model>, DbErr> {
        let failure = discreet(failure, self.context.config.upstream.token.as_deref());
        let (db, outcome) = (&self.context.db, failure.outcome);
        if let Stage::Sent(id) | Stage::Orphaned(id) | Stage::Open(id) = self.stage {
            let (detail, charged) = (Some(failure.detail.as_str()), self.accepted || outcome.is_charged());
            let end = End { outcome: outcome.name(), detail, may_have_been_charged: charged };
            persist("recording an attempt's end", || attempt::finish(db, id, end)).await?;
            metrics::attempt_ended(outcome.name());
        }
        self.diagnose(outcome);
        let jitter = rand::rng().random();
        let decision = decide(outcome, &self.job, self.context.config.budgets, failure.retry_after, jitter);
        match decision {
            Decision::Again(budget, delay) => {
                // The upstream's words stand with the attempt, for administrators: they may repeat the prompt.
                tracing::warn!(outcome = outcome.name(), ?budget, ?delay, "trying again later");
                let drawn = (!self.is_free(outcome)).then_some(budget);
                drawn.map_or_else(|| metrics::put_off(Why::Breaker), metrics::retried);
                persist("putting a job off", || job::retry_later(db, self.hold, drawn, delay)).await
            }
            Decision::GiveUp => {
                tracing::warn!(outcome = outcome.name(), "failed");
                let failed = Failed { code: outcome.name(), message: failure_message::of(&failure) };
                persist("recording a failure", || job::fail(db, self.hold, &failed)).await
            }
        }
    }

    async fn cancel(&mut self) -> Result<Option<job::Model>, DbErr> {
        let db = &self.context.db;
        self.nothing_was_sent("cancelled").await?;
        // One that is open gets its end once the upstream has been told, by whoever tells it.
        if let Stage::Sent(id) = self.stage {
            persist("recording an attempt's end", || attempt::finish(db, id, CANCELLED)).await?;
            metrics::attempt_ended(CANCELLED.outcome);
        }
        let job = persist("cancelling", || job::end_cancelled(db, self.hold)).await?;
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
        persist("recording an attempt's end", || attempt::finish(&self.context.db, id, end)).await
    }

    /// A probe that fails costs its job nothing: it was sent for the others' sake.
    fn is_free(&self, outcome: Outcome) -> bool {
        self.probing && is_unwell(outcome) && !outcome.is_charged()
    }

    /// Tells the circuit breaker what a failure says of the upstream; the death of a worker says nothing of it.
    fn diagnose(&self, outcome: Outcome) {
        let Stage::Sent(_) = self.stage else { return };
        self.context.operator.note(outcome);
        if is_unwell(outcome) {
            self.context.breaker().fails(self.hold.job, self.job.user_id, Instant::now());
        } else {
            self.context.breaker().works();
        }
    }
}
