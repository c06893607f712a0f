//! The state that all websockets of a gateway share.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{Notify, Semaphore};
use tokio::time::Instant;

use crate::auth::Grant;
use crate::config::Sockets;
use crate::http::client_address::ClientAddress;
use crate::http::connection_limit::ConnectionLimit;
use crate::live::frame::Frame;
use crate::live::hub::Hub;

/// The state that all websockets of a gateway share.
pub(crate) struct LiveState {
    /// The sockets, by user and by job.
    pub(super) hub: Hub,
    pub(super) connections: ConnectionLimit<ClientAddress>,
    /// Limits how many snapshots are read at a time, so that many reconnecting clients leave database connections for others.
    pub(super) snapshots: Semaphore,
    /// Signals that events may have been missed.
    pub(super) resync: Notify,
    /// Signals that a message about an ended session or a changed account may have been missed.
    pub(super) revalidate: Notify,
    /// Number of clients that were asked to reconnect.
    byes_sent: AtomicU64,
    /// Origin of the shared heartbeat instants.
    started_at: Instant,
}

/// Maximum number of snapshots read at a time; fewer than the database pool has connections.
const MAX_CONCURRENT_SNAPSHOTS: usize = 4;

/// Number of instants per period at which heartbeats are sent. Sockets share them, so that the process wakes once per
/// instant and not once per socket.
const HEARTBEAT_SLOTS: u32 = 50;

impl LiveState {
    /// Creates the state without connections.
    pub(crate) fn new(sockets: &Sockets) -> Self {
        Self {
            hub: Hub::default(),
            snapshots: Semaphore::new(MAX_CONCURRENT_SNAPSHOTS),
            connections: ConnectionLimit::new(sockets.max, sockets.max_per_address),
            resync: Notify::new(),
            revalidate: Notify::new(),
            byes_sent: AtomicU64::new(0),
            started_at: Instant::now(),
        }
    }

    /// Number of open websockets.
    pub(crate) fn open(&self) -> u32 {
        self.connections.in_use()
    }

    /// Closes the sockets of a session that has ended or a key that was revoked.
    pub(crate) fn close(&self, grant: Grant) {
        self.hub.close(grant);
    }

    /// Returns the least time until a client reconnects to another gateway, in milliseconds: about 500 clients per second.
    pub(super) fn reconnect_pause(&self) -> u64 {
        Frame::reconnect_pause(self.byes_sent.fetch_add(1, Ordering::Relaxed))
    }

    /// Returns when a socket that opens now sends its first heartbeat: after `every`, rounded up to a shared instant.
    pub(super) fn next_heartbeat(&self, every: Duration) -> Instant {
        let slot = (every / HEARTBEAT_SLOTS).max(Duration::from_millis(1));
        let due = self.started_at.elapsed() + every;
        let slots = due.as_nanos().div_ceil(slot.as_nanos());
        self.started_at + slot * u32::try_from(slots).unwrap_or(u32::MAX)
    }
}
