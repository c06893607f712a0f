//! One life of the process: a worker id, its lease, and everything that goes on under it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bus::Control;
use entity::id::fresh;
use entity::{WorkerId, worker as workers};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::Context;
use crate::liveness::in_flight::{InFlight, Signal};
use crate::liveness::{heartbeat, reaper};
use crate::maintenance::{reconciler, upstream_cancel};
use crate::queue::worker;
use crate::retry_transient::retry_transient;

/// What all parts of one life share.
pub(crate) struct WorkerSession {
    /// The worker's id, and the name of its consumer.
    pub(crate) id: WorkerId,
    /// The jobs in flight.
    pub(crate) in_flight: InFlight,
    /// Cancelled when others have buried this worker.
    pub(crate) expired: CancellationToken,
    lease_clock: Mutex<LeaseClock>,
    ttl: Duration,
}

/// What is known of the lease.
#[derive(Clone, Copy, Debug)]
struct LeaseClock {
    /// When the last renewal that succeeded was begun.
    renewed: Instant,
    /// Since when every lease was renewed before it ran out.
    unbroken_since: Instant,
}

impl WorkerSession {
    fn new(ttl: Duration) -> Self {
        let now = Instant::now();
        Self {
            id: fresh(),
            in_flight: InFlight::default(),
            expired: CancellationToken::new(),
            lease_clock: Mutex::new(LeaseClock { renewed: now, unbroken_since: now }),
            ttl,
        }
    }

    /// Notes a renewal that was begun at `at` and has succeeded.
    pub(crate) fn renewed(&self, at: Instant) {
        let mut lease_clock = self.lease_clock.lock().unwrap_or_else(PoisonError::into_inner);
        if at.duration_since(lease_clock.renewed) > self.ttl {
            lease_clock.unbroken_since = at;
        }
        lease_clock.renewed = at;
    }

    /// Whether the lease surely holds: only then is anything new submitted.
    pub(crate) fn is_leased(&self) -> bool {
        self.lease_clock().renewed.elapsed() < self.ttl && !self.expired.is_cancelled()
    }

    /// Whether this worker has been well for long enough to judge others dead: after an outage of the database or a
    /// sleep of the machine everybody's lease has run out, and nobody is dead.
    pub(crate) fn may_reap(&self) -> bool {
        self.is_leased() && self.lease_clock().unbroken_since.elapsed() >= self.ttl
    }

    fn lease_clock(&self) -> LeaseClock {
        *self.lease_clock.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lives until asked to stop, or until buried by others.
///
/// # Errors
/// The beat's thread cannot be started.
pub(crate) async fn run(context: &Arc<Context>, stop: &CancellationToken) -> anyhow::Result<()> {
    let session = Arc::new(WorkerSession::new(context.config.lease_ttl));
    let hostname = hostname();
    let ttl = context.config.lease_ttl;
    let register = retry_transient("registering", || workers::register(&context.db, session.id, &hostname, ttl));
    tokio::select! {
        registered = register => registered?,
        () = stop.cancelled() => return Ok(()),
    }
    session.renewed(Instant::now());
    tracing::info!(worker.id = %session.id, "ready for jobs");

    let over = CancellationToken::new();
    let _over = over.clone().drop_guard();
    let heartbeat = heartbeat::start(context.config.clone(), session.clone(), over.clone())?;
    let reconciler = tokio::spawn(reconciler::run(context.clone(), over.clone()));
    let upstream_cancel = tokio::spawn(upstream_cancel::run(context.clone(), over.clone()));
    let reaper = tokio::spawn(reaper::run(context.clone(), session.clone(), over.clone()));
    tokio::select! {
        () = worker::run(context, &session, stop) => {}
        never = context.bus.control_subscriber().run(|signal| on_control(&session, &signal)) => match never {},
    }

    over.cancel();
    for task in [heartbeat, reconciler, upstream_cancel, reaper] {
        task.await.ok();
    }
    if session.expired.is_cancelled() {
        ::metrics::counter!("sora_leases_lost_total").increment(1);
        tracing::warn!(worker.id = %session.id, "buried by others while it could not renew its lease; going on as a new worker");
        session.in_flight.signal_all(Signal::Abandon);
    } else if let Err(error) = workers::retire(&context.db, session.id).await {
        tracing::warn!(worker.id = %session.id, %error, "could not sign off; others will bury this worker");
    }
    // Does nothing while the consumer holds entries; then others dismiss it.
    context.bus.dismiss(session.id).await.ok();
    Ok(())
}

/// Word from another process; what is missed here is found by the beat.
fn on_control(session: &WorkerSession, signal: &bus::Signal) {
    if let bus::Signal::Control(Control::CancelRequested { job }) = signal {
        session.in_flight.cancel((*job).into());
    }
}

/// The machine's name, for people who look at the list of workers.
fn hostname() -> String {
    let name = std::env::var("HOSTNAME").or_else(|_| std::fs::read_to_string("/proc/sys/kernel/hostname"));
    name.map_or_else(|_| "unknown".into(), |name| name.trim().to_owned())
}
