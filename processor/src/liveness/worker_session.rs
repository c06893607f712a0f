//! One life of the process: a worker id, its lease, and everything that goes on under it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bus::{Control, Signal};
use entity::id::fresh;
use entity::{WorkerId, worker as workers};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::Context;
use crate::liveness::in_flight::{Hands, Order};
use crate::liveness::{heartbeat, reaper};
use crate::maintenance::{reconciler, upstream_cancel};
use crate::queue::worker;
use crate::retry_transient::persist;

/// What all parts of one life share.
pub(crate) struct Life {
    /// The worker's id, and the name of its consumer.
    pub(crate) id: WorkerId,
    /// The jobs in hand.
    pub(crate) hands: Hands,
    /// Cancelled when others have buried this worker.
    pub(crate) buried: CancellationToken,
    pulse: Mutex<Pulse>,
    ttl: Duration,
}

/// What is known of the lease.
#[derive(Clone, Copy, Debug)]
struct Pulse {
    /// When the last renewal that succeeded was begun.
    renewed: Instant,
    /// Since when every lease was renewed before it ran out.
    unbroken_since: Instant,
}

impl Life {
    fn new(ttl: Duration) -> Self {
        let now = Instant::now();
        Self {
            id: fresh(),
            hands: Hands::default(),
            buried: CancellationToken::new(),
            pulse: Mutex::new(Pulse { renewed: now, unbroken_since: now }),
            ttl,
        }
    }

    /// Notes a renewal that was begun at `at` and has succeeded.
    pub(crate) fn renewed(&self, at: Instant) {
        let mut pulse = self.pulse.lock().unwrap_or_else(PoisonError::into_inner);
        if at.duration_since(pulse.renewed) > self.ttl {
            pulse.unbroken_since = at;
        }
        pulse.renewed = at;
    }

    /// Whether the lease surely holds: only then is anything new submitted.
    pub(crate) fn is_leased(&self) -> bool {
        self.pulse().renewed.elapsed() < self.ttl && !self.buried.is_cancelled()
    }

    /// Whether this worker has been well for long enough to judge others dead: after an outage of the database or a
    /// sleep of the machine everybody's lease has run out, and nobody is dead.
    pub(crate) fn may_bury(&self) -> bool {
        self.is_leased() && self.pulse().unbroken_since.elapsed() >= self.ttl
    }

    fn pulse(&self) -> Pulse {
        *self.pulse.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lives until asked to stop, or until buried by others.
///
/// # Errors
/// The beat's thread cannot be started.
pub(crate) async fn live(context: &Arc<Context>, stop: &CancellationToken) -> anyhow::Result<()> {
    let life = Arc::new(Life::new(context.config.lease_ttl));
    let host = host();
    let ttl = context.config.lease_ttl;
    let register = persist("registering", || workers::register(&context.db, life.id, &host, ttl));
    tokio::select! {
        registered = register => registered?,
        () = stop.cancelled() => return Ok(()),
    }
    life.renewed(Instant::now());
    tracing::info!(worker.id = %life.id, "ready for jobs");

    let over = CancellationToken::new();
    let _over = over.clone().drop_guard();
    let beat = heartbeat::start(context.config.clone(), life.clone(), over.clone())?;
    let sweeping = tokio::spawn(reconciler::run(context.clone(), over.clone()));
    let telling = tokio::spawn(upstream_cancel::run(context.clone(), over.clone()));
    let burying = tokio::spawn(reaper::run(context.clone(), life.clone(), over.clone()));
    tokio::select! {
        () = worker::run(context, &life, stop) => {}
        never = context.bus.control_subscriber().run(|signal| heed(&life, &signal)) => match never {},
    }

    over.cancel();
    for part in [beat, sweeping, telling, burying] {
        part.await.ok();
    }
    if life.buried.is_cancelled() {
        ::metrics::counter!("sora_leases_lost_total").increment(1);
        tracing::warn!(worker.id = %life.id, "buried by others while it could not renew its lease; going on as a new worker");
        life.hands.order_all(Order::Drop);
    } else if let Err(error) = workers::retire(&context.db, life.id).await {
        tracing::warn!(worker.id = %life.id, %error, "could not sign off; others will bury this worker");
    }
    // Does nothing while the consumer holds entries; then others dismiss it.
    context.bus.dismiss(life.id).await.ok();
    Ok(())
}

/// Word from another process; what is missed here is found by the beat.
fn heed(life: &Life, signal: &Signal) {
    if let Signal::Control(Control::CancelRequested { job }) = signal {
        life.hands.cancel((*job).into());
    }
}

/// The machine's name, for people who look at the list of workers.
fn host() -> String {
    let name = std::env::var("HOSTNAME").or_else(|_| std::fs::read_to_string("/proc/sys/kernel/hostname"));
    name.map_or_else(|_| "unknown".into(), |name| name.trim().to_owned())
}
