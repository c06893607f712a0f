//! Enqueueing jobs, admitting them to the stream, and removing them.

use entity::job::View;
use entity::{JobId, UserId};
use redis::ScriptInvocation;

use crate::{Bus, Error, Event, Flow, script};

/// Where a job joins the backlog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// By the turn of its flow.
    FairTurn,
    /// Ahead of all others: a started job that another worker is to continue.
    Front,
}

/// The result of enqueueing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Enqueued {
    /// False if Redis held the job already.
    pub added: bool,
    /// 1-based position in the backlog; `None` once the job is admitted.
    pub position: Option<u64>,
}

impl Bus {
    /// Adds a job to the backlog, unless Redis holds it already. If this fails, the reconciler enqueues the job later.
    pub async fn enqueue(&self, job: JobId, flow: &Flow, position: Position) -> Result<Enqueued, Error> {
        self.run_enqueue(script::ENQUEUE.with(&self.keys).arg(job.to_string()), flow, position, ["", "", "", ""]).await
    }

    /// Like [`Bus::enqueue`], and publishes the job's state with its position in the same step. `view` is the state as
    /// committed, without a position.
    pub async fn enqueue_and_publish(
        &self,
        user: UserId,
        view: &View,
        flow: &Flow,
        position: Position,
    ) -> Result<Enqueued, Error> {
        let [header, before, after] = Event::cut_at_position(user, view);
        let event = [self.keys.events.as_str(), &header, &before, &after];
        self.run_enqueue(script::ENQUEUE.with(&self.keys).arg(view.id.to_string()), flow, position, event).await
    }

    async fn run_enqueue(
        &self,
        script: &mut ScriptInvocation<'_>,
        flow: &Flow,
        position: Position,
        event: [&str; 4],
    ) -> Result<Enqueued, Error> {
        let front = if position == Position::Front { "1" } else { "0" };
        let (added, rank): (i64, i64) = self.send(script.arg(flow.as_str()).arg(front).arg(&event)).await?;
        Ok(Enqueued { added: added == 1, position: u64::try_from(rank + 1).ok().filter(|position| *position > 0) })
    }

    /// Moves jobs from the backlog to the stream while the limits allow it. Returns how many.
    pub async fn admit(&self) -> Result<u64, Error> {
        self.send(&script::ADMIT.with(&self.keys)).await
    }

    /// Removes a job from the backlog or the stream, because it is cancelled, deleted or about to be enqueued again.
    pub async fn remove(&self, job: JobId) -> Result<(), Error> {
        self.send(script::REMOVE.with(&self.keys).arg(job.to_string())).await
    }

    /// 1-based positions in the backlog, in the order of `jobs`; `None` for a job that is not in the backlog.
    pub async fn positions(&self, jobs: &[JobId]) -> Result<Vec<Option<u64>>, Error> {
        if jobs.is_empty() {
            return Ok(Vec::new());
        }
        let mut pipe = redis::pipe();
        for job in jobs {
            pipe.zrank(&self.keys.backlog, job.to_string());
        }
        let ranks: Vec<Option<u64>> = self.send(&pipe).await?;
        Ok(ranks.into_iter().map(|rank| rank.map(|rank| rank + 1)).collect())
    }

    /// The number of jobs in the backlog, and in the stream.
    pub async fn depth(&self) -> Result<(u64, u64), Error> {
        let mut pipe = redis::pipe();
        self.send(pipe.zcard(&self.keys.backlog).xlen(&self.keys.jobs)).await
    }
}
