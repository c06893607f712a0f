//! What to do with a delivery: the database decides. An entry leaves the stream only when its job's row no longer needs
//! it.

use std::time::Duration;

use bus::Delivery;
use entity::job::{self, Claim, Held, Status};
use entity::{JobId, WorkerId, worker as workers};
use tokio::time::sleep;
use tracing::Instrument;

use crate::liveness::worker_session::Life;
use crate::retry_transient::persist;
use crate::run::generate;
use crate::{Context, enqueue_front, event, failpoint, metrics, trace};

/// The longest pause between attempts to settle.
const MAX_PAUSE: Duration = Duration::from_secs(5);

/// Takes a delivery in hand, works on its job if the claim is won, and settles it.
pub(crate) async fn take(context: &Context, life: &Life, delivery: &Delivery) {
    let id = JobId::from(delivery.job);
    deal_with(context, life, delivery, id).instrument(trace::span(id)).await;
}

async fn deal_with(context: &Context, life: &Life, delivery: &Delivery, id: JobId) {
    let Some(hand) = life.hands.take(id, &delivery.entry) else {
        leave_to(context, delivery, life.id).await;
        return;
    };
    match job::claim(&context.db, id, life.id).await {
        Ok(Claim::Won(job)) => {
            hand.hold(Held { job: job.id, epoch: job.epoch });
            trace::follow(&job);
            metrics::claimed(&job);
            tracing::info!(job.epoch = job.epoch, "took a job in hand");
            context.publish(&job).await;
            let ended = generate(context, life, &hand, job).await;
            conclude(context, delivery, ended).await;
        }
        Ok(Claim::Lost(job)) => match job.worker_id.filter(|_| job.status == Status::Processing) {
            Some(holder) => leave_to(context, delivery, holder).await,
            None => settle(context, delivery, Some(&job)).await,
        },
        Ok(Claim::Gone) => settle(context, delivery, None).await,
        Ok(Claim::Buried) => life.buried.cancel(),
        // Perhaps the claim was won all the same: then the beat finds it. Otherwise the entry is reclaimed.
        Err(error) => tracing::warn!(job.id = %id, %error, "could not claim a job"),
    }
}

/// Ends the delivery of a job that was worked on: with its state as committed, or as someone else has left it.
async fn conclude(context: &Context, delivery: &Delivery, ended: Option<job::Model>) {
    let id = JobId::from(delivery.job);
    let row = match ended {
        Some(job) => Some(job),
        None => match persist("reading a lost job", || job::by_id(&context.db, id)).await {
            Ok(row) => row,
            Err(error) => {
                tracing::error!(job.id = %id, %error, "a lost job cannot be read; its entry will be reclaimed");
                return;
            }
        },
    };
    match row.as_ref().and_then(|job| job.worker_id.filter(|_| job.status == Status::Processing)) {
        Some(holder) => leave_to(context, delivery, holder).await,
        None => settle(context, delivery, row.as_ref()).await,
    }
    if let Some(job) = row {
        enqueue_front(&context.bus, &job).await;
    }
}

/// Settles the entry with the job's state, until Redis has taken it: a terminal event must not be lost.
async fn settle(context: &Context, delivery: &Delivery, job: Option<&job::Model>) {
    failpoint::point("before-settle");
    let event = job.and_then(|job| event(job, None, None));
    let mut pause = Duration::from_millis(200);
    while let Err(error) = context.bus.settle(delivery, event.as_ref()).await {
        tracing::warn!(job.id = %delivery.job, %error, "a delivery could not be settled; trying again");
        sleep(pause).await;
        pause = (pause * 2).min(MAX_PAUSE);
    }
}

/// Leaves an entry to the worker that has its job on record. One whose lease has run out is about to be buried: its entry
/// stays silent, so that it is taken again right after.
async fn leave_to(context: &Context, delivery: &Delivery, holder: WorkerId) {
    let leased = workers::is_leased(&context.db, holder).await.unwrap_or(true);
    let idle = if leased { Duration::ZERO } else { context.config.lease_ttl };
    if let Err(error) = context.bus.yield_to(delivery, holder, idle).await {
        tracing::debug!(job.id = %delivery.job, %error, "an entry could not be left to its job's holder yet");
    }
}
