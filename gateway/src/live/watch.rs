//! Following a job that is not one's own: administrators may follow any. What may not be followed is answered like what
//! does not exist.

use axum::extract::ws::Utf8Bytes;
use entity::job::{self, Model};
use entity::user::Role;
use entity::{JobId, UserId};

use crate::error::ApiError;
use crate::live::frame::Frame;
use crate::live::hub::Seat;
use crate::live::job_version::Standing;
use crate::live::outbox::Outbox;
use crate::live::snapshot::state;
use crate::state::Gateway;
use crate::videos;

/// Most jobs of others that one socket follows.
const WATCHED: usize = 32;

/// Longest name of a job that is repeated in an answer.
const NAME: usize = 36;

/// Follows a job, and tells its state as it is; or says why not.
pub(crate) async fn watch(gateway: &Gateway, seat: &Seat, user: UserId, name: &str) {
    let followed = match name.parse() {
        Ok(id) => follow(gateway, seat, user, id).await,
        Err(_) => Err(ApiError::NotFound),
    };
    let (code, retry) = match followed {
        Ok(true) => return,
        Ok(false) => ("too_many", false),
        Err(ApiError::NotFound) => ("not_found", false),
        Err(_) => ("unavailable", true),
    };
    let job = Some(name).filter(|name| name.len() <= NAME);
    seat.outbox().answer(&Frame::Error { code, retry, job });
}

/// No longer follows a job.
pub(crate) fn unwatch(seat: &Seat, name: &str) {
    if let Ok(job) = name.parse() {
        seat.unwatch(job);
    }
}

/// Tells a followed job's present state.
///
/// # Errors
/// The database did not answer.
pub(crate) async fn tell(gateway: &Gateway, outbox: &Outbox, id: JobId) -> Result<(), ApiError> {
    let (standing, frame) = match job::by_id(&gateway.db, id).await? {
        Some(row) => shown(gateway, row).await?,
        None => (Standing::GONE, Frame::Gone { id, seq: Standing::GONE.seq }.text()),
    };
    outbox.offer(id, standing, frame);
    Ok(())
}

/// `false`: too many are followed already.
async fn follow(gateway: &Gateway, seat: &Seat, user: UserId, id: JobId) -> Result<bool, ApiError> {
    let session = gateway.auth.sessions.alive(&gateway.db, seat.outbox().session()).await?.ok_or(ApiError::NotFound)?;
    let owner = job::by_id(&gateway.db, id).await?.map(|row| row.user_id);
    let owner = owner.filter(|owner| *owner == user || session.user.role == Role::Admin).ok_or(ApiError::NotFound)?;
    if owner != user && !seat.watch(id, WATCHED) {
        return Ok(false);
    }
    // Read once more: what was committed before it was followed has been told to nobody here.
    tell(gateway, seat.outbox(), id).await.map(|()| true)
}

async fn shown(gateway: &Gateway, row: Model) -> Result<(Standing, Utf8Bytes), ApiError> {
    let owner = row.user_id;
    let view = videos::views(gateway, vec![row]).await.pop().ok_or(ApiError::NotFound)?;
    Ok(state(owner, &view))
}
