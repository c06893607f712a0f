//! One life of the process: a worker id, its lease, and everything that goes on under it.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use entity::WorkerId;
use entity::id::new_id;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::liveness::in_flight::InFlight;

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
    /// A session with a new worker id, not yet registered.
    pub(crate) fn new(ttl: Duration) -> Self {
        let now = Instant::now();
        Self {
            id: new_id(),
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
