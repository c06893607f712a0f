//! Limits of concurrent uploads and re-encodings of images.

use crate::cpu_pool::CpuPool;
use crate::fair_slots::FairSlots;

/// Maximum number of concurrent uploads: in total, which bounds their memory, and per user.
const MAX_CONCURRENT: (usize, usize) = (32, 4);

/// Limits concurrent uploads.
pub(crate) struct UploadLimit {
    pub(super) concurrent: FairSlots,
    pub(super) cpu_pool: CpuPool,
}

impl UploadLimit {
    /// Starts without uploads.
    pub(crate) fn new() -> Self {
        Self { concurrent: FairSlots::new(MAX_CONCURRENT.0, MAX_CONCURRENT.1), cpu_pool: CpuPool::new() }
    }
}
