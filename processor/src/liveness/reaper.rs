//! Giving back what the dead held: their jobs to the queue, their names to nobody.

use std::sync::Arc;

use entity::worker::{self as workers, Reaped};
use entity::{clock, job};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::context::Context;
use crate::enqueue::enqueue_front;
use crate::liveness::worker_session::WorkerSession;
use crate::metrics;

/// Buries until `over`: once as soon as this worker may, then with each renewal's pace.
pub(crate) async fn run(context: Arc<Context>, session: Arc<WorkerSession>, over: CancellationToken) {
    let mut ticks = interval(context.config.lease_renew);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! { _ = ticks.tick() => {}, () = over.cancelled() => return }
        if session.may_reap() {
            reap(&context).await;
            delete_idle_consumers(&context, &session).await;
        }
    }
}

async fn reap(context: &Context) {
    loop {
        match workers::reap_one(&context.db).await {
            Ok(Some(reaped)) => {
                tracing::warn!(worker.id = %reaped.worker, jobs = reaped.jobs.len(), "buried a worker whose lease ran out");
                metrics::worker_reaped();
                for job in &reaped.jobs {
                    metrics::job_finished(job);
                    enqueue_front(&context.bus, job).await;
                    context.publish(job).await;
                }
                republish(context, &reaped).await;
            }
            Ok(None) => return,
            Err(error) => {
                tracing::warn!(%error, "could not look for dead workers");
                return;
            }
        }
    }
}

/// Most ends that are told again.
const REPUBLISH_BATCH: u64 = 500;

/// A worker may die between the commit of a job's end and the settling that tells it, and Redis may lose the entry by which
/// others would find that out. So whatever ended while the dead one could still commit is told once more; whoever knows
/// it already sees the same `seq`.
async fn republish(context: &Context, reaped: &Reaped) {
    let since = reaped.lease_until - clock::millis(context.config.lease_ttl + context.config.lease_renew);
    match job::finished_since(&context.db, since, REPUBLISH_BATCH).await {
        Ok(ended) => {
            for job in &ended {
                context.publish(job).await;
            }
        }
        Err(error) => tracing::debug!(%error, "what ended lately is not told again"),
    }
}

/// Deletes consumers that hold nothing and whose worker is gone.
async fn delete_idle_consumers(context: &Context, session: &WorkerSession) {
    let Ok(idle) = context.bus.idle_consumers().await else {
        return;
    };
    let idle: Vec<_> = idle.into_iter().map(entity::WorkerId::from).filter(|worker| *worker != session.id).collect();
    let Ok(known) = workers::existing(&context.db, idle.clone()).await else {
        return;
    };
    for gone in idle.into_iter().filter(|worker| !known.contains(worker)) {
        context.bus.delete_idle_consumer(gone).await.ok();
    }
}
