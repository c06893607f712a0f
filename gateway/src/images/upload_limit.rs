//! Limits of concurrent uploads and re-encodings of images.

use std::num::NonZeroU32;

use entity::UserId;

use crate::cpu_pool::CpuPool;
use crate::http::connection_limit::ConnectionLimit;

/// Maximum number of concurrent uploads: in total, which bounds their memory, and per user.
const MAX_CONCURRENT: (NonZeroU32, NonZeroU32) = (NonZeroU32::new(32).unwrap(), NonZeroU32::new(4).unwrap());

/// Limits concurrent uploads.
pub(crate) struct UploadLimit {
    pub(super) concurrent: ConnectionLimit<UserId>,
    pub(super) cpu_pool: CpuPool,
}

impl UploadLimit {
    /// Starts without uploads.
    pub(crate) fn new() -> Self {
        Self { concurrent: ConnectionLimit::new(MAX_CONCURRENT.0, MAX_CONCURRENT.1), cpu_pool: CpuPool::new() }
    }
}
