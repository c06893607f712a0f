//! The reaper: expires workers whose lease has run out, and requeues their jobs.

use std::sync::Arc;

use entity::worker::{self as workers, Reaped};
use entity::{clock, job};
use service::time::interval;
use tokio_util::sync::CancellationToken;

use crate::context::Context;
use crate::enqueue::enqueue_front;
use crate::liveness::worker_session::WorkerSession;
use crate::metrics;

/// Maximum number of final states republished for one expired worker.
const REPUBLISH_BATCH: u64 = 500;

/// Reaps until `done`, as often as the lease is renewed.
pub(crate) async fn run(context: Arc<Context>, session: Arc<WorkerSession>, done: CancellationToken) {
    let mut ticks = interval(context.config.lease_renew);
    loop {
        tokio::select! { _ = ticks.tick() => {}, () = done.cancelled() => return }
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
                let (worker, jobs) = (reaped.worker, reaped.jobs.len());
                tracing::warn!(worker.id = %worker, jobs, "worker's lease ran out; requeued its jobs");
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
                tracing::warn!(%error, "could not look for expired workers");
                return;
            }
        }
    }
}

/// Republishes the jobs that ended while the expired worker could still commit.
///
/// A worker may die after it committed a job's final state and before it published it, and Redis may lose the entry that
/// would reveal this. Browsers that have the state already ignore an event with the same `seq`.
async fn republish(context: &Context, reaped: &Reaped) {
    let since = reaped.lease_until - clock::millis(context.config.lease_ttl + context.config.lease_renew);
    match job::finished_since(&context.db, since, REPUBLISH_BATCH).await {
        Ok(finished) => {
            for job in &finished {
                context.publish(job).await;
            }
        }
        Err(error) => tracing::debug!(%error, "could not republish recently finished jobs"),
    }
}

/// Deletes consumers that hold no entries and whose worker no longer exists.
async fn delete_idle_consumers(context: &Context, session: &WorkerSession) {
    let Ok(idle) = context.bus.idle_consumers().await else {
        return;
    };
    let idle: Vec<_> = idle.into_iter().filter(|worker| *worker != session.id).collect();
    let Ok(existing) = workers::existing(&context.db, idle.clone()).await else {
        return;
    };
    for consumer in idle.into_iter().filter(|worker| !existing.contains(worker)) {
        context.bus.delete_idle_consumer(consumer).await.ok();
    }
}
