//! What the sockets of a gateway share.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use entity::SessionId;
use tokio::sync::{Notify, Semaphore};
use tokio::time::Instant;

use crate::config::Sockets;
use crate::http::client_address::Client;
use crate::http::connection_limit::Doors;
use crate::live::hub::Hub;

/// What the sockets of a gateway share, with each other.
pub(crate) struct LiveState {
    /// The sockets, by user and by job.
    pub(super) hub: Hub,
    pub(super) doors: Doors<Client>,
    /// How many sockets may read their snapshots at a time, so that a reconnecting crowd leaves connections for others.
    pub(super) snapshots: Semaphore,
    /// Events may have been missed.
    pub(super) gap: Notify,
    /// Word of an ended session, or of a changed account, may have been missed.
    pub(super) doubt: Notify,
    /// Goodbyes said.
    pub(super) farewells: AtomicU64,
    /// Since when there are heartbeats.
    began: Instant,
}

/// See [`LiveState::snapshots`]; fewer than the pool has connections.
const SNAPSHOTS_AT_A_TIME: usize = 4;

/// The heartbeats of all sockets fall on so many instants of a period: those of one instant cost one waking of the
/// process instead of one each.
const BEATS: u32 = 50;

impl LiveState {
    /// With nobody connected.
    pub(crate) fn new(sockets: &Sockets) -> Self {
        Self {
            hub: Hub::default(),
            snapshots: Semaphore::new(SNAPSHOTS_AT_A_TIME),
            doors: Doors::new(sockets.max, sockets.max_per_address),
            gap: Notify::new(),
            doubt: Notify::new(),
            farewells: AtomicU64::new(0),
            began: Instant::now(),
        }
    }

    /// Websockets that are open.
    pub(crate) fn open(&self) -> u32 {
        self.doors.inside()
    }

    /// Closes the sockets of a session that was ended.
    pub(crate) fn end_session(&self, session: SessionId) {
        self.hub.end_session(session);
    }

    /// When a socket that opens now gives its first heartbeat: after `every`, or a little later together with others.
    pub(super) fn beat(&self, every: Duration) -> Instant {
        let slice = (every / BEATS).max(Duration::from_millis(1));
        let due = self.began.elapsed() + every;
        let slices = due.as_nanos().div_ceil(slice.as_nanos());
        self.began + slice * u32::try_from(slices).unwrap_or(u32::MAX)
    }
}
