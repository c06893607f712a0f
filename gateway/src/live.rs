//! Live progress: absolute states on a websocket, never a queue of messages.
//!
//! Each socket has an [`hub::Outbox`] that holds the latest frame of each job and what has been sent of it, so that a slow
//! client costs memory by jobs, not by frames, and `seq` never goes back. Joining the hub comes *before* reading the
//! snapshot: what happens in between lies in the outbox and is sent afterwards, if it is newer.

mod frame;
mod hub;
mod session;
mod snapshot;
mod socket;
mod upgrade;

pub(crate) use hub::Hub;
pub(crate) use upgrade::upgrade;

use bus::{Control, Signal};

use crate::state::Gateway;

/// The gateway's one ear on the bus: hands frames on untouched, and never waits for a client.
pub(crate) async fn relay(gateway: Gateway) {
    let hear = |signal| match signal {
        // Whatever was published before may have been missed, revocations included.
        Signal::Listening => {
            gateway.sessions.clear();
            gateway.hub.refresh_all();
        }
        Signal::Event(event) => {
            gateway.hub.deliver(event.user.into(), event.job.into(), event.seq, event.frame);
        }
        Signal::Control(Control::SessionRevoked { session }) => {
            gateway.sessions.forget(session.into());
            gateway.hub.end_session(session.into());
        }
        Signal::Control(Control::UserChanged { user }) => gateway.sessions.forget_user(user.into()),
        Signal::Control(_) => {}
    };
    gateway.bus.subscriber().run(hear).await;
}
