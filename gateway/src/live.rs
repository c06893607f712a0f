//! Live progress: absolute states on a websocket, never a queue of messages.
//!
//! Each socket has an [`outbox`] that holds the latest frame of each job and what has been sent of it, so that a slow
//! client costs memory by jobs, not by frames, and `seq` never goes back. Joining the hub comes *before* reading the
//! snapshot: what happens in between lies in the outbox and is sent afterwards, if it is newer.
//!
//! | module | role |
//! |---|---|
//! | `upgrade`, `session`, `socket` | one websocket: who may open it, how many, what is exchanged, in which bytes |
//! | `frame`, `message` | the protocol: what the gateway says, what clients say |
//! | `hub`, `outbox`, `version` | who is connected, what each socket has yet to be sent, and what it has |
//! | `snapshot`, `watch`, `catch_up` | states out of the database: on connecting, of another's job, after a gap |
//! | `rounds` | sessions, places in line and what was missed, looked at again and again |

mod background;
mod client_message;
mod connection;
mod disconnect;
mod frame;
mod hub;
mod job_version;
mod outbox;
mod resync;
mod snapshot;
mod socket;
mod state;
pub(crate) mod upgrade;
mod watch;

pub(crate) use state::LiveState;

use bus::{Control, Message};

use crate::state::Gateway;

/// Hears what is published and looks after those who are connected, until dropped.
pub(crate) async fn run(gateway: Gateway) {
    tokio::join!(relay(&gateway), background::run(&gateway));
}

/// The gateway's one ear on the bus: hands frames on untouched, and never waits for a client.
async fn relay(gateway: &Gateway) {
    let handle = |signal| match signal {
        // Whatever was published before may have been missed, revocations included.
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
            gateway.live.hub.close_session(session);
        }
        Message::Control(Control::UserChanged { user }) => {
            gateway.auth.sessions.remove_user(user);
            gateway.live.revalidate.notify_one();
        }
        Message::Control(_) => {}
    };
    gateway.bus.subscriber().run(handle).await;
}
