//! A worker session: a worker id, what is known about its lease, and the jobs in flight under it.
//!
//! Nothing new is submitted unless the lease is certain to hold.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use entity::WorkerId;
use entity::id::new_id;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::liveness::in_flight::InFlight;

/// A worker session.
pub(crate) struct WorkerSession {
    /// The worker's id, which is also the name of its consumer in Redis.
    pub(crate) id: WorkerId,
    /// The jobs in flight.
    pub(crate) in_flight: InFlight,
    /// Cancelled when another worker has expired this one's lease.
    pub(crate) expired: CancellationToken,
    lease_clock: Mutex<LeaseClock>,
    /// When the runtime that runs the jobs last ran the pulse.
    pulse: Mutex<Instant>,
    ttl: Duration,
}

/// When the lease was renewed, by this process's clock.
#[derive(Clone, Copy, Debug)]
struct LeaseClock {
    /// When the last successful renewal was started.
    renewed: Instant,
    /// Since when no renewal was late.
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
            pulse: Mutex::new(now),
            ttl,
        }
    }

    /// Records a successful renewal that was started at `at`.
    pub(crate) fn renewed(&self, at: Instant) {
        let mut lease_clock = self.lease_clock.lock().unwrap_or_else(PoisonError::into_inner);
        if at.duration_since(lease_clock.renewed) > self.ttl {
            lease_clock.unbroken_since = at;
        }
        lease_clock.renewed = at;
    }

    /// Records that the runtime that runs the jobs works.
    pub(crate) fn pulse(&self) {
        *self.pulse.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// How long ago that was last recorded.
    pub(crate) fn since_pulse(&self) -> Duration {
        self.pulse.lock().unwrap_or_else(PoisonError::into_inner).elapsed()
    }

    /// Whether the lease is certain to hold.
    pub(crate) fn is_leased(&self) -> bool {
        self.lease_clock().renewed.elapsed() < self.ttl && !self.expired.is_cancelled()
    }

    /// Whether this worker may expire others: its own lease has held for a whole term. After an outage of the database or
    /// a suspended machine, the leases of all workers have run out although none of them died.
    pub(crate) fn may_reap(&self) -> bool {
        self.is_leased() && self.lease_clock().unbroken_since.elapsed() >= self.ttl
    }

    fn lease_clock(&self) -> LeaseClock {
        *self.lease_clock.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
