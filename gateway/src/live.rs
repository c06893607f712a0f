//! Live progress over websockets and streams of events. Frames carry a job's whole state, so a lost or late frame never leaves a wrong one.
//!
//! Each socket has an [`outbox`] with the latest unsent frame of each job: a slow client takes memory per job, not per
//! frame, and `seq` never decreases. A socket joins the hub *before* its snapshot is read: changes in between are kept in
//! the outbox and sent after the snapshot if they are newer.
//!
//! | module | role |
//! |---|---|
//! | `upgrade`, `connection`, `socket` | one websocket: authentication and limits, the exchange, reading and writing |
//! | `frame`, `client_message` | the protocol: what the gateway sends, what clients send |
//! | `disconnect` | why a websocket ends |
//! | `stream`, `follow` | Server-Sent Events with the same frames; requests that wait for jobs to end |
//! | `hub`, `outbox`, `job_version` | the connected sockets, and for each the frames to send and the versions sent |
//! | `snapshot`, `watch`, `resync` | states from the database: on connecting, of another user's job, after a gap |
//! | `background` | periodic work: sessions, queue positions, missed states |
//! | `state` | the state that all sockets share |

mod background;
mod client_message;
mod connection;
mod disconnect;
pub(crate) mod follow;
mod frame;
mod hub;
mod job_version;
mod outbox;
mod resync;
mod snapshot;
mod socket;
pub(crate) mod state;
pub(crate) mod stream;
pub(crate) mod upgrade;
mod watch;

use bus::{Control, Message};

use crate::auth::Grant;
use crate::state::Gateway;

/// Relays published events and runs the background work, until dropped.
pub(crate) async fn run(gateway: Gateway) {
    tokio::join!(relay(&gateway), background::run(&gateway));
}

/// Relays frames from the bus unchanged. The gateway has one subscription, and it never waits for a client.
async fn relay(gateway: &Gateway) {
    let handle = |signal| match signal {
        // Earlier messages may have been missed, revocations included.
        Message::Subscribed => {
            gateway.auth.sessions.clear();
            gateway.live.revalidate.notify_one();
            gateway.live.resync.notify_one();
        }
        Message::Event(event) => {
            metrics::counter!("sora_events_relayed_total").increment(1);
            gateway.live.hub.deliver(event);
        }
        Message::Control(Control::SessionRevoked { session }) => {
            gateway.auth.sessions.remove(session);
            gateway.live.close(session.into());
        }
        Message::Control(Control::KeyRevoked { key }) => gateway.live.close(Grant::Key(key)),
        Message::Control(Control::UserChanged { user }) => {
            gateway.auth.sessions.remove_user(user);
            gateway.live.revalidate.notify_one();
        }
        Message::Control(_) => {}
    };
    gateway.bus.subscriber().run(handle).await;
}
