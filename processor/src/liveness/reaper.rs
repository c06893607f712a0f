//! The reaper: expires workers that no longer renew their leases, and requeues their jobs.

use std::sync::Arc;

use bus::Queue;
use entity::worker::{self as workers, Reaped};
use entity::{DbErr, clock, job};
use service::time::interval;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::context::Context;
use crate::enqueue::enqueue_front;
use crate::liveness::lease_watch::LeaseWatch;
use crate::liveness::worker_session::WorkerSession;
use crate::metrics;

/// Maximum number of final states republished for one expired worker.
const REPUBLISH_BATCH: u64 = 500;

/// Looks until `done`, as often as the lease is renewed.
pub(crate) async fn run(context: Arc<Context>, session: Arc<WorkerSession>, done: CancellationToken) {
    let config = &context.config;
    let mut watch = LeaseWatch::new(session.id, config.lease_ttl, config.lease_renew);
    let mut ticks = interval(config.lease_renew);
    loop {
        tokio::select! { _ = ticks.tick() => {}, () = done.cancelled() => return }
        let expired = match look(&context, &mut watch).await {
            Ok(expired) => expired,
            Err(error) => {
                tracing::warn!(%error, "could not look for expired workers");
                continue;
            }
        };
        if session.may_reap() {
            for worker in &expired {
                reap(&context, worker).await;
            }
            release_consumers(&context, &session).await;
        }
    }
}

async fn look(context: &Context, watch: &mut LeaseWatch) -> Result<Vec<workers::Model>, DbErr> {
    let asked = Instant::now();
    let workers = workers::all(&context.db).await?;
    Ok(watch.look(workers, asked, Instant::now()))
}

async fn reap(context: &Context, worker: &workers::Model) {
    let reaped = match workers::reap(&context.db, worker).await {
        Ok(Some(reaped)) => reaped,
        Ok(None) => return,
        Err(error) => {
            tracing::warn!(worker.id = %worker.id, %error, "could not expire a worker");
            return;
        }
    };
    let jobs = reaped.jobs.len();
    tracing::warn!(worker.id = %reaped.worker, jobs, "worker did not renew its lease; requeued its jobs");
    metrics::worker_reaped();
    for job in &reaped.jobs {
        metrics::job_finished(job);
        enqueue_front(&context.queue_of(job), job).await;
        context.publish(job).await;
    }
    republish(context, &reaped).await;
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

/// Releases the entries of consumers whose worker no longer exists, and deletes those consumers. Redis alone would judge by
/// its own clock how long they have been silent.
async fn release_consumers(context: &Context, session: &WorkerSession) {
    for (_, queue) in context.queues.iter() {
        release_consumers_of(context, session, queue).await;
    }
}

async fn release_consumers_of(context: &Context, session: &WorkerSession, queue: &Queue) {
    let Ok(consumers) = queue.consumers().await else {
        return;
    };
    let others: Vec<_> = consumers.into_iter().filter(|worker| *worker != session.id).collect();
    let Ok(existing) = workers::existing(&context.db, others.clone()).await else {
        return;
    };
    for consumer in others.into_iter().filter(|worker| !existing.contains(worker)) {
        queue.release_consumer(consumer, context.config.lease_ttl).await.ok();
    }
}
