//! What becomes of a job whose line has ended: by how far its request had come.

use entity::DbErr;
use entity::attempt::{self, End};
use entity::job::{self, Failure as Failed};
use rand::RngExt;
use sora::{Failure, Outcome};
use tokio::time::Instant;

use super::{Line, Stage, Stop};
use crate::breaker::is_unwell;
use crate::persist::persist;
use crate::retry::{Decision, decide};
use crate::words;

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
            (Stop::PutOff(pause), _) => {
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

    /// Reads a cancelled generation to its end and drops what it brings: closing it early would leak its slot upstream.
    /// Its place in the queue is kept until then, since the upstream's is.
    pub(super) async fn read_on(&mut self) {
        if let Some(request) = self.request.take() {
            self.generation = request.await.ok().and_then(Result::ok);
        }
        if let Some(mut generation) = self.generation.take() {
            while generation.next().await.is_ok() {}
        }
    }

    async fn fail(&mut self, failure: Failure) -> Result<Option<job::Model>, DbErr> {
        let (db, outcome) = (&self.context.db, failure.outcome);
        if let Stage::Sent(id) | Stage::Orphaned(id) = self.stage {
            let detail = Some(failure.detail.as_str());
            let end = End { outcome: outcome.name(), detail, may_have_been_charged: outcome.is_charged() };
            persist("recording an attempt's end", || attempt::finish(db, id, end)).await?;
        }
        self.diagnose(outcome);
        let jitter = rand::rng().random();
        let decision = decide(outcome, &self.job, self.context.config.budgets, failure.retry_after, jitter);
        match decision {
            Decision::Again(budget, delay) => {
                tracing::warn!(job.id = %self.hold.job, %failure, ?budget, ?delay, "trying again later");
                let drawn = (!self.is_free(outcome)).then_some(budget);
                persist("putting a job off", || job::retry_later(db, self.hold, drawn, delay)).await
            }
            Decision::GiveUp => {
                tracing::warn!(job.id = %self.hold.job, %failure, "failed");
                let failed = Failed { code: outcome.name(), message: words::of(&failure) };
                persist("recording a failure", || job::fail(db, self.hold, &failed)).await
            }
        }
    }

    async fn cancel(&mut self) -> Result<Option<job::Model>, DbErr> {
        let db = &self.context.db;
        self.nothing_was_sent("cancelled").await?;
        if let Stage::Sent(id) = self.stage {
            let end = End { outcome: "cancelled", detail: None, may_have_been_charged: true };
            persist("recording an attempt's end", || attempt::finish(db, id, end)).await?;
        }
        let job = persist("cancelling", || job::end_cancelled(db, self.hold)).await?;
        if let Some(job) = &job {
            tracing::info!(job.id = %job.id, "cancelled");
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
        if is_unwell(outcome) {
            self.context.breaker().fails(self.hold.job, self.job.user_id, Instant::now());
        } else {
            self.context.breaker().works();
        }
    }
}
