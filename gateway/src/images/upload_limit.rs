//! How many images may arrive and be re-encoded at a time.

use std::num::NonZeroU32;

use entity::UserId;

use crate::cpu_pool::CpuPool;
use crate::http::connection_limit::ConnectionLimit;

/// Pictures that arrive at once: in all, which bounds the memory they take, and of one user.
const MAX_CONCURRENT: (NonZeroU32, NonZeroU32) = (NonZeroU32::new(32).unwrap(), NonZeroU32::new(4).unwrap());

/// What bounds the arrival of pictures.
pub(crate) struct UploadLimit {
    pub(super) concurrent: ConnectionLimit<UserId>,
    pub(super) cpu_pool: CpuPool,
}

impl UploadLimit {
    /// Nothing arrives yet.
    pub(crate) fn new() -> Self {
        Self { concurrent: ConnectionLimit::new(MAX_CONCURRENT.0, MAX_CONCURRENT.1), cpu_pool: CpuPool::new() }
    }
}
