//! The heartbeat: renews the worker's lease, on a thread and connections of its own so that no load can delay it.
//!
//! The lease is renewed only while the runtime that runs the jobs works: a task there keeps a pulse. If every thread of that
//! runtime is blocked, the lease runs out and other workers continue the jobs.
//!
//! Each beat also compares the jobs in flight with the claims in the database, passes on requests to cancel, and renews
//! the worker's entries in Redis. An outage of Redis never stops work: only the database decides.

use std::sync::Arc;

use anyhow::Context as _;
use bus::{Bus, Queues};
use entity::database::{IfMissing, open};
use entity::job::JobClaim;
use entity::{DatabaseConnection, DbErr, job, worker as workers};
use service::time::interval;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::config::Config;
use crate::enqueue::enqueue_front;
use crate::liveness::in_flight::Signal;
use crate::liveness::worker_session::WorkerSession;
use crate::publish::event;
use crate::{metrics, trace};

/// Starts the heartbeat, and the pulse on this runtime. It stops when `done` is cancelled or the lease has expired.
///
/// # Errors
/// The thread cannot be started.
pub(crate) fn start(
    config: Config,
    session: Arc<WorkerSession>,
    done: CancellationToken,
) -> anyhow::Result<JoinHandle<()>> {
    let (pulse_session, pause) = (session.clone(), config.lease_renew / 2);
    let pulse = AbortOnDropHandle::new(tokio::spawn(async move {
        loop {
            pulse_session.pulse();
            sleep(pause).await;
        }
    }));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("heartbeat runtime")?;
    Ok(tokio::task::spawn_blocking(move || {
        let _pulse = pulse;
        runtime.block_on(async {
            tokio::select! { () = run(&config, &session) => {}, () = done.cancelled() => {} }
        });
    }))
}

async fn run(config: &Config, session: &WorkerSession) {
    let settings = &config.settings;
    let mut ticks = interval(config.lease_renew);
    let mut connections = None;
    while !session.expired.is_cancelled() {
        ticks.tick().await;
        let silence = session.since_pulse();
        if silence > config.lease_renew * 2 {
            tracing::error!(worker.id = %session.id, ?silence, "no job makes progress: every thread is blocked; the lease is not renewed");
            continue;
        }
        if connections.is_none() {
            let database = open(settings.database_url.expose(), IfMissing::Fail).await;
            let redis = Bus::new(settings.redis_url.expose(), &settings.redis_namespace);
            connections = database.ok().zip(redis.ok()).map(|(db, bus)| Connections {
                db,
                queues: Queues::new(&bus, config.pools()),
                bus,
            });
        }
        let Some(connections) = &connections else {
            continue;
        };
        if let Err(error) = tick(connections, config, session).await {
            tracing::warn!(worker.id = %session.id, %error, "could not renew the lease; nothing new is submitted");
        }
    }
}

/// The heartbeat's own connections.
struct Connections {
    db: DatabaseConnection,
    bus: Bus,
    queues: Queues,
}

async fn tick(connections: &Connections, config: &Config, session: &WorkerSession) -> Result<(), DbErr> {
    let started = Instant::now();
    if !workers::renew_lease(&connections.db, session.id, config.lease_ttl).await? {
        session.expired.cancel();
        session.in_flight.signal_all(Signal::Abandon);
        return Ok(());
    }
    session.renewed(started);
    sync_claims(connections, config, session).await?;
    for (_, queue) in connections.queues.iter() {
        if let Err(error) = queue.renew_entries(session.id, &session.in_flight.entries(queue)).await {
            tracing::debug!(worker.id = %session.id, %error, "could not renew the entries in flight");
        }
    }
    Ok(())
}

/// Makes the jobs in flight and the claims in the database agree.
///
/// A job that was in flight before the query and is not among its rows is lost: its run is abandoned. A row whose job is
/// not in flight after the query was claimed without this process knowing, or its task panicked: it is requeued.
async fn sync_claims(connections: &Connections, config: &Config, session: &WorkerSession) -> Result<(), DbErr> {
    let Connections { db, bus, queues } = connections;
    let claims = session.in_flight.claims();
    let recorded = job::claimed_by(db, session.id).await?;
    for claim in claims {
        if !recorded.iter().any(|job| job.id == claim.job && job.epoch == claim.epoch) {
            session.in_flight.signal(claim, Signal::Abandon);
        }
    }
    for job in recorded.iter().filter(|job| job.cancel_requested_at.is_some()) {
        session.in_flight.cancel(job.id);
    }
    for job in recorded.into_iter().filter(|job| !session.in_flight.contains(job.id)) {
        let Some(job) = job::requeue_orphan(db, JobClaim { job: job.id, epoch: job.epoch }).await? else {
            continue;
        };
        metrics::job_finished(&job);
        let trace_id = trace::trace_id(&job);
        tracing::warn!(job.id = %job.id, trace_id, "claimed job was not in flight; requeued it");
        enqueue_front(&queues.of_pool(config.catalogue.queue_of(&job.model)), &job).await;
        bus.publish(&event(&job, None, None)).await.ok();
    }
    Ok(())
}
