//! What follows jobs without a websocket: streams of events, and requests that wait for jobs to end. Both count against the
//! limits of websockets.

use std::time::Duration;

use axum::extract::ws::Utf8Bytes;
use entity::JobId;
use entity::job;
use tokio::time::timeout;

use crate::auth::Principal;
use crate::error::ApiError;
use crate::http::client_address::ClientAddress;
use crate::http::connection_limit::{LimitReached, Permit};
use crate::live::frame::Close;
use crate::live::hub::Subscription;
use crate::live::job_version::{JobVersion, Stage};
use crate::live::outbox::{Next, Outbox, Selection};
use crate::state::Gateway;

/// `Retry-After` in seconds if a client already has too many connections open.
pub(crate) const RETRY_AFTER: u64 = 15;

/// A registration in the hub that counts against the limits, until dropped.
pub(crate) struct Following {
    subscription: Subscription,
    _permit: Permit<ClientAddress>,
}

impl Following {
    /// Frames of the jobs that are followed.
    pub(crate) fn outbox(&self) -> &Outbox {
        self.subscription.outbox()
    }
}

/// Registers for the frames of a user's jobs.
///
/// # Errors
/// A limit on connections is reached.
pub(crate) fn follow(
    gateway: &Gateway,
    client: ClientAddress,
    principal: Principal,
    selection: Selection,
) -> Result<Following, ApiError> {
    let permit = gateway.live.connections.acquire(client).map_err(|reached| match reached {
        LimitReached::Total => ApiError::busy(reached),
        LimitReached::PerClient => ApiError::RateLimited(RETRY_AFTER),
    })?;
    let max = gateway.config.sockets.max_per_user.get() as usize;
    let subscription = gateway.live.hub.subscribe_to(selection, principal, max);
    Ok(Following { subscription: subscription.ok_or(ApiError::RateLimited(RETRY_AFTER))?, _permit: permit })
}

/// Jobs to wait for, and who waits.
pub(crate) struct Wait<'a> {
    /// The client's address.
    pub(crate) client: ClientAddress,
    /// The owner of the jobs.
    pub(crate) principal: Principal,
    /// The jobs.
    pub(crate) jobs: &'a [JobId],
    /// Maximum time.
    pub(crate) limit: Duration,
}

/// Waits until jobs have ended; passes the frames that arrive meanwhile to `on_frames`. Holds no database connection
/// meanwhile. Returns false without waiting if a limit on connections is reached.
///
/// # Errors
/// The database does not answer, or access was revoked meanwhile.
pub(crate) async fn until_ended(
    gateway: &Gateway,
    wait: Wait<'_>,
    mut on_frames: impl FnMut(Vec<Utf8Bytes>),
) -> Result<bool, ApiError> {
    let Wait { client, principal, jobs, limit } = wait;
    // Registered before the jobs are read, so that no change in between is missed.
    let Ok(following) = follow(gateway, client, principal, Selection::Jobs(jobs.to_vec())) else {
        return Ok(false);
    };
    for row in job::by_ids_of_user(&gateway.db, principal.user, jobs).await? {
        let version = JobVersion { seq: row.seq, stage: row.status.into(), position: None };
        following.outbox().mark_sent(row.id, version);
    }
    let ended = async {
        while following.outbox().has_sent_job(|stage| stage != Stage::Finished) {
            match following.outbox().next().await {
                Next::Frames(frames) => on_frames(frames),
                Next::Close(Close::Unauthenticated | Close::Forbidden) => return Err(ApiError::Unauthenticated),
                Next::Close(_) => break,
            }
        }
        Ok(())
    };
    tokio::select! {
        waited = timeout(limit, ended) => waited.unwrap_or(Ok(()))?,
        () = gateway.shutdown.started.cancelled() => {}
    }
    Ok(true)
}
