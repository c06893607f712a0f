//! Quotas of a user: the number of waiting jobs, so that one user cannot fill the queue for weeks, and the storage.

use entity::{UserId, image, statistics};

use crate::error::ApiError;
use crate::state::Gateway;

/// Requires that `more` jobs of `user` may wait, or returns [`ApiError::TooManyWaiting`]. Concurrent requests can exceed the
/// limit together; later ones are rejected.
pub(crate) async fn require_waiting(gateway: &Gateway, user: UserId, more: usize) -> Result<(), ApiError> {
    let most = gateway.config.quotas.max_waiting;
    if most == 0 {
        return Ok(());
    }
    let waiting = statistics::pending_count_of(&gateway.db, user).await?;
    if waiting + more as u64 <= most { Ok(()) } else { Err(ApiError::TooManyWaiting(waiting)) }
}

/// Requires that `user` has storage left, or returns [`ApiError::QuotaExceeded`]. Running jobs can exceed the quota; later
/// requests are rejected.
pub(crate) async fn require_storage(gateway: &Gateway, user: UserId) -> Result<(), ApiError> {
    let quota = gateway.config.quotas.storage_bytes;
    if quota == 0 {
        return Ok(());
    }
    let used = image::stored_bytes(&gateway.db, user).await?;
    if used < quota { Ok(()) } else { Err(ApiError::QuotaExceeded { used, quota }) }
}
