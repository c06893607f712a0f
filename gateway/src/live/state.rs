//! What the sockets of a gateway share.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use entity::SessionId;
use tokio::sync::{Notify, Semaphore};
use tokio::time::Instant;

use crate::config::Sockets;
use crate::http::client_address::ClientAddress;
use crate::http::connection_limit::ConnectionLimit;
use crate::live::hub::Hub;

/// What the sockets of a gateway share, with each other.
pub(crate) struct LiveState {
    /// The sockets, by user and by job.
    pub(super) hub: Hub,
    pub(super) connections: ConnectionLimit<ClientAddress>,
    /// How many sockets may read their snapshots at a time, so that a reconnecting crowd leaves connections for others.
    pub(super) snapshots: Semaphore,
    /// Events may have been missed.
    pub(super) resync: Notify,
    /// Word of an ended session, or of a changed account, may have been missed.
    pub(super) revalidate: Notify,
    /// Goodbyes message.
    pub(super) byes_sent: AtomicU64,
    /// Since when there are heartbeats.
    started_at: Instant,
}

/// See [`LiveState::snapshots`]; fewer than the pool has connections.
const MAX_CONCURRENT_SNAPSHOTS: usize = 4;

/// The heartbeats of all sockets fall on so many instants of a period: those of one instant cost one waking of the
/// process instead of one each.
const HEARTBEAT_SLOTS: u32 = 50;

impl LiveState {
    /// With nobody connected.
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

    /// Websockets that are open.
    pub(crate) fn open(&self) -> u32 {
        self.connections.in_use()
    }

    /// Closes the sockets of a session that was ended.
    pub(crate) fn close_session(&self, session: SessionId) {
        self.hub.close_session(session);
    }

    /// When a socket that opens now gives its first heartbeat: after `every`, or a little later together with others.
    pub(super) fn next_heartbeat(&self, every: Duration) -> Instant {
        let slot = (every / HEARTBEAT_SLOTS).max(Duration::from_millis(1));
        let due = self.started_at.elapsed() + every;
        let slots = due.as_nanos().div_ceil(slot.as_nanos());
        self.started_at + slot * u32::try_from(slots).unwrap_or(u32::MAX)
    }
}
