//! What to do with a delivery: the database decides. An entry leaves the stream only when its job's row no longer needs
//! it.

use std::time::Duration;

use bus::Delivery;
use entity::job::{self, ClaimResult, JobClaim, Status};
use entity::{JobId, WorkerId, worker as workers};
use tokio::time::sleep;
use tracing::Instrument;

use crate::context::Context;
use crate::enqueue::enqueue_front;
use crate::liveness::worker_session::WorkerSession;
use crate::publish::event;
use crate::retry_transient::retry_transient;
use crate::run;
use crate::{failpoint, metrics, trace};

/// The longest pause between attempts to settle.
const MAX_PAUSE: Duration = Duration::from_secs(5);

/// Takes a delivery in flight, works on its job if the claim is won, and settles it.
pub(crate) async fn handle(context: &Context, session: &WorkerSession, delivery: &Delivery) {
    let id = JobId::from(delivery.job);
    handle_in_span(context, session, delivery, id).instrument(trace::job_span(id)).await;
}

async fn handle_in_span(context: &Context, session: &WorkerSession, delivery: &Delivery, id: JobId) {
    let Some(in_flight_job) = session.in_flight.insert(id, &delivery.entry) else {
        yield_to_holder(context, delivery, session.id).await;
        return;
    };
    match job::claim(&context.db, id, session.id).await {
        Ok(ClaimResult::Claimed(job)) => {
            in_flight_job.set_claim(JobClaim { job: job.id, epoch: job.epoch });
            trace::record_trace_id(&job);
            metrics::job_claimed(&job);
            tracing::info!(job.epoch = job.epoch, "took a job in hand");
            context.publish(&job).await;
            let ended = run::run(context, session, &in_flight_job, job).await;
            finish(context, delivery, ended).await;
        }
        Ok(ClaimResult::NotClaimable(job)) => match job.worker_id.filter(|_| job.status == Status::Processing) {
            Some(holder) => yield_to_holder(context, delivery, holder).await,
            None => acknowledge(context, delivery, Some(&job)).await,
        },
        Ok(ClaimResult::NotFound) => acknowledge(context, delivery, None).await,
        Ok(ClaimResult::WorkerExpired) => session.expired.cancel(),
        // Perhaps the claim was won all the same: then the beat finds it. Otherwise the entry is reclaimed.
        Err(error) => tracing::warn!(job.id = %id, %error, "could not claim a job"),
    }
}

/// Ends the delivery of a job that was worked on: with its state as committed, or as someone else has left it.
async fn finish(context: &Context, delivery: &Delivery, ended: Option<job::Model>) {
    let id = JobId::from(delivery.job);
    let row = match ended {
        Some(job) => Some(job),
        None => match retry_transient("reading a lost job", || job::by_id(&context.db, id)).await {
            Ok(row) => row,
            Err(error) => {
                tracing::error!(job.id = %id, %error, "a lost job cannot be read; its entry will be reclaimed");
                return;
            }
        },
    };
    match row.as_ref().and_then(|job| job.worker_id.filter(|_| job.status == Status::Processing)) {
        Some(holder) => yield_to_holder(context, delivery, holder).await,
        None => acknowledge(context, delivery, row.as_ref()).await,
    }
    if let Some(job) = row {
        enqueue_front(&context.bus, &job).await;
    }
}

/// Settles the entry with the job's state, until Redis has taken it: a terminal event must not be lost.
async fn acknowledge(context: &Context, delivery: &Delivery, job: Option<&job::Model>) {
    failpoint::hit("before-settle");
    let event = job.map(|job| event(job, None, None));
    let mut pause = Duration::from_millis(200);
    while let Err(error) = context.bus.ack_and_publish(delivery, event.as_ref()).await {
        tracing::warn!(job.id = %delivery.job, %error, "a delivery could not be settled; trying again");
        sleep(pause).await;
        pause = (pause * 2).min(MAX_PAUSE);
    }
}

/// Leaves an entry to the worker that has its job on record. One whose lease has run out is about to be buried: its entry
/// stays silent, so that it is taken again right after.
async fn yield_to_holder(context: &Context, delivery: &Delivery, holder: WorkerId) {
    let leased = workers::is_leased(&context.db, holder).await.unwrap_or(true);
    let idle = if leased { Duration::ZERO } else { context.config.lease_ttl };
    if let Err(error) = context.bus.reassign(delivery, holder, idle).await {
        tracing::debug!(job.id = %delivery.job, %error, "an entry could not be left to its job's holder yet");
    }
}
