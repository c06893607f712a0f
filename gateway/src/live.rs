//! Live progress: absolute states on a websocket, never a queue of messages.
//!
//! Each socket has an [`outbox`] that holds the latest frame of each job and what has been sent of it, so that a slow
//! client costs memory by jobs, not by frames, and `seq` never goes back. Joining the hub comes *before* reading the
//! snapshot: what happens in between lies in the outbox and is sent afterwards, if it is newer.
//!
//! | module | role |
//! |---|---|
//! | `upgrade`, `session`, `socket` | one websocket: who may open it, how many, what is exchanged, in which bytes |
//! | `frame`, `said` | the protocol: what the gateway says, what clients say |
//! | `hub`, `outbox`, `standing` | who is connected, what each socket has yet to be sent, and what it has |
//! | `snapshot`, `watch`, `catch_up` | states out of the database: on connecting, of another's job, after a gap |
//! | `rounds` | sessions, places in line and what was missed, looked at again and again |

mod background;
mod client_message;
mod connection;
mod frame;
mod hub;
mod job_version;
mod outbox;
mod resync;
mod snapshot;
mod socket;
mod upgrade;
mod watch;

use std::net::IpAddr;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

pub(crate) use hub::Hub;
pub(crate) use upgrade::upgrade;

use bus::{Control, Signal};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::config::Sockets;
use crate::http::connection_limit::Doors;
use crate::state::Gateway;

/// What the sockets of a gateway share, beside the hub.
pub(crate) struct Live {
    doors: Doors<IpAddr>,
    /// Events may have been missed.
    gap: Notify,
    /// Word of an ended session, or of a changed account, may have been missed.
    doubt: Notify,
    /// Goodbyes said.
    farewells: AtomicU64,
    /// Since when there are heartbeats.
    began: Instant,
}

/// The heartbeats of all sockets fall on so many instants of a period: those of one instant cost one waking of the
/// process instead of one each.
const BEATS: u32 = 50;

impl Live {
    /// With nobody connected.
    pub(crate) fn new(sockets: &Sockets) -> Self {
        Self {
            doors: Doors::new(sockets.all, sockets.per_address),
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

    /// When a socket that opens now gives its first heartbeat: after `every`, or a little later together with others.
    fn beat(&self, every: Duration) -> Instant {
        let slice = (every / BEATS).max(Duration::from_millis(1));
        let due = self.began.elapsed() + every;
        let slices = due.as_nanos().div_ceil(slice.as_nanos());
        self.began + slice * u32::try_from(slices).unwrap_or(u32::MAX)
    }
}

/// Hears what is published and looks after those who are connected, until dropped.
pub(crate) async fn run(gateway: Gateway) {
    tokio::join!(relay(&gateway), background::run(&gateway));
}

/// The gateway's one ear on the bus: hands frames on untouched, and never waits for a client.
async fn relay(gateway: &Gateway) {
    let hear = |signal| match signal {
        // Whatever was published before may have been missed, revocations included.
        Signal::Listening => {
            gateway.sessions.clear();
            gateway.live.doubt.notify_one();
            gateway.live.gap.notify_one();
        }
        Signal::Event(event) => {
            metrics::counter!("sora_events_relayed_total").increment(1);
            gateway.hub.deliver(event);
        }
        Signal::Control(Control::SessionRevoked { session }) => {
            gateway.sessions.forget(session.into());
            gateway.hub.end_session(session.into());
        }
        Signal::Control(Control::UserChanged { user }) => {
            gateway.sessions.forget_user(user.into());
            gateway.live.doubt.notify_one();
        }
        Signal::Control(_) => {}
    };
    gateway.bus.subscriber().run(hear).await;
}
