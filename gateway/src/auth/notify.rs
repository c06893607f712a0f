//! Notifies this gateway's caches and websockets, and the other gateways over Redis, of ended sessions and changed accounts.
//!
//! A gateway that misses a notification notices the change within seconds, from the database.

use bus::Control;
use entity::{ApiKeyId, SessionId, UserId};
use tokio::time::timeout;

use crate::auth::Grant;
use crate::state::Gateway;

/// Invalidates sessions that have ended and closes their websockets.
pub(crate) async fn sessions_ended(gateway: &Gateway, ended: Vec<SessionId>) {
    for id in &ended {
        gateway.auth.sessions.remove(*id);
        gateway.live.close((*id).into());
    }
    publish(gateway, ended.into_iter().map(|id| Control::SessionRevoked { session: id })).await;
}

/// Closes the websockets of a key that was revoked.
pub(crate) async fn key_revoked(gateway: &Gateway, key: ApiKeyId) {
    gateway.live.close(Grant::Key(key));
    publish(gateway, [Control::KeyRevoked { key }]).await;
}

/// Invalidates the cached sessions of an account whose role, name or state has changed.
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
        tracing::warn!("could not notify other gateways of a change; they will notice within seconds");
    }
}
