//! The beat: on a thread of its own, with its own connections, so that no load of work can stop it.
//!
//! Each time it renews the lease, compares what the database says this worker holds with what it has in flight, passes on
//! wishes to cancel, and shows Redis that its entries are being worked on. Redis being away never stops work; the
//! database decides alone.

use std::sync::Arc;

use anyhow::Context as _;
use bus::Bus;
use entity::database::{IfMissing, open};
use entity::job::JobClaim;
use entity::{DatabaseConnection, DbErr, job, worker as workers};
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::enqueue::enqueue_front;
use crate::liveness::in_flight::Signal;
use crate::liveness::worker_session::WorkerSession;
use crate::publish::event;
use crate::{metrics, trace};

/// Starts the beat; it ends with `over`, or when the worker is buried.
///
/// # Errors
/// The thread cannot be started.
pub(crate) fn start(
    config: Config,
    session: Arc<WorkerSession>,
    over: CancellationToken,
) -> anyhow::Result<JoinHandle<()>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("the beat's runtime")?;
    Ok(tokio::task::spawn_blocking(move || {
        runtime.block_on(async {
            tokio::select! { () = run(&config, &session) => {}, () = over.cancelled() => {} }
        });
    }))
}

async fn run(config: &Config, session: &WorkerSession) {
    let settings = &config.settings;
    let mut ticks = interval(config.lease_renew);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut connections = None;
    while !session.expired.is_cancelled() {
        ticks.tick().await;
        if connections.is_none() {
            let database = open(settings.database_url.expose(), IfMissing::Fail).await;
            let redis = Bus::new(settings.redis_url.expose(), &settings.redis_namespace);
            connections = database.ok().zip(redis.ok());
        }
        let Some((db, bus)) = &connections else {
            continue;
        };
        if let Err(error) = tick(db, bus, config, session).await {
            tracing::warn!(worker.id = %session.id, %error, "the lease could not be renewed; nothing new is submitted");
        }
    }
}

async fn tick(db: &DatabaseConnection, bus: &Bus, config: &Config, session: &WorkerSession) -> Result<(), DbErr> {
    let began = Instant::now();
    if !workers::renew_lease(db, session.id, config.lease_ttl).await? {
        session.expired.cancel();
        session.in_flight.signal_all(Signal::Abandon);
        return Ok(());
    }
    session.renewed(began);
    sync_claims(db, bus, session).await?;
    if let Err(error) = bus.renew_entries(session.id.into(), &session.in_flight.entries()).await {
        tracing::debug!(worker.id = %session.id, %error, "the entries in hand could not be renewed");
    }
    Ok(())
}

/// Makes hands and database agree. What was in hand before the question and is not in its answer is lost; what is in
/// the answer and not in hand after it was claimed without our knowing, or its task has panicked.
async fn sync_claims(db: &DatabaseConnection, bus: &Bus, session: &WorkerSession) -> Result<(), DbErr> {
    let claims = session.in_flight.claims();
    let on_record = job::claimed_by(db, session.id).await?;
    for claim in claims {
        if !on_record.iter().any(|job| job.id == claim.job && job.epoch == claim.epoch) {
            session.in_flight.signal(claim, Signal::Abandon);
        }
    }
    for job in on_record.iter().filter(|job| job.cancel_requested_at.is_some()) {
        session.in_flight.cancel(job.id);
    }
    for job in on_record.into_iter().filter(|job| !session.in_flight.contains(job.id)) {
        let Some(job) = job::requeue_orphan(db, JobClaim { job: job.id, epoch: job.epoch }).await? else {
            continue;
        };
        metrics::job_finished(&job);
        let trace_id = trace::trace_id(&job);
        tracing::warn!(job.id = %job.id, trace_id, "a job on record was not in hand; it goes back in line");
        enqueue_front(bus, &job).await;
        bus.publish(&event(&job, None, None)).await.ok();
    }
    Ok(())
}
