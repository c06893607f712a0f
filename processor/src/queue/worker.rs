//! The loop: a permit first, then the next delivery, reclaimed ones before new ones; each is worked on by a task of its
//! own. Nothing about video in it.

use std::sync::Arc;
use std::time::Duration;

use bus::{Consumer, Delivery, Position};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::context::Context;
use crate::liveness::in_flight::Signal;
use crate::liveness::worker_session::WorkerSession;
use crate::metrics;
use crate::queue::handle_delivery;

/// Least time between two looks for entries whose holder is silent.
const RECLAIM_INTERVAL: Duration = Duration::from_secs(1);

/// Most entries taken at once.
const MAX_BATCH: usize = 8;

/// How long after a failure of Redis it is asked again.
const ERROR_PAUSE: Duration = Duration::from_secs(1);

/// How long tasks may take to hand their jobs over once ordered to.
const HAND_OVER_TIMEOUT: Duration = Duration::from_secs(10);

/// Takes deliveries until `stop` or burial, then drains.
pub(crate) async fn run(context: &Arc<Context>, session: &Arc<WorkerSession>, stop: &CancellationToken) {
    let tasks = TaskTracker::new();
    let draining = async {
        stop.cancelled().await;
        drain(context, session, &tasks).await;
    };
    tokio::select! {
        ((), ()) = async { tokio::join!(receive(context, session, &tasks, stop), draining) } => {}
        () = session.expired.cancelled() => {}
    }
}

async fn receive(context: &Arc<Context>, session: &Arc<WorkerSession>, tasks: &TaskTracker, stop: &CancellationToken) {
    let slots = Arc::new(Semaphore::new(context.config.slots.get()));
    let mut source = Source { consumer: context.bus.consumer(session.id), reclaimed: None };
    loop {
        let permit = tokio::select! {
            biased;
            () = stop.cancelled() => break,
            permit = slots.clone().acquire_owned() => permit,
        };
        let Ok(permit) = permit else { break };
        let free = 1 + slots.available_permits().min(MAX_BATCH - 1);
        // Not dropped when asked to stop: an entry could be delivered to nobody. It waits two seconds at most.
        let deliveries = match source.next(context.config.lease_ttl, free).await {
            Ok(deliveries) => deliveries,
            Err(error) => {
                tracing::warn!(%error, "no deliveries");
                tokio::select! { () = sleep(ERROR_PAUSE) => {}, () = stop.cancelled() => {} }
                continue;
            }
        };
        let mut permits = vec![permit];
        permits.extend((1..deliveries.len()).map_while(|_| slots.clone().try_acquire_owned().ok()));
        for delivery in deliveries {
            match permits.pop().filter(|_| !stop.is_cancelled()) {
                Some(permit) => spawn(context, session, tasks, delivery, permit),
                None => requeue(context, &delivery).await,
            }
        }
    }
    tasks.close();
}

/// Where deliveries come from.
struct Source {
    consumer: Consumer,
    reclaimed: Option<Instant>,
}

impl Source {
    async fn next(&mut self, idle: Duration, count: usize) -> Result<Vec<Delivery>, bus::Error> {
        if self.reclaimed.is_none_or(|last| last.elapsed() >= RECLAIM_INTERVAL) {
            self.reclaimed = Some(Instant::now());
            let found = self.consumer.reclaim(idle, count).await?;
            if found.deleted > 0 {
                tracing::warn!(
                    entries = found.deleted,
                    "entries had been deleted while in hand; the sweep restores their jobs"
                );
            }
            if !found.deliveries.is_empty() {
                metrics::entries_reclaimed(found.deliveries.len());
                tracing::info!(entries = found.deliveries.len(), "reclaimed entries whose holder is silent");
                return Ok(found.deliveries);
            }
        }
        self.consumer.next(count).await
    }
}

fn spawn(
    context: &Arc<Context>,
    session: &Arc<WorkerSession>,
    tasks: &TaskTracker,
    delivery: Delivery,
    permit: OwnedSemaphorePermit,
) {
    let (context, session) = (context.clone(), session.clone());
    tasks.spawn(async move {
        handle_delivery::handle(&context, &session, &delivery).await;
        drop(permit);
    });
}

/// Leaves a delivery that was not begun to the next worker, before all others.
async fn requeue(context: &Context, delivery: &Delivery) {
    let settled = context.bus.ack_and_publish(delivery, None).await;
    let enqueued = context.bus.enqueue(delivery.job, &delivery.flow, Position::Front).await;
    if let (Err(error), _) | (_, Err(error)) = (settled, enqueued) {
        tracing::warn!(job.id = %delivery.job, %error, "a delivery could not be given back; it will be reclaimed");
    }
}

/// Hands over what another can go on with at no cost, lets the rest finish for a while, then hands over all of it.
async fn drain(context: &Context, session: &WorkerSession, tasks: &TaskTracker) {
    tracing::info!(jobs = tasks.len(), timeout = ?context.config.drain_timeout, "finishing what is in hand");
    session.in_flight.drain();
    if timeout(context.config.drain_timeout, tasks.wait()).await.is_ok() {
        return;
    }
    tracing::info!(jobs = tasks.len(), "handing over what is not finished");
    session.in_flight.signal_all(Signal::HandOver);
    if timeout(HAND_OVER_TIMEOUT, tasks.wait()).await.is_err() {
        tracing::warn!(jobs = tasks.len(), "left without handing everything over; others will bury this worker");
    }
}
