//! Runs worker sessions: a worker id with its heartbeat and all tasks that depend on it.
//!
//! A process whose lease was expired by another worker (it was suspended, or cut off from the database) abandons all its
//! jobs and continues under a new id.

use std::sync::Arc;

use bus::Control;
use entity::worker as workers;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::context::Context;
use crate::liveness::in_flight::Signal;
use crate::liveness::worker_session::WorkerSession;
use crate::liveness::{heartbeat, reaper};
use crate::maintenance::{reconciler, upstream_cancel};
use crate::metrics;
use crate::queue::worker;
use crate::retry_transient::retry_transient;

/// Runs one session until `stop` is cancelled or its lease has expired.
pub(crate) async fn run_session(context: &Arc<Context>, stop: &CancellationToken) -> anyhow::Result<()> {
    let session = Arc::new(WorkerSession::new(context.config.lease_ttl));
    tokio::select! {
        registered = register(context, &session) => registered?,
        () = stop.cancelled() => return Ok(()),
    }

    let done = CancellationToken::new();
    let _done = done.clone().drop_guard();
    let heartbeat = heartbeat::start(context.config.clone(), session.clone(), done.clone())?;
    let reconciler = tokio::spawn(reconciler::run(context.clone(), done.clone()));
    let upstream_cancel = tokio::spawn(upstream_cancel::run(context.clone(), done.clone()));
    let reaper = tokio::spawn(reaper::run(context.clone(), session.clone(), done.clone()));
    tokio::select! {
        () = worker::run(context, &session, stop) => {}
        never = context.bus.control_subscriber().run(|message| on_control(context, &session, &message)) => match never {},
    }

    done.cancel();
    for task in [heartbeat, reconciler, upstream_cancel, reaper] {
        task.await.ok();
    }
    close(context, &session).await;
    Ok(())
}

async fn register(context: &Context, session: &WorkerSession) -> anyhow::Result<()> {
    let (hostname, ttl) = (hostname(), context.config.lease_ttl);
    retry_transient("registering", || workers::register(&context.db, session.id, &hostname, ttl)).await?;
    session.renewed(Instant::now());
    tracing::info!(worker.id = %session.id, "ready for jobs");
    Ok(())
}

async fn close(context: &Context, session: &WorkerSession) {
    if session.expired.is_cancelled() {
        metrics::lease_lost();
        tracing::warn!(worker.id = %session.id, "lease expired while it could not be renewed; continuing as a new worker");
        session.in_flight.signal_all(Signal::Abandon);
    } else if let Err(error) = workers::deregister(&context.db, session.id).await {
        tracing::warn!(worker.id = %session.id, %error, "could not deregister; another worker will expire this lease");
    }
    // Has no effect while the consumer holds entries; another worker then deletes it.
    for (_, queue) in context.queues.iter() {
        queue.delete_idle_consumer(session.id).await.ok();
    }
}

/// Handles a control message from a gateway. A lost cancellation is made good by the heartbeat, a lost request for a
/// spritesheet by asking again.
fn on_control(context: &Context, session: &WorkerSession, message: &bus::Message) {
    match message {
        bus::Message::Control(Control::CancelRequested { job }) => session.in_flight.cancel(*job),
        bus::Message::Control(Control::SpritesheetRequested { video }) => context.inspector.request_spritesheet(*video),
        _ => {}
    }
}

/// The host's name, shown in the list of workers.
fn hostname() -> String {
    let name = std::env::var("HOSTNAME").or_else(|_| std::fs::read_to_string("/proc/sys/kernel/hostname"));
    name.map_or_else(|_| "unknown".into(), |name| name.trim().to_owned())
}
