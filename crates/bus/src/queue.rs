//! The queue of a pool: enqueueing jobs, admitting them to the stream, and removing them.

use std::sync::Arc;

use entity::job::View;
use entity::{JobId, UserId};

use crate::keys::QueueKeys;
use crate::{Bus, Error, Event, Flow, script};

/// Where a job joins the backlog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// By the turn of its flow.
    FairTurn,
    /// Ahead of all others: a started job that another worker is to continue.
    Front,
}

impl Position {
    /// The argument of the script.
    fn front(self) -> &'static str {
        if self == Self::Front { "1" } else { "0" }
    }
}

/// Maximum number of jobs in one call of [`Queue::enqueue_and_publish`]: Redis does nothing else meanwhile.
pub const MAX_ENQUEUED: usize = 64;

/// A job to enqueue, with the state to publish.
#[derive(Clone, Debug)]
pub struct Submitted {
    /// The job's owner.
    pub user: UserId,
    /// The state as committed, without a position.
    pub view: View,
    /// Whose turn the job takes.
    pub flow: Flow,
    /// Where it joins the backlog.
    pub position: Position,
}

/// The result of enqueueing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Enqueued {
    /// False if Redis held the job already.
    pub added: bool,
    /// 1-based position in the backlog; `None` once the job is admitted.
    pub position: Option<u64>,
}

impl Enqueued {
    fn from_reply(added: i64, rank: i64) -> Self {
        Self { added: added == 1, position: u64::try_from(rank + 1).ok().filter(|position| *position > 0) }
    }
}

/// A client of the queue of one pool. Each pool has a backlog, a stream and limits of its own, so that a pool that is full or
/// paused delays no job of another. Cheap to clone.
#[derive(Clone)]
pub struct Queue {
    pub(crate) bus: Bus,
    pub(crate) keys: Arc<QueueKeys>,
}

impl Bus {
    /// The queue of `pool`.
    #[must_use]
    pub fn queue(&self, pool: &str) -> Queue {
        Queue { bus: self.clone(), keys: Arc::new(self.keys.of_pool(pool)) }
    }
}

impl Queue {
    /// The client that it belongs to.
    #[must_use]
    pub fn bus(&self) -> &Bus {
        &self.bus
    }

    /// The names of the queue's keys.
    #[must_use]
    pub fn keys(&self) -> &QueueKeys {
        &self.keys
    }

    /// Adds a job to the backlog, unless Redis holds it already. If this fails, the reconciler enqueues the job later.
    pub async fn enqueue(&self, job: JobId, flow: &Flow, position: Position) -> Result<Enqueued, Error> {
        let mut script = script::ENQUEUE.with(&self.keys);
        script.arg("").arg(job.to_string()).arg(flow.as_str()).arg(position.front()).arg(&["", "", ""]);
        let (added, rank) = self.bus.send(&script).await?;
        Ok(Enqueued::from_reply(added, rank))
    }

    /// Like [`Queue::enqueue`] for up to [`MAX_ENQUEUED`] jobs at once, and publishes their states with their positions in the same
    /// step. Returns the results in the order of `jobs`.
    pub async fn enqueue_and_publish(&self, jobs: &[Submitted]) -> Result<Vec<Enqueued>, Error> {
        let mut script = script::ENQUEUE.with(&self.keys);
        script.arg(&self.bus.keys.events);
        for Submitted { user, view, flow, position } in jobs {
            script.arg(view.id.to_string()).arg(flow.as_str()).arg(position.front());
            script.arg(&Event::cut_at_position(*user, view));
        }
        let reply: Vec<i64> = self.bus.send(&script).await?;
        Ok(reply.as_chunks().0.iter().map(|[added, rank]| Enqueued::from_reply(*added, *rank)).collect())
    }

    /// Moves jobs from the backlog to the stream while the limits allow it. Returns how many.
    pub async fn admit(&self) -> Result<u64, Error> {
        self.bus.send(&script::ADMIT.with(&self.keys)).await
    }

    /// Removes a job from the backlog or the stream, because it is cancelled, deleted or about to be enqueued again.
    pub async fn remove(&self, job: JobId) -> Result<(), Error> {
        self.bus.send(script::REMOVE.with(&self.keys).arg(job.to_string())).await
    }

    /// The number of jobs in the backlog, and in the stream.
    pub async fn depth(&self) -> Result<(u64, u64), Error> {
        let mut pipe = redis::pipe();
        self.bus.send(pipe.zcard(&self.keys.backlog).xlen(&self.keys.jobs)).await
    }
}
