//! The worker's loop: acquires a slot, takes the next delivery (reclaimed ones first), and handles it in a task.

use std::sync::Arc;
use std::time::Duration;

use bus::{Consumer, Delivery, Position, Queue};
use futures::future::join_all;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::context::Context;
use crate::liveness::in_flight::Signal;
use crate::liveness::worker_session::WorkerSession;
use crate::maintenance::recency;
use crate::metrics;
use crate::queue::handle_delivery;

/// Minimum time between two attempts to reclaim entries of unresponsive consumers.
const RECLAIM_INTERVAL: Duration = Duration::from_secs(1);

/// Maximum number of entries taken at a time.
const MAX_BATCH: usize = 8;

/// Pause after an error from Redis.
const ERROR_PAUSE: Duration = Duration::from_secs(1);

/// How long tasks may take to hand over their jobs once signalled.
const HAND_OVER_TIMEOUT: Duration = Duration::from_secs(10);

/// Takes deliveries until `stop`, then drains. Returns early if the session's lease has expired.
pub(crate) async fn run(context: &Arc<Context>, session: &Arc<WorkerSession>, stop: &CancellationToken) {
    let tasks = TaskTracker::new();
    // Each pool's reader holds a slot while it waits, so that a job of a pool starts although another pool fills the rest.
    let slots = Arc::new(Semaphore::new(context.config.slots.get().max(context.queues.iter().count())));
    let receiving = async {
        // An older copy of the database may have ended the last session.
        while !matches!(recency::check(context).await, Ok(true)) && !stop.is_cancelled() {
            pause(stop).await;
        }
        let readers = context.queues.iter().map(|(_, queue)| receive(context, session, queue, (&slots, &tasks), stop));
        join_all(readers).await;
        tasks.close();
    };
    let draining = async {
        stop.cancelled().await;
        drain(context, session, &tasks).await;
    };
    tokio::select! {
        ((), ()) = async { tokio::join!(receiving, draining) } => {}
        () = session.expired.cancelled() => {}
    }
}

/// Takes the deliveries of one queue until `stop`.
async fn receive(
    context: &Arc<Context>,
    session: &Arc<WorkerSession>,
    queue: &Queue,
    (slots, tasks): (&Arc<Semaphore>, &TaskTracker),
    stop: &CancellationToken,
) {
    let mut source = Source { consumer: queue.consumer(session.id), reclaimed_at: None };
    loop {
        if !context.database_state.is_current() && !stop.is_cancelled() {
            pause(stop).await;
            continue;
        }
        let permit = tokio::select! {
            biased;
            () = stop.cancelled() => break,
            permit = slots.clone().acquire_owned() => permit,
        };
        let Ok(permit) = permit else { break };
        let free = 1 + slots.available_permits().min(MAX_BATCH - 1);
        // Not interrupted by `stop`, or an entry could be delivered and dropped. It takes two seconds at most.
        let deliveries = match source.next(context.config.lease_ttl, free).await {
            Ok(deliveries) => deliveries,
            Err(error) => {
                tracing::warn!(%error, "could not read from the queue");
                pause(stop).await;
                continue;
            }
        };
        let mut permits = vec![permit];
        permits.extend((1..deliveries.len()).map_while(|_| slots.clone().try_acquire_owned().ok()));
        for delivery in deliveries {
            match permits.pop().filter(|_| !stop.is_cancelled()) {
                Some(permit) => {
                    let (context, session, queue) = (context.clone(), session.clone(), queue.clone());
                    tasks.spawn(async move {
                        handle_delivery::handle(&context, &session, &queue, &delivery).await;
                        drop(permit);
                    });
                }
                None => requeue(queue, &delivery).await,
            }
        }
    }
}

/// Waits after an error, or until `stop`.
async fn pause(stop: &CancellationToken) {
    tokio::select! { () = sleep(ERROR_PAUSE) => {}, () = stop.cancelled() => {} }
}

/// Where deliveries come from.
struct Source {
    consumer: Consumer,
    reclaimed_at: Option<Instant>,
}

impl Source {
    async fn next(&mut self, idle: Duration, count: usize) -> Result<Vec<Delivery>, bus::Error> {
        if self.reclaimed_at.is_none_or(|last| last.elapsed() >= RECLAIM_INTERVAL) {
            self.reclaimed_at = Some(Instant::now());
            let reclaimed = self.consumer.reclaim(idle, count).await?;
            if reclaimed.deleted > 0 {
                tracing::warn!(
                    entries = reclaimed.deleted,
                    "pending entries were deleted from the stream; the reconciler re-enqueues their jobs"
                );
            }
            if !reclaimed.deliveries.is_empty() {
                metrics::entries_reclaimed(reclaimed.deliveries.len());
                tracing::info!(entries = reclaimed.deliveries.len(), "reclaimed entries of an unresponsive consumer");
                return Ok(reclaimed.deliveries);
            }
        }
        self.consumer.next(count).await
    }
}

/// Returns an unhandled delivery to the front of the queue.
async fn requeue(queue: &Queue, delivery: &Delivery) {
    let acknowledged = queue.ack_and_publish(delivery, None).await;
    let enqueued = queue.enqueue(delivery.job, &delivery.flow, Position::Front).await;
    if let (Err(error), _) | (_, Err(error)) = (acknowledged, enqueued) {
        tracing::warn!(job.id = %delivery.job, %error, "could not requeue a delivery; it will be reclaimed");
    }
}

/// Hands over jobs that another worker can continue at no cost, lets the others finish until `DRAIN_TIMEOUT`, then hands
/// over those too.
async fn drain(context: &Context, session: &WorkerSession, tasks: &TaskTracker) {
    tracing::info!(jobs = tasks.len(), timeout = ?context.config.drain_timeout, "draining");
    session.in_flight.drain();
    if timeout(context.config.drain_timeout, tasks.wait()).await.is_ok() {
        return;
    }
    tracing::info!(jobs = tasks.len(), "drain timeout reached; handing over the remaining jobs");
    session.in_flight.signal_all(Signal::HandOver);
    if timeout(HAND_OVER_TIMEOUT, tasks.wait()).await.is_err() {
        tracing::warn!(jobs = tasks.len(), "could not hand over all jobs; another worker will requeue them");
    }
}
