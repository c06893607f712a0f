//! Giving back what the dead held: their jobs to the queue, their names to nobody.

use std::sync::Arc;

use entity::worker::{self as workers, Buried};
use entity::{clock, job};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::liveness::worker_session::Life;
use crate::{Context, enqueue_front, metrics};

/// Buries until `over`: once as soon as this worker may, then with each renewal's pace.
pub(crate) async fn run(context: Arc<Context>, life: Arc<Life>, over: CancellationToken) {
    let mut ticks = interval(context.config.lease_renew);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! { _ = ticks.tick() => {}, () = over.cancelled() => return }
        if life.may_bury() {
            bury(&context).await;
            dismiss(&context, &life).await;
        }
    }
}

async fn bury(context: &Context) {
    loop {
        match workers::bury_one(&context.db).await {
            Ok(Some(buried)) => {
                tracing::warn!(worker.id = %buried.worker, jobs = buried.jobs.len(), "buried a worker whose lease ran out");
                ::metrics::counter!("sora_workers_buried_total").increment(1);
                for job in &buried.jobs {
                    metrics::job_ended(job);
                    enqueue_front(&context.bus, job).await;
                    context.publish(job).await;
                }
                tell_again(context, &buried).await;
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
const TOLD_AGAIN: u64 = 500;

/// A worker may die between the commit of a job's end and the settling that tells it, and Redis may lose the entry by which
/// others would find that out. So whatever ended while the dead one could still commit is told once more; whoever knows
/// it already sees the same `seq`.
async fn tell_again(context: &Context, buried: &Buried) {
    let since = buried.lease_until - clock::millis(context.config.lease_ttl + context.config.lease_renew);
    match job::ended_since(&context.db, since, TOLD_AGAIN).await {
        Ok(ended) => {
            for job in &ended {
                context.publish(job).await;
            }
        }
        Err(error) => tracing::debug!(%error, "what ended lately is not told again"),
    }
}

/// Deletes consumers that hold nothing and whose worker is gone.
async fn dismiss(context: &Context, life: &Life) {
    let Ok(idle) = context.bus.idle_consumers().await else {
        return;
    };
    let idle: Vec<_> = idle.into_iter().map(entity::WorkerId::from).filter(|worker| *worker != life.id).collect();
    let Ok(known) = workers::known(&context.db, idle.clone()).await else {
        return;
    };
    for gone in idle.into_iter().filter(|worker| !known.contains(worker)) {
        context.bus.dismiss(gone).await.ok();
    }
}
