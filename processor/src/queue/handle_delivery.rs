//! Handles one delivery as the database decides. An entry leaves the stream only when its job's row no longer needs it.

use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use bus::{Delivery, Queue};
use entity::WorkerId;
use entity::job::{self, ClaimResult, JobClaim, Status};
use tracing::Instrument;

use crate::context::Context;
use crate::enqueue::enqueue_front;
use crate::liveness::worker_session::WorkerSession;
use crate::publish::event;
use crate::retry_transient::retry_transient;
use crate::run;
use crate::{failpoint, metrics, trace};

/// The first pause between two tries to acknowledge a delivery; it doubles up to the maximum.
const MIN_PAUSE: Duration = Duration::from_millis(200);
const MAX_PAUSE: Duration = Duration::from_secs(5);

/// Claims the delivery's job, runs it, and settles the delivery.
pub(crate) async fn handle(context: &Context, session: &WorkerSession, queue: &Queue, delivery: &Delivery) {
    claim_and_run(context, session, queue, delivery).instrument(trace::job_span(delivery.job)).await;
}

async fn claim_and_run(context: &Context, session: &WorkerSession, queue: &Queue, delivery: &Delivery) {
    let id = delivery.job;
    let Some(in_flight_job) = session.in_flight.insert(id, queue, &delivery.entry) else {
        yield_to_holder(queue, delivery, session.id).await;
        return;
    };
    match context.transitions.claim(id, session.id).await {
        Ok(ClaimResult::Claimed(job)) => {
            in_flight_job.set_claim(JobClaim { job: job.id, epoch: job.epoch });
            trace::record_trace_id(&job);
            metrics::job_claimed(&job);
            tracing::info!(job.epoch = job.epoch, "claimed a job");
            context.publish(&job).await;
            let finished = run::run(context, session, &in_flight_job, job).await;
            finish(context, queue, delivery, finished).await;
        }
        Ok(ClaimResult::NotClaimable(job)) => match job.worker_id.filter(|_| job.status == Status::Processing) {
            Some(holder) => yield_to_holder(queue, delivery, holder).await,
            None => acknowledge(queue, delivery, Some(&job)).await,
        },
        Ok(ClaimResult::NotFound) => acknowledge(queue, delivery, None).await,
        Ok(ClaimResult::WorkerExpired) => session.expired.cancel(),
        // The claim may have been committed all the same: then the heartbeat finds it. Otherwise the entry is reclaimed.
        Err(error) => tracing::warn!(job.id = %id, %error, "could not claim a job"),
    }
}

/// Settles the delivery of a job that was run, with the row as committed by its run or by another process since.
async fn finish(context: &Context, queue: &Queue, delivery: &Delivery, finished: Option<job::Model>) {
    let id = delivery.job;
    let row = match finished {
        Some(job) => Some(job),
        None => match retry_transient("reading a job", || job::by_id(&context.db, id)).await {
            Ok(row) => row,
            Err(error) => {
                tracing::error!(job.id = %id, %error, "could not read a job; its entry will be reclaimed");
                return;
            }
        },
    };
    match row.as_ref().and_then(|job| job.worker_id.filter(|_| job.status == Status::Processing)) {
        Some(holder) => yield_to_holder(queue, delivery, holder).await,
        None => acknowledge(queue, delivery, row.as_ref()).await,
    }
    if let Some(job) = row {
        enqueue_front(&context.queue_of(&job), &job).await;
    }
}

/// Acknowledges the delivery and publishes the job's state, and retries until Redis has done so: a final event must not
/// be lost.
async fn acknowledge(queue: &Queue, delivery: &Delivery, job: Option<&job::Model>) {
    failpoint::hit("before-settle");
    let event = job.map(|job| event(job, None, None));
    let pauses = ExponentialBuilder::new().with_min_delay(MIN_PAUSE).with_max_delay(MAX_PAUSE).without_max_times();
    let acknowledged = (|| queue.ack_and_publish(delivery, event.as_ref())).retry(pauses).notify(|error, _| {
        tracing::warn!(job.id = %delivery.job, %error, "could not acknowledge a delivery; retrying");
    });
    acknowledged.await.ok();
}

/// Leaves an entry to the worker that holds its job. If that worker is dead, the reaper releases the entry once it has
/// requeued the job.
async fn yield_to_holder(queue: &Queue, delivery: &Delivery, holder: WorkerId) {
    if let Err(error) = queue.reassign(delivery, holder).await {
        tracing::debug!(job.id = %delivery.job, %error, "could not leave an entry to its job's holder");
    }
}
