//! Whose access a request or a long connection depends on.

use std::collections::HashMap;
use std::time::Duration;

use entity::clock::system_ms;
use entity::user::Role;
use entity::{ApiKeyId, DbErr, SessionId, UserId, api_key};
use tokio::time::sleep;

use crate::auth::Session;
use crate::state::Gateway;

/// Number of sessions or keys read at a time.
const BATCH: usize = 500;

/// Maximum time between two looks at the clock.
const MAX_STEP: Duration = Duration::from_secs(60);

/// What gives access: a long connection ends when it is revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Grant {
    /// A session.
    Session(SessionId),
    /// An API key.
    Key(ApiKeyId),
}

/// A user, and what gives access as this user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Principal {
    /// The user.
    pub(crate) user: UserId,
    /// What gives access.
    pub(crate) grant: Grant,
    /// When it expires, epoch ms; `None` for keys, which do not.
    pub(crate) expires_at: Option<i64>,
}

impl From<SessionId> for Grant {
    fn from(session: SessionId) -> Self {
        Self::Session(session)
    }
}

impl From<&Session> for Principal {
    fn from(session: &Session) -> Self {
        Self { user: session.user.id, grant: Grant::Session(session.id), expires_at: Some(session.expires_at) }
    }
}

impl From<&api_key::Model> for Principal {
    fn from(key: &api_key::Model) -> Self {
        Self { user: key.user_id, grant: Grant::Key(key.id), expires_at: None }
    }
}

/// Returns once access expires at `expires_at` (epoch ms); never if it does not.
pub(crate) async fn until_expired(expires_at: Option<i64>) {
    let Some(expires_at) = expires_at else { return std::future::pending().await };
    // In steps, because the clock may be set.
    while let Ok(left @ 1..) = u64::try_from(expires_at - system_ms()) {
        sleep(Duration::from_millis(left).min(MAX_STEP)).await;
    }
}

/// Returns what still gives access, with the role that it gives.
pub(crate) async fn active_roles(gateway: &Gateway, checked: &[Grant]) -> Result<HashMap<Grant, Role>, DbErr> {
    let mut roles = HashMap::with_capacity(checked.len());
    for batch in checked.chunks(BATCH) {
        let (mut sessions, mut keys) = (Vec::new(), Vec::new());
        for grant in batch {
            match grant {
                Grant::Session(session) => sessions.push(*session),
                Grant::Key(key) => keys.push(*key),
            }
        }
        let sessions = entity::session::active_roles(&gateway.db, &sessions).await?;
        roles.extend(sessions.into_iter().map(|(session, role)| (Grant::Session(session), role)));
        if !keys.is_empty() {
            let keys = entity::api_key::active(&gateway.db, &keys).await?;
            roles.extend(keys.into_iter().map(|key| (Grant::Key(key), Role::User)));
        }
    }
    Ok(roles)
}
