//! Following another user's job, which is limited to administrators. Others receive the answer for a job that does not
//! exist.

use axum::extract::ws::Utf8Bytes;
use entity::job::{self, Model};
use entity::user::Role;
use entity::{JobId, UserId};

use crate::auth::Grant;
use crate::error::ApiError;
use crate::live::frame::Frame;
use crate::live::hub::Subscription;
use crate::live::job_version::JobVersion;
use crate::live::outbox::Outbox;
use crate::live::snapshot::state;
use crate::state::Gateway;
use crate::videos;

/// Maximum number of other users' jobs that one socket follows.
const MAX_WATCHED: usize = 32;

/// Maximum length of a job's id that is repeated in an answer, in bytes.
const MAX_NAME_BYTES: usize = 36;

/// Follows a job and sends its current state, or an error.
pub(crate) async fn watch(gateway: &Gateway, subscription: &Subscription, user: UserId, name: &str) {
    let followed = match name.parse() {
        Ok(id) => follow(gateway, subscription, user, id).await,
        Err(_) => Err(ApiError::NotFound),
    };
    let (code, retry) = match followed {
        Ok(true) => return,
        Ok(false) => ("too_many", false),
        Err(ApiError::NotFound) => ("not_found", false),
        Err(_) => ("unavailable", true),
    };
    let job = Some(name).filter(|name| name.len() <= MAX_NAME_BYTES);
    subscription.outbox().answer(&Frame::Error { code, retry, job });
}

/// Stops following a job.
pub(crate) fn unwatch(subscription: &Subscription, name: &str) {
    if let Ok(job) = name.parse() {
        subscription.unwatch(job);
    }
}

/// Sends the current state of a followed job.
pub(crate) async fn send_current(gateway: &Gateway, outbox: &Outbox, id: JobId) -> Result<(), ApiError> {
    let (version, frame) = match job::by_id(&gateway.db, id).await? {
        Some(row) => current(gateway, row).await?,
        None => (JobVersion::GONE, Frame::Gone { id, seq: JobVersion::GONE.seq }.text()),
    };
    outbox.offer(id, version, frame);
    Ok(())
}

/// Returns `false` if the socket already follows too many.
async fn follow(gateway: &Gateway, subscription: &Subscription, user: UserId, id: JobId) -> Result<bool, ApiError> {
    let role = match subscription.outbox().grant() {
        Grant::Session(session) => gateway.auth.sessions.find_active(&gateway.db, session).await?.map(|s| s.user.role),
        // Keys have no access to administration.
        Grant::Key(_) => Some(Role::User),
    };
    let role = role.ok_or(ApiError::NotFound)?;
    let owner = job::by_id(&gateway.db, id).await?.map(|row| row.user_id);
    let owner = owner.filter(|owner| *owner == user || role == Role::Admin).ok_or(ApiError::NotFound)?;
    if owner != user && !subscription.watch(id, MAX_WATCHED) {
        return Ok(false);
    }
    // Read again: changes that were committed before the job was followed were not sent to this socket.
    send_current(gateway, subscription.outbox(), id).await.map(|()| true)
}

async fn current(gateway: &Gateway, row: Model) -> Result<(JobVersion, Utf8Bytes), ApiError> {
    let owner = row.user_id;
    let view = videos::views(gateway, vec![row]).await.pop().ok_or(ApiError::NotFound)?;
    Ok(state(owner, &view))
}
