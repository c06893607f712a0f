//! Word of what ended or changed, to this gateway's caches and sockets at once and to the other gateways over the bus.
//!
//! Whoever does not hear it finds out from the rows within seconds.

use bus::Control;
use entity::{SessionId, UserId};
use tokio::time::timeout;

use crate::state::Gateway;

/// Sessions were ended: nobody answers to them any more, and their sockets close.
pub(crate) async fn sessions_ended(gateway: &Gateway, ended: Vec<SessionId>) {
    for id in &ended {
        gateway.auth.sessions.remove(*id);
        gateway.live.close_session(*id);
    }
    publish(gateway, ended.into_iter().map(|id| Control::SessionRevoked { session: id })).await;
}

/// An account's rights, name or state changed.
pub(crate) async fn user_changed(gateway: &Gateway, user: UserId) {
    gateway.auth.sessions.remove_user(user);
    publish(gateway, [Control::UserChanged { user }]).await;
}

async fn publish(gateway: &Gateway, controls: impl IntoIterator<Item = Control>) {
    let published = async {
        for control in controls {
            gateway.bus.send_control(&control).await?;
        }
        Ok::<_, bus::Error>(())
    };
    if !matches!(timeout(gateway.config.http.timeouts.enqueue, published).await, Ok(Ok(()))) {
        tracing::warn!("the other gateways could not be told of a change; they will find out");
    }
}
