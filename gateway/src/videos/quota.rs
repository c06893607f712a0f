//! How many of a user's jobs may wait at a time, so that nobody fills the line for weeks; and how much of the storage is
//! one user's.

use entity::{UserId, image, statistics};

use crate::error::ApiError;
use crate::state::Gateway;

/// Demands that `more` jobs of `user` may wait. Several requests at once may pass together; the next ones do not.
///
/// # Errors
/// [`ApiError::TooManyWaiting`], or the database did not answer.
pub(crate) async fn require_waiting(gateway: &Gateway, user: UserId, more: usize) -> Result<(), ApiError> {
    let most = gateway.config.quotas.max_waiting;
    if most == 0 {
        return Ok(());
    }
    let waiting = statistics::pending_count_of(&gateway.db, user).await?;
    if waiting + more as u64 <= most { Ok(()) } else { Err(ApiError::TooManyWaiting(waiting)) }
}

/// Demands that `user` has room left in the storage. What is being made may go over it; what is asked for then is refused.
///
/// # Errors
/// [`ApiError::QuotaExceeded`], or the database did not answer.
pub(crate) async fn require_storage(gateway: &Gateway, user: UserId) -> Result<(), ApiError> {
    let quota = gateway.config.quotas.storage_bytes;
    if quota == 0 {
        return Ok(());
    }
    let used = image::stored_bytes(&gateway.db, user).await?;
    if used < quota { Ok(()) } else { Err(ApiError::QuotaExceeded { used, quota }) }
}
